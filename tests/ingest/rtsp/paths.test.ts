/** What SETUP offers and what its answer means, on either path; and which line an address means. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type TlsOptions } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#ingest/clock.ts';
import { openConnection } from '#ingest/rtsp/connection.ts';
import { InterleavedPath } from '#ingest/rtsp/interleaved-path.ts';
import { isTunnelled, requestAddress } from '#ingest/rtsp/line.ts';
import { redirectTarget } from '#ingest/rtsp/redirect.ts';
import { UdpPath } from '#ingest/rtsp/udp-path.ts';
import type { StreamFailure } from '#ingest/stream-failure.ts';
import type { StreamTls } from '#registry/cameras.ts';
import { selfSigned, selfSignedFingerprint } from '#tests/simulator/certificate.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function rtp(sequence: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes[0] = 0x80;
  bytes[1] = 96;
  bytes.writeUInt16BE(sequence, 2);
  return bytes;
}

async function openUdp(tracks = 1, remoteAddress = '127.0.0.1', onDemand = false) {
  const packets: { track: number; sequence: number }[] = [];
  const reports: Buffer[] = [];
  const path = new UdpPath({
    remoteAddress,
    localAddress: '127.0.0.1',
    tracks,
    isAllowed: (address) => address.startsWith('127.'),
    clock: systemClock,
    onDemand,
    events: {
      packet: (track, packet) => packets.push({ track, sequence: packet.readUInt16BE(2) }),
      report: (_, packet) => reports.push(packet),
      failed: (failure) => {
        throw new Error(failure.detail);
      },
    },
  });
  closing.push(() => path.close());
  await new Promise<void>((resolve) => path.open(resolve));
  const portOf = (track: number): number =>
    Number(/client_port=(\d+)-/.exec(path.offer(track))?.[1]);
  return { path, packets, reports, portOf };
}

async function camera(address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket('udp4');
  closing.push(() => socket.close());
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

/** Sends all, one after the other, and waits until the last has had time to arrive. */
async function send(from: Socket, port: number, ...all: readonly Buffer[]): Promise<void> {
  for (const bytes of all) {
    await new Promise<void>((resolve) => from.send(bytes, port, '127.0.0.1', () => resolve()));
  }
  await new Promise((resolve) => setTimeout(resolve, 30));
}

describe('interleaved', () => {
  test('answered with ports is refused, for UDP was granted', () => {
    const path = new InterleavedPath();
    expect(path.offer(0)).toBe('RTP/AVP/TCP;unicast;interleaved=0-1');
    expect(path.agree(0, 'RTP/AVP;unicast;client_port=1-2;server_port=3-4')).toMatchObject({
      reason: 'transport-refused',
    });
  });
});

describe('UDP', () => {
  test('is asked for as live555 and VLC want it, on an even port and the next', async () => {
    const { path, portOf } = await openUdp(2);
    for (const track of [0, 1]) {
      const port = portOf(track);
      expect(port % 2).toBe(0);
      expect(path.offer(track)).toBe(`RTP/AVP;unicast;client_port=${port}-${port + 1}`);
    }
    expect(portOf(0)).not.toBe(portOf(1));
  });

  test.each([
    'RTP/AVP/TCP;unicast;interleaved=0-1',
    'RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001',
  ])('answered with %s is refused', async (transport) => {
    const { path } = await openUdp();
    expect(path.agree(0, transport)).toMatchObject({ reason: 'transport-refused' });
  });

  test.each([
    ['none', undefined],
    ['0-1', 'RTP/AVP;unicast;server_port=0-1'],
    ['another', 'RTP/AVP;unicast;server_port=9-10'],
  ])('a port told as %s is learnt from the first packet', async (_, transport) => {
    const { path, packets, portOf } = await openUdp();
    expect(path.agree(0, transport)).toBeUndefined();
    const first = await camera();
    const second = await camera();
    await send(first, portOf(0), rtp(1));
    await send(second, portOf(0), rtp(2));
    await send(first, portOf(0), rtp(2), rtp(3));
    expect(packets.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(path.strangers).toBe(1);
    // What opens the way goes where the packets come from.
    const heard = once(first, 'message') as Promise<[Buffer]>;
    path.punch();
    expect((await heard)[0]).toHaveLength(12);
  });

  test('of another host is passed over, unless SETUP named that host and streams may come from it', async () => {
    const { path, packets, portOf } = await openUdp(1, '127.0.0.1');
    const other = await camera('127.0.0.2');
    await send(other, portOf(0), rtp(1));
    expect(packets).toEqual([]);
    expect(path.strangers).toBe(1);
    path.agree(0, 'RTP/AVP;unicast;server_port=5000-5001;source=8.8.8.8');
    await send(other, portOf(0), rtp(1));
    expect(packets).toEqual([]);
    path.agree(0, 'RTP/AVP;unicast;server_port=5000-5001;source=127.0.0.2');
    await send(other, portOf(0), rtp(1));
    expect(packets).toHaveLength(1);
  });

  test('read on demand stays in the kernel until then, whatever others send', async () => {
    const { path, packets, portOf } = await openUdp(1, '127.0.0.1', true);
    const from = await camera();
    const stranger = await camera();
    await send(from, portOf(0), rtp(1));
    expect(packets).toHaveLength(1);
    await send(stranger, portOf(0), rtp(2));
    await send(from, portOf(0), rtp(3), Buffer.alloc(0), rtp(2));
    expect(packets).toHaveLength(1);
    path.read();
    expect(packets.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    path.read();
    // What opens the way still leaves.
    path.agree(0, undefined);
    const heard = once(from, 'message') as Promise<[Buffer]>;
    path.punch();
    expect((await heard)[0]).toHaveLength(12);
    // And who has gone harms nothing.
    from.close();
    closing.splice(closing.length - 2, 1);
    path.punch();
    await new Promise((resolve) => setTimeout(resolve, 30));
    path.read();
    expect(packets).toHaveLength(3);
  });

  test('a flood is read in pieces, and what the kernel has no room for is its loss alone', async () => {
    const { path, packets, portOf } = await openUdp(1, '127.0.0.1', true);
    const from = await camera();
    await send(from, portOf(0), rtp(0));
    const flood = Array.from({ length: 1_300 }, (_, at) => rtp(at + 1));
    await send(from, portOf(0), ...flood);
    path.read();
    // How many are there is the kernel's matter (net.core.rmem_max); so many are taken at most.
    expect(packets.length).toBeGreaterThan(50);
    expect(packets.length).toBeLessThanOrEqual(1_001);
    path.read();
    expect(packets.length).toBeLessThanOrEqual(1_301);
  });

  test('RTCP on the port of RTP is a report', async () => {
    const { packets, reports, portOf } = await openUdp();
    const from = await camera();
    const report = Buffer.from('80c80006', 'hex');
    await send(from, portOf(0), rtp(1), Buffer.concat([report, Buffer.alloc(24)]), rtp(2));
    expect(packets).toHaveLength(2);
    expect(reports).toHaveLength(1);
  });

  test('what is too short, or no RTP, names no port', async () => {
    const { path, packets, portOf } = await openUdp();
    const stranger = await camera();
    await send(stranger, portOf(0), Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(40));
    const from = await camera();
    await send(from, portOf(0), rtp(7));
    expect(packets).toEqual([{ track: 0, sequence: 7 }]);
    expect(path.strangers).toBe(3);
  });
});

describe('an address', () => {
  test.each([
    ['rtsp://c/x', false],
    ['rtsp://c:8554/x', false],
    ['rtsps://c:80/x', false],
    ['rtsp+http://c/x', true],
    ['rtsp+https://c/x', true],
  ])('%s: within HTTP %s', (url, tunnelled) => {
    expect(isTunnelled(new URL(url))).toBe(tunnelled);
  });

  test('on port 80 is held within HTTP', () => {
    expect(isTunnelled(new URL('rtsp://c:80/x'))).toBe(true);
  });

  test('is named in requests without what carries it', () => {
    expect(requestAddress('rtsp+http://c:8080/a?b=+http')).toBe('rtsp://c:8080/a?b=+http');
    expect(requestAddress('rtsps://c/a')).toBe('rtsps://c/a');
  });

  test.each([
    ['rtsp://a/x', 'rtsp://b/y', 'rtsp://b/y'],
    ['rtsp://a/x', 'rtsps://b/y', 'rtsps://b/y'],
    ['rtsps://a/x', 'rtsp://b/y', undefined],
    ['rtsp+https://a/x', 'rtsp://b/y', undefined],
    ['rtsp+http://a/x', 'rtsp://b/y', 'rtsp+http://b/y'],
    ['rtsp://a/x', 'http://b/y', undefined],
    ['rtsp://a/x', 'rtsp://user:pass@b/y', undefined],
    ['rtsp://a/x', 'rtsp://b:99999/y', undefined],
  ])('%s may lead to %s: %s', (from, location, url) => {
    expect(redirectTarget(from, location)?.url).toBe(url);
  });
});

/** How a camera that speaks no more than TLS 1.0 is met. */
async function greet(tls: StreamTls): Promise<'opened' | StreamFailure> {
  const old: TlsOptions = {
    ...selfSigned,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  };
  const server = createServer(old).on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const url = new URL(`rtsps://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
  return new Promise((resolve) => {
    const connection = openConnection(
      url,
      { isAllowed: () => true, tls },
      { opened: () => resolve('opened'), bytes: () => {}, failed: resolve },
    );
    closing.push(() => connection.close());
  });
}

describe('a server that speaks no more than TLS 1.0', () => {
  test('TLS 1.0 is spoken where the record pins or skips, and nowhere else', async () => {
    const fingerprint = selfSignedFingerprint;
    expect(await greet({ verify: 'system', fingerprint: null })).toMatchObject({ reason: 'tls' });
    expect(await greet({ verify: 'pin', fingerprint })).toBe('opened');
    expect(await greet({ verify: 'skip', fingerprint: null })).toBe('opened');
  });
});
