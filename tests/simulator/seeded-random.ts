/** A number in [0, 1) that is the same on every run (mulberry32): faults must be repeatable. */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Bytes none of which is `without`. */
export function garbage(random: Random, length: number, without?: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) {
    const byte = Math.floor(random() * 256);
    bytes[at] = byte === without ? byte ^ 0xff : byte;
  }
  return bytes;
}
