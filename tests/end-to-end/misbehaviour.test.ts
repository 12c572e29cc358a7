/** Simulated cameras misbehave: what the live state says of it, what pictures are handed on, and that they come back. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Behaviour } from '../simulator/behaviour.ts';
import { CLIPS, startSimulator, type Simulator } from '../simulator/rtsp-server.ts';
import { decodePictures, placeInSource } from './ffmpeg.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.ts';
import { missingParts } from './machine.ts';
import { recordLive, type Recording } from './recording.ts';

const UP_MS = 30_000;
/** Back-off after the first failures: 1 s, 2 s, 4 s, each a quarter longer at most. */
const RECOVERY_MS = 40_000;
/** A silent camera is given up after 10 s, one that does not answer after 15 s. */
const SILENCE_MS = 40_000;
const TEST_MS = 120_000;

const missing = missingParts('ffmpeg');
let simulator: Simulator;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  simulator = await startSimulator();
  gateway = await startGatewayUnderTest();
});

afterAll(async () => {
  await gateway.close();
  await simulator.close();
});

/** Waits until so many segments were recorded. */
async function segmentsOf(recording: Recording, atLeast: number): Promise<void> {
  await vi.waitFor(() => expect(recording.segments.length).toBeGreaterThanOrEqual(atLeast), {
    timeout: TEST_MS,
    interval: 100,
  });
}

const addCamera = (name: string): Promise<string> =>
  gateway.addCamera({ url: simulator.url(name) });

/** States and reasons for which a camera cannot help: told as what they are, and over by themselves. */
const faults: { behaviour: Behaviour; name: string; reason: string; withinMs: number }[] = [
  {
    name: 'refuses',
    behaviour: { kind: 'refuse' },
    reason: 'closed-by-camera',
    withinMs: UP_MS,
  },
  {
    name: 'is not found',
    behaviour: { kind: 'not-found' },
    reason: 'not-found',
    withinMs: UP_MS,
  },
  {
    name: 'offers sound only',
    behaviour: { kind: 'no-video' },
    reason: 'no-video',
    withinMs: UP_MS,
  },
  {
    name: 'answers with garbage',
    behaviour: { kind: 'garbage', where: 'instead-of-reply' },
    reason: 'protocol-error',
    withinMs: SILENCE_MS,
  },
  { name: 'never answers', behaviour: { kind: 'silent' }, reason: 'timeout', withinMs: SILENCE_MS },
  { name: 'freezes', behaviour: { kind: 'freeze' }, reason: 'silent', withinMs: SILENCE_MS },
];

describe('a camera that works', { concurrent: true }, () => {
  test.each(faults)(
    '$name: down, $reason; then up by itself',
    { timeout: TEST_MS },
    async ({ behaviour, reason, withinMs }) => {
      const name = reason;
      const cameraId = await addCamera(name);
      await gateway.untilPicture(cameraId, UP_MS);
      simulator.behave(name, behaviour);
      const down = await gateway.untilLive(cameraId, { state: 'down', reason }, withinMs);
      expect(down.retryAt).not.toBeNull();
      simulator.behave(name, { kind: 'normal' });
      await gateway.untilLive(cameraId, { state: 'up', reason: null }, RECOVERY_MS);
    },
  );

  test(
    'changes its password: down, unauthorised, and it is not asked again soon',
    { timeout: TEST_MS },
    async () => {
      const cameraId = await addCamera('locked');
      await gateway.untilPicture(cameraId, UP_MS);
      simulator.behave('locked', { kind: 'unauthorised' });
      const down = await gateway.untilLive(
        cameraId,
        { state: 'down', reason: 'unauthorised' },
        UP_MS,
      );
      // Cameras lock out who keeps trying.
      expect(Date.parse(down.retryAt ?? '') - Date.now()).toBeGreaterThan(180_000);
    },
  );

  test(
    'goes away with its whole box: down, refused; then up by itself',
    { timeout: TEST_MS },
    async () => {
      const box = await startSimulator();
      try {
        const cameraId = await gateway.addCamera({ url: box.url('boxed') });
        await gateway.untilPicture(cameraId, UP_MS);
        await box.setListening(false);
        await gateway.untilLive(cameraId, { state: 'down', reason: 'refused' }, UP_MS);
        await box.setListening(true);
        await gateway.untilLive(cameraId, { state: 'up' }, RECOVERY_MS);
      } finally {
        await box.close();
      }
    },
  );

  test('whose last picture stays can be played for a while after it went down', async () => {
    const cameraId = await addCamera('gone');
    const address = `${gateway.url}/live/${cameraId}/index.m3u8`;
    await gateway.untilPicture(cameraId, UP_MS);
    simulator.behave('gone', { kind: 'not-found' });
    await gateway.untilLive(cameraId, { state: 'down' }, UP_MS);
    expect((await fetch(address)).status).toBe(200);
  });
});

describe.skipIf(missing.length > 0)(
  'pictures of a camera that misbehaves while it plays',
  { concurrent: true },
  () => {
    let folder: string;
    let source: string[];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'misbehaviour-'));
      source = (await decodePictures(['-f', 'h264', '-i', CLIPS.main.path])).md5;
    }, TEST_MS);

    afterAll(() => rm(folder, { recursive: true }));

    async function played(
      name: string,
      options: { behaviour: Behaviour; segments: number },
    ): Promise<{ runs: string[][]; complaints: string; recording: Recording; cameraId: string }> {
      const cameraId = await addCamera(name);
      await gateway.untilPicture(cameraId, UP_MS);
      const recording = recordLive(`${gateway.url}/live/${cameraId}/media.m3u8?latency=normal`);
      await segmentsOf(recording, 1);
      simulator.behave(name, options.behaviour);
      await segmentsOf(recording, recording.segments.length + options.segments);
      await recording.stop();
      const runs: string[][] = [];
      let complaints = '';
      for (const [index, run] of recording.runs().entries()) {
        const file = join(folder, `${name}-${index}.mp4`);
        await writeFile(file, run.file);
        const decoded = await decodePictures(['-i', file]);
        runs.push(decoded.md5);
        complaints += decoded.complaints;
      }
      return { runs, complaints, recording, cameraId };
    }

    test('lost packets: no broken picture is handed on', { timeout: TEST_MS }, async () => {
      const behaviour: Behaviour = { kind: 'lose-packets', fraction: 0.03 };
      const { runs, complaints } = await played('lossy', { behaviour, segments: 7 });
      expect(simulator.stats('lossy').packetsLost).toBeGreaterThan(0);
      expect(complaints).toBe('');
      // Every loss breaks the media until the next random access point, and is told.
      expect(runs.length).toBeGreaterThan(1);
      for (const run of runs) {
        expect(placeInSource(run, source)).toEqual({ first: expect.any(Number) });
      }
    });

    test.each([
      { name: 'jumps-forth', behaviour: { kind: 'jump-timestamps', seconds: 5_000 } },
      { name: 'jumps-back', behaviour: { kind: 'jump-timestamps', seconds: -5_000 } },
      { name: 'noisy', behaviour: { kind: 'garbage', where: 'between-frames' } },
    ] satisfies { name: string; behaviour: Behaviour }[])(
      '$name: every picture arrives, once',
      { timeout: TEST_MS },
      async ({ name, behaviour }) => {
        const { runs, complaints, cameraId } = await played(name, { behaviour, segments: 4 });
        expect(complaints).toBe('');
        expect(placeInSource(runs.flat(), source)).toEqual({ first: expect.any(Number) });
        expect(await gateway.live(cameraId)).toMatchObject({ state: 'up' });
      },
    );
  },
);

describe('no picture yet', () => {
  test('is said with a reason and when to ask again; an unknown camera is not found', async () => {
    simulator.behave('never', { kind: 'not-found' });
    const cameraId = await addCamera('never');
    await gateway.untilLive(cameraId, { state: 'down' }, UP_MS);
    const reply = await fetch(`${gateway.url}/live/${cameraId}/index.m3u8`);
    expect(reply.status).toBe(503);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await reply.json()).toMatchObject({
      error: { code: 'no_picture_yet', details: { state: 'down', reason: 'not-found' } },
    });
    const unknown = await fetch(`${gateway.url}/live/nobody/index.m3u8`);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: 'camera_not_found' } });
  });
});
