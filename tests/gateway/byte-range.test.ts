import { describe, expect, it } from 'vitest';
import { byteRange, RangeNotSatisfiable } from '#gateway/byte-range.ts';

describe('a Range header', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=10-', { start: 10, end: 100 }],
    ['bytes=-10', { start: 90, end: 100 }],
    ['bytes=-1000', { start: 0, end: 100 }],
    ['bytes=90-1000', { start: 90, end: 100 }],
  ])('%s asks for a part', (header, expected) => {
    expect(byteRange(header, 100)).toEqual(expected);
  });

  it.each(['bytes=5-4', 'bytes=-', 'bytes=0-1,5-6', 'items=0-1', 'bytes=a-b', ''])(
    '"%s" is passed over',
    (header) => {
      expect(byteRange(header, 100)).toBeUndefined();
    },
  );

  it.each(['bytes=100-', 'bytes=200-300', 'bytes=-0'])('%s lies outside', (header) => {
    expect(() => byteRange(header, 100)).toThrow(RangeNotSatisfiable);
  });
});
