/** Looking for devices on addresses of this machine: Linux has all of 127.0.0.0/8. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { discoverDevices, type DiscoveredDevice } from '#registry/onvif/discover.ts';
import { discoveryRange } from '#registry/onvif/discovery-range.ts';
import { readProbeMatch } from '#registry/onvif/probe-match.ts';
import { noReplies, recordedReply } from './mock-device.ts';

const onlyLinux = process.platform === 'linux' ? undefined : 'one loopback address only';
const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

/** Answers a Probe as `answer` makes it of the MessageID. The first takes a free port, the others the same. */
async function respond(
  ip: string,
  port: number,
  answer: (messageId: string) => string,
): Promise<number> {
  const socket = createSocket('udp4');
  open.push(socket);
  socket.on('message', (probe, from) => {
    const id = /MessageID>([^<]+)</.exec(probe.toString())?.[1] ?? '';
    socket.send(answer(id), from.port, from.address);
  });
  socket.bind(port, ip);
  await once(socket, 'listening');
  return socket.address().port;
}

function match(messageId: string, { scopes = '', addresses = '' } = {}): string {
  return (
    `<E xmlns:a="a" xmlns:d="d"><a:RelatesTo>${messageId}</a:RelatesTo><d:ProbeMatches><d:ProbeMatch>` +
    `<d:Scopes>${scopes}</d:Scopes><d:XAddrs>${addresses}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></E>`
  );
}

async function discover(
  port: number,
  isAllowed: (address: string) => boolean = () => true,
): Promise<DiscoveredDevice[]> {
  const { addresses } = discoveryRange.parse('127.1.2.0/28');
  return discoverDevices({ addresses, port, listenMs: 300 }, isAllowed);
}

describe.skipIf(onlyLinux !== undefined)('devices in a network', () => {
  test.skipIf(noReplies !== undefined)('are found by their recorded answer', async () => {
    const reply = recordedReply('agsh-mock', 'Probe') ?? '';
    const port = await respond('127.1.2.5', 0, (id) =>
      reply
        .replace('RELATES_TO', id)
        .replace('SERVICE_URI', 'http://127.1.2.5:8899/onvif/device_service'),
    );
    expect(await discover(port)).toEqual([
      {
        ip: '127.1.2.5',
        address: 'http://127.1.2.5:8899/onvif/device_service',
        name: 'PREDATOR',
        hardware: 'HD_PREDATOR',
      },
    ]);
  });

  test('are in the order of their addresses, each once, whatever address they name for their service', async () => {
    const port = await respond('127.1.2.9', 0, (id) =>
      match(id, { addresses: 'http://169.254.169.254/x http://10.0.0.1/onvif/device_service' }),
    );
    await respond('127.1.2.3', port, (id) =>
      match(id, {
        scopes: 'onvif://www.onvif.org/name/%E0%B8%95%E0%B8%A5%E0%B8%B2%E0%B8%94',
        addresses: 'http://[fe80::1]/x http://127.1.2.3/onvif/device_service',
      }),
    );
    expect(await discover(port)).toEqual([
      {
        ip: '127.1.2.3',
        address: 'http://127.1.2.3/onvif/device_service',
        name: 'ตลาด',
        hardware: null,
      },
      {
        ip: '127.1.2.9',
        address: 'http://127.1.2.9/onvif/device_service',
        name: null,
        hardware: null,
      },
    ]);
  });

  test('are told of as they come, with how many addresses were asked', async () => {
    const port = await respond('127.1.2.3', 0, (id) => match(id));
    const told: { asked: number; found: number }[] = [];
    const { addresses } = discoveryRange.parse('127.1.2.0/25');
    await discoverDevices(
      { addresses, port, listenMs: 300 },
      () => true,
      ({ asked, devices }) => told.push({ asked, found: devices.length }),
    );
    // 128 addresses in batches of 64, and each a second time, which asks nobody anew.
    expect(told[0]?.asked).toBe(64);
    expect(told.map(({ asked }) => asked).toSorted((a, b) => a - b)).toEqual(
      told.map(({ asked }) => asked),
    );
    expect(told.at(-1)).toEqual({ asked: 128, found: 1 });
  });

  test('are not heard with answers to another question, too long, broken, or from where nobody was asked', async () => {
    const port = await respond('127.1.2.3', 0, () => match('urn:uuid:another'));
    await respond('127.1.2.4', port, (id) => match(id, { scopes: 'x '.repeat(10_000) }));
    await respond('127.1.2.5', port, (id) => match(id).slice(0, -20));
    await respond('127.1.2.6', port, (id) => `<!DOCTYPE E [<!ENTITY a "b">]>${match(id)}`);
    await respond('127.1.2.7', port, (id) => match(id));
    expect(await discover(port, (address) => address !== '127.1.2.7')).toEqual([]);
  });
});

test('an answer nested without end is none', () => {
  expect(readProbeMatch(`<a>`.repeat(5_000))).toBeUndefined();
});

test.each(['10.0.0.0/21', '0.0.0.0/0', '10.0.0.0', '10.0.0.0/33', 'fc00::/64', '10.0.0/24', ''])(
  '%j is no network that is looked through',
  (network) => {
    expect(discoveryRange.safeParse(network).success).toBe(false);
  },
);

test('a network is looked through from its first address, whichever was given', () => {
  const { addresses } = discoveryRange.parse('192.168.5.77/22');
  expect(addresses).toHaveLength(1_024);
  expect([addresses[0], addresses.at(-1)]).toEqual(['192.168.4.0', '192.168.7.255']);
});
