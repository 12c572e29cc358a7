import { describe, expect, test } from 'vitest';
import { AUD, FILLER, IDR, LARGE_PPS, LARGE_SPS, P, PPS, SEI, SPS } from './nal-units.ts';
import { recordRun, type RecordedRun } from '../recorded-run.ts';

const STEP = 3600;

/** Pictures, each a list of NAL units, or `lost` where a packet between two is missing. */
function show(run: RecordedRun, ...pictures: (Buffer[] | 'lost')[]): Buffer[][] {
  for (const [i, picture] of pictures.entries()) {
    if (picture === 'lost') {
      run.units.lost(false);
      continue;
    }
    run.units.begin(i * STEP);
    for (const nal of picture) {
      const bytes = Buffer.concat([Buffer.from([9]), nal, Buffer.from([9])]);
      run.units.nal(bytes, 1, 1 + nal.length);
    }
    run.units.end();
  }
  run.segmenter.end();
  return run.pictures.map(({ nalUnits }) => nalUnits);
}

const first = [SPS, PPS, IDR(1)];

describe('an access unit', () => {
  test('keeps its SEI before its slices, and SEI that came late behind', () => {
    const late = Buffer.from([0x06, 0x05, 0x01, 0x33, 0x80]);
    expect(show(recordRun(), [SPS, SEI, PPS, late, IDR(1), IDR(2, false), late])).toEqual([
      [SEI, late, IDR(1), IDR(2, false), late],
    ]);
  });

  test('loses its delimiter, filler, end of sequence and parameter sets', () => {
    const sequenceEnd = Buffer.from([0x0a]);
    const seen = show(
      recordRun(),
      [AUD, SPS, PPS, IDR(1), FILLER, sequenceEnd],
      [AUD, P(2), SPS, PPS, P(3, false), Buffer.from([0x0b])],
    );
    expect(seen).toEqual([[IDR(1)], [P(2), P(3, false)]]);
  });

  test('without a slice is nothing, and nothing is dropped for it', () => {
    const run = recordRun();
    expect(show(run, first, [SEI], [AUD], [P(2)])).toEqual([[IDR(1)], [P(2)]]);
    expect(run.units.counters.dropped).toBe(0);
  });

  test('carries its time, and says whether decoding can begin there', () => {
    const run = recordRun();
    show(run, first, [P(2)], [IDR(3)], [P(4)]);
    expect(run.pictures.map(({ ptsTicks }) => ptsTicks)).toEqual([0, STEP, 2 * STEP, 3 * STEP]);
    expect(run.pictures.map(({ randomAccess }) => randomAccess)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('what is broken', () => {
  test('nothing is handed on before the first random access point', () => {
    const run = recordRun();
    expect(show(run, [SPS, PPS, P(1)], [P(2)], [IDR(3)], [P(4)])).toEqual([[IDR(3)], [P(4)]]);
    expect(run.units.counters.dropped).toBe(2);
    expect(run.parts[0]).toMatchObject({ independent: true, startsSegment: true });
  });

  test('nor before both parameter sets are known', () => {
    expect(show(recordRun(), [SPS, IDR(1)], [PPS, P(2)], [IDR(3)])).toEqual([[IDR(3)]]);
    expect(show(recordRun(), [PPS, IDR(1)], [SPS, P(2)], [IDR(3)])).toEqual([[IDR(3)]]);
  });

  test('a loss between pictures drops all up to the next random access point', () => {
    const run = recordRun();
    const seen = show(run, first, [P(2)], 'lost', [P(3)], [P(4)], [SEI, IDR(5)], [P(6)]);
    expect(seen).toEqual([[IDR(1)], [P(2)], [SEI, IDR(5)], [P(6)]]);
    expect(run.pictures.map(({ discontinuity }) => discontinuity)).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(run.units.counters.dropped).toBe(2);
  });

  test('a loss before a random access point costs nothing but what was lost', () => {
    expect(show(recordRun(), first, 'lost', [IDR(2)], [P(3)])).toHaveLength(3);
  });

  test('a loss inside a picture drops it, random access point or not', () => {
    for (const inside of [IDR, P]) {
      const run = recordRun();
      const { units } = run;
      show(run, first);
      units.begin(STEP);
      units.nal(inside(2), 0, 12);
      units.lost(true);
      units.nal(inside(3, false), 0, 12);
      units.end();
      expect(units.counters).toMatchObject({ handedOn: 1, dropped: 1 });
      expect(show(run, [P(4)], [IDR(5)]).at(-1)).toEqual([IDR(5)]);
      expect(run.pictures).toHaveLength(2);
    }
  });

  test('a picture whose first slice is missing is dropped', () => {
    const seen = show(
      recordRun(),
      first,
      [P(2, false), P(3, false)],
      [P(4)],
      [IDR(5, false)],
      [IDR(6)],
    );
    expect(seen).toEqual([[IDR(1)], [IDR(6)]]);
  });

  test('a slice without a byte of its header is dropped', () => {
    expect(show(recordRun(), first, [Buffer.from([0x41])], [IDR(2)])).toEqual([[IDR(1)], [IDR(2)]]);
  });

  test('a NAL unit cut short by the end of its picture drops it', () => {
    const run = recordRun();
    show(run, first);
    run.units.begin(STEP);
    run.units.openNal(0x41, P(2), 1, 12);
    run.units.end();
    expect(run.units.counters).toMatchObject({ handedOn: 1, dropped: 1 });
    run.units.begin(2 * STEP);
    run.units.openNal(0x06, SEI, 1, 4); // SEI cut short is only left out
    run.units.nal(IDR(3), 0, 12);
    run.units.end();
    expect(run.units.counters.handedOn).toBe(2);
    expect(show(run)).toEqual([[IDR(1)], [IDR(3)]]);
  });

  test('gives its memory back', () => {
    const run = recordRun();
    const large = IDR(1, true, 200_000);
    show(run, [SPS, PPS, large], [P(2, true, 100_000), P(3, false)], 'lost', [P(4, true, 300_000)]);
    run.units.begin(0);
    run.units.openNal(0x65, large, 1, large.length);
    run.units.appendNal(0x65, large, 0, large.length);
    run.units.lost(true);
    run.units.end();
    run.segmenter.end();
    expect(run.leases()).toBe(0);
  });
});

describe('memory', () => {
  test('that is used up drops pictures, and the next random access point is tried again', () => {
    const run = recordRun(8 * 1024 * 1024);
    const huge = IDR(2, true, 9 * 1024 * 1024);
    expect(show(run, first, [huge], [P(3)], [IDR(4)], [P(5)])).toEqual([
      [IDR(1)],
      [IDR(4)],
      [P(5)],
    ]);
    expect(run.leases()).toBe(0);
  });

  test('SEI beyond its bounds is left out, the picture is not', () => {
    const many = Array.from({ length: 1000 }, () => SEI);
    const huge = Buffer.alloc(70_000, 0x06);
    const seen = show(recordRun(), [SPS, PPS, ...many, huge, IDR(1)], [huge, SEI, P(2)]);
    expect(seen[0]?.at(-1)).toEqual(IDR(1));
    expect(seen[0]?.length).toBeLessThanOrEqual(1001);
    expect(seen[1]).toEqual([SEI, P(2)]);
  });
});

describe('parameter sets', () => {
  test('of the session description are enough', () => {
    const run = recordRun();
    run.units.parameterSet(SPS);
    run.units.parameterSet(PPS);
    expect(show(run, [IDR(1)])).toEqual([[IDR(1)]]);
    expect(run.inits).toMatchObject([{ index: 0, config: { width: 240, height: 160 } }]);
    expect(run.inits[0]?.config.codec).toBe('avc1.42C01E');
    expect(run.inits[0]?.config.configBox.includes(SPS)).toBe(true);
    expect(run.inits[0]?.config.configBox.includes(PPS)).toBe(true);
  });

  test('repeated with every random access point make one init', () => {
    const run = recordRun();
    show(run, first, [P(2)], [SPS, PPS, IDR(3)], [SPS, PPS, IDR(4)]);
    expect(run.inits).toHaveLength(1);
    expect(run.pictures.map(({ discontinuity }) => discontinuity)).not.toContain(true);
  });

  test('that changed make another init at the next random access point, and a break before it', () => {
    const run = recordRun();
    const seen = show(run, first, [LARGE_SPS, LARGE_PPS, P(2)], [P(3)], [IDR(4)], [P(5)]);
    expect(seen).toHaveLength(5);
    expect(run.inits.map(({ config }) => [config.width, config.height])).toEqual([
      [240, 160],
      [1920, 1080],
    ]);
    expect(run.pictures.map(({ initIndex }) => initIndex)).toEqual([0, 0, 0, 1, 1]);
    expect(run.pictures[3]).toMatchObject({ discontinuity: true, randomAccess: true });
  });

  test('of which only the picture parameter set changed make another init too', () => {
    const run = recordRun();
    show(run, first, [LARGE_PPS, IDR(2)]);
    expect(run.inits).toHaveLength(2);
    expect(run.inits[1]?.config.configBox.includes(PPS)).toBe(false);
    expect(run.inits[1]?.config.configBox.includes(LARGE_PPS)).toBe(true);
  });

  test('of several numbers are all told', () => {
    const second = Buffer.from('685b8cb2', 'hex'); // pic_parameter_set_id 1... as ue(v) 010
    const run = recordRun();
    show(run, [SPS, PPS, second, IDR(1)]);
    expect(run.inits[0]?.config.configBox.includes(second)).toBe(true);
    expect(run.inits[0]?.config.configBox.includes(PPS)).toBe(true);
  });

  test('that cannot be read, or are too long, are counted and leave the known ones alone', () => {
    const run = recordRun();
    const bad = [Buffer.from([0x67, 0x42]), Buffer.alloc(5000, 0x67), Buffer.from([0x68, 0, 0, 1])];
    expect(show(run, first, [...bad, IDR(2)], [P(3)])).toHaveLength(3);
    expect(run.units.counters.badParameterSets).toBe(3);
    expect(run.inits).toHaveLength(1);
  });

  test('in fragments are read like whole ones', () => {
    const run = recordRun();
    run.units.begin(0);
    run.units.openNal(SPS[0] as number, SPS, 1, 5);
    run.units.appendNal(SPS[0] as number, SPS, 5, SPS.length);
    run.units.closeNal();
    run.units.nal(PPS, 0, PPS.length);
    run.units.nal(IDR(1), 0, 12);
    run.units.end();
    expect(run.units.counters.handedOn).toBe(1);
    expect(run.inits[0]?.config).toMatchObject({ width: 240, height: 160 });
  });
});
