import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  nowStatus,
  surveyRules,
  surveyStatus,
  type ObservedSince,
  type SurveyFacts,
} from '#registry/condition.ts';
import { observedStates } from '#registry/events/camera-event.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const window = { fromMs: 100 * HOUR_MS, toMs: 124 * HOUR_MS };
/** Hours of the window from its beginning; negative: before it. */
const hour = (hours: number): number => window.fromMs + hours * HOUR_MS;

const facts = (changes: Partial<SurveyFacts> = {}): SurveyFacts => ({
  declared: { status: 'working', atMs: 0 },
  linked: true,
  observed: [{ atMs: hour(-10), state: 'up' }],
  takenOut: [],
  window,
  ...changes,
});
const seen = (...spans: [hours: number, state: ObservedSince['state']][]): ObservedSince[] =>
  spans.map(([hours, state]) => ({ atMs: hour(hours), state }));

describe('what a camera counts as for the survey', () => {
  test('up all day is working, as it was seen', () => {
    expect(surveyStatus(facts())).toMatchObject({
      status: 'working',
      awaitingClassification: false,
      basis: 'observed',
      rule: 'seen-working',
      proposal: null,
    });
  });

  test.each(['down', 'degraded'] as const)(
    '%s for most of the window is under repair, awaiting classification',
    (state) => {
      expect(surveyStatus(facts({ observed: seen([-1, 'up'], [11, state]) }))).toMatchObject({
        status: 'under-repair',
        awaitingClassification: true,
        basis: 'observed',
        rule: 'damaged-most-of-window',
      });
      // Half of it is not most of it.
      expect(surveyStatus(facts({ observed: seen([-1, 'up'], [12, state]) })).status).toBe(
        'working',
      );
    },
  );

  test('a power cut at 16:29 on the cut-off day makes nobody damaged', () => {
    const cut = { atMs: window.toMs - MINUTE_MS, state: 'down' as const };
    expect(surveyStatus(facts({ observed: [...seen([-1, 'up']), cut] })).status).toBe('working');
    // Nor does one of five minutes of a camera that was linked just before.
    const fresh: ObservedSince[] = [{ atMs: window.toMs - 5 * MINUTE_MS, state: 'down' }];
    expect(surveyStatus(facts({ observed: fresh }))).toMatchObject({
      status: 'working',
      rule: 'damaged-too-short',
    });
  });

  test('down within an incident is not the camera’s fault, and the survey says so', () => {
    const observed = seen([-1, 'up'], [2, 'down']);
    const takenOut = [{ fromMs: hour(2), toMs: hour(20) }];
    expect(surveyStatus(facts({ observed }))).toMatchObject({ awaitingClassification: true });
    expect(surveyStatus(facts({ observed, takenOut }))).toMatchObject({
      status: 'under-repair',
      inIncident: false,
    });
    const whole = [{ fromMs: hour(2), toMs: hour(30) }];
    expect(surveyStatus(facts({ observed, takenOut: whole }))).toMatchObject({
      status: 'working',
      inIncident: true,
      rule: 'too-little-seen',
    });
    // It stayed down for two of the six hours that are left.
    const up = seen([-1, 'up'], [2, 'down'], [22, 'up']);
    expect(surveyStatus(facts({ observed: up, takenOut }))).toMatchObject({
      status: 'working',
      rule: 'seen-working',
      inIncident: true,
    });
  });

  test('a gateway that did not look says nothing of a camera', () => {
    expect(surveyStatus(facts({ observed: seen([-20, 'unknown']) }))).toMatchObject({
      status: 'working',
      rule: 'too-little-seen',
      seen: false,
    });
    // Of the three hours that are left, it was down for two.
    const observed = seen([-1, 'unknown'], [20.9, 'up'], [22, 'down']);
    expect(surveyStatus(facts({ observed })).rule).toBe('damaged-most-of-window');
  });

  test('unrepairable is only declared; recovery proposes, and does not change what was declared', () => {
    const declared = { status: 'unrepairable' as const, atMs: hour(-500) };
    expect(surveyStatus(facts({ declared }))).toMatchObject({
      status: 'unrepairable',
      basis: 'declared',
      proposal: 'working',
    });
    const down = seen([-1, 'down']);
    expect(surveyStatus(facts({ declared, observed: down })).proposal).toBeNull();
    const underRepair = { status: 'under-repair' as const, atMs: 0 };
    expect(surveyStatus(facts({ declared: underRepair }))).toMatchObject({
      status: 'under-repair',
      awaitingClassification: false,
      proposal: 'working',
    });
  });

  test('who declares it working speaks of what was seen before; twelve hours of darkness after it count again', () => {
    const declared = { status: 'working' as const, atMs: hour(13) };
    const observed = seen([-1, 'down']);
    expect(surveyStatus(facts({ declared, observed }))).toMatchObject({
      status: 'working',
      rule: 'damaged-too-short',
    });
    expect(
      surveyStatus(facts({ declared: { ...declared, atMs: hour(11) }, observed })).status,
    ).toBe('under-repair');
  });

  test('a camera without a link counts by its declaration alone', () => {
    for (const status of ['working', 'under-repair', 'unrepairable'] as const) {
      const declared = { status, atMs: 0 };
      const counted = surveyStatus(facts({ declared, linked: false, observed: [] }));
      expect(counted).toMatchObject({ status, basis: 'declared', proposal: null, seen: false });
    }
  });
});

/** Any history, with times around the window. */
const anyFacts: fc.Arbitrary<SurveyFacts> = fc
  .record({
    declared: fc.record({
      status: fc.constantFrom('working', 'under-repair', 'unrepairable'),
      atMs: fc.integer({ min: hour(-60), max: hour(30) }),
    }),
    linked: fc.boolean(),
    observed: fc.array(
      fc.record({
        atMs: fc.integer({ min: hour(-60), max: hour(30) }),
        state: fc.constantFrom(...observedStates),
      }),
      { maxLength: 12 },
    ),
    takenOut: fc.array(
      fc
        .tuple(fc.integer({ min: hour(-60), max: hour(30) }), fc.nat(40 * HOUR_MS))
        .map(([fromMs, lengthMs]) => ({ fromMs, toMs: fromMs + lengthMs })),
      { maxLength: 5 },
    ),
  })
  .map((given) => ({
    ...given,
    observed: given.observed.toSorted((a, b) => a.atMs - b.atMs),
    window,
  }));

/** Minute by minute, as the rule is written in words: slow, and not the code that is tested. */
function minutesOf({ observed, takenOut, declared }: SurveyFacts) {
  let [left, up, damaged] = [0, 0, 0];
  for (let atMs = window.fromMs; atMs < window.toMs; atMs += MINUTE_MS) {
    if (takenOut.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)) continue;
    const state = observed.findLast((one) => one.atMs <= atMs)?.state;
    if (state === 'unknown') continue;
    left++;
    if (state === 'up') up++;
    else if ((state === 'down' || state === 'degraded') && atMs >= declared.atMs) damaged++;
  }
  return { left, up, damaged };
}

function whole(ms: number): number {
  return ms - (ms % MINUTE_MS);
}

/** Times on whole minutes, so that both count the same. */
const wholeMinutes = anyFacts.map(({ declared, observed, takenOut, ...rest }) => {
  return {
    ...rest,
    declared: { ...declared, atMs: whole(declared.atMs) },
    observed: observed.map(({ atMs, state }) => ({ atMs: whole(atMs), state })),
    takenOut: takenOut.map(({ fromMs, toMs }) => ({ fromMs: whole(fromMs), toMs: whole(toMs) })),
  };
});

function holds(
  given: fc.Arbitrary<SurveyFacts>,
  property: (facts: SurveyFacts) => void,
  numRuns = 500,
): void {
  fc.assert(fc.property(given, property), { numRuns });
}

describe('for any history', () => {
  test('unrepairable is counted exactly where it is declared, and whatever is declared damaged stays so', () => {
    holds(anyFacts, (given) => {
      const { status } = surveyStatus(given);
      expect(status === 'unrepairable').toBe(given.declared.status === 'unrepairable');
      if (given.declared.status !== 'working') expect(status).toBe(given.declared.status);
    });
  });

  test('awaiting classification means: declared working, linked, seen damaged', () => {
    holds(anyFacts, (given) => {
      const counted = surveyStatus(given);
      if (!counted.awaitingClassification) return;
      expect(counted.status).toBe('under-repair');
      expect(given.declared.status).toBe('working');
      expect(given.linked).toBe(true);
      expect(counted.seen).toBe(true);
      expect(given.observed.some(({ state }) => state === 'down' || state === 'degraded')).toBe(
        true,
      );
      expect(counted.inIncident).toBe(false);
    });
  });

  test('damaged means for more than half of what is left of the window, counted minute by minute', () => {
    holds(
      wholeMinutes,
      (given) => {
        if (!given.linked || given.declared.status !== 'working') return;
        const { left, up, damaged } = minutesOf(given);
        const wanted = left >= 180 && up + damaged > 0 && damaged * 2 > left;
        expect(surveyStatus(given).awaitingClassification).toBe(wanted);
      },
      60,
    );
  });

  test('an incident makes no camera damaged that was not, and is told where it spared one', () => {
    holds(anyFacts, (given) => {
      const without = surveyStatus({ ...given, takenOut: [] });
      const counted = surveyStatus(given);
      if (counted.inIncident) {
        expect(without.awaitingClassification).toBe(true);
        expect(counted.awaitingClassification).toBe(false);
      }
      const wholly = surveyStatus({ ...given, takenOut: [window] });
      expect(wholly.status).toBe(given.declared.status);
    });
  });

  test('what happened before the window, and the same again within it, changes nothing', () => {
    holds(anyFacts, (given) => {
      const last = given.observed.findLast(({ atMs }) => atMs <= window.fromMs);
      const within = given.observed.filter(({ atMs }) => atMs > window.fromMs);
      const observed = [...(last === undefined ? [] : [last]), ...within];
      expect(surveyStatus({ ...given, observed })).toEqual(surveyStatus(given));
      const twice = given.observed.flatMap((one) => [one, one]);
      expect(surveyStatus({ ...given, observed: twice })).toEqual(surveyStatus(given));
      const later = [...given.observed, { atMs: window.toMs, state: 'down' as const }];
      expect(surveyStatus({ ...given, observed: later })).toEqual(surveyStatus(given));
    });
  });

  test('every rule has words, and every rule is met', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(anyFacts, (given) => {
        met.add(surveyStatus(given).rule);
      }),
      { numRuns: 3_000, seed: 7 },
    );
    expect([...met].toSorted()).toEqual(Object.keys(surveyRules).toSorted());
  });
});

test('now: seen damaged is damaged, not known is counted by its declaration and said', () => {
  expect(nowStatus('working', 'down')).toEqual({
    status: 'under-repair',
    awaitingClassification: true,
    unknown: false,
  });
  expect(nowStatus('unrepairable', 'up').status).toBe('unrepairable');
  expect(nowStatus('under-repair', 'down').awaitingClassification).toBe(false);
  for (const observed of ['unknown', null] as const) {
    expect(nowStatus('working', observed)).toMatchObject({ status: 'working', unknown: true });
  }
  expect(nowStatus('working', 'not-linked')).toMatchObject({ status: 'working', unknown: false });
});
