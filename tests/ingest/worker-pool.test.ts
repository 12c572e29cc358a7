import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerFromWindow, type OriginAnswer } from '#ingest/hls/origin.ts';
import type { LiveWindow } from '#ingest/hls/live-window.ts';
import { LiveStateBoard, type LiveState } from '#ingest/live-states.ts';
import { ChunkReader } from '#ingest/memory/chunk-pool.ts';
import { WorkerPool } from '#ingest/worker-pool.ts';
import type { ScriptedRound } from './scripted-worker.ts';
import type { StreamSource } from '#registry/cameras.ts';
import { startSimulator, type Simulator } from '#tests/simulator/rtsp-server.ts';

const WAIT_MS = 15_000;

let simulator: Simulator;
let pool: WorkerPool;
let states: LiveStateBoard;
let told: LiveState[];
let logged: string[];
let loggedRuns: unknown[];

beforeEach(async () => {
  simulator = await startSimulator();
  states = new LiveStateBoard();
  told = [];
  logged = [];
  loggedRuns = [];
  states.subscribe((state) => told.push(state));
  pool = startPool('../../gateway/camera-worker.ts', 2);
});

function startPool(worker: string, workers: number): WorkerPool {
  return new WorkerPool({
    workerUrl: new URL(worker, import.meta.url),
    workers,
    settings: {
      cutting: { partAimMs: 500, segmentAimMs: 2_000, segmentMaxMs: 4_000 },
      poolMaxBytes: 32 * 1024 * 1024,
      cameraNetworks: ['127.0.0.0/8'],
    },
    windowRules: { targetDurationSeconds: 4, keepMs: 14_000, maxBytes: 16 * 1024 * 1024 },
    states,
    now: Date.now,
    log: (event, fields) => {
      logged.push(event);
      loggedRuns.push(fields['runId']);
    },
  });
}

afterEach(async () => {
  vi.restoreAllMocks();
  await pool.stop();
  await simulator.close();
});

function add(cameraId: string, url = simulator.url(cameraId)): void {
  pool.add({
    cameraId,
    url,
    username: null,
    password: null,
    transport: 'auto',
    tls: { verify: 'system', fingerprint: null },
    site: null,
  });
}

function windowOf(cameraId: string): LiveWindow {
  const window = pool.window(cameraId);
  if (window === undefined) throw new Error(`no window of ${cameraId}`);
  return window;
}

function until(fact: () => boolean, what: string): Promise<void> {
  return vi.waitFor(
    () => {
      if (!fact()) throw new Error(`never came true: ${what}`);
    },
    { timeout: WAIT_MS, interval: 20 },
  );
}

const closedSegments = (cameraId: string): number =>
  windowOf(cameraId).segments.filter((s) => s.closed).length;

function isDown(cameraId: string): boolean {
  return states.get(cameraId)?.state === 'down';
}

function slicesHeld(window: LiveWindow): number {
  return window.segments.reduce(
    (sum, segment) => sum + segment.parts.reduce((of, part) => of + part.slices.length, 0),
    0,
  );
}

describe('cameras over two workers', { timeout: 60_000 }, () => {
  test('a worker that dies is started again alone; its cameras go on under the same window', async () => {
    // Placed in turn: a and c on the first worker, b and d on the second.
    for (const cameraId of ['a', 'b', 'c', 'd']) add(cameraId);
    expect(states.get('a')?.state).toBe('connecting');
    await until(
      () =>
        ['a', 'b', 'c', 'd'].every(
          (id) => states.get(id)?.state === 'up' && closedSegments(id) > 0,
        ),
      'all four play',
    );
    expect(states.get('a')).toMatchObject({ codec: 'avc1.64001F', width: 640, height: 480 });
    const before = windowOf('a');
    const [run, first] = [before.segments[0]?.init.runId, before.segments[0]?.mediaSequence ?? 0];
    // Another target than this rate would have chosen: 6 pictures of 100 ms instead of 5.
    before.partTarget = { ticks: 60_000 };
    const last = before.segments.at(-1)?.mediaSequence ?? 0;
    const answers: OriginAnswer[] = [];
    answerFromWindow(before, 'media.m3u8', { _HLS_msn: `${last + 1}` }, (a) => answers.push(a));
    told.length = 0;

    await pool.kill(0);

    await until(() => states.get('a')?.reason === 'worker-restarted', 'its cameras say so');
    expect(states.get('a')?.state).toBe('connecting');
    expect(before.running).toBe(false);
    expect(before.openSegment).toBeUndefined();
    // What is in the window can still be had.
    const kept = windowOf('a').segments.findLast((s) => s.closed);
    const bytes = kept?.parts[0]?.slices.map((s) =>
      kept.parts[0]?.reader.bytes(s.chunk, s.offset, s.length),
    );
    expect(bytes?.[0]?.toString('latin1', 4, 8)).toBe('moof');

    await until(
      () =>
        ['a', 'c'].every((id) =>
          windowOf(id).segments.some((s) => s.init.runId !== run && s.closed),
        ),
      'both come back',
    );
    expect(windowOf('a')).toBe(before);
    const { segments } = before;
    const again = segments.find((s) => s.init.runId !== run)?.parts[0];
    expect(before.partTarget).toEqual({ ticks: 60_000 });
    expect(again?.durationTicks).toBe(54_000);
    expect(segments.map((s) => s.mediaSequence)).toEqual(segments.map((_, i) => first + i));
    expect(segments.filter((s) => s.discontinuity)).toHaveLength(1);
    expect(segments.find((s) => s.discontinuity)?.init.runId).not.toBe(run);
    expect(answers.map(({ kind }) => kind)).toEqual(['playlist']);
    expect(states.get('a')?.state).toBe('up');

    for (const other of ['b', 'd']) {
      expect(simulator.stats(other).plays).toBe(1);
      expect(windowOf(other).segments.some((s) => s.discontinuity)).toBe(false);
      expect(told.some((s) => s.cameraId === other && s.state !== 'up')).toBe(false);
    }
    expect(simulator.stats('a').plays).toBe(2);
    expect(logged.filter((event) => event.includes('starting it again'))).toHaveLength(1);
  });

  test('a camera that is removed gives all its media back and is left', async () => {
    add('a');
    add('b');
    await until(() => closedSegments('a') > 0 && closedSegments('b') > 0, 'both play');
    const window = windowOf('a');
    const held = slicesHeld(window);
    const reader = window.segments[0]?.parts[0]?.reader;
    const spy = vi.spyOn(ChunkReader.prototype, 'release');
    // Of its own worker: the other camera is on the other.
    const released = (): number => spy.mock.contexts.filter((of) => of === reader).length;
    expect(held).toBeGreaterThan(3);
    pool.remove('a');
    expect(released()).toBe(held);
    expect(window.segments).toHaveLength(0);
    expect(window.byteLength).toBe(0);
    expect(pool.window('a')).toBeUndefined();
    expect(states.get('a')).toBeUndefined();
    // Its last part was under way: it comes to nobody, and is given back too.
    await until(() => released() > held, 'the last part is given back');
    await until(() => simulator.stats('a').connections === 0, 'the camera is left');
    expect(window.segments).toHaveLength(0);
    expect(states.get('a')).toBeUndefined();
    expect(states.get('b')?.state).toBe('up');
  });

  test('a camera that drops the connection comes back with a discontinuity, its numbers growing', async () => {
    add('a');
    await until(() => closedSegments('a') > 0, 'it plays');
    simulator.behave('a', { kind: 'drop' });
    await until(() => states.get('a')?.state === 'down', 'it is down');
    expect(states.get('a')).toMatchObject({ reason: 'closed-by-camera' });
    expect(states.get('a')?.retryAtMs).toBeGreaterThan(Date.now() - 5_000);
    await until(() => states.get('a')?.state === 'up', 'it is up again');
    await until(() => windowOf('a').segments.some((s) => s.discontinuity), 'its media comes');
    const { segments } = windowOf('a');
    for (let i = 1; i < segments.length; i++) {
      expect(segments[i]?.mediaSequence).toBe((segments[i - 1]?.mediaSequence ?? 0) + 1);
    }
    const [first, second, ...more] = new Set(segments.map((s) => s.init.runId));
    expect(more).toEqual([]);
    expect(logged).toEqual(['camera up', 'camera down', 'camera up']);
    expect(loggedRuns).toEqual([first, first, second]);
  });

  test('a camera that cannot be had is down with its reason', async () => {
    simulator.behave('refuses', { kind: 'refuse', how: 'close' });
    simulator.behave('full', { kind: 'refuse', how: '503' });
    simulator.behave('secret', { kind: 'unauthorised' });
    simulator.behave('elsewhere', { kind: 'not-found' });
    simulator.behave('sound', { kind: 'no-video' });
    const expected: Record<string, string> = {
      refuses: 'closed-by-camera',
      full: 'refused',
      secret: 'unauthorised',
      elsewhere: 'not-found',
      sound: 'no-video',
      off: 'refused',
      outside: 'address-not-allowed',
    };
    for (const cameraId of Object.keys(expected)) {
      if (cameraId === 'off') add(cameraId, 'rtsp://127.0.0.1:1/off');
      else if (cameraId === 'outside') add(cameraId, 'rtsp://192.0.2.1/outside');
      else add(cameraId);
    }
    await until(() => Object.keys(expected).every(isDown), 'all are down');
    const found = Object.keys(expected).map((id) => [id, states.get(id)?.reason]);
    expect(Object.fromEntries(found)).toEqual(expected);
    for (const id of Object.keys(expected)) {
      expect(states.get(id)?.retryAtMs).toBeGreaterThan(Date.now() - WAIT_MS);
      expect(windowOf(id).segments).toHaveLength(0);
    }
  });
});

test('a camera is told of as up when a wall can play it, and not before', async () => {
  const closedWhenUp: number[] = [];
  const stop = states.subscribe((state) => {
    if (state.state === 'up') closedWhenUp.push(closedSegments('early'));
  });
  add('early');
  await until(() => closedWhenUp.length > 0, 'it is up');
  stop();
  expect(closedWhenUp[0]).toBeGreaterThan(0);
});

describe('rounds of a worker', { timeout: 60_000 }, () => {
  let scripted: WorkerPool;
  beforeEach(() => {
    scripted = startPool('scripted-worker.ts', 1);
  });
  afterEach(() => scripted.stop());

  function play(rounds: readonly ScriptedRound[], more?: Partial<StreamSource>): LiveWindow {
    scripted.add({
      cameraId: 'a',
      url: JSON.stringify(rounds),
      username: null,
      password: null,
      transport: 'auto',
      tls: { verify: 'system', fingerprint: null },
      site: null,
      ...more,
    });
    return scripted.window('a') as LiveWindow;
  }

  test('a camera that is to be recorded, or no more, plays on; of another address it begins anew', async () => {
    const rounds = [{ inits: [1], parts: [1, 1] }];
    const window = play(rounds);
    await until(() => window.totals.parts === 2, 'it plays');
    expect(play(rounds, { record: true })).toBe(window);
    expect(window.totals.parts).toBe(2);
    expect(window.segments).toHaveLength(1);
    expect(play(rounds, { record: true, sound: true })).not.toBe(window);
  });

  test('numbers of a camera that is pulled from elsewhere, or was away, go on above what its viewers saw', async () => {
    const breaks = Array.from({ length: 6 }, (_, i) => ({ inits: [i], parts: [i] }));
    let { mediaSequence, discontinuitySequence } = { mediaSequence: 0, discontinuitySequence: 0 };
    for (const sound of [false, true, false]) {
      const window = play(breaks, { sound });
      expect(window.numbering.mediaSequence).toBeGreaterThanOrEqual(mediaSequence);
      expect(window.discontinuitySequence).toBeGreaterThan(discontinuitySequence);
      await until(() => window.totals.parts === 6, 'all are in the window');
      ({ mediaSequence, discontinuitySequence } = window.numbering);
      if (sound) scripted.remove('a');
    }
  });

  test('parts of the init before the latest are taken, whatever other cameras had in between', async () => {
    const window = play([
      { inits: [7], parts: [7] },
      { inits: [15, 16], parts: [7, 15, 16] },
      { inits: [], parts: [16] },
    ]);
    await until(() => window.totals.parts === 5, 'all five are in the window');
    expect(window.segments.map(({ init, parts }) => [init.index, parts.length])).toEqual([
      [7, 2],
      [15, 1],
      [16, 2],
    ]);
  });

  test('a run that gave a part but never came up is ended, when the camera was down for that reason before too', async () => {
    const window = play([
      { inits: [], parts: [], down: 'closed-by-camera' },
      { inits: [1], parts: [1], down: 'closed-by-camera' },
    ]);
    await until(() => window.totals.parts === 1, 'its part is in the window');
    expect(states.get('a')?.state).toBe('down');
    expect(window.running).toBe(false);
    expect(window.openSegment).toBeUndefined();
  });

  test('a pool is stopped while a worker that died waits to be started again', async () => {
    await scripted.kill(0);
    await until(() => logged.length === 1, 'it is seen');
    await scripted.stop();
    expect(logged).toEqual(['camera worker ended, starting it again']);
  });
});
