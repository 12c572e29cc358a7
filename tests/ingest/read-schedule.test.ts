import { describe, expect, test } from 'vitest';
import { TIMESCALE } from '#ingest/fmp4/init.ts';
import { ReadSchedule, readWaitMs, type ScheduledReader } from '#ingest/read-schedule.ts';
import { clipPictures, Cut } from './cut.ts';

/** Notes when it was read, and wants to be read again after `everyMs`. */
function reader(everyMs: number): ScheduledReader & { readAtMs: number[] } {
  const readAtMs: number[] = [];
  return {
    readAtMs,
    read(nowMs) {
      readAtMs.push(nowMs);
      return nowMs + everyMs;
    },
  };
}

describe('the schedule', () => {
  test('reads each at once, and then in the first round after it is due', () => {
    const schedule = new ReadSchedule();
    const often = reader(20);
    const seldom = reader(60);
    schedule.add(often);
    schedule.add(seldom);
    for (let nowMs = 1000; nowMs <= 1100; nowMs += 25) schedule.round(nowMs);
    expect(often.readAtMs).toEqual([1000, 1025, 1050, 1075, 1100]);
    expect(seldom.readAtMs).toEqual([1000, 1075]);
  });

  test('forgets one that leaves, also in the middle of its read', () => {
    const schedule = new ReadSchedule();
    const stays = reader(0);
    let reads = 0;
    const place: number = schedule.add({
      read() {
        reads++;
        schedule.remove(place);
        return 0;
      },
    });
    schedule.add(stays);
    schedule.round(1);
    schedule.round(2);
    expect(reads).toBe(1);
    expect(stays.readAtMs).toEqual([1, 2]);
  });

  test('gives the place of one that left to the next, who is due at once', () => {
    const schedule = new ReadSchedule();
    const comes = reader(1000);
    const place: number = schedule.add({
      read() {
        schedule.remove(place);
        expect(schedule.add(comes)).toBe(place);
        return Number.POSITIVE_INFINITY;
      },
    });
    schedule.round(1);
    schedule.round(2);
    expect(comes.readAtMs).toEqual([2]);
  });

  test('holds any number', () => {
    const schedule = new ReadSchedule();
    const readers = Array.from({ length: 1000 }, () => reader(0));
    for (const each of readers) schedule.add(each);
    schedule.round(1);
    expect(readers.every(({ readAtMs }) => readAtMs.length === 1)).toBe(true);
  });
});

describe('a wait', () => {
  const TWO_MBIT = 250;

  test('divides the time to the close of the part evenly, and ends with it', () => {
    expect(readWaitMs(480, TWO_MBIT)).toBe(240);
    expect(readWaitMs(240, TWO_MBIT)).toBe(240);
    expect(readWaitMs(520, TWO_MBIT)).toBeCloseTo(520 / 3);
    expect(readWaitMs(60, TWO_MBIT)).toBe(60);
  });

  test('is shorter for a camera that sends more', () => {
    const wait = readWaitMs(480, 8 * TWO_MBIT);
    expect(wait * 8 * TWO_MBIT).toBeLessThanOrEqual(64 * 1024);
    expect(480 % wait).toBeCloseTo(0);
  });

  test('ends with the next round while the close is overdue, but not for ever', () => {
    expect(readWaitMs(0, TWO_MBIT)).toBe(0);
    expect(readWaitMs(-150, TWO_MBIT)).toBe(0);
    expect(readWaitMs(-5000, TWO_MBIT)).toBeGreaterThan(100);
    expect(readWaitMs(undefined, TWO_MBIT)).toBeGreaterThan(100);
  });
});

describe('the picture that is expected to close the part', () => {
  test.each([
    [25, 50],
    [30, 60],
    [12.5, 25],
    [8, 30],
    [3, 6],
  ])('at %f pictures a second in groups of %i it is the one that does', (rate, group) => {
    const cut = new Cut();
    cut.segmenter.configure(clipPictures('small').config);
    const pictureTicks = TIMESCALE / rate;
    let expected: number | undefined;
    let guesses = 0;
    for (let i = 0; i < 20 * group; i++) {
      const parts = cut.parts.length;
      cut.picture(i * pictureTicks, i % group === 0);
      // The first segments show what the camera's habits are.
      if (i > 3 * group) {
        const closed = cut.parts.length > parts;
        expect(closed, `picture ${i}`).toBe(expected === i * pictureTicks);
        guesses++;
      }
      expected = cut.segmenter.expectedCloseTicks;
    }
    expect(guesses).toBeGreaterThan(50);
  });
});
