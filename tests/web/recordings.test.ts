import { describe, expect, test } from 'vitest';
import { clockTime, dayInWords, dayOf, dayStartMs, shiftedDay } from '#gateway/web/thai-day.ts';
import { dayToType, instantToType, typedDay, typedInstant } from '#gateway/web/typed-day.ts';
import { causeWords, deletedWords, gapWords } from '#gateway/web/recordings/gap-words.ts';
import { keyAct, keyTable } from '#gateway/web/recordings/keys.ts';
import {
  between,
  drawnOf,
  fitting,
  laneOf,
  marksOf,
  moved,
  nextFootageMs,
  nextStartMs,
  previousStartMs,
  showing,
  withMissing,
  zoomed,
  type Lane,
} from '#gateway/web/recordings/lane.ts';
import { lostOf } from '#gateway/web/recordings/lost-segments.ts';
import { parseQuery, queryText } from '#gateway/web/recordings/query.ts';
import {
  begunAt,
  endedAt,
  isClip,
  typedRange,
  wholeOf,
} from '#gateway/web/recordings/selection.ts';
import { selectionWords } from '#gateway/web/recordings/selection-words.ts';
import {
  clockAt,
  follow,
  mediaTimeOf,
  nextRate,
  SeenLengths,
  stepTarget,
  stepTriesMs,
  ticked,
  wallTimeOf,
} from '#gateway/web/recordings/step.ts';
import { stillsAt, type StillCamera } from '#gateway/web/recordings/stills.ts';
import { th } from '#gateway/web/words/th.ts';

const HOUR = 3_600_000;
const NOON = Date.parse('2026-11-25T12:00:00+07:00');
const day = { fromMs: dayStartMs('2026-11-25'), toMs: dayStartMs('2026-11-26') };

/** The day, and how far into it, ms; undefined: a day alone. */
function goneTo(text: string) {
  const typed = typedInstant(text, '2026-11-25');
  return typed && [typed.day, typed.atMs === undefined ? undefined : typed.atMs - typed.dayMs];
}

function timeOf(hours: number, minutes: number, seconds = 0): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

describe('days', () => {
  test('begin at midnight in Thailand, whatever the zone of the machine', () => {
    expect(dayStartMs('2026-11-25')).toBe(Date.parse('2026-11-24T17:00:00Z'));
    expect(dayOf(Date.parse('2026-11-24T16:59:59Z'))).toBe('2026-11-24');
    expect(dayOf(Date.parse('2026-11-24T17:00:00Z'))).toBe('2026-11-25');
    expect(shiftedDay('2026-02-28', 1)).toBe('2026-03-01');
    expect(clockTime(NOON + 1_234, true)).toBe('12:00:01.2');
  });

  test('are typed in the Buddhist era, with digits of both kinds, and shown in it', () => {
    for (const text of [
      '25 พ.ย. 2569',
      '๒๕ พฤศจิกายน ๒๕๖๙',
      '25 Nov 2026',
      '25/11/2569',
      '25-11-69',
      '๒๕/๑๑/๒๕๖๙',
      ' 25.11.2569 ',
      '25/11/2026',
    ]) {
      expect([text, typedDay(text)]).toEqual([text, '2026-11-25']);
    }
    for (const text of ['', '31/11/2569', '25/13/2569', '2569', '25/11/1', 'พรุ่งนี้']) {
      expect([text, typedDay(text)]).toEqual([text, undefined]);
    }
    expect(dayToType('2026-11-25')).toBe('25/11/2569');
    expect(dayInWords('2026-11-25', 'th')).toContain('2569');
  });

  test('and times are gone to as they are typed: of the day that is looked at, or of another', () => {
    expect(goneTo('16.30')).toEqual(['2026-11-25', timeOf(16, 30)]);
    expect(goneTo(' 8:05:03 ')).toEqual(['2026-11-25', timeOf(8, 5, 3)]);
    expect(goneTo('๑๖.๓๐ น.')).toEqual(['2026-11-25', timeOf(16, 30)]);
    // Times have dots too; a day with dots has its year in four digits.
    expect(goneTo('10.11.12')).toEqual(['2026-11-25', timeOf(10, 11, 12)]);
    expect(goneTo('10.11.2569')).toEqual(['2026-11-10', undefined]);
    expect(goneTo('24/11/2569 16.30.15')).toEqual(['2026-11-24', timeOf(16, 30, 15)]);
    expect(goneTo('๒๔ พ.ย. ๒๕๖๙ ๑๖:๓๐ น.')).toEqual(['2026-11-24', timeOf(16, 30)]);
    expect(goneTo('24/11/2569')).toEqual(['2026-11-24', undefined]);
    for (const text of ['', '24.00', '16.60', '16.30.60', '31/11/2569 16.30', 'เช้า', '16']) {
      expect([text, goneTo(text)]).toEqual([text, undefined]);
    }
  });

  test('stand in the address with the cameras, the moment, and what is selected', () => {
    const looked = {
      cameraIds: ['a', 'b'],
      day: '2026-11-25',
      atMs: NOON,
      selection: { fromMs: NOON - 1, toMs: NOON + 1_000 },
    };
    const query = queryText(looked);
    expect(query).toBe(
      'cameras=a,b&day=2026-11-25&at=2026-11-25T05:00:00.000Z' +
        '&from=2026-11-25T04:59:59.999Z&to=2026-11-25T05:00:01.000Z',
    );
    expect(parseQuery(query, NOON)).toEqual(looked);
    // Its end is not chosen yet.
    const begun = { ...looked, selection: { fromMs: NOON } };
    expect(parseQuery(queryText(begun), NOON)).toEqual(begun);
    // It begins on the evening before.
    const across = { ...looked, selection: { fromMs: NOON - 20 * HOUR, toMs: NOON } };
    expect(parseQuery(queryText(across), NOON)).toEqual(across);
    for (const cannotBe of [
      'from=2026-11-25T05:00:00Z&to=2026-11-25T05:00:00Z',
      'from=2026-11-25T05:00:00Z&to=2027-11-26T05:00:01Z',
      'to=2026-11-25T05:00:00Z',
    ]) {
      expect(parseQuery(`day=2026-11-25&${cannotBe}`, NOON).selection).toEqual({});
    }
    expect(parseQuery('cameras=a,a,b,c,d,e&day=2999-01-01', NOON)).toEqual({
      cameraIds: ['a', 'b', 'c', 'd'],
      day: '2026-11-25',
      atMs: undefined,
      selection: {},
    });
    expect(parseQuery('at=2026-11-20T05:00:00Z', NOON).day).toBe('2026-11-20');
  });
});

/** As it is typed while 25 November is looked at. */
function typedOn25(from: string, to: string) {
  const [begins, ends] = [from, to].map((text) => typedInstant(text, '2026-11-25'));
  return begins && ends && typedRange(begins, ends);
}

describe('a selection', () => {
  const DAY = 24 * HOUR;
  const earliestMs = NOON - 12 * HOUR;
  const end = { usualMs: 5_000, earliestMs };

  test('begins on one day and ends on another, as long as a hold may be', () => {
    const begun = begunAt({}, NOON - DAY);
    expect(begun).toEqual({ fromMs: NOON - DAY });
    expect(wholeOf(begun)).toBeUndefined();
    expect(endedAt(begun, NOON, end)).toEqual({ fromMs: NOON - DAY, toMs: NOON });
    // An end that is there stays; one that comes before it, or far after, does not.
    const whole = { fromMs: NOON, toMs: NOON + 9_000 };
    expect(begunAt(whole, NOON + 1_000)).toEqual({ fromMs: NOON + 1_000, toMs: NOON + 9_000 });
    expect(begunAt(whole, NOON + 9_000)).toEqual({ fromMs: NOON + 9_000 });
    expect(endedAt(whole, NOON - 1, end)).toEqual({ fromMs: NOON - 5_001, toMs: NOON - 1 });
    expect(endedAt({ fromMs: NOON - 367 * DAY }, NOON, end)).toEqual({
      fromMs: NOON - 5_000,
      toMs: NOON,
    });
    expect(wholeOf({ fromMs: NOON, toMs: NOON + 366 * DAY })).toBeDefined();
    expect(wholeOf({ fromMs: NOON, toMs: NOON + 366 * DAY + 1 })).toBeUndefined();
  });

  test('is typed with its days, or as a day alone, which is all of it', () => {
    expect(instantToType(NOON)).toBe('25/11/2569 12.00.00');
    expect(typedOn25('24/11/2569 23.30', '00.10')).toEqual({
      fromMs: NOON - 12.5 * HOUR,
      toMs: NOON - 12 * HOUR + 600_000,
    });
    expect(typedOn25('24/11/2569', '๒๕ พ.ย. ๒๕๖๙')).toEqual({
      fromMs: NOON - 36 * HOUR,
      toMs: NOON + 12 * HOUR,
    });
    expect(typedOn25('24/11/2569', 'เย็น')).toBeUndefined();
  });

  test('is told with its days, unless it is all of the day that is looked at', () => {
    const short = { fromMs: NOON, toMs: NOON + 150_000 };
    expect(selectionWords(short, 'th', '2026-11-25')).toBe('12:00:00–12:02:30 (2 นาที 30 วินาที)');
    expect(selectionWords(short, 'th')).toBe(
      '25 พ.ย. 2569 12:00:00 – 25 พ.ย. 2569 12:02:30 (2 นาที 30 วินาที)',
    );
    const across = { fromMs: NOON - 13 * HOUR, toMs: NOON - 11 * HOUR };
    expect(selectionWords(across, 'th', '2026-11-25')).toBe(
      '24 พ.ย. 2569 23:00:00 – 25 พ.ย. 2569 01:00:00 (2 ชั่วโมง 0 นาที)',
    );
    const year = { fromMs: NOON, toMs: NOON + 30.5 * DAY };
    expect(selectionWords(year, 'en')).toContain('(30 d 12 h)');
    expect([isClip(across), isClip(year)]).toEqual([true, false]);
  });
});

function lane(...spans: [number, number][]): Lane {
  return {
    spans: spans.map(([fromMs, toMs]) => ({ fromMs, toMs, hoursUntilExpiry: 1 })),
    gaps: [],
    deletions: [],
    elsewhere: [],
    holds: [],
    retentionDays: 30,
  };
}

describe('timelines', () => {
  test('are read as numbers', () => {
    const read = laneOf({
      cameraId: 'a',
      next: null,
      spans: [{ from: '2026-11-25T05:00:00Z', to: '2026-11-25T06:00:00Z', hoursUntilExpiry: null }],
      gaps: [
        {
          from: '2026-11-25T06:00:00Z',
          to: '2026-11-25T06:00:30Z',
          cause: 'network',
          detail: 'unreachable',
        },
      ],
      deletions: [
        {
          from: '2026-11-25T03:00:00Z',
          to: '2026-11-25T04:00:00Z',
          retentionDays: 30,
          shorteningId: null,
          lastDeletedAt: '2026-12-25T04:00:09Z',
        },
      ],
      elsewhere: [],
      holds: [],
      retentionDays: 30,
    });
    expect(read.spans).toEqual([{ fromMs: NOON, toMs: NOON + HOUR, hoursUntilExpiry: null }]);
    const [gap] = read.gaps;
    expect(gap && gapWords(gap, 'th')).toBe(
      `13:00:00–13:00:30 · เครือข่ายขัดข้อง · ${th.reason.unreachable}`,
    );
    const [gone] = read.deletions;
    if (gone === undefined) throw new Error('a deletion was not read');
    expect(deletedWords(gone, 'th')).toBe(
      '10:00:00–11:00:00 · ลบแล้วตามกำหนดเก็บ 30 วัน · ลบเมื่อ 25 ธ.ค. 2569',
    );
    expect(deletedWords({ ...gone, lastDeletedMs: null }, 'th')).toContain('30 วัน · กำลังลบ');
    expect(deletedWords({ ...gone, shortened: true }, 'th')).toContain(
      'ลบแล้วตามคำขอลดวันเก็บเหลือ 30 วัน',
    );
    expect(deletedWords({ ...gone, retentionDays: null }, 'th')).toContain('ลบแล้วตามกำหนดเก็บ ·');
    expect(causeWords('a-cause-of-tomorrow', 'th')).toBe('ไม่มีข้อมูล');
    expect(causeWords('constructor', 'th')).toBe('ไม่มีข้อมูล');
  });

  test('say where there is footage next, of whichever camera', () => {
    const lanes = [lane([10, 20], [50, 60]), lane([15, 30])];
    expect(nextFootageMs(lanes, 0)).toBe(10);
    expect(nextFootageMs(lanes, 25)).toBe(25);
    expect(nextFootageMs(lanes, 30)).toBe(50);
    expect(nextFootageMs(lanes, 60)).toBeUndefined();
    expect(nextStartMs(lanes, 10)).toBe(15);
    expect(nextStartMs(lanes, 50)).toBeUndefined();
    const far = [lane([0, 5_000], [10_000, 20_000])];
    expect(previousStartMs(far, 15_000)).toBe(10_000);
    // Pressed again at once, it goes to the one before.
    expect(previousStartMs(far, 10_800)).toBe(0);
  });

  test('what is narrower than a pixel is drawn together, one kind apart from another', () => {
    // A thousand times a second of footage, then two causes.
    const ranges = Array.from({ length: 3_000 }, (_, i) => ({
      fromMs: NOON + i * 1_000,
      toMs: NOON + (i + 1) * 1_000,
      cause: ['none', 'camera', 'network'][i % 3] ?? '',
    }));
    const long = { fromMs: NOON + HOUR, toMs: NOON + 2 * HOUR, cause: 'camera' };
    const drawn = drawnOf([...ranges, long], day, 60_000, ({ cause }) => cause);
    expect(drawn.map(({ cause, count }) => [cause, count])).toEqual([
      ['none', 1_000],
      ['camera', 1_000],
      ['network', 1_000],
      ['camera', 1],
    ]);
    expect(drawn[0]).toMatchObject({ fromMs: NOON, toMs: NOON + 2_998_000 });
    const near = { fromMs: NOON, toMs: NOON + 4_000 };
    expect(drawnOf(ranges, near, 10, ({ cause }) => cause)).toHaveLength(4);
    expect(ranges[0]).toEqual({ fromMs: NOON, toMs: NOON + 1_000, cause: 'none' });
  });

  test('are drawn closer around the moment, and never beyond the day', () => {
    const closer = zoomed(day, true, NOON, day);
    expect(closer).toEqual({ fromMs: NOON - 6 * HOUR, toMs: NOON + 6 * HOUR });
    expect(zoomed(closer, false, NOON, day)).toEqual(day);
    expect(zoomed(day, false, NOON, day)).toEqual(day);
    expect(zoomed(day, true, day.fromMs, day).fromMs).toBe(day.fromMs);
    expect(moved(closer, -99 * HOUR, day).fromMs).toBe(day.fromMs);
    expect(showing(closer, day.toMs - 1, day)).toEqual({
      fromMs: day.toMs - 12 * HOUR,
      toMs: day.toMs,
    });
    expect(showing(closer, NOON, day)).toBe(closer);
    expect(fitting([lane([NOON, NOON + 60_000])], day)).toEqual({
      fromMs: NOON + 30_000 - 60_000,
      toMs: NOON + 30_000 + 60_000,
    });
    expect(fitting([lane()], day)).toEqual(day);
    expect(fitting([lane([day.fromMs, day.toMs])], day)).toEqual(day);
  });

  test('have marks on round times of Thailand', () => {
    expect(marksOf(day, 12).map((ms) => clockTime(ms).slice(0, 5))).toEqual(
      Array.from({ length: 12 }, (_, i) => `${String(i * 2).padStart(2, '0')}:00`),
    );
    expect(marksOf({ fromMs: NOON + 1, toMs: NOON + 120_000 }, 4).map((ms) => ms - NOON)).toEqual([
      30_000, 60_000, 90_000,
    ]);
  });
});

function relative(gap: ReturnType<typeof lostOf>) {
  return gap && [gap.fromMs - NOON, gap.toMs - NOON, gap.detail];
}

describe('what cannot be read', () => {
  /** Three of each recording, four seconds long. */
  const recordings = [
    { address: 'a.mp4', from: 0 },
    { address: 'b.mp4', from: 12 },
  ];
  const segments = recordings.flatMap(({ address, from }) =>
    [0, 4, 8].map((into) => ({
      address,
      start: from + into,
      duration: 4,
      programDateTime: NOON + (from + into) * 1_000,
    })),
  );
  const lost = (more: object, frag: object): ReturnType<typeof lostOf> =>
    lostOf(
      {
        details: 'fragLoadError',
        fatal: false,
        frag: { sn: 3, ...frag },
        ...more,
      } as unknown as Parameters<typeof lostOf>[0],
      segments,
    );
  test('is the rest of its recording, where the file is gone or was cut', () => {
    const frag = { relurl: 'a.mp4', start: 4 };
    expect(relative(lost({ response: { code: 404 } }, frag))).toEqual([
      4_000,
      12_000,
      'object-missing',
    ]);
    expect(relative(lost({ response: { code: 502 } }, frag))?.[2]).toBe('object-corrupt');
    const init = { relurl: 'b.mp4', start: 0, sn: 'initSegment' };
    expect(relative(lost({ response: { code: 502 } }, init))).toEqual([
      12_000,
      24_000,
      'object-corrupt',
    ]);
  });

  test('is one segment, where that is damaged, and nothing where the fault may pass', () => {
    const damaged = { details: 'fragParsingError', fatal: true };
    expect(relative(lost(damaged, { relurl: 'a.mp4', start: 8.01 }))).toEqual([
      8_000,
      12_000,
      'object-corrupt',
    ]);
    const reset = { details: 'mediaSourceRequiresReset' };
    expect(relative(lost(reset, { relurl: 'b.mp4', start: 12 }))?.[0]).toBe(12_000);
    const frag = { relurl: 'a.mp4', start: 4 };
    for (const code of [0, 401, 403, 429, 500, 503]) {
      expect(lost({ response: { code }, fatal: true }, frag)).toBeUndefined();
    }
    expect(lost({ ...damaged, fatal: false }, frag)).toBeUndefined();
    expect(lost({ details: 'bufferAddCodecError', fatal: true }, frag)).toBeUndefined();
  });

  test('is a gap of the storage where the timeline has footage, and leaves other gaps as they are', () => {
    const whole: Lane = {
      ...lane([0, 100], [150, 200]),
      gaps: [{ fromMs: 100, toMs: 150, cause: 'network', detail: null }],
    };
    const gap = { fromMs: 80, toMs: 160, cause: 'storage', detail: 'object-missing' };
    const read = withMissing(whole, [gap]);
    expect(read.spans.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [0, 80],
      [160, 200],
    ]);
    expect(read.gaps.map(({ fromMs, toMs, cause }) => [fromMs, toMs, cause])).toEqual([
      [80, 100, 'storage'],
      [100, 150, 'network'],
      [150, 160, 'storage'],
    ]);
    expect(withMissing(whole, [])).toBe(whole);
    // What is loaded around a moment has nothing of it.
    const all = { fromMs: 0, toMs: 200 };
    expect(between([gap], 70, all)).toEqual({ fromMs: 0, toMs: 80 });
    expect(between([gap], 160, all)).toEqual({ fromMs: 160, toMs: 200 });
  });
});

test('a still is of each camera that has a picture, and each other one says why it has none', () => {
  const of = (id: string, more: Partial<StillCamera>): StillCamera => ({
    id,
    name: `กล้อง ${id}`,
    view: 'picture',
    lane: {
      ...lane(),
      gaps: [{ fromMs: NOON, toMs: NOON + 60_000, cause: 'network', detail: 'unreachable' }],
    },
    mayDownload: true,
    ...more,
  });
  const gap = `ไม่มีภาพช่วงนี้ · 12:00:00–12:01:00 · เครือข่ายขัดข้อง · ${th.reason.unreachable}`;
  const all = [
    of('1', {}),
    of('2', { view: 'gap' }),
    // It is decoded by the server.
    of('3', { view: 'unplayable' }),
    of('4', { mayDownload: false }),
  ];
  const { taken, none } = stillsAt(all, NOON + 1, 'th');
  expect(taken.map(({ id }) => id)).toEqual(['1', '3']);
  expect(none).toEqual([`กล้อง 2: ${gap}`, `กล้อง 4: ${th.footage.notDownloaded}`]);
  // Of one camera alone its name says nothing.
  expect(stillsAt(all.slice(1, 2), NOON + 1, 'th').none).toEqual([gap]);
  expect(stillsAt([of('1', { view: 'gap', lane: lane() })], NOON, 'th').none).toEqual([
    'ไม่มีภาพช่วงนี้',
  ]);
});

describe('pictures in step', () => {
  test('a picture that is near is drawn to the clock by its speed, one that is far jumps', () => {
    const run = { playing: true, rate: 2 };
    expect(follow({ wallMs: undefined, ready: false }, 1_000, run)).toEqual({ kind: 'jump' });
    expect(follow({ wallMs: 1_000, ready: true }, 1_000, run)).toEqual({ kind: 'play', rate: 2 });
    const ahead = follow({ wallMs: 1_100, ready: true }, 1_000, run);
    expect(ahead.kind === 'play' && ahead.rate).toBeCloseTo(1.9);
    const behind = follow({ wallMs: 0, ready: true }, 1_000, run);
    expect(behind.kind === 'play' && behind.rate).toBeCloseTo(2.2);
    expect(follow({ wallMs: 0, ready: true }, 1_401, run)).toEqual({ kind: 'jump' });
    const still = { playing: false, rate: 2 };
    expect(follow({ wallMs: 1_010, ready: true }, 1_000, still).kind).toBe('play');
    expect(follow({ wallMs: 1_020, ready: true }, 1_000, still).kind).toBe('jump');
  });

  test('the clock follows its leader, and not over a gap', () => {
    expect(ticked(1_000, 40, 2, undefined)).toBe(1_080);
    expect(ticked(1_000, 40, 2, 1_100)).toBe(1_100);
    expect(ticked(1_000, 40, 2, 61_000)).toBe(1_080);
  });

  test('media times and wall times find each other, over holes', () => {
    const segments = [
      { start: 0, duration: 4, programDateTime: NOON },
      { start: 4, duration: 4, programDateTime: NOON + 60_000 },
    ];
    expect(mediaTimeOf(segments, NOON + 1_500)).toBe(1.5);
    expect(mediaTimeOf(segments, NOON + 30_000)).toBe(4);
    expect(mediaTimeOf(segments, NOON + 64_000)).toBeUndefined();
    expect(wallTimeOf(segments, 1.5)).toBe(NOON + 1_500);
    expect(wallTimeOf(segments, 5)).toBe(NOON + 61_000);
    // The first picture behind a hole, as floating point has it.
    expect(wallTimeOf(segments, 4 - 1e-9)).toBeCloseTo(NOON + 60_000, 3);
    expect(wallTimeOf([], 5)).toBeUndefined();
  });

  test('a picture is stepped to within its stretch, or over the gap, and not where there is none', () => {
    const spans = [
      { fromMs: NOON, toMs: NOON + 1_000 },
      { fromMs: NOON + 60_000, toMs: NOON + 61_000 },
    ];
    expect(stepTarget(spans, NOON + 100, 40, true)).toBe(clockAt(NOON + 140));
    expect(stepTarget(spans, NOON + 140, 40, false)).toBe(clockAt(NOON + 100));
    expect(stepTarget(spans, NOON + 960, 40, true)).toBe(clockAt(NOON + 60_000));
    const before = stepTarget(spans, NOON + 60_000, 40, false) ?? 0;
    expect(before).toBeLessThan(NOON + 1_000);
    expect(before).toBeGreaterThan(NOON + 990);
    expect(stepTarget(spans, NOON + 60_960, 40, true)).toBeUndefined();
    expect(stepTarget(spans, NOON, 40, false)).toBeUndefined();
    // The clock of a picture does not make it be sought again.
    const still = { playing: false, rate: 1 };
    expect(follow({ wallMs: NOON, ready: true }, clockAt(NOON), still).kind).toBe('play');
  });

  test('of how long pictures last playing tells the most that it may be: a step after it looks nearer first', () => {
    const lengths = new SeenLengths();
    // Every second one was left out, and then one was not.
    expect(lengths.seen(200)).toEqual({ ms: 200, measured: false });
    expect(lengths.seen(100).ms).toBe(100);
    expect(lengths.seen(200).ms).toBe(100);
    for (let i = 0; i < 12; i++) lengths.seen(400);
    expect(lengths.seen(400).ms).toBe(400);
    expect(stepTriesMs({ ms: 200, measured: false }).slice(0, 4)).toEqual([50, 100, 200, 400]);
    expect(stepTriesMs({ ms: 100, measured: true }).slice(0, 2)).toEqual([100, 200]);
  });

  test('speeds have ends', () => {
    expect(nextRate(1, true)).toBe(2);
    expect(nextRate(16, true)).toBe(16);
    expect(nextRate(0.25, false)).toBe(0.25);
  });
});

const press = (key: string, code: string, shiftKey = false) =>
  keyAct({ key, code, shiftKey, altKey: false, ctrlKey: false, metaKey: false });

test('every key does one thing, has its words, and works on a Thai keyboard', () => {
  const keys = keyTable.flatMap((entry) => [...entry.keys] as string[]);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { act } of keyTable) expect(th.footage.keys[act]).toMatch(/[ก-๙]/u);
  expect(press('i', 'KeyI')).toBe('selectFrom');
  expect(press('ร', 'KeyI')).toBe('selectFrom');
  expect(press('เ', 'KeyG')).toBe('goTo');
  expect(press(' ', 'Space')).toBe('playPause');
  expect(press('ArrowLeft', 'ArrowLeft', true)).toBe('backMinute');
  expect(press('?', 'Slash', true)).toBe('help');
  expect(press('x', 'KeyX')).toBeUndefined();
  expect(
    keyAct({
      key: 'c',
      code: 'KeyC',
      shiftKey: false,
      altKey: false,
      ctrlKey: true,
      metaKey: false,
    }),
  ).toBeUndefined();
});
