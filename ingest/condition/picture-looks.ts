import type { EntryFile } from '../hls/latest-entry.ts';
import { LOOK_HEIGHT, LOOK_WIDTH, lookAt, type PictureLook } from './picture-look.ts';

/** Looks that wait at once. One more is not taken; whoever asked asks again. */
const MAX_WAITING = 1_000;
/** Share of the time in which a picture is being decoded because something is suspected, by one process at a time. */
const URGENT_SHARE = 0.25;
/**
 * And because it is not known by what light a camera sees, which nobody waits for: at a start that is every camera. A process
 * is dear to a gateway of thousands, for to make one the kernel copies the map of all its memory.
 */
const SOMETIME_SHARE = 0.02;
/** Cameras whose last picture is kept to be compared with, 14 KB each. */
const MAX_KEPT = 2_000;
/** Older ones are not compared with. */
const MAX_APART_MS = 60 * 60_000;
const LUMA_BYTES = LOOK_WIDTH * LOOK_HEIGHT;

interface LookedAt {
  key: string;
  look: PictureLook;
  luma: Uint8Array;
  ms: number;
}

export interface LookOrder {
  cameraId: string;
  /** Before those that are not. */
  urgent: boolean;
  /** A file whose first picture is the camera's latest random access picture; undefined when there is none. */
  file: () => EntryFile | undefined;
  /** Called once, unless the looks are closed; undefined: nothing could be decoded. */
  answer: (look: PictureLook | undefined) => void;
}

/**
 * Looks at pictures that their compressed stream makes suspicious: decodes one, one at a time and for a share of the time
 * at most, and compares it with the camera's one before. Who suspects something goes first, and of those who has waited longest.
 */
export class PictureLooks {
  readonly #decode: (file: Uint8Array) => Promise<Uint8Array>;
  readonly #monotonicMs: () => number;
  readonly #waiting = new Map<string, LookOrder>();
  /** In the order in which they were looked at last. */
  readonly #before = new Map<string, LookedAt>();
  #busy = false;
  #closed = false;
  #rest: NodeJS.Timeout | undefined;
  /** From when on the next may be looked at, monotonic ms. */
  #urgentMs = Number.NEGATIVE_INFINITY;
  #sometimeMs = Number.NEGATIVE_INFINITY;
  looks = 0;
  notDecoded = 0;

  constructor(options: {
    decode: (file: Uint8Array) => Promise<Uint8Array>;
    monotonicMs: () => number;
  }) {
    this.#decode = options.decode;
    this.#monotonicMs = options.monotonicMs;
  }

  want(order: LookOrder): void {
    if (this.#closed) return;
    if (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(order.cameraId)) return;
    this.#waiting.set(order.cameraId, order);
    this.#next();
  }

  /** The camera's stream is another: its pictures are not compared with what was. */
  forget(cameraId: string): void {
    this.#waiting.delete(cameraId);
    this.#before.delete(cameraId);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#rest);
    this.#waiting.clear();
  }

  #next(): void {
    clearTimeout(this.#rest);
    if (this.#busy || this.#closed) return;
    const urgent = this.#waiting.values().find((order) => order.urgent);
    const order = urgent ?? this.#waiting.values().next().value;
    if (order === undefined) return;
    const restMs = (order.urgent ? this.#urgentMs : this.#sometimeMs) - this.#monotonicMs();
    if (restMs > 0) {
      this.#rest = setTimeout(() => this.#next(), restMs);
      this.#rest.unref();
      return;
    }
    this.#waiting.delete(order.cameraId);
    this.#busy = true;
    const beganMs = this.#monotonicMs();
    void this.#look(order).finally(() => {
      const nowMs = this.#monotonicMs();
      const tookMs = nowMs - beganMs;
      this.#urgentMs = nowMs + tookMs * (1 / URGENT_SHARE - 1);
      this.#sometimeMs = nowMs + tookMs * (1 / SOMETIME_SHARE - 1);
      this.#busy = false;
      this.#next();
    });
  }

  async #look({ cameraId, file, answer }: LookOrder): Promise<void> {
    const entry = file();
    const ms = this.#monotonicMs();
    const before = this.#before.get(cameraId);
    let look: PictureLook | undefined;
    if (entry !== undefined && entry.key === before?.key) {
      // A long group of pictures: it is still the one that was looked at.
      look = { ...before.look, sameShare: null, apartMs: null };
    } else if (entry !== undefined) {
      try {
        look = this.#compare(cameraId, entry.key, await this.#decode(entry.bytes), ms);
        this.looks++;
      } catch {
        // Whatever ffmpeg says of it, the camera's pictures are judged by their stream then.
        this.notDecoded++;
      }
    }
    if (!this.#closed) answer(look);
  }

  #compare(cameraId: string, key: string, planes: Uint8Array, ms: number): PictureLook {
    const before = this.#before.get(cameraId);
    const apartMs = before === undefined ? Infinity : ms - before.ms;
    const look = lookAt(
      planes,
      before !== undefined && apartMs <= MAX_APART_MS ? { luma: before.luma, apartMs } : undefined,
    );
    this.#before.delete(cameraId);
    this.#before.set(cameraId, { key, look, luma: planes.slice(0, LUMA_BYTES), ms });
    if (this.#before.size > MAX_KEPT) {
      const [oldest] = this.#before.keys();
      if (oldest !== undefined) this.#before.delete(oldest);
    }
    return look;
  }
}
