import { describe, expect, test } from 'vitest';
import { BaselineLearner, isLowRate, isSmall, lightAt } from '#ingest/condition/baseline.ts';

const HD = { frameRate: 25, width: 1920, height: 1080 };

describe('what is usual', () => {
  test('is learnt from six stretches alike in size, by their middle', () => {
    const learner = new BaselineLearner();
    const rates = [25, 24.9, 3, 25.1, 25];
    for (const frameRate of rates) {
      expect(learner.stretch({ ...HD, frameRate }, null)).toBeUndefined();
    }
    expect(learner.stretch({ ...HD, frameRate: 25 }, null)).toEqual({ ...HD, frameRate: 25 });
  });

  test('begins anew when the size changes meanwhile', () => {
    const learner = new BaselineLearner();
    for (let i = 0; i < 5; i++) learner.stretch(HD, null);
    const small = { ...HD, width: 640, height: 360 };
    for (let i = 0; i < 5; i++) expect(learner.stretch(small, null)).toBeUndefined();
    expect(learner.stretch(small, null)).toEqual(small);
  });

  test('goes up after an hour of more, and never down by itself', () => {
    const learner = new BaselineLearner();
    const usual = { ...HD, frameRate: 12 };
    for (let i = 0; i < 449; i++) expect(learner.stretch(HD, usual)).toBeUndefined();
    expect(learner.stretch(HD, usual)).toEqual(HD);
    for (let i = 0; i < 1000; i++) {
      expect(learner.stretch({ ...HD, frameRate: 10 }, HD)).toBeUndefined();
    }
  });

  test('one stretch that is not higher begins the hour anew', () => {
    const learner = new BaselineLearner();
    const usual = { ...HD, frameRate: 12 };
    for (let i = 0; i < 449; i++) learner.stretch(HD, usual);
    learner.stretch(usual, usual);
    expect(learner.stretch(HD, usual)).toBeUndefined();
  });
});

describe('well below it', () => {
  test('is a rate under six tenths; once low, up to three quarters', () => {
    expect(isLowRate(15, HD, false)).toBe(false);
    expect(isLowRate(14.9, HD, false)).toBe(true);
    expect(isLowRate(18, HD, true)).toBe(true);
    expect(isLowRate(18.8, HD, true)).toBe(false);
    expect(isLowRate(0.1, null, true)).toBe(false);
  });

  test('is less than half of the pixels', () => {
    expect(isSmall(1280, 720, HD)).toBe(true);
    expect(isSmall(1600, 900, HD)).toBe(false);
    expect(isSmall(1, 1, null)).toBe(false);
  });
});

describe('light by the sun over Thailand (UTC+7)', () => {
  test.each([
    ['2026-11-25T05:30:00', 'night'],
    ['2026-11-25T06:45:00', 'day'],
    ['2026-11-25T12:00:00', 'day'],
    ['2026-11-25T17:45:00', 'day'],
    ['2026-11-25T19:00:00', 'night'],
    ['2026-06-21T05:10:00', 'night'],
    ['2026-06-21T06:00:00', 'day'],
    ['2026-06-21T18:50:00', 'day'],
    ['2026-06-21T19:30:00', 'night'],
    ['2026-01-01T00:00:00', 'night'],
  ])('%s is %s', (time, light) => {
    expect(lightAt(Date.parse(`${time}+07:00`))).toBe(light);
  });
});
