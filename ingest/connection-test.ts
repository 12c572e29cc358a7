import { setTimeout as wait } from 'node:timers/promises';
import { CameraSession } from './camera-session.ts';
import type { Clock } from './clock.ts';
import { TIMESCALE } from './fmp4/init.ts';
import type { ClosedPart, InitSegment } from './fmp4/segmenter.ts';
import { ChunkPool, chunkStart } from './memory/chunk-pool.ts';
import { TransportChoice, type Transport } from './rtsp/transport-choice.ts';
import type { DownReason, Progress, StreamFailure } from './stream-failure.ts';
import type { StreamSource } from '#registry/cameras.ts';

/** What trying an address found. */
export interface ConnectionTestResult {
  /** Pictures came: null. Else why not; the screens have words for each. */
  reason: DownReason | null;
  /** Technical, in English, never with a credential. */
  detail: string;
  /** The way that brought pictures, or that was tried last. */
  transport: Transport;
  /** RFC 6381. */
  codec: string | null;
  width: number | null;
  height: number | null;
  /** As measured over some seconds of pictures. */
  frameRate: number | null;
  bitsPerSecond: number | null;
  /** Camera's clock minus ours, if it told its time in these seconds. */
  clockOffsetMs: number | null;
  /** From dialling to the first whole picture. */
  firstPictureMs: number | null;
  /** An init segment and a part that begins with a random access point: a playable file. */
  firstPictures: Uint8Array | null;
}

/** Media looked at before rate and size are told; and how long that may take once pictures come. */
const MEASURED_TICKS = 2 * TIMESCALE;
const MEASURING_MS = 4_000;
/** Pictures kept for the still. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
const POOL_BYTES = 16 * 1024 * 1024;
const TICK_MS = 50;
/** Parts and segments as short as can be: nobody plays them. */
const CUTTING = { partAimMs: 500, segmentAimMs: 2_000, segmentMaxMs: 4_000 };

/**
 * One short session with a camera, by the same stages as any other: what it offers is what the gateway would show. Both
 * ways of sending are tried where the record leaves that open. Ends by itself; `withinMs` bounds all of it.
 */
export async function testConnection(options: {
  source: StreamSource;
  isAllowed: (address: string) => boolean;
  clock: Clock;
  withinMs: number;
}): Promise<ConnectionTestResult> {
  const { clock, source, withinMs } = options;
  const endMs = clock.monotonicMs() + withinMs;
  const choice = new TransportChoice(source.transport, undefined);
  for (;;) {
    const attempt = new Attempt({
      source,
      isAllowed: options.isAllowed,
      clock,
      transport: choice.next,
    });
    const result = await attempt.run(endMs);
    const again = result.reason !== null && choice.failed(result.reason, attempt.progress);
    if (!again || clock.monotonicMs() >= endMs) return result;
  }
}

interface AttemptOptions {
  source: StreamSource;
  isAllowed: (address: string) => boolean;
  clock: Clock;
  transport: Transport;
}

/** One session. */
class Attempt {
  progress: Progress = 'asking';
  readonly #options: AttemptOptions;
  readonly #pool = new ChunkPool({ maxBytes: POOL_BYTES, onSlab: () => {} });
  #failure: StreamFailure | undefined;
  #init: InitSegment | undefined;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #upMs: number | undefined;
  #samples = 0;
  #durationTicks = 0;
  #bytes = 0;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  async run(endMs: number): Promise<ConnectionTestResult> {
    const { clock, ...rest } = this.#options;
    const startMs = clock.monotonicMs();
    const session = new CameraSession({
      ...rest,
      clock,
      cutting: CUTTING,
      partTarget: undefined,
      pool: this.#pool,
      output: {
        init: (init) => {
          // What follows another one is for another file.
          if (this.#init === undefined) this.#init = init;
        },
        partTarget: () => {},
        part: (part) => this.#part(part),
        segmentEnd: () => {},
      },
      onPlaying: () => {},
      onUp: () => {
        this.#upMs = clock.monotonicMs();
      },
      onFailure: (failure, progress) => {
        this.#failure = failure;
        this.progress = progress;
      },
    });
    for (;;) {
      await wait(TICK_MS);
      const nowMs = clock.monotonicMs();
      if (this.#failure !== undefined || this.#isMeasured(nowMs)) break;
      if (nowMs >= endMs) {
        this.#failure = { reason: 'timeout', detail: 'the camera gave no picture in time' };
        break;
      }
      session.tick(nowMs);
    }
    session.close();
    return this.#result(startMs, session.cameraClockOffsetMs);
  }

  #isMeasured(nowMs: number): boolean {
    if (this.#upMs === undefined) return false;
    return this.#durationTicks >= MEASURED_TICKS || nowMs - this.#upMs >= MEASURING_MS;
  }

  #part(part: ClosedPart): void {
    this.#samples += part.samples;
    this.#durationTicks += part.durationTicks;
    this.#bytes += part.byteLength;
    const keeps =
      part.initIndex === this.#init?.index &&
      (this.#kept.length > 0 || part.independent) &&
      !(this.#kept.length > 0 && part.discontinuity) &&
      this.#keptBytes + part.byteLength <= MAX_KEPT_BYTES;
    for (const { chunk, offset, length } of part.slices) {
      const start = chunkStart(chunk) + offset;
      if (keeps)
        this.#kept.push(Buffer.from(this.#pool.slab(chunk).subarray(start, start + length)));
      this.#pool.release(chunk);
    }
    if (keeps) this.#keptBytes += part.byteLength;
  }

  #result(startMs: number, clockOffsetMs: number | undefined): ConnectionTestResult {
    const init = this.#init;
    const pictures = this.#upMs !== undefined && init !== undefined;
    const failure = pictures ? undefined : this.#failure;
    const seconds = this.#durationTicks / TIMESCALE;
    return {
      reason: failure?.reason ?? null,
      detail: failure?.detail ?? '',
      transport: this.#options.transport,
      codec: init?.config.codec ?? null,
      width: init?.config.width ?? null,
      height: init?.config.height ?? null,
      frameRate: seconds > 0 ? Math.round((this.#samples / seconds) * 100) / 100 : null,
      bitsPerSecond: seconds > 0 ? Math.round((this.#bytes * 8) / seconds) : null,
      clockOffsetMs: clockOffsetMs ?? null,
      firstPictureMs: this.#upMs === undefined ? null : Math.round(this.#upMs - startMs),
      firstPictures:
        init === undefined || this.#kept.length === 0
          ? null
          : Buffer.concat([init.bytes, ...this.#kept]),
    };
  }
}
