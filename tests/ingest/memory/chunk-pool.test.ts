import { describe, expect, test } from 'vitest';
import { CHUNK_BYTES, ChunkPool, ChunkReader, chunkStart } from '#ingest/memory/chunk-pool.ts';

const SLAB_BYTES = firstSlab(2 ** 30).byteLength;
const SLAB_CHUNKS = SLAB_BYTES / CHUNK_BYTES;

function firstSlab(maxBytes: number): SharedArrayBuffer {
  const { pool, made } = poolWithReader(maxBytes);
  pool.take();
  return made[0] as SharedArrayBuffer;
}

function poolWithReader(maxBytes: number) {
  const made: SharedArrayBuffer[] = [];
  const pool = new ChunkPool({ maxBytes, onSlab: (slab) => made.push(slab) });
  const reader = new ChunkReader(pool.shared);
  const tellReader = (): void => {
    for (const slab of made.splice(0)) reader.addSlab(slab);
  };
  return { pool, reader, made, tellReader };
}

function takeAll(pool: ChunkPool): number[] {
  const taken: number[] = [];
  for (let chunk = pool.take(); chunk >= 0; chunk = pool.take()) taken.push(chunk);
  return taken;
}

describe('the chunk pool', () => {
  test('gives out each chunk once, up to its bound, then answers -1', () => {
    const { pool } = poolWithReader(2 * SLAB_BYTES);
    const taken = takeAll(pool);
    expect(taken).toHaveLength(2 * SLAB_CHUNKS);
    expect(new Set(taken).size).toBe(taken.length);
    expect(pool.take()).toBe(-1);
  });

  test('makes a slab only when it is needed', () => {
    const { pool, made } = poolWithReader(2 * SLAB_BYTES);
    expect(made).toHaveLength(0);
    for (let i = 0; i < SLAB_CHUNKS; i++) pool.take();
    expect(made).toHaveLength(1);
    pool.take();
    expect(made).toHaveLength(2);
    expect(made.every((slab) => slab.byteLength === SLAB_BYTES)).toBe(true);
  });

  test('makes as many bytes as its bound allows, the last slab a shorter one', () => {
    const { pool, made } = poolWithReader(2.75 * SLAB_BYTES + CHUNK_BYTES - 1);
    expect(takeAll(pool)).toHaveLength(2.75 * SLAB_CHUNKS);
    expect(made.map((slab) => slab.byteLength / SLAB_BYTES)).toEqual([1, 1, 0.75]);
  });

  test('holds 8 MB, however little it is allowed', () => {
    const { pool, made } = poolWithReader(1);
    takeAll(pool);
    expect(made.map((slab) => slab.byteLength)).toEqual([8 * 2 ** 20]);
  });

  test('a chunk released by the worker is taken again, one with a lease left is not', () => {
    const { pool } = poolWithReader(SLAB_BYTES);
    const taken = takeAll(pool);
    const [first, second] = [taken[3] as number, taken.at(-5) as number];
    pool.lease(first);
    pool.release(first);
    expect(pool.take()).toBe(-1);
    pool.release(second);
    expect(pool.take()).toBe(second);
    expect(pool.take()).toBe(-1);
    pool.release(first);
    expect(pool.take()).toBe(first);
  });

  test('whoever takes the last lease away frees the chunk, at either end', () => {
    const { pool, reader } = poolWithReader(SLAB_BYTES);
    const taken = takeAll(pool);
    const [byReader, byWorker] = [taken[0] as number, taken[1] as number];
    reader.lease(byReader);
    pool.release(byReader);
    expect(pool.take()).toBe(-1);
    reader.release(byReader);
    expect(pool.take()).toBe(byReader);

    reader.lease(byWorker);
    reader.release(byWorker);
    expect(pool.take()).toBe(-1);
    pool.release(byWorker);
    expect(pool.take()).toBe(byWorker);
  });

  test('what the serving thread frees comes back through any number of rounds of the ring', () => {
    const { pool, reader } = poolWithReader(SLAB_BYTES);
    for (let round = 0; round < 5; round++) {
      const taken = takeAll(pool);
      expect(new Set(taken).size, `round ${round}`).toBe(SLAB_CHUNKS);
      for (const chunk of taken) reader.release(chunk);
    }
    // Uneven rounds let the ring wrap anywhere.
    for (let round = 0; round < 40; round++) {
      const taken = takeAll(pool);
      expect(new Set(taken).size).toBe(SLAB_CHUNKS);
      taken.forEach((chunk, i) => (i % 3 === round % 3 ? pool : reader).release(chunk));
    }
  });

  test('the reader sees what was written, in whichever slab, without a copy', () => {
    const { pool, reader, tellReader } = poolWithReader(2 * SLAB_BYTES);
    takeAll(pool);
    tellReader();
    for (const chunk of [0, SLAB_CHUNKS - 1, SLAB_CHUNKS, 2 * SLAB_CHUNKS - 1]) {
      const view = reader.bytes(chunk, CHUNK_BYTES - 5, 5);
      pool.slab(chunk).write(`c${chunk}`.padEnd(5), chunkStart(chunk) + CHUNK_BYTES - 5);
      expect(view.toString()).toBe(`c${chunk}`.padEnd(5));
    }
  });
});
