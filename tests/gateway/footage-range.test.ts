import { expect, it } from 'vitest';
import { time } from '#gateway/given-time.ts';
import { range } from '#gateway/routes/footage-range.ts';
import { reasonGiven } from '#gateway/routes/holds.ts';

it('a time has its zone, and a year of the common era: one in พ.ศ. would hold nothing for 543 years', () => {
  expect(time.parse('2026-11-26T08:00:00+07:00')).toBe(Date.UTC(2026, 10, 26, 1));
  expect(time.safeParse('2026-11-26T08:00:00').success).toBe(false);
  const buddhist = time.safeParse('2569-11-26T08:00:00+07:00');
  expect(buddhist.error?.issues[0]?.message).toMatch(/2026 for พ.ศ. 2569/);
  for (const absurd of [
    '0000-01-01T00:00:00Z',
    '1999-12-31T23:59:59Z',
    '9999-12-31T23:59:59-14:00',
  ]) {
    const refused = time.safeParse(absurd);
    expect(refused.error?.issues[0]?.message).toBe('must have a year from 2000 to 2399');
  }
  const hour = { from: '2569-11-26T08:00:00Z', to: '2569-11-26T09:00:00Z' };
  expect(range(3_600_000).safeParse(hour).success).toBe(false);
});

it('a reason says something that can be read, in the order in which it was typed', () => {
  expect(reasonGiven.parse(' คดี\u200bที่ 123/2569 ')).toBe('คดี\u200bที่ 123/2569');
  for (const nothing of ['', '  ', '\u200b\u200b', '\u2060', '\ufe0f', '\u3164', '\u00ad']) {
    expect(reasonGiven.safeParse(nothing).success).toBe(false);
  }
  expect(reasonGiven.safeParse('\u202eคดี').success).toBe(false);
});
