import { describe, expect, test } from 'vitest';
import { DecodeTimes } from '#ingest/bitstream/decode-times.ts';

const STEP = 3600;

/** Decode times of pictures shown in these places, a step apart. */
function decode(times: DecodeTimes, places: readonly number[]): number[] {
  return places.map((place) => times.next(place * STEP, STEP) / STEP);
}

/** IDR, then groups of a P-picture and three B-pictures in a pyramid, in decoding order. */
function pyramid(groups: number): number[] {
  const places = [0];
  for (let group = 0; group < groups; group++) {
    places.push(...[4, 2, 1, 3].map((place) => group * 4 + place));
  }
  return places;
}

describe('decode times', () => {
  test('without reordering are the times shown', () => {
    expect(decode(new DecodeTimes(), [0, 1, 2, 5, 6])).toEqual([0, 1, 2, 5, 6]);
  });

  test('with a depth that is known are even, and never later than shown', () => {
    const times = new DecodeTimes();
    times.expect(2);
    const shown = pyramid(5);
    const decoded = decode(times, shown);
    expect(decoded).toEqual(shown.map((_, index) => index - 2));
    decoded.forEach((at, index) => expect(at).toBeLessThanOrEqual(shown[index] as number));
  });

  test('follow the times shown where these are uneven', () => {
    const times = new DecodeTimes();
    times.expect(1);
    const shown = [0, 2.5, 1, 5, 4.5, 7, 6];
    expect(decode(times, shown)).toEqual([-1, 0, 1, 2.5, 4.5, 5, 6]);
  });

  test('with a depth that nobody told are even once it was seen', () => {
    const times = new DecodeTimes();
    const shown = pyramid(6);
    const decoded = decode(times, shown);
    expect(times.depth).toBe(2);
    for (const [index, at] of decoded.entries()) {
      if (index > 0) expect(at).toBeGreaterThan(decoded[index - 1] as number);
      if (index > 10) expect(at).toBe(index - 2);
    }
  });

  test('begin anew after a loss, and do not go back', () => {
    const times = new DecodeTimes();
    times.expect(2);
    const before = decode(times, pyramid(2));
    times.restart();
    const after = decode(
      times,
      pyramid(2).map((place) => place + 10),
    );
    expect(after).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(after[0]).toBeGreaterThan(before.at(-1) as number);
  });

  test('ascend whatever comes', () => {
    const times = new DecodeTimes();
    let last = Number.NEGATIVE_INFINITY;
    let random = 1;
    for (let i = 0; i < 2000; i++) {
      random = (random * 48_271) % 0x7fff_ffff;
      const at = times.next((random % 100_000) - 50_000, STEP);
      expect(at).toBeGreaterThan(last);
      last = at;
    }
    expect(times.depth).toBeLessThanOrEqual(16);
  });
});
