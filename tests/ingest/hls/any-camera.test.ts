import * as fc from 'fast-check';
import { parse, setOptions } from 'hls-parser';
import { expect, test } from 'vitest';
import { LiveWindow, type WindowInit } from '#ingest/hls/live-window.ts';
import { mediaPlaylist } from '#ingest/hls/media-playlist.ts';
import { clipPictures, Cut, RUN_START_MS, ticks, type CutEvent } from '../cut.ts';
import { attribute, tags } from './rig.ts';

type Happening =
  | { kind: 'pictures'; count: number }
  | { kind: 'lost' }
  | { kind: 'pause'; ms: number }
  | { kind: 'parameter-sets' }
  | { kind: 'restart' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pictures' as const),
      count: fc.integer({ min: 1, max: 120 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'lost' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pause' as const),
      ms: fc.integer({ min: 1, max: 5_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'parameter-sets' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

const configs = [clipPictures('main').config, clipPictures('small').config] as const;

/** A camera of 25 pictures a second, its segmenter and its window, as a worker and the serving thread join them. */
class AnyCamera {
  readonly window = new LiveWindow(
    'camera',
    { targetDurationSeconds: 4, keepMs: 14_000, maxBytes: 1_000_000 },
    RUN_START_MS,
  );
  readonly cuts: Cut[] = [];
  #init: WindowInit | undefined;
  #taken = 0;
  #ms = 0;
  #picture = 0;
  #config = 0;
  #waitForRandomAccess = true;
  /** Playlists as they were after each part. */
  readonly playlists: string[] = [];

  constructor() {
    this.#start();
  }

  happen(what: Happening): void {
    if (what.kind === 'pictures') for (let i = 0; i < what.count; i++) this.#next(false);
    else if (what.kind === 'lost') this.#next(true);
    else if (what.kind === 'pause') this.#ms += what.ms;
    else if (what.kind === 'parameter-sets') {
      this.#config++;
      this.#cut.segmenter.configure(configs[this.#config % 2] as (typeof configs)[0]);
      this.#waitForRandomAccess = true;
      this.#take();
    } else {
      this.end();
      this.#start();
    }
  }

  end(): void {
    this.#cut.segmenter.end();
    this.#take();
    this.window.endRun();
  }

  get #cut(): Cut {
    return this.cuts.at(-1) as Cut;
  }

  #start(): void {
    const { partTarget } = this.window;
    const cut = new Cut({ maxBytes: 1, ...(partTarget === undefined ? {} : { partTarget }) });
    this.cuts.push(cut);
    this.#taken = 0;
    this.#waitForRandomAccess = true;
    cut.segmenter.configure(configs[this.#config % 2] as (typeof configs)[0]);
    this.#take();
  }

  /** As access units are handed on: what is broken is dropped, then a random access point is waited for. */
  #next(lost: boolean): void {
    this.#ms += 40;
    const randomAccess = this.#picture++ % 50 === 0;
    if (this.#waitForRandomAccess && !randomAccess) return;
    this.#waitForRandomAccess = lost;
    if (lost) this.#cut.brokenPicture(ticks(this.#ms), randomAccess);
    else this.#cut.picture(ticks(this.#ms), randomAccess);
    this.#take();
  }

  #take(): void {
    for (const event of this.#cut.events.slice(this.#taken)) this.#apply(event);
    this.#taken = this.#cut.events.length;
  }

  #apply(event: CutEvent): void {
    const { window } = this;
    if (event.kind === 'init') {
      const { index, bytes, config } = event.init;
      const { codec, width, height } = config;
      this.#init = { runId: `run${this.cuts.length}`, index, bytes, codec, width, height };
    } else if (event.kind === 'part-target') window.partTarget ??= event.target;
    else if (event.kind === 'segment-end') window.endSegment();
    else if (this.#init !== undefined) {
      window.add({ slot: 0, initNumber: 0, ...event.part }, this.#init, this.#cut.reader);
      const last = window.segments[0];
      if (last !== undefined && (last.closed || last.listedParts > 0)) {
        this.playlists.push(mediaPlaylist(window, 'low-latency'));
      }
    }
  }
}

test('whatever a camera does, each playlist is strictly valid, follows on the one before it, and no memory is lost', () => {
  setOptions({ strictMode: true });
  fc.assert(
    fc.property(fc.array(happening, { minLength: 3, maxLength: 25 }), (happenings) => {
      const camera = new AnyCamera();
      for (const what of happenings) camera.happen(what);
      camera.end();
      let before = '';
      for (const text of camera.playlists) {
        // The parser wants a hint wherever there are parts; behind a part too long to be listed there is none.
        if (text.includes('#EXT-X-PRELOAD-HINT') || !text.includes('#EXT-X-PART:')) parse(text);
        for (const name of ['EXT-X-MEDIA-SEQUENCE', 'EXT-X-DISCONTINUITY-SEQUENCE']) {
          expect(Number(tags(text, name)[0])).toBeGreaterThanOrEqual(
            Number(tags(before, name)[0] ?? 0),
          );
        }
        for (const length of tags(text, 'EXTINF')) {
          expect(Math.round(Number.parseFloat(length))).toBeLessThanOrEqual(4);
        }
        const target = Number(attribute(tags(text, 'EXT-X-PART-INF')[0], 'PART-TARGET'));
        for (const part of tags(text, 'EXT-X-PART')) {
          expect(Number(attribute(part, 'DURATION'))).toBeLessThanOrEqual(target);
        }
        const dates = tags(text, 'EXT-X-PROGRAM-DATE-TIME').map((date) => Date.parse(date));
        expect(dates).toEqual(dates.toSorted((a, b) => a - b));
        before = text;
      }
      camera.window.clear();
      for (const cut of camera.cuts) expect(cut.leases).toBe(0);
    }),
    { numRuns: 40, seed: 20_260_101 },
  );
}, 60_000);
