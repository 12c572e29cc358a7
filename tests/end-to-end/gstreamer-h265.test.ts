/** H.265 from GStreamer's RTSP server, with AAC beside it: the pictures of a direct decode. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startGStreamerServer } from '../peers/gstreamer-rtsp-server.ts';
import { decodePictures } from './ffmpeg.ts';
import { missingParts } from './machine.ts';
import { pullSession } from './pull-session.ts';

const FILE = fileURLToPath(
  new URL('../../../shared/data/video/mediamtx_offline_h265.mp4', import.meta.url),
);
const TEST_MS = 120_000;
const missing = missingParts('ffmpeg', 'gstreamer');

describe.skipIf(missing.length > 0 || !existsSync(FILE))('H.265 from GStreamer', () => {
  test('is what a direct decode gives, beside its sound', { timeout: TEST_MS }, async () => {
    const video = `filesrc location=${FILE} ! qtdemux ! h265parse config-interval=-1 ! rtph265pay name=pay0 pt=96`;
    const sound =
      'audiotestsrc num-buffers=60 ! audioconvert ! avenc_aac ! aacparse ! rtpmp4gpay name=pay1 pt=97';
    const server = await startGStreamerServer({ file: FILE, pipeline: `( ${video} ${sound} )` });
    const folder = await mkdtemp(join(tmpdir(), 'gstreamer-h265-'));
    try {
      // It ends when nothing has come for a while.
      const { runs } = await pullSession(server.url, { sound: true });
      expect(runs).toHaveLength(1);
      expect(runs[0]?.init.config.codec).toBe('hvc1.1.6.L120.90,mp4a.40.2');
      const path = join(folder, 'pulled.mp4');
      await writeFile(path, runs[0]?.file ?? '');
      const direct = await decodePictures(['-i', FILE]);
      expect((await decodePictures(['-i', path])).md5).toEqual(direct.md5);
    } finally {
      await server.kill();
      await rm(folder, { recursive: true });
    }
  });
});
