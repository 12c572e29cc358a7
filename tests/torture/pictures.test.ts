/**
 * Three minutes of pictures from GStreamer's RTSP server, which is killed and started again in between: every picture
 * of every run is the source's, none missing, none twice, and nothing is lost but what was on its way when it died.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodePictures, ffmpeg, placeInSource } from '../end-to-end/ffmpeg.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from '../end-to-end/gateway-under-test.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { recordLive } from '../end-to-end/recording.ts';
import { startGStreamerServer } from '../peers/gstreamer-rtsp-server.ts';
import { CLIPS } from '../simulator/rtsp-server.ts';

const MEDIA_MS = 180_000;
const RUNS = 4;
const PICTURES_PER_SECOND = 10;
/** The clip is a minute long; a run is shorter than this many of it. */
const ROUNDS = 3;
const UP_MS = 30_000;
const RECONNECT_MS = 90_000;
const missing = missingParts('ffmpeg', 'gstreamer');

describe.skipIf(missing.length > 0)('minutes of pictures, through restarts of the source', () => {
  let folder: string;
  let file: string;
  let pictures: string[];
  let gateway: GatewayUnderTest;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'torture-'));
    const clip = await readFile(CLIPS.main.path);
    const rounds = join(folder, 'rounds.h264');
    await writeFile(rounds, Buffer.concat(Array.from({ length: ROUNDS }, () => clip)));
    file = join(folder, 'source.mp4');
    await ffmpeg(['-framerate', String(PICTURES_PER_SECOND), '-i', rounds, '-c', 'copy', file]);
    pictures = (await decodePictures(['-f', 'h264', '-i', CLIPS.main.path])).md5;
    gateway = await startGatewayUnderTest();
  });

  afterAll(async () => {
    await gateway.close();
    await rm(folder, { recursive: true });
  });

  test('are the source’s, one by one', async () => {
    let server = await startGStreamerServer({ file });
    try {
      const cameraId = await gateway.addCamera({ url: server.url });
      await gateway.untilLive(cameraId, { state: 'up' }, UP_MS);
      const recording = recordLive(`${gateway.url}/live/${cameraId}/media.m3u8?latency=normal`);
      const upMs: number[] = [];
      for (let index = 0; index < RUNS; index++) {
        if (index > 0) {
          server = await startGStreamerServer({ file, port: server.port });
          await gateway.untilLive(cameraId, { state: 'up' }, RECONNECT_MS);
        }
        const startedMs = performance.now();
        await vi.waitFor(
          () => {
            expect(performance.now() - startedMs).toBeGreaterThan(MEDIA_MS / RUNS);
            expect(recording.runs()).toHaveLength(index + 1);
          },
          { timeout: MEDIA_MS, interval: 100 },
        );
        await server.kill();
        await gateway.untilLive(cameraId, { state: 'down' }, UP_MS);
        upMs.push(performance.now() - startedMs);
      }
      await recording.stop();

      const sequences = recording.segments.map(({ mediaSequence }) => mediaSequence);
      expect(sequences).toEqual(sequences.map((_, at) => (sequences[0] ?? 0) + at));
      const runs = recording.runs();
      expect(runs).toHaveLength(RUNS);
      for (const [index, run] of runs.entries()) {
        const path = join(folder, `run-${index}.mp4`);
        await writeFile(path, run.file);
        const decoded = await decodePictures(['-i', path]);
        expect(decoded.complaints).toBe('');
        expect(placeInSource(decoded.md5, pictures)).toEqual({ first: 0 });
        // A second is allowed for: what was on its way, and when the state was looked at.
        const least = ((upMs[index] ?? 0) / 1000 - 1) * PICTURES_PER_SECOND;
        expect(decoded.md5.length).toBeGreaterThan(least);
      }
    } finally {
      await server.kill();
    }
  });
});
