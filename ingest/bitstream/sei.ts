/** recovery_point, ITU-T H.264 §D.1.8, H.265 §D.2.8. */
const RECOVERY_POINT = 6;
/** Messages looked at in one NAL unit. */
const MAX_MESSAGES = 16;

/**
 * Whether one of the messages of an SEI NAL unit is a recovery point; `bytes[start, end)` follows its header (ITU-T
 * H.264 §7.3.2.3.1, H.265 §7.3.5). Emulation prevention bytes are not taken out: they can only stand in payloads that
 * are passed over, where they make a message longer than it says, and what follows it is then not found.
 */
export function hasRecoveryPoint(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  for (let message = 0; message < MAX_MESSAGES && at + 2 < end; message++) {
    let type = 0;
    while (at < end && bytes[at] === 0xff) {
      type += 255;
      at++;
    }
    type += bytes[at++] ?? 0;
    if (type === RECOVERY_POINT) return true;
    let size = 0;
    while (at < end && bytes[at] === 0xff) {
      size += 255;
      at++;
    }
    at += size + (bytes[at] ?? 0) + 1;
  }
  return false;
}
