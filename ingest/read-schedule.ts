/** Who is read when the schedule says. */
export interface ScheduledReader {
  /** Reads once. Returns when to be read again, monotonic ms. */
  read(nowMs: number): number;
}

/**
 * A camera waits no longer than this for its next read, and its bytes in the kernel: half a part. Longer would
 * save little (gateway/decisions/0007), and ask much of the buffers between camera and kernel.
 */
const MAX_WAIT_MS = 250;
/** Nor longer than it takes to gather so many bytes: Linux gives a new connection a window of 64 KB. */
const MAX_UNREAD_BYTES = 64 * 1024;
/** What was expected and is later than this is not waited for by looking every round. */
const MAX_OVERDUE_MS = 200;
const FIRST_PLACES = 256;

/**
 * When each camera's socket is read next.
 *
 * A read costs about the same whether it finds one picture or five, so a camera is read few times a second, and
 * just then when the picture that closes its part is expected: latency is decided by that one read, not by the others.
 */
export class ReadSchedule {
  readonly #readers: (ScheduledReader | undefined)[] = [];
  readonly #free: number[] = [];
  /** By place; gone through every round, so close together. */
  #dueMs = new Float64Array(FIRST_PLACES);

  /** Due at once. Returns a place, to leave it by. */
  add(reader: ScheduledReader): number {
    const place = this.#free.pop() ?? this.#readers.length;
    if (place === this.#dueMs.length) {
      const larger = new Float64Array(place * 2);
      larger.set(this.#dueMs);
      this.#dueMs = larger;
    }
    this.#readers[place] = reader;
    this.#dueMs[place] = 0;
    return place;
  }

  remove(place: number): void {
    this.#readers[place] = undefined;
    this.#dueMs[place] = Number.POSITIVE_INFINITY;
    this.#free.push(place);
  }

  /** Reads all who are due. */
  round(nowMs: number): void {
    for (let place = 0; place < this.#readers.length; place++) {
      if ((this.#dueMs[place] as number) > nowMs) continue;
      const reader = this.#readers[place];
      if (reader === undefined) continue;
      const dueMs = reader.read(nowMs);
      // It may have left, and its place be another's.
      if (this.#readers[place] === reader) this.#dueMs[place] = dueMs;
    }
  }
}

/**
 * How long a camera waits for its next read, ms. The time to the expected close of its part is divided into equal
 * waits, none above the bounds; `untilCloseMs` is undefined while nothing is known, negative when it is overdue.
 */
export function readWaitMs(untilCloseMs: number | undefined, bytesPerMs: number): number {
  const maxWaitMs = Math.min(MAX_WAIT_MS, MAX_UNREAD_BYTES / bytesPerMs);
  if (untilCloseMs === undefined || untilCloseMs < -MAX_OVERDUE_MS) return maxWaitMs;
  if (untilCloseMs <= 0) return 0;
  return untilCloseMs / Math.ceil(untilCloseMs / maxWaitMs);
}
