/**
 * Pictures pulled through the gateway from GStreamer's RTSP server are those that the source decodes to: each the
 * same, none missing, none twice, also through a restart of the source.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startGStreamerServer, type GStreamerServer } from '../peers/gstreamer-rtsp-server.ts';
import { CLIPS } from '../simulator/rtsp-server.ts';
import { decodePictures, ffmpeg, placeInSource, type Decoded } from './ffmpeg.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.ts';
import { missingParts } from './machine.ts';
import { readPlaylist, recordLive, type RecordedRun, type Recording } from './recording.ts';

const UP_MS = 30_000;
const RECONNECT_MS = 30_000;
const TEST_MS = 120_000;
const missing = missingParts('ffmpeg', 'gstreamer');

/** Waits for so many runs, the last of so many segments. */
async function segmentsOf(recording: Recording, runs: number, each: number): Promise<void> {
  await vi.waitFor(
    () => {
      const recorded = recording.runs();
      expect(recorded.length).toBeGreaterThanOrEqual(runs);
      expect(recorded.at(-1)?.segments).toBeGreaterThanOrEqual(each);
    },
    { timeout: RECONNECT_MS, interval: 100 },
  );
}

/** How far the time between two pictures is from that of ten a second, at worst; in seconds. */
function unevenness({ pts, timeBaseSeconds }: Decoded): number {
  const steps = pts.slice(1).map((at, index) => (at - (pts[index] ?? 0)) * timeBaseSeconds);
  return Math.max(...steps.map((seconds) => Math.abs(seconds - 0.1)));
}

describe.skipIf(missing.length > 0)(
  'pictures from GStreamer through the gateway',
  { concurrent: true },
  () => {
    let folder: string;
    let source: { file: string; pictures: string[] };
    let gateway: GatewayUnderTest;
    const servers: GStreamerServer[] = [];
    let decodedRuns = 0;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'pictures-'));
      const file = join(folder, 'source.mp4');
      await ffmpeg(['-framerate', '10', '-i', CLIPS.main.path, '-c', 'copy', file]);
      const { md5 } = await decodePictures(['-f', 'h264', '-i', CLIPS.main.path]);
      expect(new Set(md5).size).toBe(600);
      source = { file, pictures: md5 };
      gateway = await startGatewayUnderTest();
    }, TEST_MS);

    afterAll(async () => {
      await Promise.all(servers.map((server) => server.kill()));
      await gateway.close();
      await rm(folder, { recursive: true });
    });

    async function serve(
      options: Partial<Parameters<typeof startGStreamerServer>[0]> = {},
    ): Promise<GStreamerServer> {
      const server = await startGStreamerServer({ file: source.file, ...options });
      servers.push(server);
      return server;
    }

    async function decodeRun(run: RecordedRun): Promise<Decoded> {
      const file = join(folder, `run-${++decodedRuns}.mp4`);
      await writeFile(file, run.file);
      return decodePictures(['-i', file]);
    }

    const normal = (cameraId: string): string =>
      `${gateway.url}/live/${cameraId}/media.m3u8?latency=normal`;

    test(
      'through a restart of the source: the same URL, a discontinuity, the same pictures',
      { timeout: TEST_MS },
      async () => {
        const server = await serve();
        const cameraId = await gateway.addCamera({ url: server.url });
        await gateway.untilLive(cameraId, { state: 'up' }, UP_MS);
        const recording = recordLive(normal(cameraId));
        await segmentsOf(recording, 1, 7);
        await server.kill();
        await gateway.untilLive(cameraId, { state: 'down' }, UP_MS);
        await serve({ port: server.port });
        await segmentsOf(recording, 2, 4);
        const playlist = await (await fetch(normal(cameraId))).text();
        await recording.stop();

        const listed = readPlaylist(playlist);
        expect(listed.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
        expect(new Set(listed.map(({ initUri }) => initUri)).size).toBe(2);
        const sequences = recording.segments.map(({ mediaSequence }) => mediaSequence);
        expect(sequences).toEqual(sequences.map((_, at) => (sequences[0] ?? 0) + at));
        const runs = recording.runs();
        expect(runs).toHaveLength(2);
        for (const run of runs) {
          const decoded = await decodeRun(run);
          expect(decoded.complaints).toBe('');
          // GStreamer begins with the file's first picture each time.
          expect(placeInSource(decoded.md5, source.pictures)).toEqual({ first: 0 });
          expect(decoded.md5.length).toBeGreaterThan(60);
          expect(unevenness(decoded)).toBeLessThan(0.001);
        }
      },
    );

    test('ffmpeg as a live player sees the same', { timeout: TEST_MS }, async () => {
      const server = await serve();
      const cameraId = await gateway.addCamera({ url: server.url });
      await gateway.untilPicture(cameraId, UP_MS);
      const played = await decodePictures([
        '-i',
        `${gateway.url}/live/${cameraId}/index.m3u8`,
        '-t',
        '12',
      ]);
      expect(played.md5.length).toBeGreaterThanOrEqual(100);
      expect(placeInSource(played.md5, source.pictures)).toEqual({ first: expect.any(Number) });
    });

    test.each(['basic', 'digest'] as const)(
      '%s authentication, as GStreamer asks for it',
      { timeout: TEST_MS },
      async (scheme) => {
        const credentials = { username: 'viewer', password: 'ผ่าน s3cret' };
        const server = await serve({ credentials: { scheme, ...credentials } });
        const wrong = await gateway.addCamera({ url: server.url, ...credentials, password: 'no' });
        await gateway.untilLive(wrong, { state: 'down', reason: 'unauthorised' }, UP_MS);
        const cameraId = await gateway.addCamera({ url: server.url, ...credentials });
        await gateway.untilLive(cameraId, { state: 'up' }, UP_MS);
        const recording = recordLive(normal(cameraId));
        await segmentsOf(recording, 1, 1);
        await recording.stop();
        const [run] = recording.runs();
        const decoded = await decodeRun(run as RecordedRun);
        expect(placeInSource(decoded.md5, source.pictures)).toEqual({ first: expect.any(Number) });
      },
    );

    test(
      'pictures of several slices, shown in another order than sent',
      async () => {
        // B-pictures in a pyramid, four slices each, a group of pictures longer than a segment may be.
        const file = join(folder, 'b-pictures.mp4');
        const encoder = [
          '-framerate 10 -i SOURCE -frames:v 150 -s 320x240 -c:v libx264 -preset fast -bf 3 -g 30',
          '-x264-params b-pyramid=normal:slices=4:scenecut=0:open-gop=0',
        ]
          .join(' ')
          .split(' ')
          .map((word) => (word === 'SOURCE' ? CLIPS.main.path : word));
        await ffmpeg([...encoder, file]);
        const { md5 } = await decodePictures(['-i', file]);
        const server = await serve({ file });
        const cameraId = await gateway.addCamera({ url: server.url });
        await gateway.untilLive(cameraId, { state: 'up' }, UP_MS);
        const recording = recordLive(normal(cameraId));
        await segmentsOf(recording, 1, 3);
        await recording.stop();
        const runs = recording.runs();
        expect(runs).toHaveLength(1);
        const decoded = await decodeRun(runs[0] as RecordedRun);
        expect(decoded.complaints).toBe('');
        expect(placeInSource(decoded.md5, md5)).toEqual({ first: 0 });
        expect(unevenness(decoded)).toBeLessThan(0.001);
      },
      TEST_MS,
    );
  },
);
