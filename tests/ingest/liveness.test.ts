import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beginLiveness,
  FLAP_WINDOW_MS,
  ofFailure,
  stepLiveness,
  usualRules,
  type LivenessChange,
  type Sight,
} from '#ingest/liveness.ts';
import type { DownReason } from '#ingest/stream-failure.ts';
import { cameraEvent, type DegradedReason } from '#registry/events/camera-event.ts';

const STEP_MS = 500;
const START_MS = 1_000_000;

/** What a camera shows for some seconds. */
type Act =
  | { seconds: number; pictures: true; symptom?: DegradedReason }
  | { seconds: number; pictures: false; failure?: DownReason };

interface Told extends LivenessChange {
  /** Seconds from the beginning to when it was told, and to when it began. */
  told: number;
  began: number;
}

function play(acts: readonly Act[], state: 'unknown' | 'up' = 'unknown'): Told[] {
  let memory = beginLiveness(state, null, START_MS);
  let nowMs = START_MS;
  const told: Told[] = [];
  let symptom: Sight['symptom'];
  let failure: DownReason | undefined;
  for (const act of acts) {
    for (let at = 0; at < act.seconds * 1000; at += STEP_MS) {
      nowMs += STEP_MS;
      const interrupted = !act.pictures && at === 0 && act.failure !== undefined;
      if (!act.pictures) {
        failure = act.failure;
        symptom = undefined;
      } else {
        failure = undefined;
        if (act.symptom === undefined) symptom = undefined;
        else if (symptom?.reason !== act.symptom) symptom = { reason: act.symptom, sinceMs: nowMs };
      }
      const step = stepLiveness(
        memory,
        { nowMs, pictures: act.pictures, failure, interrupted, symptom },
        usualRules,
      );
      memory = step.memory;
      if (step.change === undefined) continue;
      const seconds = (ms: number): number => (ms - START_MS) / 1000;
      told.push({ ...step.change, told: seconds(nowMs), began: seconds(step.change.beganMs) });
    }
  }
  return told;
}

const words = (told: readonly Told[]): string[] =>
  told.map(({ state, reason, flapping }) =>
    [state, reason, flapping ? 'flapping' : null].filter((word) => word !== null).join(' '),
  );

const flap = (on: number, off: number, times: number): Act[] =>
  Array.from({ length: times }, (): Act[] => [
    { seconds: on, pictures: true },
    { seconds: off, pictures: false, failure: 'closed-by-camera' },
  ]).flat();

describe('a camera', () => {
  test('is up after 10 s of pictures, and was from the first', () => {
    const told = play([{ seconds: 12, pictures: true }]);
    expect(told).toMatchObject([{ state: 'up', previous: 'unknown', told: 10.5, began: 0.5 }]);
  });

  test('is down after 15 s without one, from the last, and says why', () => {
    const told = play([
      { seconds: 20, pictures: true },
      { seconds: 60, pictures: false, failure: 'unreachable' },
    ]);
    expect(words(told)).toEqual(['up', 'down unreachable']);
    expect(told[1]).toMatchObject({ previous: 'up', began: 20, told: 35 });
  });

  test('that comes back within 14 s was never down', () => {
    const told = play([
      { seconds: 20, pictures: true },
      { seconds: 14, pictures: false, failure: 'closed-by-camera' },
      { seconds: 20, pictures: true },
    ]);
    expect(words(told)).toEqual(['up']);
  });

  test('that says nothing, without any error, is silent after twice the time', () => {
    const told = play([
      { seconds: 20, pictures: true },
      { seconds: 40, pictures: false },
    ]);
    expect(told[1]).toMatchObject({ state: 'down', reason: 'silent', told: 50 });
  });

  test('is degraded after 60 s of a symptom, from where it began, and up after 10 s without', () => {
    const told = play([
      { seconds: 20, pictures: true },
      { seconds: 70, pictures: true, symptom: 'low-frame-rate' },
      { seconds: 20, pictures: true },
    ]);
    expect(words(told)).toEqual(['up', 'degraded low-frame-rate', 'up']);
    expect(told[1]).toMatchObject({ began: 20.5, told: 80.5 });
    expect(told[2]).toMatchObject({ previous: 'degraded', began: 90.5, told: 100.5 });
  });

  test('with a symptom of 59 s is not degraded', () => {
    const told = play([
      { seconds: 20, pictures: true },
      { seconds: 59, pictures: true, symptom: 'black-picture' },
      { seconds: 20, pictures: true },
    ]);
    expect(words(told)).toEqual(['up']);
  });

  test('that comes back with a symptom is not up in between', () => {
    const told = play([
      { seconds: 30, pictures: false, failure: 'refused' },
      { seconds: 80, pictures: true, symptom: 'frozen-picture' },
    ]);
    expect(words(told)).toEqual(['down refused', 'degraded frozen-picture']);
  });

  test('that starts after a power cut refuses, then asks for a password, then plays: only what lasts is told', () => {
    const told = play([
      { seconds: 20, pictures: true },
      { seconds: 300, pictures: false, failure: 'unreachable' },
      { seconds: 20, pictures: false, failure: 'refused' },
      { seconds: 20, pictures: false, failure: 'not-found' },
      { seconds: 30, pictures: true },
    ]);
    expect(words(told)).toEqual(['up', 'down unreachable', 'up']);
  });

  test('down for another reason for a minute says so', () => {
    const told = play([
      { seconds: 30, pictures: false, failure: 'unreachable' },
      { seconds: 70, pictures: false, failure: 'unauthorised' },
    ]);
    expect(words(told)).toEqual(['down unreachable', 'down unauthorised']);
    expect(told[1]?.previous).toBe('down');
  });

  test('that we have no room for is unknown, not down', () => {
    const told = play([
      { seconds: 20, pictures: true },
      { seconds: 60, pictures: false, failure: 'site-budget' },
    ]);
    expect(words(told)).toEqual(['up', 'unknown gateway']);
  });
});

describe('a doubt', () => {
  test('keeps a camera from being called up until it is settled', () => {
    let memory = beginLiveness('unknown', null, START_MS);
    const changes: string[] = [];
    for (let ms = 0; ms < 40_000; ms += STEP_MS) {
      const sight = {
        nowMs: START_MS + ms,
        failure: undefined,
        interrupted: false,
        symptom: undefined,
      };
      const step = stepLiveness(
        memory,
        { ...sight, pictures: true, doubtful: ms < 30_000 },
        usualRules,
      );
      memory = step.memory;
      if (step.change !== undefined) changes.push(`${step.change.state} ${ms}`);
    }
    expect(changes).toEqual(['up 30000']);
  });
});

describe('flapping', () => {
  test('three interruptions too short to be down are a finding beside the state', () => {
    const told = play([...flap(20, 3, 3), { seconds: 30, pictures: true }]);
    expect(words(told)).toEqual(['up', 'up flapping']);
    expect(told[1]?.previous).toBe('up');
  });

  test('it is down when pictures come for less than half of the time, and is not up for a few seconds', () => {
    const told = play([{ seconds: 20, pictures: true }, ...flap(5, 10, 12)]);
    expect(words(told)).toEqual(['up', 'up flapping', 'down refused flapping']);
    expect(told[2]?.told).toBeLessThan(20 + 90);
  });

  test('a minute of good pictures makes it up again, and ten minutes without interruption end it', () => {
    const told = play([
      { seconds: 20, pictures: true },
      ...flap(5, 10, 12),
      { seconds: 800, pictures: true },
    ]);
    expect(words(told).slice(3)).toEqual(['up flapping', 'up']);
    expect(told[3]?.told).toBeCloseTo(20 + 180 + 60.5, 0);
    expect((told[4]?.told ?? 0) - 200).toBeCloseTo(FLAP_WINDOW_MS / 1000 - 10, 0);
  });

  test('three falls that are each told are flapping too', () => {
    const told = play([{ seconds: 20, pictures: true }, ...flap(12, 20, 4)]);
    expect(words(told)).toContain('down refused flapping');
  });
});

describe('whatever a camera does', () => {
  const failures: DownReason[] = [
    'unreachable',
    'refused',
    'site-budget',
    'silent',
    'unauthorised',
  ];
  const seconds = fc.integer({ min: 1, max: 100 });
  const act: fc.Arbitrary<Act> = fc.oneof(
    fc.record({
      seconds,
      pictures: fc.constant<true>(true),
      symptom: fc.constantFrom<DegradedReason>('frozen-picture', 'low-frame-rate'),
    }),
    fc.record({ seconds, pictures: fc.constant<true>(true) }),
    fc.record({
      seconds,
      pictures: fc.constant<false>(false),
      failure: fc.constantFrom(...failures),
    }),
    fc.record({ seconds, pictures: fc.constant<false>(false) }),
  );
  const life = fc.array(act, { maxLength: 20 });

  test('each change follows on the one before it, and none is told twice', () => {
    fc.assert(
      fc.property(life, (acts) => {
        let state = 'unknown';
        let key = 'unknown,,false';
        for (const change of play(acts)) {
          expect(change.previous).toBe(state);
          const next = [change.state, change.reason, change.flapping].join();
          expect(next).not.toBe(key);
          state = change.state;
          key = next;
        }
      }),
    );
  });

  test('it is down or degraded no sooner than the rules say, for a reason of that state', () => {
    fc.assert(
      fc.property(life, (acts) => {
        for (const { state, reason, told, began, flapping, previous } of play(acts)) {
          const event = {
            eventId: '019aa0b2-6a00-7000-8000-000000000000',
            cameraId: '019aa0b2-6a00-7000-8000-000000000001',
            epoch: 1,
            sequence: 1,
            atMs: 1,
            state,
            previous,
            reason,
            measured: {},
            worker: 'w',
          };
          expect(cameraEvent.safeParse(event).success).toBe(true);
          if (state === previous) continue;
          if (state === 'down' && !flapping) expect(told - began).toBeGreaterThanOrEqual(15);
          if (state === 'degraded') expect(told - began).toBeGreaterThanOrEqual(60);
          if (state === 'up') expect(told - began).toBeGreaterThanOrEqual(10);
        }
      }),
    );
  });

  test('after two minutes of good pictures it is up', () => {
    fc.assert(
      fc.property(life, (acts) => {
        const told = play([...acts, { seconds: 120, pictures: true }]);
        expect(told.at(-1)?.state).toBe('up');
      }),
    );
  });

  test('after two minutes without a picture it is down, or unknown by our own doing', () => {
    fc.assert(
      fc.property(life, fc.constantFrom(...failures), (acts, failure) => {
        const told = play([...acts, { seconds: 120, pictures: false, failure }]);
        expect(told.at(-1)).toMatchObject(ofFailure(failure));
      }),
    );
  });
});
