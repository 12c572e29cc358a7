import { describe, expect, test } from 'vitest';
import { REORDER_MAX_MS, REORDER_MAX_PACKETS, ReorderWindow } from '#ingest/rtp/reorder.ts';

function packet(sequence: number, source = 7): Buffer {
  const bytes = Buffer.alloc(12);
  bytes[0] = 0x80;
  bytes.writeUInt16BE(sequence & 0xffff, 2);
  bytes.writeInt32BE(source, 8);
  return bytes;
}

/** Pushes packets a millisecond apart; returns the numbers that came out, and the window. */
function run(sequences: readonly number[], nowMs = 0) {
  const out: number[] = [];
  const window = new ReorderWindow((bytes) => out.push(bytes.readUInt16BE(2)));
  sequences.forEach((sequence, at) => window.push(packet(sequence), nowMs + at));
  return { out, window };
}

describe('packets of one stream', () => {
  test('in order pass at once, over the wrap too', () => {
    const { out, window } = run([65_534, 65_535, 0, 1]);
    expect(out).toEqual([65_534, 65_535, 0, 1]);
    expect(window.held).toBe(0);
  });

  test('out of order come out in order, as soon as the one before is there', () => {
    const { out, window } = run([65_535, 1, 2]);
    expect(out).toEqual([65_535]);
    expect(window.held).toBe(2);
    window.push(packet(0), 3);
    expect(out).toEqual([65_535, 0, 1, 2]);
    expect(window.reordered).toBe(1);
  });

  test('that come twice, or when their gap was given up, come out once or not at all', () => {
    const { out, window } = run([1, 3, 3, 1, 4]);
    window.tick(REORDER_MAX_MS + 1);
    window.push(packet(2), REORDER_MAX_MS + 2);
    expect(out).toEqual([1, 3, 4]);
    expect(window.repeated).toBe(1);
    expect(window.late).toBe(2);
  });

  test('wait for a missing one no longer than its time, and each gap has its own', () => {
    const { out, window } = run([1, 3, 4, 6]);
    window.tick(REORDER_MAX_MS);
    expect(out).toEqual([1]);
    window.tick(REORDER_MAX_MS + 1);
    expect(out).toEqual([1, 3, 4]);
    window.tick(2 * REORDER_MAX_MS);
    expect(out).toEqual([1, 3, 4]);
    window.tick(2 * REORDER_MAX_MS + 1);
    expect(out).toEqual([1, 3, 4, 6]);
  });

  test('wait for a missing one no longer than a window of others', () => {
    const others = Array.from({ length: REORDER_MAX_PACKETS - 1 }, (_, at) => at + 2);
    const { out, window } = run([0, ...others]);
    expect(out).toEqual([0]);
    window.push(packet(REORDER_MAX_PACKETS + 1), 0);
    expect(out).toEqual([0, ...others, REORDER_MAX_PACKETS + 1]);
  });

  test('a jump far ahead, or another source, begins anew with what was held handed on', () => {
    const { out, window } = run([1, 3]);
    window.push(packet(20_000), 2);
    window.push(packet(20_001), 3);
    window.push(packet(5, 8), 4);
    expect(out).toEqual([1, 3, 20_000, 20_001, 5]);
  });

  test('any order within the window is put right', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      // Each packet at most 20 places from its own.
      const sequences = Array.from({ length: 500 }, (_, at) => ({
        at,
        key: at + ((at * 7919 * seed) % 20),
      }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ at }) => at);
      const first = sequences[0] ?? 0;
      const { out, window } = run(sequences);
      window.flush();
      expect(out.toSorted((a, b) => a - b)).toEqual(out);
      expect(out.length).toBeGreaterThan(480);
      expect(out[0]).toBe(first);
    }
  });
});
