import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { typedLine } from '../text.ts';
import { DEVICE_SERVICE_PATH, deviceAddress } from './device-address.ts';
import { readProbeMatch, type ProbeMatch } from './probe-match.ts';

/** WS-Discovery 1.0 §2.4. */
export const DISCOVERY_PORT = 3702;
/** Probes go out so many at once, this far apart, and each a second time: datagrams get lost. */
const PROBES_AT_ONCE = 64;
const PAUSE_MS = 20;
const ROUNDS = 2;
/** After the last Probe. A device waits up to half a second before it answers. */
const LISTEN_MS = 2_000;
/** A longer answer is not looked at. */
const MAX_ANSWER_BYTES = 16 * 1024;
const MAX_NAME_LENGTH = 200;

export interface DiscoveryOrder {
  /** IPv4, at most 1,024. */
  addresses: readonly string[];
  port?: number;
  listenMs?: number;
}

export interface DiscoveredDevice {
  ip: string;
  /** Of its device service, on the address that answered. */
  address: string;
  /** As it calls itself. */
  name: string | null;
  hardware: string | null;
}

/** How far it is. */
export interface DiscoveryProgress {
  /** Addresses that a Probe went to. */
  asked: number;
  devices: readonly DiscoveredDevice[];
}

/**
 * Asks each address whether an ONVIF device is there: WS-Discovery's Probe, sent to one address at a time and not to a
 * group, so that it passes routers and nobody outside the range is asked. Devices that answer to the group alone stay
 * unseen. Only who was asked is heard, once, and only with an answer to this question.
 */
export async function discoverDevices(
  { addresses, port = DISCOVERY_PORT, listenMs = LISTEN_MS }: DiscoveryOrder,
  isAllowed: (address: string) => boolean,
  onProgress: (progress: DiscoveryProgress) => void = () => {},
): Promise<DiscoveredDevice[]> {
  const asked = new Set(addresses.filter((address) => isAllowed(address)));
  const messageId = `urn:uuid:${randomUUID()}`;
  const probe = probeMessage(messageId);
  const found = new Map<string, DiscoveredDevice>();
  let sent = 0;
  const inOrder = (): DiscoveredDevice[] => [...asked].flatMap((ip) => found.get(ip) ?? []);
  const socket = createSocket('udp4');
  socket.on('message', (answer, { address: ip }) => {
    if (!asked.has(ip) || found.has(ip) || answer.length > MAX_ANSWER_BYTES) return;
    const match = readProbeMatch(answer.toString('utf8'));
    if (match?.relatesTo !== messageId) return;
    found.set(ip, deviceOf(ip, match));
    onProgress({ asked: sent, devices: inOrder() });
  });
  socket.bind(0);
  await once(socket, 'listening');
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const batch of batches([...asked])) {
        // An address without a way to it, or of a broadcast, is nobody's.
        for (const ip of batch) socket.send(probe, port, ip, () => {});
        if (round === 0) sent += batch.length;
        onProgress({ asked: sent, devices: inOrder() });
        await wait(PAUSE_MS);
      }
    }
    await wait(listenMs);
  } finally {
    socket.close();
  }
  return inOrder();
}

function* batches(addresses: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < addresses.length; start += PROBES_AT_ONCE) {
    yield addresses.slice(start, start + PROBES_AT_ONCE);
  }
}

function deviceOf(ip: string, { addresses, scopes }: ProbeMatch): DiscoveredDevice {
  const own = addresses
    .map((given) => deviceAddress.safeParse(given).data)
    .find((url) => url !== undefined && new URL(url).hostname === ip);
  return {
    ip,
    // An address elsewhere is not offered: passwords would follow it.
    address: own ?? `http://${ip}${DEVICE_SERVICE_PATH}`,
    name: scope(scopes, 'name'),
    hardware: scope(scopes, 'hardware'),
  };
}

/** ONVIF Core §7.3.2.2: `onvif://www.onvif.org/name/…`, percent-encoded. */
function scope(scopes: readonly string[], kind: 'name' | 'hardware'): string | null {
  const prefix = `onvif://www.onvif.org/${kind}/`;
  const value = scopes.find((given) => given.startsWith(prefix))?.slice(prefix.length);
  if (value === undefined) return null;
  try {
    return typedLine(MAX_NAME_LENGTH).safeParse(decodeURIComponent(value)).data ?? null;
  } catch {
    return null;
  }
}

function probeMessage(messageId: string): Buffer {
  return Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>' +
      '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
      'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
      'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" ' +
      'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>' +
      '<a:Action s:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>' +
      `<a:MessageID>${messageId}</a:MessageID>` +
      '<a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>' +
      '<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>' +
      '<s:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>',
  );
}
