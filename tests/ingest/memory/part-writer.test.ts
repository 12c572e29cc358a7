import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK_BYTES, ChunkPool, ChunkReader } from '#ingest/memory/chunk-pool.ts';
import { PartWriter, type Slice } from '#ingest/memory/part-writer.ts';

/** A pool of the least size: one slab. */
const POOL_CHUNKS = takeAll(rig().pool).length;

function takeAll(pool: ChunkPool): number[] {
  const taken: number[] = [];
  for (let chunk = pool.take(); chunk >= 0; chunk = pool.take()) taken.push(chunk);
  return taken;
}

function rig() {
  let reader: ChunkReader | undefined;
  const slabs: SharedArrayBuffer[] = [];
  const pool = new ChunkPool({ maxBytes: 1, onSlab: (slab) => slabs.push(slab) });
  const bytesOf = (slices: readonly Slice[]): Buffer => {
    reader ??= new ChunkReader(pool.shared);
    for (const slab of slabs.splice(0)) reader.addSlab(slab);
    const bound = reader;
    return Buffer.concat(
      slices.map(({ chunk, offset, length }) => bound.bytes(chunk, offset, length)),
    );
  };
  const leases = (): number => new Int32Array(pool.shared.leases).reduce((sum, n) => sum + n, 0);
  const giveBack = (slices: readonly Slice[]): void => {
    for (const { chunk } of slices) pool.release(chunk);
  };
  return { pool, writer: new PartWriter(pool), bytesOf, leases, giveBack };
}

/** Bytes that differ from one place to the next and from one seed to the next. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff;
  return bytes;
}

function lengthPrefixed(nal: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(nal.length);
  return Buffer.concat([prefix, nal]);
}

function writeNal(writer: PartWriter, nal: Buffer): void {
  writer.openNal();
  writer.append(nal, 0, nal.length);
  writer.closeNal();
}

describe('a part writer', () => {
  test('puts the header right in front of the samples, whatever room it was given', () => {
    const { writer, bytesOf } = rig();
    const nal = pattern(100, 1);
    writer.begin(500);
    writer.markUnit();
    writeNal(writer, nal);
    const slices = writer.finish(Buffer.from('HEADER and what a reused buffer held before'), 6);
    expect(bytesOf(slices)).toEqual(Buffer.concat([Buffer.from('HEADER'), lengthPrefixed(nal)]));
    expect(slices).toHaveLength(1);
  });

  test('a NAL unit across chunks keeps its length and its bytes', () => {
    const { writer, bytesOf } = rig();
    const nal = pattern(3 * CHUNK_BYTES + 17, 2);
    expect(writer.openBytes).toBe(0);
    writer.begin(100);
    expect(writer.openBytes).toBe(0);
    writer.markUnit();
    writer.openNal();
    writer.appendByte(nal[0] as number);
    for (let at = 1; at < nal.length; at += 1400) {
      writer.append(nal, at, Math.min(nal.length, at + 1400));
    }
    writer.closeNal();
    expect([writer.unitBytes, writer.openBytes]).toEqual([nal.length + 4, nal.length + 4]);
    const slices = writer.finish(Buffer.from('H'), 1);
    expect(slices).toHaveLength(4);
    expect(writer.openBytes).toBe(0);
    expect(bytesOf(slices)).toEqual(Buffer.concat([Buffer.from('H'), lengthPrefixed(nal)]));
  });

  test.each([0, 1, 2, 3, 4, 5])(
    'a NAL unit that begins %i bytes before the end of a chunk',
    (left) => {
      const { writer, bytesOf } = rig();
      const first = pattern(CHUNK_BYTES - 64 - 4 - left, 3);
      const second = pattern(10, 4);
      writer.begin(64);
      writer.markUnit();
      writeNal(writer, first);
      writeNal(writer, second);
      const slices = writer.finish(Buffer.alloc(64, 0x48), 64);
      expect(bytesOf(slices)).toEqual(
        Buffer.concat([Buffer.alloc(64, 0x48), lengthPrefixed(first), lengthPrefixed(second)]),
      );
    },
  );

  test('a unit that is taken back leaves no byte and no lease', () => {
    const { writer, bytesOf, leases, giveBack } = rig();
    const kept = pattern(1000, 5);
    writer.begin(64);
    writer.markUnit();
    writeNal(writer, kept);
    const before = leases();
    writer.markUnit();
    writeNal(writer, pattern(5 * CHUNK_BYTES, 6));
    expect(leases()).toBeGreaterThan(before);
    writer.rewindUnit();
    expect(leases()).toBe(before);
    const slices = writer.finish(Buffer.from('H'), 1);
    expect(bytesOf(slices)).toEqual(Buffer.concat([Buffer.from('H'), lengthPrefixed(kept)]));
    writer.close();
    giveBack(slices);
    expect(leases()).toBe(0);
  });

  test('small parts share a chunk, and none writes over another', () => {
    const { writer, bytesOf, leases, giveBack } = rig();
    const parts = Array.from({ length: 8 }, (_, seed) => {
      const nal = pattern(3000, seed);
      writer.begin(200);
      writer.markUnit();
      writeNal(writer, nal);
      return { nal, slices: writer.finish(Buffer.from('H'), 1) };
    });
    expect(new Set(parts.flatMap(({ slices }) => slices.map(({ chunk }) => chunk))).size).toBe(1);
    for (const { nal, slices } of parts) {
      expect(bytesOf(slices)).toEqual(Buffer.concat([Buffer.from('H'), lengthPrefixed(nal)]));
    }
    for (const { slices } of parts) giveBack(slices);
    expect(leases()).toBe(1);
    writer.close();
    expect(leases()).toBe(0);
  });

  test('when the pool is dry writing stops, and goes on once memory came back', () => {
    const { pool, writer, bytesOf, leases, giveBack } = rig();
    const others: number[] = [];
    for (let i = 0; i < POOL_CHUNKS - 2; i++) others.push(pool.take());
    expect(writer.begin(64)).toBe(true);
    writer.markUnit();
    writeNal(writer, pattern(CHUNK_BYTES + 10, 7));
    writer.markUnit();
    writeNal(writer, pattern(2 * CHUNK_BYTES, 8));
    expect(writer.exhausted).toBe(true);
    writer.rewindUnit();
    expect(writer.exhausted).toBe(false);
    const slices = writer.finish(Buffer.from('H'), 1);
    expect(bytesOf(slices)).toEqual(
      Buffer.concat([Buffer.from('H'), lengthPrefixed(pattern(CHUNK_BYTES + 10, 7))]),
    );
    giveBack(slices);
    for (const chunk of others) pool.release(chunk);
    expect(writer.begin(64)).toBe(true);
    writer.close();
    expect(leases()).toBe(0);
  });

  test('a part cannot begin without memory, and can when there is some again', () => {
    const { pool, writer } = rig();
    const taken = takeAll(pool);
    expect(writer.begin(64)).toBe(false);
    pool.release(taken[0] as number);
    expect(writer.begin(64)).toBe(true);
    expect(writer.exhausted).toBe(false);
  });
});

type Step =
  | { kind: 'unit'; nals: number[]; take: 'keep' | 'rewind' }
  | { kind: 'finish'; header: number }
  | { kind: 'abandon' }
  | { kind: 'give-back' }
  | { kind: 'close' };

const nalLength = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: CHUNK_BYTES - 300, max: CHUNK_BYTES + 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 * CHUNK_BYTES }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('unit' as const),
      nals: fc.array(nalLength, { minLength: 1, maxLength: 3 }),
      take: fc.constantFrom('keep' as const, 'keep' as const, 'rewind' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      header: fc.integer({ min: 1, max: 700 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'abandon' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'give-back' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
);

test('whatever is written, taken back, given up and given back: parts hold their bytes and no lease is left', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 3, max: 128 }),
      (steps, freeChunks) => {
        const { pool, writer, bytesOf, leases, giveBack } = rig();
        // A pool of few chunks, so that it runs dry.
        const others: number[] = [];
        for (let i = 0; i < POOL_CHUNKS - freeChunks; i++) others.push(pool.take());
        const held: { expected: Buffer; slices: readonly Slice[] }[] = [];
        let expected: Buffer[] | undefined;
        let seed = 0;
        for (const s of steps) {
          if (s.kind === 'unit') {
            if (expected === undefined) {
              if (!writer.begin(700)) continue;
              expected = [];
            }
            writer.markUnit();
            const unit: Buffer[] = [];
            for (const length of s.nals) {
              const nal = pattern(length, seed++);
              writer.openNal();
              writer.appendByte(nal[0] as number);
              writer.append(nal, 1, nal.length);
              writer.closeNal();
              unit.push(lengthPrefixed(nal));
            }
            if (s.take === 'rewind' || writer.exhausted) {
              writer.rewindUnit();
              expect(writer.exhausted).toBe(false);
            } else {
              expect(writer.unitBytes).toBe(unit.reduce((sum, { length }) => sum + length, 0));
              expected.push(...unit);
            }
          } else if (s.kind === 'finish' && expected !== undefined) {
            const header = pattern(s.header, seed++);
            const slices = writer.finish(header, header.length);
            held.push({ expected: Buffer.concat([header, ...expected]), slices });
            expected = undefined;
          } else if (s.kind === 'abandon') {
            writer.abandon();
            expected = undefined;
          } else if (s.kind === 'give-back') {
            const oldest = held.shift();
            if (oldest !== undefined) giveBack(oldest.slices);
          } else if (s.kind === 'close') {
            writer.close();
            expected = undefined;
          }
          for (const part of held) {
            if (!bytesOf(part.slices).equals(part.expected)) throw new Error('a part changed');
          }
        }
        writer.close();
        for (const part of held) giveBack(part.slices);
        for (const chunk of others) pool.release(chunk);
        expect(leases()).toBe(0);
        // Every chunk can be taken once: none was lost, none is free twice.
        expect(new Set(takeAll(pool)).size).toBe(POOL_CHUNKS);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
