/** Picture order counts as ITU-T H.264 §8.2.1 derives them, worked out by hand. */
import { describe, expect, test } from 'vitest';
import { PictureOrder } from '#ingest/h264/picture-order.ts';
import { emptySliceHeader, type SliceHeader } from '#ingest/h264/slice-header.ts';
import { parseSps, type PictureOrderRules } from '#ingest/h264/sps.ts';
import { SPS } from './nal-units.ts';

const FRAME_BITS = 4;

function counts(order: PictureOrderRules, pictures: readonly Partial<SliceHeader>[]): number[] {
  const sequence = { ...parseSps(SPS), frameNumberBits: FRAME_BITS, order };
  const count = new PictureOrder();
  return pictures.map((picture, index) =>
    count.next({ ...emptySliceHeader(), referenceIdc: 1, idr: index === 0, ...picture }, sequence),
  );
}

describe('type 2', () => {
  test('is twice the frame number, one less where nothing refers to the picture', () => {
    const pictures = [
      {},
      { frameNumber: 1 },
      { frameNumber: 2, referenceIdc: 0 },
      { frameNumber: 2 },
    ];
    expect(counts({ type: 2 }, pictures)).toEqual([0, 2, 3, 4]);
  });

  test('goes on where frame_num wraps, and begins anew with an IDR picture', () => {
    const pictures = Array.from({ length: 40 }, (_, i) => ({ frameNumber: i % 2 ** FRAME_BITS }));
    expect(counts({ type: 2 }, pictures)).toEqual(pictures.map((_, i) => 2 * i));
    expect(counts({ type: 2 }, [...pictures, { idr: true }, { frameNumber: 1 }]).slice(-2)).toEqual(
      [0, 2],
    );
  });
});

describe('type 1', () => {
  const rules = {
    type: 1,
    deltaAlwaysZero: false,
    offsetForNonReference: -2,
    offsetForTopToBottom: 1,
  } as const;

  test('goes through its cycle of references again and again', () => {
    const order = { ...rules, offsetsForReferences: [4, 6] };
    const pictures = Array.from({ length: 40 }, (_, i) => ({ frameNumber: i % 2 ** FRAME_BITS }));
    const expected = pictures.map((_, i) => 10 * Math.floor(i / 2) + (i % 2 === 1 ? 4 : 0));
    expect(counts(order, pictures)).toEqual(expected);
  });

  test('puts a picture that nothing refers to before the reference it was decoded after', () => {
    const order = { ...rules, offsetsForReferences: [4] };
    const pictures = [
      {},
      { frameNumber: 1 },
      { frameNumber: 2, referenceIdc: 0 },
      { frameNumber: 2 },
    ];
    expect(counts(order, pictures)).toEqual([0, 4, 2, 8]);
  });

  test('adds what each slice says, and a bottom field its distance from the top', () => {
    const order = { ...rules, offsetsForReferences: [4] };
    const pictures = [
      {},
      { frameNumber: 1, orderDelta0: 3 },
      { frameNumber: 2, orderDelta0: 0, orderDelta1: -3 },
      { frameNumber: 3, field: true },
      { frameNumber: 3, field: true, bottomField: true },
    ];
    expect(counts(order, pictures)).toEqual([0, 7, 6, 12, 13]);
  });

  test('without a cycle is what the slices say', () => {
    const order = { ...rules, offsetsForReferences: [] };
    expect(counts(order, [{}, { frameNumber: 1, orderDelta0: 5 }])).toEqual([0, 5]);
  });
});
