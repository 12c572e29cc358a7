/** What was recorded is found, played and taken away: the source's pictures, through outages and restarts of the gateway. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { types as hlsTypes, parse, setOptions } from 'hls-parser';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { CLIPS, startSimulator, type Simulator } from '../simulator/rtsp-server.ts';
import { asSeenBy, smallDiskMissing, withSmallDisk } from '../storage/small-disk.ts';
import { decodePictures, placeInSource } from './ffmpeg.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.ts';
import { startKilledGateway } from './killed-gateway.ts';
import { missingParts } from './machine.ts';

const UP_MS = 30_000;
const TEST_MS = 120_000;
const missing = missingParts('ffmpeg');

const timelineJson = z.object({
  spans: z.array(z.object({ from: z.string(), to: z.string() })),
  gaps: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      cause: z.string(),
      detail: z.string().nullable(),
    }),
  ),
});
type TimelineJson = z.infer<typeof timelineJson>;

let simulator: Simulator;
let folder: string;
let source: string[];

beforeAll(async () => {
  simulator = await startSimulator({
    cameras: {
      minute: { clip: 'small' },
      clip: { clip: 'small' },
      outage: { clip: 'small' },
      full: { clip: 'small' },
    },
  });
  folder = await mkdtemp(join(tmpdir(), 'footage-'));
  if (missing.length === 0) {
    source = (await decodePictures(['-f', 'h264', '-i', CLIPS.small.path])).md5;
  }
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true });
});

const query = (from: Date, to: Date): string =>
  `from=${encodeURIComponent(from.toISOString())}&to=${encodeURIComponent(to.toISOString())}`;

async function timelineOf(
  gateway: GatewayUnderTest,
  cameraId: string,
  from: Date,
  to: Date,
): Promise<TimelineJson> {
  const reply = await fetch(
    `${gateway.url}/api/v1/cameras/${cameraId}/timeline?${query(from, to)}`,
  );
  return timelineJson.parse(await reply.json());
}

const lengthMs = ({ from, to }: { from: string; to: string }): number =>
  Date.parse(to) - Date.parse(from);

/** Waits until so much of a camera is recorded in one span, and returns it. */
/** What ffmpeg says where the camera's next minute begins in the span: each recording has its init segment. */
const NEXT_INIT = /^\[mov,mp4.*\] Found duplicated MOOV Atom\. Skipped it\n/gmu;

async function untilRecorded(
  gateway: GatewayUnderTest,
  cameraId: string,
  from: Date,
  ms: number,
): Promise<{ from: Date; to: Date }> {
  return vi.waitFor(
    async () => {
      const { spans } = await timelineOf(gateway, cameraId, from, new Date());
      const span = spans.find((each) => lengthMs(each) >= ms);
      if (span === undefined) throw new Error(`recorded so far: ${JSON.stringify(spans)}`);
      return { from: new Date(span.from), to: new Date(span.to) };
    },
    { timeout: UP_MS + ms, interval: 200 },
  );
}

describe('footage', { concurrent: true }, () => {
  test(
    'the minute that is being recorded is found, and plays the pictures of the source, also while the store is away',
    { timeout: TEST_MS },
    async ({ skip }) => {
      skip(missing.length > 0, 'ffmpeg is not installed (Debian: ffmpeg)');
      // Away since before the gateway was started: nothing listens there.
      const gateway = await startGatewayUnderTest({
        S3_ENDPOINT: 'http://127.0.0.1:9',
        S3_ACCESS_KEY: 'away',
        S3_SECRET_KEY: 'away-since-the-start',
      });
      try {
        const began = new Date();
        const cameraId = await gateway.addCamera({ url: simulator.url('minute') });
        const span = await untilRecorded(gateway, cameraId, began, 8_000);

        const address = `${gateway.url}/recorded/${cameraId}/index.m3u8?${query(span.from, span.to)}`;
        setOptions({ strictMode: true });
        const playlist = parse(await (await fetch(address)).text());
        if (!(playlist instanceof hlsTypes.MediaPlaylist)) throw new Error('no media playlist');
        expect(playlist.endlist).toBe(true);
        expect(
          playlist.segments.every(({ programDateTime }) => programDateTime !== undefined),
        ).toBe(true);
        const played = await decodePictures(['-i', address]);
        expect(played.complaints.replaceAll(NEXT_INIT, '')).toBe('');
        expect(placeInSource(played.md5, source)).toEqual({ first: expect.any(Number) });
        expect(played.md5.length).toBeGreaterThanOrEqual(80);
      } finally {
        await gateway.close();
      }
    },
  );

  test(
    'a clip begins at the picture that was asked for, and goes on where its download broke',
    { timeout: TEST_MS },
    async ({ skip }) => {
      skip(missing.length > 0, 'ffmpeg is not installed (Debian: ffmpeg)');
      const gateway = await startGatewayUnderTest();
      try {
        // What the camera had kept was taken before it was added.
        const began = new Date(Date.now() - 10_000);
        const cameraId = await gateway.addCamera({ url: simulator.url('clip') });
        const span = await untilRecorded(gateway, cameraId, began, 9_000);
        const all = `${gateway.url}/recorded/${cameraId}/index.m3u8?${query(span.from, span.to)}`;
        const whole = await decodePictures(['-i', all]);

        const from = new Date(span.from.getTime() + 3_000);
        const to = new Date(from.getTime() + 3_000);
        const address = `${gateway.url}/api/v1/cameras/${cameraId}/clip.mp4?${query(from, to)}`;
        const reply = await fetch(address);
        const etag = reply.headers.get('etag') ?? '';
        const bytes = Buffer.from(await reply.arrayBuffer());
        expect(bytes).toHaveLength(Number(reply.headers.get('content-length')));
        const head = await fetch(address, { method: 'HEAD' });
        expect(head.headers.get('content-length')).toBe(String(bytes.length));
        const half = Math.floor(bytes.length / 2);
        const rest = await fetch(address, {
          headers: { range: `bytes=${half}-`, 'if-range': etag },
        });
        expect(rest.status).toBe(206);
        expect(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(half))).toBe(true);

        const file = join(folder, 'clip.mp4');
        await writeFile(file, bytes);
        // Else ffmpeg moves all times until none is below 0, and nothing is hidden.
        const clip = await decodePictures(['-copyts', '-i', file]);
        expect(clip.complaints).toBe('');
        const shown = clip.md5.filter((_, i) => (clip.pts[i] ?? -1) >= 0);
        // Ten pictures a second, from the beginning of the footage on; when they were is known from when they came, which a busy
        // machine puts off by some. The random access point before is at 20.
        const first = whole.md5.indexOf(shown[0] ?? '');
        expect(first).toBeGreaterThanOrEqual(26);
        expect(first).toBeLessThanOrEqual(34);
        expect(shown.length).toBeGreaterThanOrEqual(25);
        expect(shown.length).toBeLessThanOrEqual(40);
        expect(placeInSource(shown, source)).toEqual({ first: expect.any(Number) });
      } finally {
        await gateway.close();
      }
    },
  );

  test(
    'time without a picture is a gap with its cause, and a stopped gateway is one too',
    { timeout: TEST_MS },
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'footage-data-'));
      const began = new Date();
      let gateway = await startGatewayUnderTest({ DATA_DIR: dataDir });
      try {
        const cameraId = await gateway.addCamera({ url: simulator.url('outage') });
        await untilRecorded(gateway, cameraId, began, 3_000);
        await gateway.close();
        // Longer than what the camera has kept: that is recorded too, with the times at which it was taken.
        await wait(4_000);
        gateway = await startGatewayUnderTest({ DATA_DIR: dataDir });
        const again = new Date();
        await untilRecorded(gateway, cameraId, again, 3_000);
        simulator.behave('outage', { kind: 'refuse' });
        await gateway.untilLive(cameraId, { state: 'down' }, UP_MS);
        await vi.waitFor(async () => {
          const { spans, gaps } = await timelineOf(gateway, cameraId, began, new Date());
          // What was before the camera's first picture depends on how much it had kept.
          const first = spans[0]?.from ?? '';
          const told = gaps.filter(({ from }) => from > first).map(({ cause }) => cause);
          // Stopped, and starting, unless the camera had kept more than until the start.
          const changes = told.filter((cause, i) => cause !== told[i - 1]);
          expect(changes).toEqual(['gateway', 'camera']);
        }, UP_MS);
        const until = new Date();
        const { spans, gaps } = await timelineOf(gateway, cameraId, began, until);
        const covered = [...spans, ...gaps].reduce((sum, each) => sum + lengthMs(each), 0);
        expect(covered).toBe(until.getTime() - began.getTime());
        // Everything is in the store, and nothing is left in the spool.
        await vi.waitFor(async () => {
          const left = await readdir(join(dataDir, 'spool', cameraId));
          expect(left).toEqual([]);
          const days = await readdir(join(dataDir, 'objects', cameraId));
          expect(days.length).toBeGreaterThanOrEqual(1);
        }, UP_MS);
      } finally {
        await gateway.close();
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  );

  test(
    'a full disk is told at once, is a gap of the storage, and is recorded on when there is room',
    { timeout: TEST_MS },
    async ({ skip }) => {
      const noDisk = smallDiskMissing();
      skip(noDisk !== undefined, noDisk);
      const dataDir = await mkdtemp(join(tmpdir(), 'full-disk-'));
      const spool = join(dataDir, 'spool');
      await mkdir(spool);
      const disk = withSmallDisk(spool, 4 * 1024 * 1024);
      const gateway = await startKilledGateway(dataDir, {}, disk);
      const ask = async (path: string): Promise<unknown> => {
        const headers = { authorization: gateway.authorization };
        return (await fetch(gateway.url + path, { headers })).json();
      };
      try {
        const began = new Date();
        const cameraId = await gateway.addCamera(simulator.url('full'));
        const read = async (): Promise<TimelineJson> =>
          timelineJson.parse(
            await ask(`/api/v1/cameras/${cameraId}/timeline?${query(began, new Date())}`),
          );
        await vi.waitFor(async () => {
          const { spans } = await read();
          expect(lengthMs(spans.at(-1) ?? { from: '', to: '' })).toBeGreaterThan(2_000);
        }, UP_MS);
        // Somebody else's files.
        const ballast = join(asSeenBy(gateway.pid, spool), 'ballast');
        await expect(writeFile(ballast, Buffer.alloc(4 * 1024 * 1024))).rejects.toThrow('ENOSPC');
        await vi.waitFor(async () => {
          const { notices } = z
            .object({ notices: z.array(z.object({ code: z.string() })) })
            .parse(await ask('/api/v1/storage/notices'));
          expect(notices.map(({ code }) => code)).toEqual(['disk-full']);
        }, UP_MS);
        await rm(ballast);
        await vi.waitFor(async () => {
          const { spans, gaps } = await read();
          // What comes after the last span is not told of yet.
          const told = gaps.filter(({ cause }) => cause !== 'unknown').at(-1);
          const to = spans.at(-1)?.from ?? '';
          expect(told).toMatchObject({ cause: 'storage', detail: 'disk-full', to });
        }, UP_MS);
      } finally {
        await gateway.stop();
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  );
});
