/** What a camera that means harm, or is broken beyond what one expects, may cost the others of its worker. */
import { describe, expect, test } from 'vitest';
import { MAX_SEGMENT_BYTES } from '#ingest/fmp4/segmenter.ts';
import { MAX_UNIT_BYTES } from '#ingest/memory/part-writer.ts';
import { SessionLimits } from '#ingest/session-limits.ts';
import { clipPictures, Cut } from '../ingest/cut.ts';
import { IDR, P, PPS, SPS } from '../ingest/h264/nal-units.ts';
import { WindowRig } from '../ingest/hls/rig.ts';
import { recordRun } from '../ingest/recorded-run.ts';

const { config } = clipPictures('small');
const MEGABYTE = 1024 * 1024;
const STEP = 3600;

describe('memory', () => {
  test('a picture without an end is dropped, and holds no more than a picture may', () => {
    const cut = new Cut();
    cut.segmenter.configure(config);
    expect(cut.picture(0, true)).toBe(true);
    cut.segmenter.beginUnit(STEP, STEP, false);
    cut.segmenter.openNal();
    const piece = Buffer.alloc(60_000, 1);
    for (let bytes = 0; bytes < 100 * MEGABYTE; bytes += piece.length) {
      cut.segmenter.append(piece, 0, piece.length);
    }
    cut.segmenter.closeNal();
    const chunksOfOneUnit = MAX_UNIT_BYTES / (32 * 1024);
    expect(cut.leases).toBeLessThanOrEqual(chunksOfOneUnit + 2);
    expect(cut.segmenter.commitUnit()).toBe(false);
    expect(cut.picture(2 * STEP, true)).toBe(true);
    cut.segmenter.end();
    expect(cut.parts.map(({ samples }) => samples)).toEqual([1, 1]);
    expect(cut.parts[1]?.discontinuity).toBe(true);
    cut.release();
    expect(cut.leases).toBe(0);
  });

  test('pictures whose time stands nearly still end their segment by its bytes', () => {
    const cut = new Cut();
    cut.segmenter.configure(config);
    const large = Buffer.alloc(MEGABYTE, 1);
    let segmentBytes = 0;
    let read = 0;
    for (let i = 0; i < 100; i++) {
      expect(cut.picture(i, i === 0, [large])).toBe(true);
      for (const part of cut.parts.slice(read)) {
        if (part.startsSegment) segmentBytes = 0;
        segmentBytes += part.byteLength;
        expect(segmentBytes).toBeLessThan(MAX_SEGMENT_BYTES + 2 * MEGABYTE);
      }
      read = cut.parts.length;
    }
    expect(cut.parts.filter(({ endsSegment }) => endsSegment)).toHaveLength(3);
    cut.segmenter.end();
    cut.release();
    expect(cut.leases).toBe(0);
  });

  test('segments of next to no length do not fill the window without end', () => {
    const rig = new WindowRig();
    for (let i = 0; i < 1_000; i++) rig.part({ ms: 0.1, bytes: 10, starts: true, ends: true });
    expect(rig.window.segments.length).toBeLessThanOrEqual(200);
    expect(rig.leases).toBe(rig.window.segments.length);
  });
});

describe('time', () => {
  test('of the parameter sets in one unit only the first few are looked at', () => {
    const run = recordRun();
    run.units.begin(0);
    for (const nal of [SPS, PPS]) run.units.nal(nal, 0, nal.length);
    const bad = Buffer.from([0x67, 0]);
    const began = process.cpuUsage();
    for (let i = 0; i < 1_000_000; i++) run.units.nal(bad, 0, bad.length);
    const took = process.cpuUsage(began);
    const idr = IDR(1);
    run.units.nal(idr, 0, idr.length);
    run.units.end();
    expect(run.units.counters.badParameterSets).toBe(1_000_000);
    // Read each, they take several seconds of a processor.
    expect((took.user + took.system) / 1_000).toBeLessThan(1_500);
    run.units.begin(STEP);
    const other = P(2);
    run.units.nal(other, 0, other.length);
    run.units.end();
    run.segmenter.end();
    expect(run.pictures.map(({ nalUnits }) => nalUnits)).toEqual([[IDR(1)], [P(2)]]);
  });
});

describe('the limits of a session', () => {
  const START_MS = 1_767_225_600_000;
  /** Seconds until something was too much, of a camera that goes on like this. */
  function untilExceeded(each: {
    workMs?: number;
    pictures?: number;
    configurations?: number;
  }): [number, string] | undefined {
    const { workMs = 0.1, pictures = 1, configurations = 0 } = each;
    const limits = new SessionLimits(START_MS);
    for (let read = 1; read <= 20 * 600; read++) {
      const said = limits.exceeded(
        START_MS + read * 50,
        workMs,
        Math.floor(read * pictures),
        1 + Math.floor(read * configurations),
      );
      if (said !== undefined) return [read / 20, said];
    }
    return undefined;
  }

  test('are far from what real cameras do', () => {
    expect(untilExceeded({ workMs: 8, pictures: 12, configurations: 0.02 })).toBeUndefined();
  });

  test('allow what a camera has kept, and a pause of the machine', () => {
    const limits = new SessionLimits(START_MS);
    expect(limits.exceeded(START_MS + 50, 1_000, 2_000, 1)).toBeUndefined();
    expect(limits.exceeded(START_MS + 100, 1, 2_002, 1)).toBeUndefined();
  });

  test('end a session that takes the worker’s time, or makes pictures or inits without end', () => {
    expect(untilExceeded({ workMs: 50 })).toEqual([
      expect.closeTo(2, 0),
      expect.stringContaining('work'),
    ]);
    expect(untilExceeded({ pictures: 100 })).toEqual([
      expect.closeTo(2, 0),
      expect.stringContaining('pictures'),
    ]);
    expect(untilExceeded({ configurations: 0.5 })).toEqual([
      expect.closeTo(3.3, 0),
      expect.stringContaining('parameter sets'),
    ]);
  });

  test('are not loosened by a clock that goes back', () => {
    const limits = new SessionLimits(START_MS);
    let said: string | undefined;
    for (let i = 0; i < 100 && said === undefined; i++) {
      said = limits.exceeded(START_MS - i * 1000, 50, 0, 0);
    }
    expect(said).toContain('work');
  });
});
