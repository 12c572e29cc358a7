import { describe, expect, test } from 'vitest';
import { WallClock } from '#ingest/rtp/wall-clock.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

/** Numbers in [0, 1) that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

/**
 * A camera of five pictures a second whose clock goes wrong by `ppm`, behind a network of 5-50 ms.
 * Tells for each picture how far its wall time is from when it was taken.
 */
function watch(options: {
  hours: number;
  ppm: number;
  burstMs?: number;
  stall?: (ms: number) => number;
}) {
  const clock = new WallClock();
  const random = seeded(7);
  const errors: { atMs: number; errorMs: number; mediaMs: number; wallMs: number }[] = [];
  for (let takenMs = 0; takenMs < options.hours * HOUR_MS; takenMs += 200) {
    const mediaMs = takenMs * (1 + options.ppm * 1e-6);
    const delayMs = 5 + 45 * random() + (options.stall?.(takenMs) ?? 0);
    const sentMs = Math.max(takenMs, options.burstMs ?? 0);
    clock.observe(mediaMs, START + sentMs + delayMs);
    const wallMs = clock.at(mediaMs);
    errors.push({ atMs: takenMs, errorMs: wallMs - (START + takenMs), mediaMs, wallMs });
  }
  return errors;
}

describe('the wall time of a picture', () => {
  test('is its arrival at first', () => {
    const clock = new WallClock();
    clock.observe(0, START);
    expect(clock.at(0)).toBe(START);
    expect(clock.at(40)).toBe(START + 40);
  });

  test('after a burst of kept pictures is when they were taken, not when they came', () => {
    const last = watch({ hours: 0.01, ppm: 0, burstMs: 1500 }).at(-1);
    expect(last?.errorMs).toBeGreaterThanOrEqual(0);
    expect(last?.errorMs).toBeLessThan(60);
  });

  test.each([0, 40, 400, 1_500])(
    'is settled once a burst of %i ms is over, and does not move much then',
    (burstMs) => {
      const clock = new WallClock();
      let firstMs: number | undefined;
      let settledAtMs = Number.POSITIVE_INFINITY;
      for (let takenMs = 0; takenMs < 4_000; takenMs += 40) {
        // What is kept comes at once, 40 ms on the way; read in pieces, a round apart.
        const sentMs = Math.max(takenMs, burstMs);
        const arrivalMs = START + sentMs + 40 + (takenMs < burstMs ? Math.floor(takenMs / 200) : 0);
        clock.observe(takenMs, arrivalMs);
        if (firstMs === undefined && clock.isSettled(arrivalMs)) {
          firstMs = clock.at(0) - START;
          settledAtMs = sentMs;
        }
      }
      expect(Math.abs((firstMs ?? Number.NaN) - 40)).toBeLessThanOrEqual(50);
      expect(settledAtMs).toBeGreaterThanOrEqual(burstMs);
      expect(settledAtMs).toBeLessThanOrEqual(burstMs + 240);
    },
  );

  test('is settled when it has been looked for two seconds, whatever comes', () => {
    const clock = new WallClock();
    clock.observe(0, START);
    for (let i = 1; i < 20; i++) clock.observe(i * 500, START + i * 100);
    expect(clock.isSettled(START + 1_999)).toBe(false);
    expect(clock.isSettled(START + 2_000)).toBe(true);
  });

  test.each([-200, -50, 0, 50, 200])(
    'stays true over eight hours with a clock of %i ppm',
    (ppm) => {
      const worst = watch({ hours: 8, ppm }).reduce(
        (most, { errorMs }) => Math.max(most, Math.abs(errorMs)),
        0,
      );
      expect(worst).toBeLessThan(120);
    },
  );

  test.each([-2000, 0, 400, 2000])(
    'is never corrected faster than 500 ppm (clock of %i ppm)',
    (ppm) => {
      const seen = watch({
        hours: 3,
        ppm,
        stall: (ms) => (ms % 700_000 < 9000 ? 8000 * ((ms % 9000) / 9000) : 0),
      }).filter(({ atMs }) => atMs > 3000);
      for (let i = 1; i < seen.length; i++) {
        const [a, b] = [seen[i - 1], seen[i]] as [(typeof seen)[0], (typeof seen)[0]];
        const mediaMs = b.mediaMs - a.mediaMs;
        expect(Math.abs(b.wallMs - a.wallMs - mediaMs)).toBeLessThanOrEqual(
          mediaMs * 500e-6 + 0.01,
        );
      }
    },
  );

  test('is not moved by a network that stands still for some seconds and then catches up', () => {
    const errors = watch({
      hours: 2,
      ppm: 0,
      stall: (ms) => (ms > HOUR_MS && ms < HOUR_MS + 8000 ? HOUR_MS + 8000 - ms : 0),
    });
    expect(Math.max(...errors.map(({ errorMs }) => errorMs))).toBeLessThan(60);
  });

  test('does not go back when a picture is shown before one decoded earlier', () => {
    const clock = new WallClock();
    for (const mediaMs of [0, 120, 40, 80, 240, 160]) clock.observe(mediaMs, START + 300 + mediaMs);
    expect(clock.at(240) - clock.at(200)).toBe(40);
    expect(Number.isFinite(clock.at(0))).toBe(true);
  });
});
