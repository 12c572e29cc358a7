/**
 * The form's example, 43 of its 70 cameras linked, and some of them fail in each way, a whole site falls and a worker is killed: what the
 * gateway says of each over HTTP, how often, and how long it took. The short form waits for less than the usual times; the long one, the
 * usual ones.
 */
import { expect, vi } from 'vitest';
import * as z from 'zod';
import { exampleCameraName, formExample } from '../simulator/form-example.ts';
import { startSimulator, type Simulator } from '../simulator/rtsp-server.ts';
import type { Behaviour } from '../simulator/behaviour.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.ts';

const SITE = 'สถานีย่อยตลาดศาลาด่าน';
const WORKERS = 2;
const POLL_MS = 250;

/** By the numbers of the form's example that work. */
interface Part {
  number: number;
  behaviour: Behaviour;
  /** Every transition after it came up. */
  said: readonly string[];
}

/** Fails, and is found within the time, once. */
const failing: readonly Part[] = [
  {
    number: 1,
    behaviour: { kind: 'change-parameter-sets', clip: 'still' },
    said: ['degraded frozen-picture'],
  },
  {
    number: 2,
    behaviour: { kind: 'change-parameter-sets', clip: 'black' },
    said: ['degraded black-picture'],
  },
  {
    number: 3,
    behaviour: { kind: 'change-parameter-sets', clip: 'slow' },
    said: ['degraded low-frame-rate'],
  },
];
const flapping = 4;
/** Looks as if it failed, and does not. */
const sound: readonly Part[] = [
  { number: 5, behaviour: { kind: 'change-parameter-sets', clip: 'night' }, said: [] },
  { number: 17, behaviour: { kind: 'change-parameter-sets', clip: 'night-slow' }, said: [] },
  { number: 18, behaviour: { kind: 'change-parameter-sets', clip: 'long-group' }, said: [] },
];
/** Of the smaller size from the beginning, whatever fields 7 and 8 say. */
const subStream = 19;
/** Those of the second row of the form that work share a site, and its power. */
const ofSite = [7, 8, 9, 10, 11, 12];
const untouched = 20;
const LINKED = 43;

const conditionAnswer = z.object({
  observed: z
    .object({ state: z.string(), reason: z.string().nullable(), flapping: z.boolean() })
    .nullable(),
  transitions: z.array(
    z.object({
      at: z.string(),
      state: z.string(),
      previous: z.string(),
      reason: z.string().nullable(),
      measured: z.record(z.string(), z.unknown()),
    }),
  ),
});
type Condition = z.infer<typeof conditionAnswer>;

const observedCounts = z.object({
  up: z.int(),
  degraded: z.int(),
  down: z.int(),
  unknown: z.int(),
  notLinked: z.int(),
});
type Counts = z.infer<typeof observedCounts>;
const countsAnswer = z.object({
  total: z.object({
    now: z.object({ observed: observedCounts }),
    survey: z.object({
      total: z.int(),
      working: z.int(),
      underRepair: z.int(),
      unrepairable: z.int(),
    }),
  }),
});
/** What the form's example counts as, whatever falls for minutes. */
const FORM = { total: 70, working: 43, underRepair: 18, unrepairable: 9 };
const incidentsAnswer = z.object({
  incidents: z.array(
    z.object({ kind: z.string(), key: z.string(), cameras: z.int(), to: z.string().nullable() }),
  ),
});

export interface Waits {
  downAfterMs: number;
  upAfterMs: number;
  degradedAfterMs: number;
  /** By then each is found. */
  withinMs: number;
  /** Without power for so long. */
  powerCutMs: number;
  flap: { onMs: number; offMs: number };
}

export interface FailingCameras {
  /** What was said of each that fails, and of those that only look so, since it came up; and how long it took. */
  fail(): Promise<{ foundMs: number }>;
  /** A site without power, and back. */
  cutPower(): Promise<void>;
  killWorker(): Promise<void>;
  close(): Promise<void>;
}

/** Of the 70, of which the others are up. */
const up = (fallen: Partial<Counts> = {}): Counts => {
  const { degraded = 0, down = 0 } = fallen;
  return {
    up: LINKED - degraded - down,
    degraded,
    down,
    unknown: 0,
    notLinked: FORM.total - LINKED,
  };
};

const until = (fact: () => Promise<void>, timeout: number): Promise<void> =>
  vi.waitFor(fact, { timeout, interval: POLL_MS });

/** Starts all, and waits until the 43 are up. */
export async function startFailingCameras(waits: Waits): Promise<FailingCameras> {
  const simulator = await startSimulator();
  const box = await startSimulator();
  const gateway = await startGatewayUnderTest({
    WORKERS: `${WORKERS}`,
    DOWN_AFTER_MS: `${waits.downAfterMs}`,
    UP_AFTER_MS: `${waits.upAfterMs}`,
    DEGRADED_AFTER_MS: `${waits.degradedAfterMs}`,
  });
  const ids = await register(gateway, simulator, box);
  const linked = [...ids.keys()];
  const idOf = (number: number): string => ids.get(number) ?? '';

  const conditionOf = async (number: number): Promise<Condition> => {
    const reply = await fetch(`${gateway.url}/api/v1/cameras/${idOf(number)}/condition?limit=500`);
    expect(reply.status).toBe(200);
    return conditionAnswer.parse(await reply.json());
  };
  /** Oldest first, without those before `since`. */
  const saidOf = async (number: number, since = 0): Promise<string[]> =>
    (await conditionOf(number)).transitions
      .toReversed()
      .slice(since)
      .map(({ state, reason }) => (reason === null ? state : `${state} ${reason}`));
  /** What the survey counts now, of all 70. */
  const counted = async (): Promise<Counts> => {
    const reply = await fetch(`${gateway.url}/api/v1/survey/counts`);
    expect(reply.status).toBe(200);
    const { total } = countsAnswer.parse(await reply.json());
    // Hours count for the form, and no minutes.
    expect(total.survey).toEqual(FORM);
    return total.now.observed;
  };
  const incidentsNow = async () =>
    incidentsAnswer.parse(await (await fetch(`${gateway.url}/api/v1/incidents`)).json()).incidents;
  const close = async (): Promise<void> => {
    await gateway.close();
    await simulator.close();
    await box.close();
  };

  try {
    await until(async () => expect(await counted()).toEqual(up()), 60_000);
    // What is usual is known of each that its failing is measured by.
    await until(
      async () => expect(await baselineOf(gateway, idOf(3))).not.toBeNull(),
      waits.degradedAfterMs * 3 + 30_000,
    );
  } catch (error) {
    await close();
    throw error;
  }

  return {
    async fail() {
      const beganMs = performance.now();
      for (const { number, behaviour } of [...failing, ...sound]) {
        simulator.behave(exampleCameraName(number), behaviour);
      }
      simulator.behave(exampleCameraName(flapping), { kind: 'flap', ...waits.flap });
      await until(async () => {
        for (const { number, said } of failing) expect(await saidOf(number, 1)).toEqual(said);
        const { observed } = await conditionOf(flapping);
        expect(observed).toMatchObject({ state: 'down', reason: 'refused', flapping: true });
        expect(await counted()).toEqual(up({ degraded: 3, down: 1 }));
      }, waits.withinMs);
      const foundMs = performance.now() - beganMs;
      // Whatever only looks so has had as long.
      for (const { number, said } of failing) expect(await saidOf(number)).toEqual(['up', ...said]);
      for (const { number } of sound) expect(await saidOf(number)).toEqual(['up']);
      expect(await saidOf(subStream)).toEqual(['up']);
      const said = (await conditionOf(flapping)).transitions;
      expect(said.length).toBeLessThanOrEqual(4);
      said.forEach(({ previous }, index) => {
        // Newest first: each follows on the one before it.
        expect(previous).toBe(said[index + 1]?.state ?? 'unknown');
      });
      return { foundMs };
    },
    async cutPower() {
      await box.setListening(false);
      const cutMs = performance.now();
      await until(async () => {
        for (const number of ofSite) {
          expect(await saidOf(number)).toEqual(['up', 'down refused']);
        }
        expect(await counted()).toEqual(up({ degraded: 3, down: 1 + ofSite.length }));
        expect(await incidentsNow()).toMatchObject([
          { kind: 'site', key: expect.stringContaining(SITE), cameras: ofSite.length, to: null },
        ]);
      }, waits.withinMs);
      const leftMs = waits.powerCutMs - (performance.now() - cutMs);
      if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
      await box.setListening(true);
      // A camera is dialled again up to a minute later, whoever waits for it.
      await until(async () => {
        for (const number of ofSite) {
          expect(await saidOf(number)).toEqual(['up', 'down refused', 'up']);
        }
        expect(await counted()).toEqual(up({ degraded: 3, down: 1 }));
        const [incident] = await incidentsNow();
        expect(incident?.to).toEqual(expect.any(String));
      }, 90_000);
    },
    async killWorker() {
      const steps = new Map<number, number>();
      for (const number of linked) steps.set(number, (await saidOf(number)).length);
      const before = await saidOf(untouched);
      // One of the two has this camera.
      for (let worker = 0; worker < WORKERS; worker++) await gateway.pool.kill(worker);
      await until(async () => {
        expect(await saidOf(untouched, before.length)).toEqual(['unknown gateway', 'up']);
        for (const { number, said } of failing) {
          expect(await saidOf(number, steps.get(number))).toEqual(['unknown gateway', ...said]);
        }
      }, waits.withinMs);
      for (const number of [...ofSite, subStream, ...sound.map((part) => part.number)]) {
        expect(await saidOf(number, steps.get(number))).toEqual(['unknown gateway', 'up']);
      }
    },
    close,
  };
}

/** The 70 of the form; ids of those that are linked, by their number. */
async function register(
  gateway: GatewayUnderTest,
  simulator: Simulator,
  box: Simulator,
): Promise<Map<number, string>> {
  const ids = new Map<number, string>();
  const example = formExample((name) => simulator.url(name));
  for (const [index, camera] of example.entries()) {
    const number = index + 1;
    const isOfSite = ofSite.includes(number);
    if (number === subStream) {
      simulator.behave(exampleCameraName(number), { kind: 'change-parameter-sets', clip: 'small' });
    }
    const given = isOfSite
      ? {
          ...camera,
          site: SITE,
          stream: { url: box.url(exampleCameraName(number)), transport: 'tcp' },
        }
      : camera;
    const reply = await fetch(`${gateway.url}/api/v1/cameras`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(given),
    });
    expect(reply.status).toBe(201);
    const { id } = z.object({ id: z.string() }).parse(await reply.json());
    if (given.stream !== null) ids.set(number, id);
  }
  expect(ids.size).toBe(LINKED);
  return ids;
}

async function baselineOf(gateway: GatewayUnderTest, id: string): Promise<unknown> {
  const reply = await fetch(`${gateway.url}/api/v1/cameras/${id}/baseline`);
  const { day, night } = z
    .object({ day: z.unknown(), night: z.unknown() })
    .parse(await reply.json());
  return day ?? night;
}
