import { randomFillSync } from 'node:crypto';

const MAX_COUNTER = 0xfff;
const UUID_BYTES = 16;
/** Random bytes are asked for so many ids at once: an inventory makes some hundred thousand. */
const IDS_AT_ONCE = 256;

/**
 * Makes UUIDs of version 7 (RFC 9562 §5.7) that sort in the order they were made, also within one millisecond and
 * when the clock is set back: `rand_a` counts (§6.2, method 1). Node's own `randomUUIDv7` does not promise that, and
 * a list is paged by this key.
 */
export function uuidV7Source(now: () => number): () => string {
  let lastMs = 0;
  let counter = 0;
  const random = Buffer.alloc(IDS_AT_ONCE * UUID_BYTES);
  let used = random.length;
  return () => {
    const nowMs = now();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = 0;
    } else if (++counter > MAX_COUNTER) {
      // §6.2: a full counter borrows from the clock.
      lastMs++;
      counter = 0;
    }
    if (used === random.length) {
      randomFillSync(random);
      used = 0;
    }
    const bytes = random.subarray(used, used + UUID_BYTES);
    used += UUID_BYTES;
    bytes.writeUIntBE(lastMs, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}

/** When the UUID was made, Unix ms. */
export function uuidV7Ms(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}
