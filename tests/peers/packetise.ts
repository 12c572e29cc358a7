/** NAL units as RTP payloads, as encoders make them; not the gateway's own reading: an error there must not hide itself. */

/** One access unit of an elementary stream. */
export interface CodedPicture {
  nalUnits: readonly Buffer[];
  /** When it is shown, ticks of 90 kHz. */
  ptsTicks: number;
}

export interface Packet {
  payload: Buffer;
  marker: boolean;
  timestamp: number;
}

export interface PacketRules {
  /** Of a payload, at most. */
  maxBytes?: number;
  /** Parameter sets and SEI are put together with what follows, as far as they fit (STAP-A, AP). */
  aggregate?: boolean;
  /** H.265 with decoding order numbers, sprop-max-don-diff > 0; RFC 7798 §4.4. */
  decodingOrderNumbers?: boolean;
}

const MAX_PAYLOAD_BYTES = 1400;

/** RFC 6184 §5.6 (single NAL unit), §5.7.1 (STAP-A), §5.8 (FU-A). */
export function packetiseH264(
  pictures: readonly CodedPicture[],
  rules: PacketRules = {},
): Packet[] {
  const { maxBytes = MAX_PAYLOAD_BYTES, aggregate = true } = rules;
  return inPackets(pictures, (nalUnits) =>
    grouped(nalUnits, aggregate ? maxBytes - 1 : 0).flatMap((group) => {
      const [nal] = group as [Buffer];
      if (group.length > 1) {
        const importance = Math.max(...group.map((unit) => (unit[0] as number) & 0x60));
        return [Buffer.concat([Buffer.of(importance | 24), ...group.flatMap(sized)])];
      }
      if (nal.length <= maxBytes) return [nal];
      const header = nal[0] as number;
      return fragments(nal.subarray(1), maxBytes - 2).map(({ bytes, flags }) =>
        Buffer.concat([Buffer.of((header & 0xe0) | 28, flags | (header & 0x1f)), bytes]),
      );
    }),
  );
}

/** RFC 7798 §4.4.1 (single), §4.4.2 (AP), §4.4.3 (FU). */
export function packetiseH265(
  pictures: readonly CodedPicture[],
  rules: PacketRules = {},
): Packet[] {
  const { maxBytes = MAX_PAYLOAD_BYTES, aggregate = true, decodingOrderNumbers = false } = rules;
  let number = 0;
  const order = (): Buffer[] => {
    if (!decodingOrderNumbers) return [];
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16BE(number++ & 0xffff);
    return [bytes];
  };
  return inPackets(pictures, (nalUnits) =>
    grouped(nalUnits, aggregate ? maxBytes - 6 : 0).flatMap((group) => {
      const [nal] = group as [Buffer];
      if (group.length > 1) {
        const units = group.flatMap((unit, i) => {
          if (i > 0 && decodingOrderNumbers) number++;
          return [...(i > 0 && decodingOrderNumbers ? [Buffer.of(0)] : []), ...sized(unit)];
        });
        const first = order();
        return [Buffer.concat([Buffer.of(48 << 1, nal[1] as number), ...first, ...units])];
      }
      if (nal.length <= maxBytes - 2) {
        return [Buffer.concat([nal.subarray(0, 2), ...order(), nal.subarray(2)])];
      }
      const [first, second] = [nal[0] as number, nal[1] as number];
      const type = (first >> 1) & 0x3f;
      return fragments(nal.subarray(2), maxBytes - 5).map(({ bytes, flags }) =>
        Buffer.concat([
          Buffer.of((first & 0x81) | (49 << 1), second, flags | type),
          ...((flags & 0x80) === 0 ? [] : order()),
          bytes,
        ]),
      );
    }),
  );
}

/** Annex B (ITU-T H.264, H.265): NAL units between start codes. */
export function splitByteStream(bytes: Buffer): Buffer[] {
  const START_CODE = Buffer.of(0, 0, 1);
  const units: Buffer[] = [];
  let at = bytes.indexOf(START_CODE);
  while (at >= 0) {
    const start = at + 3;
    at = bytes.indexOf(START_CODE, start);
    let end = at < 0 ? bytes.length : at;
    while (end > start && bytes[end - 1] === 0) end--;
    if (end > start) units.push(bytes.subarray(start, end));
  }
  return units;
}

function inPackets(
  pictures: readonly CodedPicture[],
  payloads: (nalUnits: readonly Buffer[]) => Buffer[],
): Packet[] {
  return pictures.flatMap(({ nalUnits, ptsTicks }) => {
    const all = payloads(nalUnits);
    return all.map((payload, i) => ({
      payload,
      marker: i === all.length - 1,
      timestamp: ptsTicks,
    }));
  });
}

/** Small units that follow one another, so many bytes at most together. */
function grouped(nalUnits: readonly Buffer[], maxBytes: number): Buffer[][] {
  const groups: Buffer[][] = [];
  let bytes = 0;
  for (const nal of nalUnits) {
    const last = groups.at(-1);
    if (last !== undefined && bytes + nal.length + 3 <= maxBytes) {
      last.push(nal);
      bytes += nal.length + 3;
    } else {
      groups.push([nal]);
      bytes = nal.length + 3;
    }
  }
  return groups;
}

function sized(nal: Buffer): Buffer[] {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(nal.length);
  return [size, nal];
}

function fragments(bytes: Buffer, step: number): { bytes: Buffer; flags: number }[] {
  const parts: { bytes: Buffer; flags: number }[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    const flags = (at === 0 ? 0x80 : 0) | (at + step >= bytes.length ? 0x40 : 0);
    parts.push({ bytes: bytes.subarray(at, at + step), flags });
  }
  return parts;
}

/** RFC 3640 §3.3.6, AAC-hbr: a 16-bit AU header each, so many frames a packet. Frames of 1024 samples. */
export function packetiseAac(frames: readonly Buffer[], framesAPacket = 1): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < frames.length; at += framesAPacket) {
    const group = frames.slice(at, at + framesAPacket);
    const head = Buffer.alloc(2 + group.length * 2);
    head.writeUInt16BE(group.length * 16, 0);
    group.forEach((frame, i) => head.writeUInt16BE(frame.length << 3, 2 + i * 2));
    packets.push({
      payload: Buffer.concat([head, ...group]),
      marker: true,
      timestamp: at * 1024,
    });
  }
  return packets;
}

/** RFC 6416 §6: PayloadLengthInfo and frame, split where a packet is full. */
export function packetiseLatm(frames: readonly Buffer[], maxBytes = 1400): Packet[] {
  return frames.flatMap((frame, i) => {
    const full = Math.floor(frame.length / 255);
    const length = Buffer.alloc(full + 1, 255);
    length[full] = frame.length % 255;
    const element = Buffer.concat([length, frame]);
    const pieces: Packet[] = [];
    for (let at = 0; at < element.length; at += maxBytes) {
      const payload = element.subarray(at, at + maxBytes);
      pieces.push({ payload, marker: at + maxBytes >= element.length, timestamp: i * 1024 });
    }
    return pieces;
  });
}

/** Frames of an ADTS stream (ISO 14496-3 §1.A.2.2) without their headers. */
export function splitAdts(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 7 <= bytes.length;) {
    const size = (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff || bytes.length;
    const header = ((bytes[at + 1] as number) & 1) === 1 ? 7 : 9;
    frames.push(bytes.subarray(at + header, at + size));
    at += size;
  }
  return frames;
}
