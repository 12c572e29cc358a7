/** What encoders and cameras do to H.264, each policy by its name in ingest/README.md. */
import { describe, expect, test } from 'vitest';
import { H264Format } from '#ingest/h264/format.ts';
import { parseSps } from '#ingest/h264/sps.ts';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { H264Payload } from '#ingest/rtp/h264.ts';
import { recordRunIn, type RecordedRun } from '../recorded-run.ts';

const STEP = 3600;
const FRAME_BITS = 4;
const ORDER_BITS = 6;
/** Main profile at 4.0, 320×240, order counts of type 0; `fields`: frames may be coded as two. */
const SPS = sps(false);
const FIELD_SPS = sps(true);
const PPS = written(0x68, [{ ue: 0 }, { ue: 0 }, '00', '1']);
const RECOVERY_POINT = Buffer.from('060601c480', 'hex');

interface Slice {
  type?: 'I' | 'P' | 'B';
  /** nal_ref_idc above 0. */
  reference?: boolean;
  idr?: boolean;
  frame?: number;
  order?: number;
  field?: 'top' | 'bottom';
  first?: boolean;
  tag?: number;
  /** In place of the order count's bits: what a slice has of it where the order is of another type than 0. */
  orderBits?: readonly (string | { ue: number })[];
}

function slice(options: Slice): Buffer {
  const { type = 'P', reference = true, idr = false, frame = 0, order = 0, first = true } = options;
  const kind = { P: 5, B: 6, I: 7 }[type];
  const fields = [{ ue: first ? 0 : 5 }, { ue: kind }, { ue: 0 }, number(frame, FRAME_BITS)];
  const field = options.field === undefined ? [] : [options.field === 'top' ? '10' : '11'];
  const header = (reference ? 0x60 : 0) | (idr ? 5 : 1);
  const nal = written(header, [
    ...fields,
    ...field,
    ...(idr ? [{ ue: 0 }] : []),
    ...(options.orderBits ?? [number(order, ORDER_BITS)]),
    '1'.repeat(16),
  ]);
  return Buffer.concat([nal, Buffer.from([0x77, options.tag ?? 1, 0x80])]);
}

const IDR = slice({ type: 'I', idr: true });

function newRun(): RecordedRun {
  return recordRunIn(
    new ChunkPool({ maxBytes: 8 * 1024 * 1024, onSlab: () => {} }),
    new H264Format(),
  );
}

/** Units, each its timestamp in steps and its NAL units. */
function give(run: RecordedRun, ...units: (readonly [number, ...Buffer[]])[]): void {
  for (const [place, ...nalUnits] of units) {
    run.units.begin(place * STEP);
    for (const nal of nalUnits) run.units.nal(nal, 0, nal.length);
    run.units.end();
  }
}

function shown(run: RecordedRun): { nalUnits: Buffer[][]; places: number[] } {
  run.units.close();
  run.segmenter.end();
  const first = run.pictures[0]?.ptsTicks ?? 0;
  return {
    nalUnits: run.pictures.map(({ nalUnits }) => nalUnits),
    places: run.pictures.map(({ ptsTicks }) => (ptsTicks - first) / STEP),
  };
}

/** An IDR picture, then P-pictures each before the B-picture shown before it; a timestamp for each, ascending. */
function group(from: number): (readonly [number, ...Buffer[]])[] {
  const others = [4, 2, 8, 6, 12, 10].map((order, i) => {
    const isB = i % 2 === 1;
    const frame = 1 + Math.ceil(i / 2);
    const nal = slice({ type: isB ? 'B' : 'P', reference: !isB, frame, order });
    return [from + 1 + i, nal] as const;
  });
  return [[from, SPS, PPS, IDR], ...others];
}

describe('timestamps and order', () => {
  test('reordered: each picture is shown at its own time, decoded before, evenly', () => {
    const run = newRun();
    const b = slice({ type: 'B', reference: false, frame: 2, order: 2 });
    const p = slice({ frame: 1, order: 4 });
    give(run, [0, SPS, PPS, IDR], [2, p], [1, b], [4, slice({ frame: 2, order: 8 })]);
    give(run, [3, slice({ type: 'B', reference: false, frame: 3, order: 6 })]);
    expect(shown(run).places).toEqual([0, 2, 1, 4, 3]);
    expect(run.units.restamped).toBe(0);
  });

  test('backwards-timestamp: a picture that is shown later follows at the usual distance', () => {
    const run = newRun();
    give(run, [0, SPS, PPS, IDR]);
    for (const [i, place] of [1, 2, 3, 2.5, 5].entries()) {
      give(run, [place, slice({ frame: i + 1, order: 2 * (i + 1) })]);
    }
    expect(shown(run).places).toEqual([0, 1, 2, 3, 4, 5]);
    expect(run.units.restamped).toBe(1);
  });

  test('repeated-timestamp: slice headers part two pictures under one', () => {
    const run = newRun();
    const one = slice({ frame: 1, order: 2 });
    const more = slice({ frame: 1, order: 2, first: false });
    const two = slice({ frame: 2, order: 4 });
    give(run, [0, SPS, PPS, IDR], [2, one, more, two], [4, slice({ frame: 3, order: 6 })]);
    const { nalUnits, places } = shown(run);
    expect(nalUnits).toEqual([[IDR], [one, more], [two], [slice({ frame: 3, order: 6 })]]);
    expect(places).toEqual([0, 2, 2.5, 4]);
    expect(run.units.counters).toMatchObject({ begun: 4, handedOn: 4 });
  });

  test('decode-timestamp: timestamps ascend, pictures are shown by their order', () => {
    const run = newRun();
    give(run, ...group(0), ...group(7), ...group(14), ...group(21));
    const { places } = shown(run);
    // Found at the first picture that contradicts; then a whole group is watched, and the next is right.
    expect(places.slice(0, 2)).toEqual([0, 1]);
    const right = run.pictures.slice(2).map(({ ptsTicks }) => ptsTicks / STEP);
    const first = right[0] as number;
    expect(right.slice(0, 7).map((place) => place - first)).toEqual([0, 2, 1, 4, 3, 6, 5]);
    expect(run.pictures[2]?.discontinuity).toBe(true);
  });
});

/** ITU-T H.264 §8.2.1.2: four a reference picture, and a B-picture two before the one it follows in decoding. */
const CYCLES = {
  'by the sequence alone': {
    sps: sps(false, [{ ue: 1 }, '1', se(-2), se(0), { ue: 1 }, se(4)]),
    b: [],
  },
  'and by each slice': {
    sps: sps(false, [{ ue: 1 }, '0', se(0), se(0), { ue: 1 }, se(4)]),
    b: [se(-2)],
  },
};

describe('picture order of type 1', () => {
  test.each(Object.entries(CYCLES))('counts %s', (name, cycle) => {
    const own = (bits: readonly { ue: number }[]) => (name === 'by the sequence alone' ? [] : bits);
    const idr = slice({ type: 'I', idr: true, orderBits: own([se(0)]) });
    const one = (from: number): (readonly [number, ...Buffer[]])[] => [
      [from, cycle.sps, PPS, idr],
      ...Array.from({ length: 20 }, (_, i) => {
        const isB = i % 2 === 1;
        const frame = (1 + Math.ceil(i / 2)) % 2 ** FRAME_BITS;
        const orderBits = own(isB ? cycle.b : [se(0)]);
        const nal = slice({ type: isB ? 'B' : 'P', reference: !isB, frame, orderBits });
        return [from + 1 + i, nal] as const;
      }),
    ];
    const run = newRun();
    // Timestamps of decoding: only the order tells when each is shown.
    give(run, ...one(0), ...one(21), ...one(42));
    shown(run);
    const right = run.pictures.slice(2).map(({ ptsTicks }) => ptsTicks / STEP);
    const shownAt = [0, ...Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? i + 2 : i))];
    expect(right.slice(0, 21).map((place) => place - (right[0] as number))).toEqual(shownAt);
  });
});

describe('picture order of type 2', () => {
  test('is that of decoding, through wraps of frame_num, other pictures between or not', () => {
    const set = sps(false, [{ ue: 2 }]);
    const run = newRun();
    give(run, [0, set, PPS, slice({ type: 'I', idr: true, orderBits: [] })]);
    let frame = 0;
    for (let place = 1; place <= 60; place++) {
      frame++;
      const reference = place % 3 !== 0;
      const nal = slice({ reference, frame: frame % 2 ** FRAME_BITS, orderBits: [] });
      // Once a timestamp goes back, though the picture is shown later.
      give(run, [place === 40 ? 38.5 : place, nal]);
      if (!reference) frame--;
    }
    expect(shown(run).places).toEqual(Array.from({ length: 61 }, (_, place) => place));
    expect(run.units.restamped).toBe(1);
    expect(run.units.counters).toMatchObject({ handedOn: 61, dropped: 0 });
  });
});

describe('fields', () => {
  const top = slice({ field: 'top', frame: 1, order: 2, tag: 1 });
  const bottom = slice({ field: 'bottom', frame: 1, order: 3, tag: 2 });
  const idr = slice({ type: 'I', idr: true, field: 'top' });
  const idrBottom = slice({ field: 'bottom', frame: 0, order: 1 });

  test('field-pair: two under one timestamp or two are one sample', () => {
    const run = newRun();
    give(run, [0, FIELD_SPS, PPS, idr, idrBottom], [1, top], [1.5, RECOVERY_POINT, bottom]);
    expect(shown(run).nalUnits).toEqual([
      [idr, idrBottom],
      [top, RECOVERY_POINT, bottom],
    ]);
    expect(run.units.counters).toMatchObject({ handedOn: 2, dropped: 0 });
  });

  test('a field whose other half was lost is dropped, and what follows up to the next entry', () => {
    const run = newRun();
    give(run, [0, FIELD_SPS, PPS, idr, idrBottom], [1, top]);
    run.units.lost(false);
    give(run, [2, slice({ field: 'top', frame: 2, order: 4 })]);
    give(run, [2.5, slice({ field: 'bottom', frame: 2, order: 5 })]);
    give(run, [3, idr, idrBottom]);
    expect(shown(run).nalUnits).toEqual([
      [idr, idrBottom],
      [idr, idrBottom],
    ]);
  });

  test('a frame among fields is a sample by itself', () => {
    const run = newRun();
    const frame = written(0x61, [
      { ue: 0 },
      { ue: 5 },
      { ue: 0 },
      number(2, FRAME_BITS),
      '0',
      number(8, ORDER_BITS),
      '1'.repeat(20),
    ]);
    const pair = [
      slice({ field: 'top', frame: 3, order: 10 }),
      slice({ field: 'bottom', frame: 3, order: 11 }),
    ];
    give(run, [0, FIELD_SPS, PPS, idr, idrBottom], [1, frame], [2, ...pair]);
    expect(shown(run).nalUnits).toEqual([[idr, idrBottom], [frame], pair]);
  });
});

describe('where decoding begins', () => {
  test('no-idr: a recovery point will do, without the pictures shown before it', () => {
    const run = newRun();
    const i = slice({ type: 'I', frame: 4, order: 8 });
    const leading = slice({ type: 'B', reference: false, frame: 5, order: 6 });
    const p = slice({ frame: 5, order: 12 });
    give(run, [0, SPS, PPS, slice({ frame: 3, order: 2 })], [4, RECOVERY_POINT, i], [3, leading]);
    give(run, [6, p]);
    expect(shown(run).nalUnits).toEqual([[RECOVERY_POINT, i], [p]]);
    expect(run.pictures[0]).toMatchObject({ randomAccess: true });
    expect(run.units.counters.dropped).toBe(2);
  });

  test('intra-entry: ten seconds without any, and an intra picture will do', () => {
    const run = newRun();
    give(
      run,
      [0, SPS, PPS, slice({ frame: 1 })],
      [100, slice({ type: 'I', frame: 2, order: 4 })],
      [200, slice({ frame: 3 })],
    );
    expect(run.units.counters.handedOn).toBe(0);
    give(
      run,
      [251, slice({ type: 'I', frame: 4, order: 8 })],
      [252, slice({ frame: 5, order: 10 })],
    );
    expect(shown(run).nalUnits).toHaveLength(2);
  });

  test('in-band-change: a parameter set that changes inside a group stays with its picture', () => {
    const run = newRun();
    const other = written(0x68, [{ ue: 1 }, { ue: 0 }, '00', '1']);
    const p = slice({ frame: 1, order: 2 });
    give(run, [0, SPS, PPS, IDR], [1, other, p], [2, PPS, slice({ frame: 2, order: 4 })]);
    give(run, [3, SPS, PPS, other, IDR]);
    const { nalUnits } = shown(run);
    expect(nalUnits[1]).toEqual([other, p]);
    expect(nalUnits[2]).toHaveLength(1);
    expect(run.inits).toHaveLength(2);
    expect(run.inits[1]?.config.configBox.includes(other)).toBe(true);
  });
});

/** Pictures that others refer to, and that none does. */
function p(frame: number): Buffer {
  return slice({ frame, order: 2 * frame });
}

function b(frame: number): Buffer {
  return slice({ type: 'B', reference: false, frame, order: 2 * frame - 1 });
}

describe('losses', () => {
  test('of a picture that nothing refers to cost no other, wherever its packet was', () => {
    for (const start of ['there', 'lost']) {
      const run = newRun();
      give(run, [0, SPS, PPS, IDR], [2, p(1)]);
      run.units.begin(3 * STEP);
      const lost = b(2);
      if (start === 'there') run.units.openNal(lost[0] as number, lost, 1, 5);
      run.units.lost(true);
      run.units.appendNal(lost[0] as number, lost, 5, lost.length);
      run.units.closeNal();
      run.units.end();
      give(run, [4, p(2)], [5, p(3)]);
      expect(shown(run).places).toEqual([0, 2, 4, 5]);
      expect(run.units.counters).toMatchObject({ handedOn: 4, dropped: 1 });
      expect(run.pictures.map(({ discontinuity }) => discontinuity)).not.toContain(true);
    }
  });

  test('between pictures cost nothing where frame_num goes on', () => {
    const run = newRun();
    give(run, [0, SPS, PPS, IDR], [1, p(1)]);
    run.units.lost(false, true, 3);
    give(run, [3, p(2)], [4, p(3)]);
    expect(shown(run).places).toEqual([0, 1, 3, 4]);
  });

  test.each([
    ['frame_num left one out', 3, 1],
    ['it may have come round', 2, 16],
  ])('between pictures cost all up to the next entry where %s', (_, frame, packets) => {
    const run = newRun();
    give(run, [0, SPS, PPS, IDR], [1, p(1)]);
    run.units.lost(false, true, packets);
    give(run, [3, p(frame)], [4, p(frame + 1)], [5, IDR]);
    expect(shown(run).places).toEqual([0, 1, 5]);
    expect(run.pictures[2]?.discontinuity).toBe(true);
  });

  test('inside a picture that others refer to cost all up to the next entry', () => {
    const run = newRun();
    give(run, [0, SPS, PPS, IDR]);
    run.units.begin(STEP);
    const lost = p(1);
    run.units.openNal(lost[0] as number, lost, 1, 5);
    run.units.lost(true);
    run.units.end();
    give(run, [2, p(2)], [3, IDR]);
    expect(shown(run).places).toEqual([0, 3]);
  });
});

describe('byte-stream', () => {
  const startCode = Buffer.from([0, 0, 0, 1]);
  const p = slice({ frame: 1, order: 2 });

  test('in a packet by itself is taken apart at its start codes', () => {
    const run = newRun();
    const payload = new H264Payload(run.units);
    const all = Buffer.concat([SPS, PPS, IDR].flatMap((nal) => [startCode, nal]));
    run.units.begin(0);
    payload.receive(all, 0, all.length);
    run.units.end();
    run.units.begin(STEP);
    const one = Buffer.concat([startCode, p]);
    payload.receive(one, 0, one.length);
    run.units.end();
    expect(shown(run).nalUnits).toEqual([[IDR], [p]]);
    expect(payload.ignored).toBe(0);
  });

  test('behind a parameter set, whole or in fragments, is taken apart too', () => {
    const all = Buffer.concat([SPS, startCode, PPS, startCode, IDR]);
    const run = newRun();
    run.units.begin(0);
    run.units.nal(all, 0, all.length);
    run.units.end();
    run.units.begin(STEP);
    run.units.openNal(all[0] as number, all, 1, 12);
    run.units.appendNal(all[0] as number, all, 12, all.length);
    run.units.closeNal();
    run.units.end();
    expect(shown(run).nalUnits).toEqual([[IDR], [IDR]]);
    expect(run.units.counters.badParameterSets).toBe(0);
  });
});

test('the parameter sets of these tests say what the tests need', () => {
  expect(parseSps(SPS)).toMatchObject({
    frameNumberBits: FRAME_BITS,
    order: { type: 0, lsbBits: ORDER_BITS },
    framesOnly: true,
    reorderPictures: undefined,
  });
  expect(parseSps(FIELD_SPS).framesOnly).toBe(false);
  expect(parseSps(CYCLES['by the sequence alone'].sps).order).toEqual({
    type: 1,
    deltaAlwaysZero: true,
    offsetForNonReference: -2,
    offsetForTopToBottom: expect.closeTo(0) as number,
    offsetsForReferences: [4],
  });
});

/** Exp-Golomb code of a signed number, §9.1.1. */
function se(value: number): { ue: number } {
  return { ue: value > 0 ? 2 * value - 1 : -2 * value };
}

/** `order`: pic_order_cnt_type and what belongs to it. */
function sps(
  fields: boolean,
  order: readonly (string | { ue: number })[] = [{ ue: 0 }, { ue: ORDER_BITS - 4 }],
): Buffer {
  return written(0x67, [
    number(77, 8) + number(0, 8) + number(40, 8),
    { ue: 0 },
    { ue: FRAME_BITS - 4 },
    ...order,
    { ue: 2 },
    '0',
    { ue: 19 },
    { ue: fields ? 7 : 14 },
    fields ? '00' : '1',
    '1',
    '0',
    '0',
  ]);
}

function number(value: number, bits: number): string {
  return value.toString(2).padStart(bits, '0');
}

/** Bits behind a NAL unit's header byte, with emulation prevention. */
function written(header: number, fields: readonly (string | { ue: number })[]): Buffer {
  let bits = fields
    .map((field) => {
      if (typeof field === 'string') return field;
      const code = (field.ue + 1).toString(2);
      return '0'.repeat(code.length - 1) + code;
    })
    .join('');
  bits = `${bits}1`.padEnd(Math.ceil((bits.length + 1) / 8) * 8, '0');
  const bytes: number[] = [header];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8), 2);
    if (byte <= 3 && bytes.length > 2 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}
