import { readFileSync } from 'node:fs';
import { avcConfigBox, TIMESCALE, type VideoConfig } from '#ingest/fmp4/init.ts';
import type { PartTarget } from '#ingest/fmp4/part-target.ts';
import { Segmenter, type ClosedPart, type InitSegment } from '#ingest/fmp4/segmenter.ts';
import { parseSps } from '#ingest/h264/sps.ts';
import { ChunkPool, ChunkReader } from '#ingest/memory/chunk-pool.ts';
import { PartWriter, type Slice } from '#ingest/memory/part-writer.ts';
import { isParameterSet, parameterSets, readPictures } from '#tests/simulator/annex-b.ts';
import { CLIPS } from '#tests/simulator/rtsp-server.ts';

/** 2026-01-01T00:00:00Z. */
export const RUN_START_MS = 1_767_225_600_000;

export interface CutOptions {
  partAimMs?: number;
  segmentAimMs?: number;
  segmentMaxMs?: number;
  partTarget?: PartTarget;
  /** Of the pool. */
  maxBytes?: number;
}

/** What the segmenter said, in order. */
export type CutEvent =
  | { kind: 'init'; init: InitSegment }
  | { kind: 'part-target'; target: PartTarget }
  | { kind: 'part'; part: ClosedPart }
  | { kind: 'segment-end' };

/** One run through a segmenter, with the memory under it. */
export class Cut {
  readonly pool: ChunkPool;
  readonly reader: ChunkReader;
  readonly segmenter: Segmenter;
  readonly events: CutEvent[] = [];
  readonly parts: ClosedPart[] = [];
  readonly inits: InitSegment[] = [];
  readonly partTargets: PartTarget[] = [];

  constructor(options: CutOptions = {}) {
    const slabs: SharedArrayBuffer[] = [];
    this.pool = new ChunkPool({
      maxBytes: options.maxBytes ?? 256 * 1024 * 1024,
      onSlab: (slab) => {
        slabs.push(slab);
        this.reader.addSlab(slab);
      },
    });
    this.reader = new ChunkReader(this.pool.shared);
    this.segmenter = new Segmenter(
      {
        partAimTicks: ticks(options.partAimMs ?? 500),
        segmentAimTicks: ticks(options.segmentAimMs ?? 2_000),
        segmentMaxTicks: ticks(options.segmentMaxMs ?? 4_000),
        partTarget: options.partTarget,
        wallMs: (decodeTicks) => RUN_START_MS + (decodeTicks * 1000) / TIMESCALE,
      },
      new PartWriter(this.pool),
      {
        init: (init) => {
          this.inits.push(init);
          this.events.push({ kind: 'init', init });
        },
        partTarget: (target) => {
          this.partTargets.push(target);
          this.events.push({ kind: 'part-target', target });
        },
        part: (part) => {
          this.parts.push(part);
          this.events.push({ kind: 'part', part });
        },
        segmentEnd: () => this.events.push({ kind: 'segment-end' }),
      },
    );
  }

  /** A whole picture of these NAL units. False when it was dropped. */
  picture(ptsTicks: number, randomAccess: boolean, nals: readonly Buffer[] = [NAL]): boolean {
    if (!this.segmenter.beginUnit(ptsTicks, ptsTicks, randomAccess)) return false;
    for (const nal of nals) this.#nal(nal);
    return this.segmenter.commitUnit();
  }

  /** A picture that lost a packet. */
  brokenPicture(ptsTicks: number, randomAccess: boolean, nals: readonly Buffer[] = [NAL]): void {
    if (!this.segmenter.beginUnit(ptsTicks, ptsTicks, randomAccess)) return;
    for (const nal of nals) this.#nal(nal);
    this.segmenter.dropUnit();
  }

  bytesOf(slices: readonly Slice[]): Buffer {
    return Buffer.concat(
      slices.map(({ chunk, offset, length }) => this.reader.bytes(chunk, offset, length)),
    );
  }

  /** Gives all parts back. */
  release(): void {
    for (const part of this.parts.splice(0)) {
      for (const { chunk } of part.slices) this.pool.release(chunk);
    }
  }

  get leases(): number {
    return new Int32Array(this.pool.shared.leases).reduce((sum, n) => sum + n, 0);
  }

  #nal(nal: Buffer): void {
    this.segmenter.openNal();
    this.segmenter.append(nal, 0, nal.length);
    this.segmenter.closeNal();
  }
}

/** Parts of each segment, as their flags and the segment ends say. */
export function segmentsOf(cut: Cut): ClosedPart[][] {
  const segments: ClosedPart[][] = [];
  for (const event of cut.events) {
    if (event.kind !== 'part') continue;
    if (event.part.startsSegment) segments.push([]);
    segments.at(-1)?.push(event.part);
  }
  return segments;
}

export interface Feed {
  picturesPerSecond: number;
  seconds: number;
  /** Between random access points. */
  groupSeconds: number;
  /** Pictures come this much early or late at most, ms. */
  jitterMs?: number;
}

/** Feeds pictures at an even rate, or one with jitter that is the same on every run. */
export function feed(cut: Cut, { picturesPerSecond, seconds, groupSeconds, jitterMs = 0 }: Feed) {
  const group = Math.max(1, Math.round(groupSeconds * picturesPerSecond));
  const jitter = jitterMs === 0 ? () => 0 : seededJitter(ticks(jitterMs));
  for (let i = 0; i < seconds * picturesPerSecond; i++) {
    const at = Math.round((i * TIMESCALE) / picturesPerSecond) + jitter();
    cut.picture(Math.max(0, Math.round(at)), i % group === 0);
  }
}

/** In [-most, most), the same sequence each time (mulberry32). */
function seededJitter(most: number): () => number {
  let state = 0x5eed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) / 0x100000000) * 2 * most - most;
  };
}

export function ticks(ms: number): number {
  return Math.round((ms * TIMESCALE) / 1000);
}

const NAL = Buffer.from([0x65, 0x88, 0x84, 0x00, 0x10]);

/** The simulator's clip as pictures without their parameter sets, and what its decoder is told. */
export function clipPictures(clip: keyof typeof CLIPS): ClipPictures {
  return picturesOf(CLIPS[clip].path);
}

export interface ClipPictures {
  config: VideoConfig;
  sps: Buffer;
  pps: Buffer;
  pictures: { nals: Buffer[]; randomAccess: boolean }[];
}

/** Of a file of H.264, Annex B. */
export function picturesOf(path: string): ClipPictures {
  const pictures = readPictures(readFileSync(path));
  const { sps, pps } = parameterSets(pictures[0] as (typeof pictures)[number]);
  const parameters = parseSps(sps);
  return {
    sps,
    pps,
    config: {
      codec: parameters.codec,
      sampleEntry: 'avc1',
      configBox: avcConfigBox([sps], [pps], parameters),
      width: parameters.width,
      height: parameters.height,
      sampleAspect: parameters.sampleAspect,
    },
    pictures: pictures.map(({ nalUnits, randomAccess }) => ({
      nals: nalUnits.filter((nal) => !isParameterSet(nal)),
      randomAccess,
    })),
  };
}
