import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClosedPart } from '#ingest/fmp4/segmenter.ts';
import { PartOutbox, readParts, type PartRecord } from '#ingest/part-records.ts';

type Written = PartRecord | { segmentEndOf: number };

const slice = fc.record({
  chunk: fc.nat(100_000),
  offset: fc.nat(65_535),
  length: fc.integer({ min: 1, max: 65_536 }),
});
const closedPart: fc.Arbitrary<ClosedPart> = fc.record({
  initIndex: fc.nat(5),
  startMs: fc.double({ min: 1.7e12, max: 2e12, noNaN: true }),
  decodeTicks: fc.maxSafeNat(),
  durationTicks: fc.integer({ min: 1, max: 10_000_000 }),
  byteLength: fc.nat(),
  samples: fc.integer({ min: 1, max: 256 }),
  independent: fc.boolean(),
  startsSegment: fc.boolean(),
  endsSegment: fc.boolean(),
  discontinuity: fc.boolean(),
  slices: fc.array(slice, { minLength: 1, maxLength: 40 }),
});
const entry = fc.record({
  slot: fc.nat(100_000),
  initNumber: fc.nat(1_000_000),
  part: fc.option(closedPart, { nil: undefined, freq: 5 }),
});

function read(records: Float64Array): Written[] {
  const found: Written[] = [];
  readParts(
    records,
    (part) => found.push(part),
    (slot) => found.push({ segmentEndOf: slot }),
  );
  return found;
}

test('what was written is read, in its order, however much it is', () => {
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 60 }), { maxLength: 4 }), (rounds) => {
      const outbox = new PartOutbox();
      for (const round of rounds) {
        const expected = round.map(({ slot, initNumber, part }): Written => {
          if (part === undefined) {
            outbox.segmentEnd(slot);
            return { segmentEndOf: slot };
          }
          outbox.part(slot, initNumber, part);
          const { initIndex: _, ...rest } = part;
          return { slot, initNumber, ...rest };
        });
        expect(read(outbox.take())).toEqual(expected);
      }
    }),
    { numRuns: 100 },
  );
});

test('a round of thousands of parts is read whole', () => {
  const outbox = new PartOutbox();
  const parts = fc.sample(closedPart, { numRuns: 3_000, seed: 1 });
  parts.forEach((part, slot) => outbox.part(slot, slot + 1, part));
  const expected = parts.map((part, slot) => {
    const { initIndex: _, ...rest } = part;
    return { slot, initNumber: slot + 1, ...rest };
  });
  expect(read(outbox.take())).toEqual(expected);
});

test('records taken are the receiver’s: writing on does not change them', () => {
  const outbox = new PartOutbox();
  outbox.segmentEnd(1);
  const taken = outbox.take();
  outbox.segmentEnd(2);
  expect(read(taken)).toEqual([{ segmentEndOf: 1 }]);
  expect(read(outbox.take())).toEqual([{ segmentEndOf: 2 }]);
  expect(outbox.take()).toHaveLength(0);
});

test('the wall time of a part is what is known when its round is handed on', () => {
  const outbox = new PartOutbox();
  const [part] = fc.sample(closedPart, { numRuns: 1, seed: 2 });
  let offsetMs = 1_790_000_000_000;
  outbox.part(
    3,
    0,
    { ...(part as ClosedPart), decodeTicks: 90_000 },
    (ticks) => offsetMs + ticks / 90,
  );
  offsetMs -= 1_500; // the burst's last pictures came with it
  expect(read(outbox.take())).toMatchObject([{ slot: 3, startMs: 1_789_999_999_500 }]);
});
