import { LiveWindow, type WindowInit, type WindowRules } from '#ingest/hls/live-window.ts';
import { answerFromWindow, type OriginAnswer, type OriginQuery } from '#ingest/hls/origin.ts';
import { ChunkPool, ChunkReader, chunkStart } from '#ingest/memory/chunk-pool.ts';
import { RUN_START_MS, ticks } from '../cut.ts';

export interface RigOptions extends Partial<WindowRules> {
  /** Of the window's beginning, Unix ms. */
  nowMs?: number;
  /** 0: a camera of few pictures. */
  partTargetMs?: number;
}

export interface PartShape {
  ms?: number;
  bytes?: number;
  starts?: boolean;
  ends?: boolean;
  independent?: boolean;
  discontinuity?: boolean;
}

/** A live window, and the worker's side of it made by hand: parts of any length, each in a chunk of its own. */
export class WindowRig {
  readonly window: LiveWindow;
  readonly pool: ChunkPool;
  readonly reader: ChunkReader;
  /** Wall time of the next part, Unix ms. */
  nextMs: number;
  #init: WindowInit;
  #decodeTicks = 0;

  constructor(options: RigOptions = {}) {
    const nowMs = options.nowMs ?? RUN_START_MS;
    this.window = new LiveWindow(
      'camera',
      {
        targetDurationSeconds: options.targetDurationSeconds ?? 4,
        keepMs: options.keepMs ?? 14_000,
        maxBytes: options.maxBytes ?? 64 * 1024 * 1024,
      },
      nowMs,
    );
    this.window.partTarget = { ticks: ticks(options.partTargetMs ?? 500) };
    this.nextMs = nowMs;
    const slabs: SharedArrayBuffer[] = [];
    this.pool = new ChunkPool({
      maxBytes: 64 * 1024 * 1024,
      onSlab: (slab) => {
        slabs.push(slab);
        this.reader.addSlab(slab);
      },
    });
    this.reader = new ChunkReader(this.pool.shared);
    this.#init = this.newInit('run1', 0);
  }

  /** Parts from here on refer to it. */
  newInit(runId: string, index: number): WindowInit {
    const bytes = Buffer.from(`init ${runId} ${index}`);
    this.#init = { runId, index, bytes, codec: 'avc1.64001F', width: 640, height: 480 };
    return this.#init;
  }

  /** Adds a part; its bytes name its place: `<ordinal>:` and then noughts. */
  part(shape: PartShape = {}): void {
    const { ms = 500, bytes = 1000 } = shape;
    const chunk = this.pool.take();
    if (chunk < 0) throw new Error('the pool of the test is dry');
    const at = chunkStart(chunk);
    const slab = this.pool.slab(chunk);
    slab.fill('0', at, at + bytes);
    slab.write(`${this.window.totals.parts}:`, at);
    this.window.add(
      {
        slot: 0,
        initNumber: 0,
        startMs: this.nextMs,
        decodeTicks: this.#decodeTicks,
        durationTicks: ticks(ms),
        byteLength: bytes,
        samples: Math.max(1, Math.round(ms / 40)),
        independent: shape.independent ?? shape.starts ?? false,
        startsSegment: shape.starts ?? false,
        endsSegment: shape.ends ?? false,
        discontinuity: shape.discontinuity ?? false,
        slices: [{ chunk, offset: 0, length: bytes }],
      },
      this.#init,
      this.reader,
    );
    this.nextMs += ms;
    this.#decodeTicks += ticks(ms);
  }

  /** Whole segments of parts of 500 ms. */
  segments(count: number, parts = 4, first: PartShape = {}): void {
    for (let i = 0; i < count; i++) {
      for (let p = 0; p < parts; p++) {
        this.part({
          ...(i === 0 && p === 0 ? first : {}),
          starts: p === 0,
          ends: p === parts - 1,
        });
      }
    }
  }

  get leases(): number {
    return new Int32Array(this.pool.shared.leases).reduce((sum, n) => sum + n, 0);
  }

  /** Asks as a client would; `answers` fills when the answer comes. */
  ask(path: string, query: OriginQuery = {}): { answers: OriginAnswer[]; leave: () => void } {
    const answers: OriginAnswer[] = [];
    const leave = answerFromWindow(this.window, path, query, (answer) => answers.push(answer));
    return { answers, leave };
  }

  /** The text of a playlist that comes at once. */
  playlist(query: OriginQuery = {}, path = 'media.m3u8'): string {
    const { answers } = this.ask(path, query);
    const [answer] = answers;
    if (answer?.kind !== 'playlist') throw new Error(`not a playlist: ${answer?.kind}`);
    return answer.body;
  }
}

export function mediaText(answer: OriginAnswer | undefined): string {
  if (answer?.kind !== 'media') throw new Error(`not media: ${answer?.kind}`);
  return Buffer.concat(answer.bytes).toString();
}

/** The values of a tag, in order. */
export function tags(playlist: string, name: string): string[] {
  return playlist
    .split('\n')
    .filter((line) => line === `#${name}` || line.startsWith(`#${name}:`))
    .map((line) => line.slice(name.length + 2));
}

export function attribute(value: string | undefined, name: string): string | undefined {
  return new RegExp(`(?:^|,)${name}=("[^"]*"|[^,]*)`).exec(value ?? '')?.[1];
}
