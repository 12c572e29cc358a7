import { describe, expect, test } from 'vitest';
import { SiteBudget } from '#ingest/site-budget.ts';
import type { StreamSite } from '#registry/cameras.ts';

function site(limits: Partial<StreamSite>): SiteBudget {
  const budget = new SiteBudget();
  budget.limits = {
    id: 'ตู้เทศบาล',
    maxSessions: null,
    maxSessionsPerBox: null,
    uplinkBitsPerSecond: null,
    ...limits,
  };
  return budget;
}

const camera = (number: number, host = `10.0.0.${number}`) => ({
  cameraId: `camera ${number}`,
  url: `rtsp://${host}/channel${number}`,
});

function open(budget: SiteBudget, ...cameras: ReturnType<typeof camera>[]): void {
  for (const one of cameras) {
    budget.opened(one);
    budget.settled();
  }
}

describe('a site', () => {
  test('has so many sessions and no more, until one ends', () => {
    const budget = site({ maxSessions: 2 });
    open(budget, camera(1), camera(2));
    expect(budget.place(camera(3))).toBe('the site has all of its 2 sessions');
    budget.closed(camera(1));
    expect(budget.place(camera(3))).toBe('free');
  });

  test('opens four at once', () => {
    const budget = site({});
    for (const number of [1, 2, 3, 4]) budget.opened(camera(number));
    expect(budget.place(camera(5))).toBe('connecting');
    budget.settled();
    expect(budget.place(camera(5))).toBe('free');
  });

  test('gives each recorder box its own, whatever port its channels have and however its host is spelled', () => {
    const budget = site({ maxSessionsPerBox: 2 });
    open(budget, camera(1, '10.0.0.9'), camera(2, '10.9:8554'));
    expect(budget.place(camera(3, '10.0.0.9:8555'))).toBe(
      'the recorder 10.0.0.9 has all of its 2 sessions',
    );
    expect(budget.place(camera(4, '10.0.0.8'))).toBe('free');
    budget.closed(camera(2, '10.9:8554'));
    expect(budget.place(camera(3, '10.0.0.9:8555'))).toBe('free');
  });

  test('opens no more than its line can carry, as measured, and one in any case', () => {
    const budget = site({ uplinkBitsPerSecond: 5_000_000 });
    open(budget, camera(1), camera(2));
    // Two of 2 Mbit/s, as long as nothing was measured.
    expect(budget.place(camera(3))).toBe(
      "the site's line of 5000000 bit/s has no room for another stream",
    );
    budget.measured(camera(1), 500_000);
    expect(budget.place(camera(3))).toBe('free');
    budget.measured(camera(1), 9_000_000);
    expect(budget.place(camera(3))).not.toBe('free');
    budget.closed(camera(1));
    budget.closed(camera(2));
    // What it was measured at is remembered; alone it is let in.
    expect(budget.place(camera(1))).toBe('free');
  });
});
