/** Players that are not ours: ffprobe, ffmpeg, and hls.js in a real browser, each by the camera's one address. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CLIPS, startSimulator, type Simulator } from '../simulator/rtsp-server.ts';
import { openBrowser, recordPage, type Browser, type PageRecord } from './browser.ts';
import { decodePictures, placeInSource } from './ffmpeg.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.ts';
import { missingParts } from './machine.ts';

const run = promisify(execFile);
const HLS_JS = fileURLToPath(new URL('../../node_modules/hls.js/dist/hls.min.js', import.meta.url));
const UP_MS = 30_000;
const PLAY_MS = 45_000;
const TEST_MS = 120_000;
/** How much of the stream hls.js is watched to play in one piece. */
const WATCHED_SECONDS = 10;
const SAMPLE_MS = 250;
/** Three parts of half a second and what a busy machine adds; by whole segments it would be more than eight. */
const MAX_LATENCY_SECONDS = 5;
/** Not fatal, and no fault of the stream: the browser did not get its turn, and left out what it was late for. */
const machineIsBusy = /bufferStalledError|bufferNudgeOnStall|bufferSeekOverHole/;

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

async function playable(name: string): Promise<string> {
  const cameraId = await gateway.addCamera({ url: simulator.url(name) });
  await gateway.untilPicture(cameraId, UP_MS);
  return cameraId;
}

const noFfmpeg = missingParts('ffmpeg').length > 0;

describe.skipIf(noFfmpeg)('ffmpeg', { concurrent: true }, () => {
  let source: string[];

  beforeAll(async () => {
    source = (await decodePictures(['-f', 'h264', '-i', CLIPS.main.path])).md5;
  }, TEST_MS);

  /**
   * ffmpeg takes the EXT-X-MAP of a reloaded playlist for another one and reads it again: seen with 5.1, also with
   * the playlists of its own HLS muxer. Nothing is lost by it.
   */
  const ffmpegsOwn = /duplicated MOOV Atom|Last message repeated/;

  test.each(['', '?latency=normal'])(
    'ffprobe and ffmpeg play index.m3u8%s without a complaint',
    { timeout: TEST_MS },
    async (query) => {
      const address = `${gateway.url}/live/${await playable(`ffmpeg${query.length}`)}/index.m3u8${query}`;
      const probe = await run('ffprobe', [
        ...'-v error -of json -show_entries stream=codec_name,profile,width,height'.split(' '),
        address,
      ]);
      expect(JSON.parse(probe.stdout)).toMatchObject({
        streams: [{ codec_name: 'h264', profile: 'High', width: 640, height: 480 }],
      });
      expect(probe.stderr).toBe('');
      const { md5, complaints } = await decodePictures(['-i', address, '-t', '8']);
      expect(md5.length).toBeGreaterThanOrEqual(79);
      expect(placeInSource(md5, source)).toEqual({ first: expect.any(Number) });
      expect(
        complaints.split('\n').filter((line) => line !== '' && !ffmpegsOwn.test(line)),
      ).toEqual([]);
    },
  );
});

/** What hls.js shows and says. */
interface Watched {
  fatal: string[];
  errors: string[];
  frames: number;
  width: number;
  seconds: number;
  latencySeconds: number;
  /** Widths of the picture, as they came. */
  widths: number[];
}

const PAGE = `<!doctype html><meta charset="utf-8"><script src="/hls-under-test.js"></script><video muted></video>
<script>
  const video = document.querySelector('video');
  const seen = { fatal: [], errors: [], widths: [] };
  const hls = new Hls({ lowLatencyMode: true });
  hls.on(Hls.Events.ERROR, (_, error) => (error.fatal ? seen.fatal : seen.errors).push(error.details));
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
  video.addEventListener('resize', () => seen.widths.push(video.videoWidth));
  window.play = (address) => { hls.loadSource(address); hls.attachMedia(video); };
  window.watched = () => ({
    ...seen,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    width: video.videoWidth,
    seconds: video.currentTime,
    latencySeconds: hls.latency,
  });
</script>`;

function watched(page: Page): Promise<Watched> {
  return page.evaluate<Watched>(`watched()`);
}

function until(page: Page, fact: (seen: Watched) => void): Promise<void> {
  return vi.waitFor(async () => fact(await watched(page)), {
    timeout: PLAY_MS,
    interval: SAMPLE_MS,
  });
}

const noBrowser = missingParts('chromium').length > 0;

describe.skipIf(noBrowser)('hls.js in low-latency mode', { concurrent: true }, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser({ width: 800, height: 600 });
    await browser.context.route('**/hls-under-test.js', async (route) =>
      route.fulfill({ contentType: 'text/javascript', body: await readFile(HLS_JS) }),
    );
    // On the gateway's own origin, as its screens are.
    await browser.context.route('**/hls-under-test.html', (route) =>
      route.fulfill({ contentType: 'text/html', body: PAGE }),
    );
  }, TEST_MS);

  afterAll(() => browser.close());

  async function playing(
    cameraId: string,
    of = gateway,
  ): Promise<{ page: Page; record: PageRecord }> {
    const page = await browser.context.newPage();
    const record = recordPage(page);
    await page.goto(`${of.url}/hls-under-test.html`);
    await page.evaluate(`play('/live/${cameraId}/index.m3u8')`);
    await until(page, (seen) => expect(seen.frames).toBeGreaterThan(0));
    return { page, record };
  }

  test('plays parts, with bounded latency, without an error', { timeout: TEST_MS }, async () => {
    const cameraId = await playable('steady');
    const { page, record } = await playing(cameraId);
    const before = await watched(page);
    await until(page, ({ seconds, latencySeconds }) => {
      expect(seconds).toBeGreaterThan(before.seconds + WATCHED_SECONDS);
      // At any time after these: a machine that stalls has the player catch up first.
      expect(latencySeconds).toBeLessThan(MAX_LATENCY_SECONDS);
    });
    const after = await watched(page);
    expect(after.fatal).toEqual([]);
    expect(after.errors.filter((details) => !machineIsBusy.test(details))).toEqual([]);
    // Of ten pictures a second, those that a busy machine comes to decode.
    expect(after.frames - before.frames).toBeGreaterThan(WATCHED_SECONDS * 7);
    expect(record.addresses.some((address) => /\.\d+\.m4s$/.test(address))).toBe(true);
    expect(record.addresses.some((address) => address.includes('_HLS_part='))).toBe(true);
    await page.close();
  });

  test('goes on when the camera changes its parameter sets', { timeout: TEST_MS }, async () => {
    const cameraId = await playable('changing');
    const { page } = await playing(cameraId);
    await until(page, ({ width, seconds }) => {
      expect(width).toBe(640);
      expect(seconds).toBeGreaterThan(2);
    });
    simulator.behave('changing', { kind: 'change-parameter-sets' });
    await until(page, ({ width }) => expect(width).toBe(320));
    simulator.behave('changing', { kind: 'normal' });
    await until(page, ({ width }) => expect(width).toBe(640));
    const { seconds } = await watched(page);
    await until(page, (seen) => expect(seen.seconds).toBeGreaterThan(seconds + 2));
    expect(await watched(page)).toMatchObject({ fatal: [], widths: [640, 320, 640] });
    await page.close();
  });

  test('goes on when the camera restarts, in the same player', { timeout: TEST_MS }, async () => {
    const cameraId = await playable('restarting');
    const { page } = await playing(cameraId);
    for (const clip of ['small', 'main']) {
      // Back with another picture size, as after a change of its settings.
      simulator.behave('restarting', { kind: 'refuse' });
      await gateway.untilLive(cameraId, { state: 'down' }, UP_MS);
      simulator.behave('restarting', { kind: 'change-parameter-sets', clip });
      await gateway.untilLive(cameraId, { state: 'up' }, UP_MS);
      await until(page, ({ width }) => expect(width).toBe(clip === 'small' ? 320 : 640));
    }
    const { seconds } = await watched(page);
    await until(page, (seen) => expect(seen.seconds).toBeGreaterThan(seconds + 2));
    expect((await watched(page)).fatal).toEqual([]);
    await page.close();
  });

  test(
    'goes on when the camera worker died, in the same player',
    { timeout: TEST_MS },
    async () => {
      const own = await startGatewayUnderTest();
      try {
        const cameraId = await own.addCamera({ url: simulator.url('orphaned') });
        await own.untilPicture(cameraId, UP_MS);
        const { page } = await playing(cameraId, own);
        const { since } = await own.live(cameraId);
        await own.pool.kill(0);
        await vi.waitFor(
          async () => {
            const live = await own.live(cameraId);
            expect(live.state).toBe('up');
            expect(live.since).not.toBe(since);
          },
          { timeout: UP_MS },
        );
        const { seconds } = await watched(page);
        // More than was in the browser's buffer.
        await until(page, (seen) => expect(seen.seconds).toBeGreaterThan(seconds + 5));
        expect((await watched(page)).fatal).toEqual([]);
        await page.close();
      } finally {
        await own.close();
      }
    },
  );
});
