import { describe, expect, test } from 'vitest';
import { Timeline } from '#ingest/rtp/timeline.ts';

const RATE = 90_000;
const WRAP = 2 ** 32;

function place(timestamps: number[]): { placed: number[]; jumps: number } {
  const timeline = new Timeline(RATE);
  const placed = timestamps.map((timestamp) => timeline.place(((timestamp % WRAP) + WRAP) % WRAP));
  return { placed, jumps: timeline.jumps };
}

describe('the timeline of a run', () => {
  test('begins at 0 wherever the camera begins', () => {
    expect(place([123_456, 127_056, 130_656]).placed).toEqual([0, 3600, 7200]);
  });

  test('goes on over the wrap, again and again', () => {
    const step = 4 * RATE;
    const count = Math.ceil((2.5 * WRAP) / step);
    const { placed, jumps } = place(
      Array.from({ length: count }, (_, i) => WRAP - 1000 + i * step),
    );
    expect(placed.at(-1)).toBe((count - 1) * step);
    expect(jumps).toBe(0);
  });

  test('goes back for a picture shown before the one decoded earlier, even over the wrap', () => {
    expect(place([WRAP - 3600, 7200, 0, 3600, 10_800]).placed).toEqual([
      0, 10_800, 3600, 7200, 14_400,
    ]);
    expect(place([0, -3600]).placed).toEqual([0, -3600]);
  });

  test('five seconds forward and one back are believed, more is a jump', () => {
    expect(place([0, 5 * RATE]).jumps).toBe(0);
    expect(place([RATE, 0]).jumps).toBe(0);
    expect(place([0, 5 * RATE + 1]).jumps).toBe(1);
    expect(place([RATE + 1, 0]).jumps).toBe(1);
    expect(place([0, WRAP / 2]).jumps).toBe(1);
  });

  test('a jump is re-stamped at the usual distance, and what follows goes on from there', () => {
    for (const jump of [6000 * RATE, -6000 * RATE, 2 ** 31, -(2 ** 31)]) {
      const { placed, jumps } = place([0, 6000, 12_000, 12_000 + jump, 18_000 + jump]);
      expect(placed).toEqual([0, 6000, 12_000, 18_000, 24_000]);
      expect(jumps).toBe(1);
    }
  });

  test('a jump at once, before any distance is known, is taken for 25 pictures a second', () => {
    expect(place([0, 100 * RATE, 100 * RATE + 6000]).placed).toEqual([0, 3600, 9600]);
  });

  test('a camera that jumps with every picture still moves forward', () => {
    const { placed } = place(Array.from({ length: 50 }, (_, i) => i * 1_000_000_007));
    for (let i = 1; i < placed.length; i++) {
      expect((placed[i] as number) - (placed[i - 1] as number)).toBe(3600);
    }
  });
});
