import { describe, expect, test } from 'vitest';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { H265Format } from '#ingest/h265/format.ts';
import { H265Payload } from '#ingest/rtp/h265.ts';
import { packetiseH265, type CodedPicture } from '../../peers/packetise.ts';
import { recordRunIn, type RecordedRun } from '../recorded-run.ts';
import { CRA, IDR_N_LP, PPS, RASL_N, segment, SPS, TRAIL_N, TRAIL_R, VPS } from './nal-units.ts';

const STEP = 3600;
const SETS = [VPS, SPS, PPS];

function newRun(): RecordedRun {
  const pool = new ChunkPool({ maxBytes: 8 * 1024 * 1024, onSlab: () => {} });
  return recordRunIn(pool, new H265Format());
}

/** Pictures, each its place when shown and its NAL units; `lost` where a packet between two is missing. */
function show(
  run: RecordedRun,
  ...pictures: (readonly [number, ...Buffer[]] | 'lost')[]
): Buffer[][] {
  for (const picture of pictures) {
    if (picture === 'lost') {
      run.units.lost(false);
      continue;
    }
    const [place, ...nalUnits] = picture;
    run.units.begin(place * STEP);
    for (const nal of nalUnits) run.units.nal(nal, 0, nal.length);
    run.units.end();
  }
  run.segmenter.end();
  return run.pictures.map(({ nalUnits }) => nalUnits);
}

const idr = segment(IDR_N_LP, 0, 1);
const P4 = segment(TRAIL_R, 4, 2);
const B2 = segment(TRAIL_N, 2, 3);

describe('an H.265 stream', () => {
  test('begins at a random access point, with its parameter sets in the init segment', () => {
    const run = newRun();
    expect(show(run, [0, P4], [1, ...SETS, idr], [5, P4], [3, B2])).toEqual([[idr], [P4], [B2]]);
    expect(run.inits).toMatchObject([
      { config: { codec: 'hvc1.1.6.L60.90', sampleEntry: 'hvc1', width: 316, height: 240 } },
    ]);
    const { configBox } = run.inits[0]?.config ?? {};
    for (const set of SETS) expect(configBox?.includes(set)).toBe(true);
    expect(run.pictures.map(({ ptsTicks }) => ptsTicks % STEP)).toEqual([0, 0, 0]);
  });

  test('waits for all three parameter sets', () => {
    expect(show(newRun(), [0, VPS, PPS, idr], [4, P4])).toEqual([]);
    expect(show(newRun(), [0, SPS, PPS, idr], [1, VPS, idr])).toEqual([[idr]]);
  });

  test('that is joined at a CRA picture leaves out what cannot be decoded then', () => {
    const cra = segment(CRA, 16, 4);
    const rasl = segment(RASL_N, 12, 5);
    const run = newRun();
    const after = segment(TRAIL_R, 20, 6);
    expect(show(run, [4, ...SETS, cra], [0, rasl], [8, after])).toEqual([[cra], [after]]);
    expect(run.units.counters.dropped).toBe(1);
    // Nothing that is kept referred to it.
    expect(run.pictures.map(({ discontinuity }) => discontinuity)).toEqual([false, false]);
    expect(run.pictures[0]?.randomAccess).toBe(true);
  });

  test('that was not joined there keeps all', () => {
    const cra = segment(CRA, 16, 4);
    const rasl = segment(RASL_N, 12, 5);
    const seen = show(newRun(), [0, ...SETS, idr], [4, P4], [16, cra], [12, rasl]);
    expect(seen).toEqual([[idr], [P4], [cra], [rasl]]);
  });

  test('loses a picture that nothing refers to, and nothing else', () => {
    const run = newRun();
    show(run, [0, ...SETS, idr], [4, P4]);
    const { units } = run;
    units.begin(2 * STEP);
    units.nal(B2, 0, B2.length);
    units.lost(true);
    units.nal(segment(TRAIL_N, 2, 7, { first: false }), 0, 14);
    units.end();
    const after = segment(TRAIL_R, 8, 8);
    expect(show(run, [8, after])).toEqual([[idr], [P4], [after]]);
    expect(units.counters).toMatchObject({ handedOn: 3, dropped: 1 });
  });

  test('loses all up to the next random access point where others were lost', () => {
    const run = newRun();
    const again = segment(IDR_N_LP, 0, 9);
    const seen = show(run, [0, ...SETS, idr], 'lost', [4, P4], [2, B2], [10, again]);
    expect(seen).toEqual([[idr], [again]]);
    expect(run.pictures[1]?.discontinuity).toBe(true);
  });

  test.each([
    ['single units and fragments', { aggregate: false, maxBytes: 30 }],
    ['aggregation packets', { aggregate: true }],
    ['decoding order numbers', { aggregate: true, maxBytes: 90, decodingOrderNumbers: true }],
  ])('comes in %s', (_, rules) => {
    const pictures: CodedPicture[] = [
      { ptsTicks: 0, nalUnits: [...SETS, segment(IDR_N_LP, 0, 1, { bytes: 200 })] },
      { ptsTicks: 4 * STEP, nalUnits: [segment(TRAIL_R, 4, 2, { bytes: 100 })] },
      { ptsTicks: 2 * STEP, nalUnits: [B2, segment(TRAIL_N, 2, 4, { first: false, bytes: 90 })] },
    ];
    const run = newRun();
    const decodingOrderNumbers = 'decodingOrderNumbers' in rules;
    const payload = new H265Payload(run.units, { decodingOrderNumbers });
    let timestamp = -1;
    for (const packet of packetiseH265(pictures, rules)) {
      if (packet.timestamp !== timestamp) {
        if (timestamp >= 0) run.units.end();
        run.units.begin(packet.timestamp);
        timestamp = packet.timestamp;
      }
      payload.receive(packet.payload, 0, packet.payload.length);
    }
    run.units.end();
    run.segmenter.end();
    expect(run.pictures.map(({ nalUnits }) => nalUnits)).toEqual(
      pictures.map(({ nalUnits }, i) => (i === 0 ? nalUnits.slice(3) : nalUnits)),
    );
    expect(payload.ignored).toBe(0);
  });
});
