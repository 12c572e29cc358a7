/** Box builders for the init segment, ISO 14496-12 §4.2. Small and rare: clarity before speed. */

export function box(type: string, ...content: Uint8Array[]): Buffer {
  const size = content.reduce((sum, part) => sum + part.length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.write(type, 4, 4, 'latin1');
  return Buffer.concat([head, ...content], size);
}

/** A box with version and flags, §4.2.2. */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...content: Uint8Array[]
): Buffer {
  return box(type, u32(((version << 24) | flags) >>> 0), ...content);
}

export function u8(...values: number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => bytes.writeUInt16BE(value, i * 2));
  return bytes;
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32BE(value, i * 4));
  return bytes;
}

export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}
