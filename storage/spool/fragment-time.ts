/**
 * The producer reference time in front of every recorded fragment: `prft`, ISO 14496-12 §8.16.5. With it a recording
 * tells by itself when its pictures were taken, whatever became of the catalogue.
 */
export const FRAGMENT_TIME_BYTES = 32;

const PRFT = 0x70726674;
/** Version 1; flags 24: the time is that of capture, and consistent within the file. */
const VERSION_AND_FLAGS = 0x01000018;
const TRACK_ID = 1;
const SECONDS_FROM_1900_TO_1970 = 2_208_988_800;
/** NTP's seconds begin anew in 2036 and every 2^32 s after (RFC 5905 §6). */
const ERA_SECONDS = 0x1_0000_0000;
const FRACTION = 0x1_0000_0000;

/** What each of them begins with, and nothing else in a recording should. */
export const FRAGMENT_TIME_START = Buffer.alloc(16);
for (const [i, word] of [FRAGMENT_TIME_BYTES, PRFT, VERSION_AND_FLAGS, TRACK_ID].entries()) {
  FRAGMENT_TIME_START.writeUInt32BE(word, i * 4);
}

/** Writes the box into `into` from its start. `startMs` is Unix ms. */
export function writeFragmentTime(into: Buffer, startMs: number, decodeTicks: number): void {
  const ms = Math.round(startMs);
  const seconds = Math.floor(ms / 1000) + SECONDS_FROM_1900_TO_1970;
  const fraction = Math.round(((ms % 1000) / 1000) * FRACTION);
  into.writeUInt32BE(FRAGMENT_TIME_BYTES, 0);
  into.writeUInt32BE(PRFT, 4);
  into.writeUInt32BE(VERSION_AND_FLAGS, 8);
  into.writeUInt32BE(TRACK_ID, 12);
  into.writeUInt32BE(seconds % ERA_SECONDS, 16);
  into.writeUInt32BE(fraction, 20);
  into.writeUInt32BE(Math.floor(decodeTicks / 0x1_0000_0000), 24);
  into.writeUInt32BE(decodeTicks % 0x1_0000_0000, 28);
}

/** Unix ms of the box at `at`, in the era that is nearest to `aroundMs`; undefined when it is none of ours. */
export function readFragmentTime(from: Buffer, at: number, aroundMs: number): number | undefined {
  if (from.length < at + FRAGMENT_TIME_BYTES) return undefined;
  if (from.readUInt32BE(at) !== FRAGMENT_TIME_BYTES || from.readUInt32BE(at + 4) !== PRFT) {
    return undefined;
  }
  const seconds = from.readUInt32BE(at + 16) - SECONDS_FROM_1900_TO_1970;
  const eras = Math.round((aroundMs / 1000 - seconds) / ERA_SECONDS);
  const ms = Math.round((from.readUInt32BE(at + 20) / FRACTION) * 1000);
  return (seconds + eras * ERA_SECONDS) * 1000 + ms;
}
