/** Length of a recording to aim at. A thousand cameras then make about 17 puts a second. */
const MINUTE_MS = 60_000;
/** A camera without random access points is cut all the same, at this. */
const LONGEST_MS = 2 * MINUTE_MS;
/** Below what a client of an object store may send in one request, and what a checker reads at once. */
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * When a recording that begins at `startMs` should end, Unix ms: at the next full minute of the camera's own, which
 * lies elsewhere in the minute for every camera, so that a thousand do not end at once.
 */
export function rotationMs(cameraId: string, startMs: number): number {
  const offset = minuteOffset(cameraId);
  return (Math.floor((startMs - offset) / MINUTE_MS) + 1) * MINUTE_MS + offset;
}

/** Wall time of a run goes back by less than this while clocks drift; by more, somebody set the gateway's clock. */
const CLOCK_SET_MS = 1_000;

/** Whether this fragment lies before what was recorded last, which one recording cannot tell of. */
export function goesBack(endMs: number | undefined, fragment: { startMs: number }): boolean {
  return endMs !== undefined && fragment.startMs < endMs - CLOCK_SET_MS;
}

/** Whether a recording ends before this fragment. */
export function rotates(
  recording: { startMs: number; rotateMs: number; byteLength: number },
  fragment: { startMs: number; independent: boolean },
): boolean {
  if (fragment.independent && fragment.startMs >= recording.rotateMs) return true;
  return fragment.startMs - recording.startMs >= LONGEST_MS || recording.byteLength >= MAX_BYTES;
}

/** The random end of a UUIDv7, spread over the minute. */
function minuteOffset(cameraId: string): number {
  return Number.parseInt(cameraId.slice(-8), 16) % MINUTE_MS || 0;
}
