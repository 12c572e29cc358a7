import { afterEach, describe, expect, test, vi } from 'vitest';
import { LiveWindow } from '#ingest/hls/live-window.ts';
import { RUN_START_MS } from '../cut.ts';
import { WindowRig } from './rig.ts';

describe('bounds', () => {
  test('closed segments stay for as long as the window is, and not longer', () => {
    const rig = new WindowRig({ keepMs: 10_000 });
    rig.segments(30);
    const seconds = rig.window.segments.reduce((sum, s) => sum + s.durationTicks, 0) / 90_000;
    expect(seconds).toBeGreaterThanOrEqual(10);
    expect(seconds - 2).toBeLessThan(10);
    expect(rig.leases).toBe(rig.window.segments.length * 4);
  });

  test('beyond its bytes the oldest segments go, however young, and their leases with them', () => {
    const rig = new WindowRig({ keepMs: 60_000, maxBytes: 500_000 });
    for (let i = 0; i < 40; i++) {
      rig.part({ starts: i % 4 === 0, ends: i % 4 === 3, bytes: 50_000 });
      expect(rig.window.byteLength).toBeLessThanOrEqual(500_000);
    }
    const held = rig.window.segments.flatMap((s) => s.parts);
    expect(rig.window.byteLength).toBe(held.reduce((sum, p) => sum + p.byteLength, 0));
    expect(rig.leases).toBe(held.length);
  });

  test('the segment being written is never dropped, whatever its size', () => {
    const rig = new WindowRig({ maxBytes: 10_000 });
    for (let i = 0; i < 6; i++) rig.part({ starts: i === 0, bytes: 5_000 });
    expect(rig.window.segments).toHaveLength(1);
    expect(rig.window.segments[0]?.parts).toHaveLength(6);
  });

  test('cleared, it holds nothing, and numbering goes on', () => {
    const rig = new WindowRig();
    rig.segments(5);
    const next = rig.window.openMediaSequence;
    rig.window.clear();
    expect(rig.window.segments).toHaveLength(0);
    expect(rig.window.byteLength).toBe(0);
    expect(rig.leases).toBe(0);
    rig.segments(1);
    expect(rig.window.segments[0]?.mediaSequence).toBe(next);
  });

  test('an answer being sent keeps its media though the segment has left the window', () => {
    const rig = new WindowRig({ keepMs: 4_000 });
    rig.segments(1);
    const sequence = rig.window.segments[0]?.mediaSequence ?? 0;
    const { answers } = rig.ask(`run1/${sequence}.m4s`);
    rig.segments(10);
    const inWindow = rig.window.segments.length * 4;
    expect(rig.leases).toBe(inWindow + 4);
    const [answer] = answers;
    if (answer?.kind !== 'media') throw new Error('no media');
    answer.release();
    answer.release();
    expect(rig.leases).toBe(inWindow);
  });
});

describe('numbering', () => {
  test('media sequence grows by one a segment, over runs as well', () => {
    const rig = new WindowRig();
    rig.segments(3);
    rig.window.endRun();
    rig.newInit('run2', 0);
    rig.segments(3);
    const first = rig.window.segments[0]?.mediaSequence ?? 0;
    expect(rig.window.segments.map((s) => s.mediaSequence)).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => first + i),
    );
    expect(rig.window.segments.map((s) => s.discontinuity)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  test('after a restart of the process numbers are higher than any before', () => {
    const hours = 3;
    const before = new WindowRig();
    before.segments(hours * 1800);
    const last = before.window.segments.at(-1);
    const after = new LiveWindow('camera', before.window.rules, RUN_START_MS + hours * 3600_000);
    expect(after.openMediaSequence).toBeGreaterThan(last?.mediaSequence ?? Infinity);
    expect(after.discontinuitySequence).toBeGreaterThan(before.window.discontinuitySequence);
  });

  test('a discontinuity that leaves the window is counted, one that stays is not', () => {
    const rig = new WindowRig({ keepMs: 8_000 });
    const first = rig.window.discontinuitySequence;
    rig.segments(2);
    rig.segments(1, 4, { discontinuity: true });
    expect(rig.window.discontinuitySequence).toBe(first);
    rig.segments(2);
    expect(rig.window.segments.some((s) => s.discontinuity)).toBe(true);
    expect(rig.window.discontinuitySequence).toBe(first);
    rig.segments(10);
    expect(rig.window.segments.some((s) => s.discontinuity)).toBe(false);
    expect(rig.window.discontinuitySequence).toBe(first + 1);
  });

  test('media that comes after the window was cleared is marked as not following on it', () => {
    const rig = new WindowRig();
    rig.segments(2);
    rig.window.endRun();
    rig.window.clear();
    rig.segments(1);
    expect(rig.window.segments[0]?.discontinuity).toBe(true);
  });

  test('another init is a segment of its own, even without a word from the part', () => {
    const rig = new WindowRig();
    rig.part({ starts: true });
    rig.newInit('run1', 1);
    rig.part({ independent: true });
    expect(rig.window.segments.map((s) => [s.closed, s.discontinuity, s.init.index])).toEqual([
      [true, false, 0],
      [false, true, 1],
    ]);
  });
});

describe('waiting', () => {
  afterEach(() => vi.useRealTimers());

  test('who waits is woken once, when the part is there', () => {
    const rig = new WindowRig();
    rig.segments(2);
    const open = rig.window.openMediaSequence;
    let woken = 0;
    rig.window.wait(wanted(open, 1, () => woken++));
    rig.part({ starts: true });
    expect(woken).toBe(0);
    rig.part();
    rig.part();
    expect(woken).toBe(1);
    expect(rig.window.waiting).toBe(0);
  });

  test('a bounded number wait; the next is told so, and has a place when one has left', () => {
    const rig = new WindowRig();
    rig.segments(1);
    const open = rig.window.openMediaSequence;
    const leave = Array.from({ length: 4_000 }, () => rig.window.wait(wanted(open, 0)));
    expect(leave.every((l) => l !== undefined)).toBe(true);
    expect(rig.window.wait(wanted(open, 0))).toBeUndefined();
    leave[17]?.();
    expect(rig.window.waiting).toBe(3_999);
    expect(rig.window.wait(wanted(open, 0))).toBeDefined();
  });

  test('one who asks again when woken does not hold the others up', () => {
    const rig = new WindowRig();
    rig.segments(1);
    const open = rig.window.openMediaSequence;
    const woken: number[] = [];
    const follow = (part: number): void => {
      rig.window.wait(
        wanted(open, part, () => {
          woken.push(part);
          follow(part + 1);
        }),
      );
    };
    follow(0);
    rig.part({ starts: true });
    rig.part();
    rig.part();
    expect(woken).toEqual([0, 1, 2]);
    expect(rig.window.waiting).toBe(1);
  });

  test('each gives up after its own time, who came later later, and who was woken never', () => {
    vi.useFakeTimers();
    const rig = new WindowRig();
    rig.segments(1);
    const open = rig.window.openMediaSequence;
    const gaveUp: string[] = [];
    const waitMs = 3 * rig.window.rules.targetDurationSeconds * 1000;
    const wait = (name: string, part: number): (() => void) | undefined =>
      rig.window.wait(wanted(open, part, undefined, () => gaveUp.push(name)));
    wait('woken', 0);
    wait('first', 5);
    const left = wait('left', 5);
    vi.advanceTimersByTime(1_000);
    wait('second', 5);
    rig.part({ starts: true });
    left?.();
    vi.advanceTimersByTime(waitMs - 1_001);
    expect(gaveUp).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(gaveUp).toEqual(['first']);
    vi.advanceTimersByTime(1_000);
    expect(gaveUp).toEqual(['first', 'second']);
    expect(rig.window.waiting).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

function wanted(
  mediaSequence: number,
  part: number,
  wake: () => void = () => {},
  giveUp: () => void = () => {},
): Parameters<LiveWindow['wait']>[0] {
  return { mediaSequence, part, ofThisRun: false, wake, giveUp };
}
