/**
 * Cameras of the simulator that fail in each way, and those that only look so, through a worker, the feed and ffmpeg; with
 * waits an eighth as long as usual. The same with the usual ones: `npm run torture`.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ConditionFeed } from '#ingest/condition/condition-feed.ts';
import { decodeLook } from '#ingest/condition/decode-look.ts';
import { PictureLooks } from '#ingest/condition/picture-looks.ts';
import { LiveStateBoard } from '#ingest/live-states.ts';
import { WorkerPool } from '#ingest/worker-pool.ts';
import type { LivenessTransition } from '#registry/events/camera-event.ts';
import { missingParts } from '#tests/end-to-end/machine.ts';
import type { Behaviour } from '#tests/simulator/behaviour.ts';
import { startSimulator, type Simulator } from '#tests/simulator/rtsp-server.ts';

const RULES = { downAfterMs: 2_000, upAfterMs: 1_500, degradedAfterMs: 7_500 };
/** The longest sign: groups of pictures are two seconds. */
const WITHIN_MS = 20_000;

const USUAL = { frameRate: 10, width: 640, height: 480 };

/** What a camera does, and what comes of it; undefined: nothing. */
const faults = {
  freezes: [{ kind: 'change-parameter-sets', clip: 'still' }, 'degraded frozen-picture'],
  repeats: [{ kind: 'freeze-picture' }, 'degraded frozen-picture'],
  blackens: [{ kind: 'change-parameter-sets', clip: 'black' }, 'degraded black-picture'],
  'loses-signal': [
    { kind: 'change-parameter-sets', clip: 'no-signal' },
    'degraded no-signal-picture',
  ],
  slows: [{ kind: 'change-parameter-sets', clip: 'slow' }, 'degraded low-frame-rate'],
  shrinks: [{ kind: 'change-parameter-sets', clip: 'small' }, 'degraded small-picture'],
  'stands-still': [{ kind: 'stale-timestamps' }, 'degraded stale-timestamps'],
  loses: [{ kind: 'lose-packets', fraction: 0.05 }, 'degraded packet-loss'],
  refuses: [{ kind: 'refuse' }, 'down refused'],
  locks: [{ kind: 'unauthorised' }, 'down unauthorised'],
  vanishes: [{ kind: 'not-found' }, 'down not-found'],
  deafens: [{ kind: 'no-video' }, 'down no-video'],
  'night-falls': [{ kind: 'change-parameter-sets', clip: 'night' }, undefined],
  'shutter-slows': [{ kind: 'change-parameter-sets', clip: 'night-slow' }, undefined],
  'long-group': [{ kind: 'change-parameter-sets', clip: 'long-group' }, undefined],
  steady: [{ kind: 'normal' }, undefined],
} as const satisfies Record<string, readonly [Behaviour, string | undefined]>;
type Name = keyof typeof faults;
const names = Object.keys(faults) as Name[];
const faulty = names.filter((name) => faults[name][1] !== undefined);
const sound = names.filter((name) => faults[name][1] === undefined);

const until = (holds: () => void): Promise<void> =>
  vi.waitFor(holds, { timeout: WITHIN_MS, interval: 50 });

describe.skipIf(missingParts('ffmpeg').length > 0)(
  'conditions, seen by decoding (wants ffmpeg)',
  () => {
    let simulator: Simulator;
    let pool: WorkerPool;
    let feed: ConditionFeed;
    let looks: PictureLooks;
    const told: LivenessTransition[] = [];

    const saidOf = (name: string): string[] =>
      told
        .filter(({ cameraId }) => cameraId === name)
        .map(({ state, reason }) => (reason === null ? state : `${state} ${reason}`));

    const measuredOf = (name: string): LivenessTransition['measured'] =>
      told.findLast(({ cameraId }) => cameraId === name)?.measured ?? {};

    beforeAll(async () => {
      simulator = await startSimulator();
      feed = new ConditionFeed({ now: Date.now });
      feed.subscribe((transition) => told.push(transition));
      looks = new PictureLooks({ decode: decodeLook, monotonicMs: () => performance.now() });
      for (const name of names) {
        // That of the night is not known yet for the one whose shutter slows.
        feed.setBaseline(name, { day: USUAL, night: name === 'shutter-slows' ? null : USUAL });
      }
      pool = new WorkerPool({
        workerUrl: new URL('../../../gateway/camera-worker.ts', import.meta.url),
        workers: 1,
        settings: {
          cutting: { partAimMs: 500, segmentAimMs: 2_000, segmentMaxMs: 4_000 },
          condition: { rules: RULES, canLook: true },
          poolMaxBytes: 64 * 1024 * 1024,
          cameraNetworks: ['127.0.0.0/8'],
        },
        windowRules: { targetDurationSeconds: 4, keepMs: 14_000, maxBytes: 16 * 1024 * 1024 },
        states: new LiveStateBoard(),
        conditions: feed,
        looks,
        now: Date.now,
        log: () => {},
      });
      for (const name of [...names, 'sub-stream']) {
        pool.add({
          cameraId: name,
          url: simulator.url(name),
          username: null,
          password: null,
          transport: 'tcp',
          tls: { verify: 'system', fingerprint: null },
          site: null,
        });
      }
      simulator.behave('sub-stream', { kind: 'change-parameter-sets', clip: 'small' });
      await until(() => {
        for (const name of names) expect(saidOf(name)).toEqual(['up']);
      });
      for (const name of names) simulator.behave(name, faults[name][0]);
      await until(() => {
        for (const name of faulty) expect(saidOf(name)).toContain(faults[name][1]);
      });
    }, 60_000);

    afterAll(async () => {
      looks.close();
      await pool.stop();
      await simulator.close();
    });

    test.each(faulty)('a camera that %s is found, once', (name) => {
      expect(saidOf(name)).toEqual(['up', faults[name][1]]);
    });

    test.each(sound)('%s is no fault', (name) => {
      expect(saidOf(name)).toEqual(['up']);
    });

    test('a stream smaller than others is usual for itself, and learnt', async () => {
      await until(() => {
        const { day, night } = feed.baseline('sub-stream');
        expect(day ?? night).toMatchObject({ width: 320, height: 240 });
      });
      const { day, night } = feed.baseline('sub-stream');
      expect((day ?? night)?.frameRate).toBeGreaterThan(8);
      expect((day ?? night)?.frameRate).toBeLessThan(12);
      expect(saidOf('sub-stream')).toEqual(['up']);
    });

    test('a shutter that slows by night is learnt as the night of that stream, its day stays', async () => {
      await until(() => expect(feed.baseline('shutter-slows').night).not.toBeNull());
      const { day, night } = feed.baseline('shutter-slows');
      expect(day).toEqual(USUAL);
      expect(night?.frameRate).toBeGreaterThan(4);
      expect(night?.frameRate).toBeLessThan(6);
    });

    test('a change tells what it goes by', () => {
      expect(measuredOf('slows')).toMatchObject({ usualFrameRate: 10 });
      // Told at any moment before it would be over again (baseline.ts): seven pictures may bunch in one second.
      expect(measuredOf('slows')['frameRate']).toBeLessThan(7.5);
      expect(measuredOf('shrinks')).toMatchObject({ width: 320, usualWidth: 640 });
      expect(measuredOf('freezes')['sameShare']).toBe(1);
      expect(measuredOf('loses')['lostShare']).toBeGreaterThan(0.02);
      expect(measuredOf('locks')).toMatchObject({ failure: 'unauthorised' });
    });

    test('what ends is over: each is up again, and none is told of twice', async () => {
      const back = ['freezes', 'blackens', 'slows', 'loses', 'stands-still'] as const;
      for (const name of back) simulator.behave(name, { kind: 'normal' });
      await until(() => {
        for (const name of back) expect(saidOf(name)).toEqual(['up', faults[name][1], 'up']);
      });
    });

    test('a worker that dies makes its cameras unknown, and what they were before is not told again', async () => {
      told.length = 0;
      await pool.kill(0);
      await until(() => {
        expect(saidOf('steady')).toEqual(['unknown gateway', 'up']);
        expect(saidOf('refuses')).toEqual(['unknown gateway', 'down refused']);
      });
      expect(told.find(({ cameraId }) => cameraId === 'steady')).toMatchObject({ previous: 'up' });
      for (const name of names)
        expect(saidOf(name).filter((said) => said === 'unknown gateway')).toHaveLength(1);
    });
  },
);
