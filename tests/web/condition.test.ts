import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { declarationReasons } from '#registry/declaration-reasons.ts';
import { newDeclaration } from '#registry/declarations.ts';
import { newRepair, repairChange } from '#registry/repair.ts';
import { goodShare, stripParts } from '#gateway/web/condition/history-strip.ts';
import {
  causeChoices,
  declaredReasonWords,
  reasonChoices,
} from '#gateway/web/condition/reason-words.ts';
import { thaiToday } from '#gateway/web/thai-day.ts';
import { momentToType, thaiMoment, typedMoment } from '#gateway/web/typed-day.ts';
import { bodyOf, costOf, draftOf, missingIn } from '#gateway/web/repairs/repair-draft.ts';
import { firstPlace, levelBelow, placeOf, placeQuery } from '#gateway/web/survey/count-place.ts';
import type { Repair } from '#gateway/web/api/repairs.ts';

const HOUR_MS = 3_600_000;
const at = (hours: number): string => new Date(hours * HOUR_MS).toISOString();

describe('the strip of a camera’s history', () => {
  test('has each state as long as it was, and begins with what was before', () => {
    const transitions = [
      { at: at(9), state: 'up', previous: 'down' },
      { at: at(4), state: 'down', previous: 'up' },
    ];
    const parts = stripParts(transitions, 'up', 0, 10 * HOUR_MS);
    expect(parts.map(({ state, fromMs, toMs }) => [state, (toMs - fromMs) / HOUR_MS])).toEqual([
      ['up', 4],
      ['down', 5],
      ['up', 1],
    ]);
    expect(goodShare(parts)).toBe(50);
  });

  test('without a transition is what it is now, and what nobody saw is no share of anything', () => {
    expect(stripParts([], 'down', 0, HOUR_MS)).toEqual([
      { state: 'down', fromMs: 0, toMs: HOUR_MS },
    ]);
    expect(goodShare(stripParts([], null, 0, HOUR_MS))).toBeNull();
    const half = [{ at: at(5), state: 'up', previous: 'unknown' }];
    expect(goodShare(stripParts(half, 'up', 0, 10 * HOUR_MS))).toBe(100);
  });

  test('covers the whole time without a hole, whatever happened', () => {
    const states = fc.constantFrom('up', 'down', 'degraded', 'unknown');
    fc.assert(
      fc.property(
        fc.array(fc.record({ hour: fc.integer({ min: -5, max: 15 }), state: states })),
        states,
        (given, previous) => {
          const transitions = given
            .toSorted((a, b) => b.hour - a.hour)
            .map(({ hour, state }) => ({ at: at(hour), state, previous }));
          const parts = stripParts(transitions, 'up', 0, 10 * HOUR_MS);
          expect(parts[0]?.fromMs).toBe(0);
          expect(parts.at(-1)?.toMs).toBe(10 * HOUR_MS);
          for (const [index, part] of parts.entries()) {
            expect(part.toMs).toBeGreaterThan(part.fromMs);
            if (index > 0) expect(part.fromMs).toBe(parts[index - 1]?.toMs);
            if (index > 0) expect(part.state).not.toBe(parts[index - 1]?.state);
          }
        },
      ),
    );
  });
});

describe('reasons', () => {
  test('that the screen offers are those that the gateway takes, in Thai words', () => {
    for (const status of Object.keys(declarationReasons) as (keyof typeof declarationReasons)[]) {
      for (const { value: reason, label } of reasonChoices(status, 'th')) {
        expect(newDeclaration.safeParse({ status, reason, note: 'หมายเหตุ' }).success).toBe(true);
        expect(label).toMatch(/[ก-๙]/u);
      }
    }
    expect(declaredReasonWords('working', 'of-a-newer-gateway', 'th')).toBe('of-a-newer-gateway');
    for (const { value: cause, label } of causeChoices('th')) {
      expect(newRepair.safeParse({ cause }).success).toBe(true);
      expect(label).toMatch(/[ก-๙]/u);
    }
  });
});

describe('the form of a repair', () => {
  const repair: Repair = {
    id: 'r',
    cameraId: 'c',
    version: 3,
    state: 'in-repair',
    reportedOn: '2026-11-20',
    reportedBy: 'สมชาย',
    cause: 'power',
    note: null,
    contractor: 'หจก.ก',
    warrantyUntil: null,
    dueOn: '2026-12-01',
    cost: 4500.5,
    backOn: null,
    openedAt: at(0),
    closedAt: null,
    overdueDays: 0,
  };

  test('of a new one is what the gateway takes', () => {
    const draft = draftOf(null, 'สมชาย', '2026-11-25');
    expect(missingIn(draft, null)).toEqual([]);
    expect(newRepair.safeParse(bodyOf(draft, null)).success).toBe(true);
  });

  test('sends what was changed and nothing else', () => {
    const draft = draftOf(repair, 'อื่น', '2026-11-25');
    expect(bodyOf(draft, repair)).toEqual({});
    const changed = bodyOf({ ...draft, cost: '๕,๐๐๐', contractor: '' }, repair);
    expect(changed).toEqual({ cost: 5000, contractor: null });
    const closed = bodyOf({ ...draft, state: 'back-in-service' }, repair);
    expect(closed).toEqual({ state: 'back-in-service', backOn: '2026-11-25' });
    expect(repairChange.safeParse(closed).success).toBe(true);
  });

  test('is not whole without the reason that it cannot be repaired, or with a cost that is no number', () => {
    const draft = { ...draftOf(repair, ''), state: 'unrepairable' };
    expect(missingIn(draft, repair)).toEqual(['unrepairableReason']);
    expect(missingIn({ ...draft, unrepairableReason: 'other' }, repair)).toEqual(['note']);
    const other = { ...draft, unrepairableReason: 'other', note: 'จมน้ำ' };
    expect(missingIn(other, repair)).toEqual([]);
    expect(repairChange.safeParse(bodyOf(other, repair)).success).toBe(true);
    expect(missingIn({ ...draftOf(repair, ''), cost: 'สี่พัน' }, repair)).toEqual(['cost']);
    // Of one that is closed already nobody asks it again.
    expect(missingIn({ ...draft, cost: '5' }, { ...repair, state: 'unrepairable' })).toEqual([]);
    // A day that was not understood is not taken for none.
    expect(missingIn({ ...draftOf(repair, ''), dueOn: undefined }, repair)).toEqual(['dueOn']);
    expect(['', '12.5', '1,200', '๑๒', '1.234', '-1'].map(costOf)).toEqual([
      null,
      12.5,
      1200,
      12,
      undefined,
      undefined,
    ]);
  });
});

describe('places of the counts', () => {
  test('come back from the address as they went in, and lead one level down', () => {
    for (const [place, level] of [
      [{}, 'province'],
      [{ province: 'กระบี่' }, 'district'],
      [{ province: 'กระบี่', district: 'เกาะลันตา' }, 'lao'],
      [{ province: 'กระบี่', district: 'เกาะลันตา', lao: 'ทต.เกาะลันตาใหญ่' }, 'budget-source'],
    ] as const) {
      expect(placeOf(placeQuery(place))).toEqual(place);
      expect(levelBelow(place)).toBe(level);
    }
    // A district alone names none: there are several of one name.
    expect(placeOf('district=เมือง')).toEqual({});
  });

  test('whoever has one area begins there, others at the country', () => {
    const lanta = { level: 'lao', province: 'ก', district: 'ข', lao: 'ค' };
    expect(firstPlace([lanta])).toEqual({ province: 'ก', district: 'ข', lao: 'ค' });
    expect(firstPlace([lanta, { level: 'province', province: 'ง' }])).toEqual({});
    expect(firstPlace([{ level: 'country' }])).toEqual({});
  });
});

test('days and moments are those of Thailand', () => {
  expect(thaiToday(Date.parse('2026-11-24T18:00:00Z'))).toBe('2026-11-25');
  expect(thaiMoment('2026-12-18T16:30')).toBe('2026-12-18T16:30:00+07:00');
  expect(thaiMoment('')).toBeUndefined();
});

test('a moment is typed in the Buddhist era, with digits of both kinds', () => {
  for (const text of ['18/12/2569 16.30', '18/12/69 16:30', '๑๘/๑๒/๒๕๖๙ ๑๖.๓๐ น.']) {
    expect([text, typedMoment(text)]).toEqual([text, '2026-12-18T16:30']);
  }
  for (const text of ['18/12/2569', '18/12/2569 24.00', '18/12/3112 16.30', '16.30']) {
    expect([text, typedMoment(text)]).toEqual([text, undefined]);
  }
  expect(momentToType('2026-12-18T16:30')).toBe('18/12/2569 16.30');
  expect(momentToType('')).toBe('');
});
