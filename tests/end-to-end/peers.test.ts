/**
 * Servers that are not ours, over every line and path that they offer: pictures pulled through the gateway are those that
 * the source decodes to, each the same, none missing, none twice.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startGStreamerServer, type GStreamerOptions } from '../peers/gstreamer-rtsp-server.ts';
import { startVlcServer } from '../peers/vlc-rtsp-server.ts';
import { selfSignedFingerprint } from '../simulator/certificate.ts';
import { CLIPS } from '../simulator/rtsp-server.ts';
import { decodePictures, ffmpeg, placeInSource } from './ffmpeg.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.ts';
import { missingParts } from './machine.ts';
import { recordLive } from './recording.ts';

const CERTIFICATE = fileURLToPath(new URL('../simulator/self-signed.pem', import.meta.url));
const UP_MS = 30_000;
const TEST_MS = 120_000;
/** Between the server's two halves: Linux's own size loses some of a key picture where a machine is busy. Bytes. */
const UDP_BUFFER = 4_194_304;
const missing = missingParts('ffmpeg', 'gstreamer');
const withoutVlc = missing.length > 0 || missingParts('vlc').length > 0;

type Stream = Parameters<GatewayUnderTest['addCamera']>[0];

describe.skipIf(missing.length > 0)(
  'pictures of other people’s servers',
  { concurrent: true },
  () => {
    let folder: string;
    let file: string;
    let pictures: string[];
    let hevc: { file: string; pictures: string[] };
    let gateway: GatewayUnderTest;
    const killing: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'peers-'));
      await chmod(folder, 0o755);
      file = join(folder, 'source.mp4');
      await ffmpeg(['-framerate', '10', '-i', CLIPS.main.path, '-c', 'copy', file]);
      pictures = (await decodePictures(['-f', 'h264', '-i', CLIPS.main.path])).md5;
      const encoded = join(folder, 'source-hevc.mp4');
      const encoder = `-framerate 10 -i ${CLIPS.small.path} -c:v libx265 -preset ultrafast -bf 0 -x265-params log-level=none:keyint=20:min-keyint=20`;
      await ffmpeg([...encoder.split(' '), '-tag:v', 'hvc1', encoded]);
      hevc = { file: encoded, pictures: (await decodePictures(['-i', encoded])).md5 };
      gateway = await startGatewayUnderTest();
    }, TEST_MS);

    afterAll(async () => {
      await Promise.all(killing.map((kill) => kill()));
      await gateway.close();
      await rm(folder, { recursive: true });
    });

    async function serve(options: GStreamerOptions = {}): Promise<string> {
      const server = await startGStreamerServer({ file, ...options });
      killing.push(() => server.kill());
      return server.url;
    }

    /** Pulls two segments; all of their pictures are the source's, in its order. */
    async function expectThePictures(
      stream: Stream,
      transport: 'tcp' | 'udp',
      source: readonly string[] = pictures,
    ): Promise<void> {
      const cameraId = await gateway.addCamera(stream);
      await gateway.untilLive(cameraId, { reason: null, state: 'up', transport }, UP_MS);
      const recording = recordLive(`${gateway.url}/live/${cameraId}/media.m3u8?latency=normal`);
      await vi.waitFor(() => expect(recording.segments.length).toBeGreaterThanOrEqual(2), {
        timeout: UP_MS,
        interval: 100,
      });
      await recording.stop();
      const [run] = recording.runs();
      expect(recording.runs()).toHaveLength(1);
      const path = join(folder, `${cameraId}.mp4`);
      await writeFile(path, run?.file ?? '');
      const decoded = await decodePictures(['-i', path]);
      expect(decoded.md5.length).toBeGreaterThanOrEqual(20);
      expect(placeInSource(decoded.md5, source)).toEqual({ first: expect.any(Number) });
    }

    test.each([
      ['TCP', 'tcp'],
      ['UDP', 'udp'],
    ] as const)('GStreamer by %s', { timeout: TEST_MS }, async (_, transport) => {
      await expectThePictures({ url: await serve(), transport }, transport);
    });

    test('GStreamer that grants UDP alone is found out', { timeout: TEST_MS }, async () => {
      const url = await serve({ transport: 'udp' });
      await expectThePictures({ url, transport: 'auto' }, 'udp');
    });

    test.each(['tcp', 'udp'] as const)(
      'GStreamer with Digest by %s',
      { timeout: TEST_MS },
      async (transport) => {
        const account = { username: 'viewer', password: 'ผ่าน s3cret' };
        const url = await serve({ credentials: { scheme: 'digest', ...account } });
        await expectThePictures({ url, ...account, transport }, transport);
      },
    );

    test('GStreamer by TLS, its certificate pinned', { timeout: TEST_MS }, async () => {
      const url = await serve({ certificate: CERTIFICATE });
      const system = await gateway.addCamera({ url });
      await gateway.untilLive(system, { state: 'down', reason: 'tls' }, UP_MS);
      const tls = { verify: 'pin', fingerprint: selfSignedFingerprint } as const;
      await expectThePictures({ url, tls, transport: 'tcp' }, 'tcp');
    });

    test('GStreamer by TLS and Digest at once', { timeout: TEST_MS }, async () => {
      const account = { username: 'viewer', password: 's3cret' };
      const credentials = { scheme: 'digest', ...account } as const;
      const url = await serve({ certificate: CERTIFICATE, credentials });
      await expectThePictures(
        { url, ...account, tls: { verify: 'skip' }, transport: 'tcp' },
        'tcp',
      );
    });

    test('GStreamer within HTTP', { timeout: TEST_MS }, async () => {
      const url = (await serve()).replace('rtsp://', 'rtsp+http://');
      await expectThePictures({ url, transport: 'auto' }, 'tcp');
    });

    test.each(['tcp', 'udp'] as const)(
      'GStreamer with H.265 by %s',
      { timeout: TEST_MS },
      async (transport) => {
        const pipeline = `( filesrc location=${hevc.file} ! qtdemux ! h265parse config-interval=-1 ! rtph265pay name=pay0 pt=96 )`;
        const url = await serve({ pipeline });
        await expectThePictures({ url, transport }, transport, hevc.pictures);
      },
    );

    test.each(['tcp', 'udp'] as const)(
      'GStreamer with sound beside the pictures, by %s',
      { timeout: TEST_MS },
      async (transport) => {
        const video = `filesrc location=${file} ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96`;
        const sound = 'audiotestsrc is-live=true ! avenc_aac ! rtpmp4gpay name=pay1 pt=97';
        const url = await serve({ pipeline: `( ${video} ${sound} )` });
        await expectThePictures({ url, transport }, transport);
      },
    );

    test('MJPEG is refused in clear words', { timeout: TEST_MS }, async () => {
      const pipeline = '( videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0 pt=26 )';
      const cameraId = await gateway.addCamera({ url: await serve({ pipeline }) });
      await gateway.untilLive(
        cameraId,
        { state: 'down', reason: 'codec-not-supported', detail: 'the camera offers JPEG' },
        UP_MS,
      );
    });

    test('ffmpeg that pushes through GStreamer', { timeout: TEST_MS }, async () => {
      const port = await freeUdpPort();
      const caps = 'application/x-rtp,media=video,clock-rate=90000,encoding-name=H264,payload=96';
      const url = await serve({
        record: `( rtph264depay name=depay0 ! h264parse ! rtph264pay config-interval=-1 ! udpsink host=127.0.0.1 port=${port} )`,
        pipeline: `( udpsrc port=${port} buffer-size=${UDP_BUFFER} caps="${caps}" ! rtpjitterbuffer ! rtph264depay ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )`,
      });
      const push = url.replace('/cam', '/push');
      const args = `-v error -progress pipe:1 -nostdin -re -stream_loop -1 -i ${file} -c copy -f rtsp -rtsp_transport tcp ${push}`;
      const child = spawn('ffmpeg', args.split(' '), { stdio: ['ignore', 'pipe', 'inherit'] });
      killing.unshift(async () => void child.kill('SIGKILL'));
      // Its first report: packets are on their way.
      await once(child.stdout, 'data');
      child.stdout.resume();
      await expectThePictures({ url, transport: 'tcp' }, 'tcp');
    });

    test.skipIf(withoutVlc)('VLC, which refuses TCP', { timeout: TEST_MS }, async () => {
      const server = await startVlcServer({ file });
      killing.push(() => server.kill());
      await expectThePictures({ url: server.url, transport: 'auto' }, 'udp');
    });
  },
);

/** Nobody's at this moment: others take theirs from the same range, by the dozen. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
