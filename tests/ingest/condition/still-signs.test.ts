import { describe, expect, test } from 'vitest';
import { entryTail } from '#ingest/condition/entry-tail.ts';
import { StillSigns, type PictureGroup } from '#ingest/condition/still-signs.ts';
import { ChunkPool, chunkStart, CHUNK_BYTES } from '#ingest/memory/chunk-pool.ts';
import type { Slice } from '#ingest/memory/part-writer.ts';

const PIXELS = 1920 * 1080;
/** A street by day at 2 Mbit/s: groups of two seconds. */
const street = (entryTail: number, entryBytes = 90_000): PictureGroup => ({
  entryBytes,
  entryTail,
  otherBytes: 400_000,
  otherPictures: 49,
  pixels: PIXELS,
});
const still = (tail: number, entryBytes = 90_000): PictureGroup => ({
  ...street(tail, entryBytes),
  otherBytes: 49 * 300,
});

function signsOf(groups: readonly PictureGroup[]): StillSigns {
  const signs = new StillSigns();
  groups.forEach((group, index) => signs.group(group, index * 2_000));
  return signs;
}

describe('signs of a picture that stands still', () => {
  test('are none in a street', () => {
    const signs = signsOf([street(1), street(2, 90_100), street(3)]);
    expect(signs).toMatchObject({ identicalSinceMs: undefined, stillSinceMs: undefined });
    expect(signs.plainSinceMs).toBeUndefined();
  });

  test('are random access pictures that are the same, with nothing between: since the second came', () => {
    const signs = signsOf([street(1, 120_000), still(7), still(7), still(7)]);
    expect(signs).toMatchObject({ identicalSinceMs: 2_000, stillSinceMs: 2_000 });
  });

  test('are none where the same random access picture comes round and things move between: a clip in a loop', () => {
    expect(signsOf([street(7), street(7), street(7)]).identicalSinceMs).toBeUndefined();
  });

  test('of a static night scene are of length alone', () => {
    const signs = signsOf([still(1, 90_000), still(2, 90_700), still(3, 89_800)]);
    expect(signs).toMatchObject({ identicalSinceMs: undefined, stillSinceMs: 0 });
  });

  test('are the same random access picture and nothing else', () => {
    const group = { ...still(7), otherBytes: 49 * 90_000 };
    expect(signsOf([group, group]).identicalSinceMs).toBe(0);
  });

  test('end with the first group that moves', () => {
    const signs = signsOf([still(7), still(7), street(8)]);
    expect(signs).toMatchObject({ identicalSinceMs: undefined, stillSinceMs: undefined });
  });

  test('of nothing in the picture are its few bytes, since they came: as the group before was over', () => {
    const signs = signsOf([street(1), still(2, 5_000), still(3, 4_000)]);
    expect(signs.plainSinceMs).toBe(0);
  });
});

describe('the end of a random access picture', () => {
  const pool = new ChunkPool({ maxBytes: 1, onSlab: () => {} });

  /** `bytes` in chunks of the pool, `split` of them in the first. */
  function written(bytes: Buffer, split: number): Slice[] {
    return [bytes.subarray(0, split), bytes.subarray(split)]
      .filter(({ length }) => length > 0)
      .map((part) => {
        const chunk = pool.take();
        const offset = CHUNK_BYTES - part.length;
        part.copy(pool.slab(chunk), chunkStart(chunk) + offset);
        return { chunk, offset, length: part.length };
      });
  }

  const picture = Buffer.from(Array.from({ length: 9_000 }, (_, i) => (i * 31) & 0xff));

  test('is the same wherever its bytes lie, and whatever is before and behind it', () => {
    const whole = entryTail(pool, written(picture, 9_000), 0, 9_000);
    for (const split of [1, 100, 5_000, 8_000, 8_999]) {
      expect(entryTail(pool, written(picture, split), 0, 9_000)).toBe(whole);
    }
    const within = Buffer.concat([Buffer.alloc(500, 1), picture, Buffer.alloc(700, 2)]);
    expect(entryTail(pool, written(within, 3_000), 500, 9_000)).toBe(whole);
  });

  test('does not see another number in its header that makes it a byte longer, and sees the last byte', () => {
    const before = entryTail(pool, written(picture, 4_000), 0, 9_000);
    const renumbered = Buffer.concat([Buffer.of(1, 2, 3), picture.subarray(2)]);
    expect(entryTail(pool, written(renumbered, 4_000), 0, 9_001)).toBe(before);
    const other = Buffer.from(picture);
    other[8_999] = (other[8_999] ?? 0) ^ 1;
    expect(entryTail(pool, written(other, 4_000), 0, 9_000)).not.toBe(before);
  });
});
