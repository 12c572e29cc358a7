import { describe, expect, test } from 'vitest';
import { TIMESCALE } from '#ingest/fmp4/init.ts';
import type { ClosedPart } from '#ingest/fmp4/segmenter.ts';
import { clipPictures, Cut, feed, segmentsOf, ticks } from '../cut.ts';

const { config, pictures: clip } = clipPictures('small');
const { config: otherConfig } = clipPictures('main');

function started(options: ConstructorParameters<typeof Cut>[0] = {}): Cut {
  const cut = new Cut(options);
  cut.segmenter.configure(config);
  return cut;
}

/** Decode times never overlap or go back, neither between samples nor between parts. */
function expectForward(parts: readonly ClosedPart[]): void {
  for (let i = 1; i < parts.length; i++) {
    const before = parts[i - 1] as ClosedPart;
    const part = parts[i] as ClosedPart;
    expect(part.decodeTicks).toBeGreaterThanOrEqual(before.decodeTicks + before.durationTicks);
  }
  for (const part of parts) expect(part.durationTicks).toBeGreaterThan(0);
}

describe('parts of about half a second', () => {
  const cases = [25, 10, 30, 29.97, 15, 12.5, 8, 5, 4].flatMap((rate) =>
    [0, 5].map((jitterMs) => [rate, jitterMs] as const),
  );
  test.each(cases)(
    'at %f pictures a second with ±%i ms every part but a segment’s last has 85 % to 100 % of PART-TARGET',
    (picturesPerSecond, jitterMs) => {
      const cut = started();
      feed(cut, { picturesPerSecond, seconds: 60, groupSeconds: 2, jitterMs });
      cut.segmenter.end();
      expect(cut.partTargets).toHaveLength(1);
      const target = cut.partTargets[0]?.ticks ?? 0;
      expect(target / TIMESCALE).toBeGreaterThan(0.2);
      expect(target / TIMESCALE).toBeLessThanOrEqual(0.6);
      const segments = segmentsOf(cut);
      expect(segments.length).toBeGreaterThanOrEqual(29);
      for (const segment of segments) {
        for (const [i, part] of segment.entries()) {
          expect(part.durationTicks).toBeLessThanOrEqual(target);
          if (i < segment.length - 1) {
            expect(part.durationTicks).toBeGreaterThanOrEqual(0.85 * target);
          }
        }
      }
      expectForward(cut.parts);
    },
  );

  test.each([3.5, 2, 1])(
    'at %f pictures a second there is no part target, and media comes all the same',
    (picturesPerSecond) => {
      const cut = started();
      feed(cut, { picturesPerSecond, seconds: 30, groupSeconds: 2 });
      cut.segmenter.end();
      expect(cut.partTargets).toEqual([{ ticks: 0 }]);
      expect(cut.parts.reduce((sum, { samples }) => sum + samples, 0)).toBe(
        Math.ceil(30 * picturesPerSecond),
      );
    },
  );

  test('a part target that an earlier run decided stays, whatever this run’s rate', () => {
    const first = started();
    feed(first, { picturesPerSecond: 25, seconds: 4, groupSeconds: 2 });
    const partTarget = first.partTargets[0];
    if (partTarget === undefined) throw new Error('no target was decided');
    for (const picturesPerSecond of [25, 10, 12.5]) {
      const cut = started({ partTarget });
      feed(cut, { picturesPerSecond, seconds: 20, groupSeconds: 2, jitterMs: 5 });
      cut.segmenter.end();
      expect(cut.partTargets).toEqual([]);
      for (const part of cut.parts) {
        expect(part.durationTicks).toBeLessThanOrEqual(partTarget.ticks);
      }
    }
  });

  test('the target of a steady rate does not depend on the jitter of the first pictures', () => {
    const targets = [0, 1, 3, 5].map((jitterMs) => {
      const cut = started();
      feed(cut, { picturesPerSecond: 25, seconds: 4, groupSeconds: 2, jitterMs });
      return cut.partTargets[0]?.ticks;
    });
    expect(new Set(targets).size).toBe(1);
  });
});

const late = [25, 30, 15, 12.5].flatMap((rate) =>
  [20, 40, 80, 100, 150].map((lateMs) => [rate, lateMs] as const),
);
test.each(late)(
  'at %f pictures a second one that comes %i ms late makes no part too long or too short',
  (picturesPerSecond, lateMs) => {
    for (let at = 20; at < 70; at++) {
      const cut = started();
      for (let i = 0; i < 120; i++) {
        const ms = (i * 1000) / picturesPerSecond + (i >= at ? lateMs : 0);
        cut.picture(ticks(ms), i % 50 === 0);
      }
      cut.segmenter.end();
      const target = cut.partTargets[0]?.ticks ?? 0;
      for (const segment of segmentsOf(cut)) {
        for (const [i, part] of segment.entries()) {
          expect(part.durationTicks, `late: ${at}`).toBeLessThanOrEqual(target);
          if (i === segment.length - 1) continue;
          expect(part.durationTicks, `late: ${at}`).toBeGreaterThanOrEqual(0.85 * target);
        }
      }
      expectForward(cut.parts);
      expect(cut.parts.slice(1).some((part) => part.discontinuity)).toBe(false);
    }
  },
);

describe('segments', () => {
  test.each([
    [1, 2],
    [2, 2],
    [3, 3],
  ])('groups of %i s give segments of %i s', (groupSeconds, segmentSeconds) => {
    const cut = started();
    feed(cut, { picturesPerSecond: 25, seconds: 30, groupSeconds, jitterMs: 5 });
    cut.segmenter.end();
    for (const segment of segmentsOf(cut).slice(0, -1)) {
      expect(segment[0]?.independent).toBe(true);
      const seconds = segment.reduce((sum, part) => sum + part.durationTicks, 0) / TIMESCALE;
      expect(Math.abs(seconds - segmentSeconds)).toBeLessThan(0.05);
      expect(segment.map((part) => part.endsSegment)).toEqual(
        segment.map((_, i) => i === segment.length - 1),
      );
    }
    expect(cut.parts.some((part, i) => part.discontinuity && i > 0)).toBe(false);
  });

  test('a group longer than the target duration is cut, and none is longer than it', () => {
    const cut = started({ segmentMaxMs: 4_000 });
    feed(cut, { picturesPerSecond: 25, seconds: 60, groupSeconds: 10, jitterMs: 5 });
    cut.segmenter.end();
    const segments = segmentsOf(cut);
    for (const segment of segments) {
      const ticksLong = segment.reduce((sum, part) => sum + part.durationTicks, 0);
      expect(Math.round(ticksLong / TIMESCALE)).toBeLessThanOrEqual(4);
    }
    const independent = segments.filter((segment) => segment[0]?.independent === true);
    expect(independent).toHaveLength(6);
    // Where a random access point comes, a segment begins, unless one that began with another has only just begun.
    for (const part of cut.parts.slice(1)) {
      if (part.independent) expect(part.startsSegment).toBe(true);
    }
  });

  const smart = [1, 2, 3, 5].flatMap((rate) =>
    [4, 5, 8, 12].map((group) => [rate, group] as const),
  );
  test.each(smart)(
    '%i pictures a second in groups of %i s: all come, none in a segment that is too long',
    (picturesPerSecond, groupSeconds) => {
      const cut = started({ segmentMaxMs: 4_000 });
      feed(cut, { picturesPerSecond, seconds: 60, groupSeconds, jitterMs: 20 });
      cut.segmenter.end();
      const segments = segmentsOf(cut);
      for (const segment of segments) {
        const ticksLong = segment.reduce((sum, part) => sum + part.durationTicks, 0);
        expect(Math.round(ticksLong / TIMESCALE)).toBeLessThanOrEqual(4);
      }
      const independent = segments.filter((segment) => segment[0]?.independent === true);
      expect(independent).toHaveLength(Math.ceil(60 / groupSeconds));
      // So that a player, and whoever looks through recordings, need not wait for the next.
      for (const part of cut.parts) if (part.independent) expect(part.startsSegment).toBe(true);
      expect(cut.parts.reduce((sum, { samples }) => sum + samples, 0)).toBe(60 * picturesPerSecond);
      expect(cut.parts.slice(1).some((part) => part.discontinuity)).toBe(false);
      expectForward(cut.parts);
    },
  );

  test('a picture that stands for just under three seconds makes no segment longer than the target duration', () => {
    for (let at = 1; at < 100; at += 7) {
      const cut = started({ segmentMaxMs: 4_000 });
      for (let i = 0; i < 300; i++) {
        cut.picture(ticks(i * 40 + (i > at ? 2_900 : 0)), i % 75 === 0);
      }
      cut.segmenter.end();
      for (const segment of segmentsOf(cut)) {
        const ticksLong = segment.reduce((sum, part) => sum + part.durationTicks, 0);
        expect(Math.round(ticksLong / TIMESCALE), `after picture ${at}`).toBeLessThanOrEqual(4);
      }
      expectForward(cut.parts);
    }
  });

  test('wall time of a part is that of its first picture', () => {
    const cut = started();
    feed(cut, { picturesPerSecond: 25, seconds: 10, groupSeconds: 2 });
    for (const part of cut.parts) {
      expect(part.startMs - (cut.parts[0]?.startMs ?? 0)).toBeCloseTo(
        (part.decodeTicks * 1000) / TIMESCALE,
        3,
      );
    }
  });
});

describe('what is missing', () => {
  test('a dropped picture ends the segment, is marked, and nothing of it is handed on', () => {
    const cut = started();
    const lost = Buffer.from('never to be seen'.repeat(20_000));
    for (let i = 0; i < 100; i++) {
      if (i === 30) cut.brokenPicture(ticks(i * 40), false, [lost]);
      else cut.picture(ticks(i * 40), i % 50 === 0 || i === 31);
    }
    cut.segmenter.end();
    const marked = cut.parts.filter((part) => part.discontinuity);
    expect(marked).toHaveLength(1);
    expect(marked[0]).toMatchObject({
      startsSegment: true,
      independent: true,
      decodeTicks: ticks(31 * 40),
    });
    const before = cut.parts[cut.parts.indexOf(marked[0] as ClosedPart) - 1];
    expect(before?.endsSegment).toBe(true);
    expect(cut.parts.reduce((sum, { samples }) => sum + samples, 0)).toBe(99);
    for (const part of cut.parts) {
      expect(cut.bytesOf(part.slices).includes('never to be seen')).toBe(false);
    }
    expectForward(cut.parts);
  });

  test('when the first picture of a part is dropped the segment is told to have ended', () => {
    for (let broken = 1; broken < 50; broken++) {
      const cut = started();
      for (let i = 0; i < 60; i++) {
        if (i === broken) cut.brokenPicture(ticks(i * 40), false);
        else cut.picture(ticks(i * 40), i % 50 === 0 || i === broken + 1);
      }
      cut.segmenter.end();
      let open = false;
      for (const event of cut.events) {
        if (event.kind === 'segment-end') {
          expect(open, `picture ${broken}`).toBe(true);
          open = false;
        } else if (event.kind === 'part') {
          expect(event.part.startsSegment, `picture ${broken}`).toBe(!open);
          open = !event.part.endsSegment;
        }
      }
      expect(open).toBe(false);
    }
  });

  test('a run of broken pictures is one discontinuity', () => {
    const cut = started();
    for (let i = 0; i < 100; i++) {
      if (i >= 30 && i < 40) cut.brokenPicture(ticks(i * 40), false);
      else cut.picture(ticks(i * 40), i % 50 === 0 || i === 40);
    }
    cut.segmenter.end();
    expect(cut.parts.filter((part) => part.discontinuity)).toHaveLength(1);
    cut.release();
    expect(cut.leases).toBe(0);
  });

  test('more than three seconds without a picture begin anew instead of one picture standing still', () => {
    const cut = started();
    for (let i = 0; i < 100; i++) cut.picture(ticks(i * 40 + (i >= 50 ? 3_500 : 0)), i % 50 === 0);
    cut.segmenter.end();
    const marked = cut.parts.filter((part) => part.discontinuity);
    expect(marked).toHaveLength(1);
    expect(marked[0]).toMatchObject({
      startsSegment: true,
      independent: true,
      decodeTicks: ticks(50 * 40 + 3_500),
    });
    for (const part of cut.parts) expect(part.durationTicks).toBeLessThanOrEqual(TIMESCALE);
  });

  test('three seconds and less are one picture that stands', () => {
    const cut = started();
    for (let i = 0; i < 100; i++) cut.picture(ticks(i * 40 + (i >= 50 ? 1_500 : 0)), i % 50 === 0);
    cut.segmenter.end();
    expect(cut.parts.some((part) => part.discontinuity)).toBe(false);
    expectForward(cut.parts);
  });

  test('new parameter sets give a new init and a segment of their own', () => {
    const cut = started();
    for (let i = 0; i < 100; i++) {
      if (i === 60) cut.segmenter.configure(otherConfig);
      cut.picture(ticks(i * 40), i % 20 === 0);
    }
    cut.segmenter.end();
    expect(cut.inits.map(({ index }) => index)).toEqual([0, 1]);
    const first = cut.parts.find((part) => part.initIndex === 1);
    expect(first).toMatchObject({
      startsSegment: true,
      discontinuity: true,
      decodeTicks: ticks(60 * 40),
    });
    expect(cut.partTargets).toHaveLength(1);
  });
});

describe('timestamps that misbehave', () => {
  const stamps: Record<string, (i: number) => number> = {
    repeat: (i) => ticks(Math.floor(i / 2) * 80),
    'go backwards once': (i) => ticks(i * 40 - (i === 30 ? 500 : 0)),
    'go backwards for good': (i) => ticks(i * 40 - (i >= 30 ? 300 : 0)),
    'are those of B-frames': (i) => ticks((i + ([0, 2, -1, -1][i % 4] ?? 0)) * 40),
  };
  test.each(Object.keys(stamps))('decode time never goes back when they %s', (name) => {
    const cut = started();
    for (let i = 0; i < 150; i++) {
      cut.picture(Math.max(0, stamps[name]?.(i) ?? 0), i % 50 === 0);
    }
    cut.segmenter.end();
    expectForward(cut.parts);
    expect(cut.parts.reduce((sum, { samples }) => sum + samples, 0)).toBe(150);
  });
});

describe('memory', () => {
  test('when it runs out in a part, the picture is dropped and marked, and all is given back', () => {
    // One slab; nothing is released, so the pool runs dry.
    const cut = started({ maxBytes: 8 * 1024 * 1024 });
    const large = Buffer.alloc(100_000, 0x41);
    let dropped = 0;
    for (let i = 0; i < 120; i++) {
      if (!cut.picture(ticks(i * 40), i % 50 === 0, [large])) dropped++;
      if (dropped === 5) cut.release();
    }
    expect(dropped).toBeGreaterThanOrEqual(5);
    cut.segmenter.end();
    const again = cut.events.flatMap((event) =>
      event.kind === 'part' && event.part.discontinuity ? [event.part] : [],
    );
    expect(again).toHaveLength(1);
    expect(again[0]?.startsSegment).toBe(true);
    cut.release();
    expect(cut.leases).toBe(0);
  });

  test('a run that ends gives its open chunk back', () => {
    const cut = started();
    clip.slice(0, 30).forEach(({ nals, randomAccess }, i) => {
      cut.picture(ticks(i * 100), randomAccess, nals);
    });
    cut.segmenter.end();
    expect(cut.parts.reduce((sum, { samples }) => sum + samples, 0)).toBe(30);
    cut.release();
    expect(cut.leases).toBe(0);
  });
});
