/** Reads what passed over IPv4 in a capture: libpcap's format, and the blocks of pcapng that hold packets. */

export interface Segment {
  protocol: 'tcp' | 'udp';
  from: string;
  to: string;
  payload: Buffer;
}

const PCAPNG_SECTION = 0x0a0d0d0a;
const PCAPNG_INTERFACE = 1;
const PCAPNG_PACKET = 6;
const ETHERNET = 1;
const LINUX_COOKED = 113;

/** Packets with a payload, in the order captured. Throws RangeError on what is no capture. */
export function readCapture(bytes: Buffer): Segment[] {
  return bytes.readUInt32LE(0) === PCAPNG_SECTION ? readPcapng(bytes) : readPcap(bytes);
}

function readPcap(bytes: Buffer): Segment[] {
  if (bytes.readUInt32LE(0) !== 0xa1b2c3d4) throw new RangeError('no capture in libpcap’s format');
  const link = bytes.readUInt32LE(20);
  const segments: Segment[] = [];
  for (let at = 24; at + 16 <= bytes.length;) {
    const length = bytes.readUInt32LE(at + 8);
    segments.push(...segmentIn(bytes.subarray(at + 16, at + 16 + length), link));
    at += 16 + length;
  }
  return segments;
}

function readPcapng(bytes: Buffer): Segment[] {
  const segments: Segment[] = [];
  let link = ETHERNET;
  for (let at = 0; at + 12 <= bytes.length;) {
    const type = bytes.readUInt32LE(at);
    const total = bytes.readUInt32LE(at + 4);
    if (type === PCAPNG_INTERFACE) link = bytes.readUInt16LE(at + 8);
    if (type === PCAPNG_PACKET) {
      const length = bytes.readUInt32LE(at + 20);
      segments.push(...segmentIn(bytes.subarray(at + 28, at + 28 + length), link));
    }
    at += Math.max(12, total);
  }
  return segments;
}

function segmentIn(frame: Buffer, link: number): Segment[] {
  const ip = frame.subarray(link === LINUX_COOKED ? 16 : link === ETHERNET ? 14 : 4);
  if (ip.length < 20 || (ip[0] ?? 0) >> 4 !== 4) return [];
  const head = ((ip[0] ?? 0) & 15) * 4;
  const rest = ip.subarray(head, ip.readUInt16BE(2));
  const protocol = ip[9] === 6 ? 'tcp' : ip[9] === 17 ? 'udp' : undefined;
  if (protocol === undefined || rest.length < 8) return [];
  const payload = rest.subarray(protocol === 'udp' ? 8 : ((rest[12] ?? 0) >> 4) * 4);
  if (payload.length === 0) return [];
  const address = (start: number): string => ip.subarray(start, start + 4).join('.');
  return [
    {
      protocol,
      from: `${address(12)}:${rest.readUInt16BE(0)}`,
      to: `${address(16)}:${rest.readUInt16BE(2)}`,
      payload,
    },
  ];
}
