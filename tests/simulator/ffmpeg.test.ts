/** An RTSP client that is not ours plays the simulator: what it decodes is what the clip decodes to, picture by picture. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIPS, startSimulator, type Simulator } from './rtsp-server.ts';

const run = promisify(execFile);
const DECODE_TIMEOUT_MS = 30_000;
const missing = ['ffmpeg', 'ffprobe'].filter(
  (tool) => spawnSync(tool, ['-version']).error !== undefined,
);
if (missing.length > 0)
  console.log(`skipped: ${missing.join(' and ')} not installed (Debian: ffmpeg)`);

/** MD5 of each decoded picture, and what was complained of. */
async function decode(
  input: readonly string[],
  pictures: number,
): Promise<{ md5: string[]; errors: string }> {
  const output = [
    '-an',
    '-frames:v',
    String(pictures),
    '-fps_mode',
    'passthrough',
    '-f',
    'framemd5',
    '-',
  ];
  const { stdout, stderr } = await run('ffmpeg', ['-v', 'warning', ...input, ...output], {
    timeout: DECODE_TIMEOUT_MS,
  });
  const md5 = stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(line.lastIndexOf(',') + 1).trim());
  return { md5, errors: stderr };
}

describe.skipIf(missing.length > 0)('ffmpeg as the client', () => {
  let simulator: Simulator;
  let clip: string[];

  beforeAll(async () => {
    // Faster than it was recorded, so that a test sees a whole round of the loop soon.
    const credentials = { username: 'viewer', password: 's3cret' };
    simulator = await startSimulator({
      clips: {
        main: { ...CLIPS.main, framesPerSecond: 100 },
        small: { ...CLIPS.small, framesPerSecond: 100 },
      },
      cameras: {
        digest: { credentials },
        'digest-2069': { credentials: { ...credentials, qop: false } },
        basic: { credentials: { ...credentials, scheme: 'basic' } },
        'no-sets': { parameterSetsInSdp: false },
      },
    });
    clip = (await decode(['-f', 'h264', '-i', CLIPS.main.path], 600)).md5;
  });

  afterAll(() => simulator.close());

  async function pull(name: string, pictures: number): Promise<{ md5: string[]; errors: string }> {
    const url = simulator.url(name).replace('rtsp://', 'rtsp://viewer:s3cret@');
    return decode(['-rtsp_transport', 'tcp', '-i', url], pictures);
  }

  /** Whether these pictures follow each other in the clip, from one to the next round. */
  function expectInOrder(md5: readonly string[]): void {
    const first = clip.indexOf(md5[0] ?? '');
    expect(first).toBeGreaterThanOrEqual(0);
    expect(md5).toEqual(md5.map((_, at) => clip[(first + at) % clip.length]));
  }

  test('every picture of the clip is unlike the others', () => {
    expect(clip).toHaveLength(600);
    expect(new Set(clip).size).toBe(600);
  });

  test('pictures are identical to the clip, through the end of the loop', async () => {
    const { md5, errors } = await pull('gate', 700);
    expect(errors).toBe('');
    expect(md5).toHaveLength(700);
    expectInOrder(md5);
  }, 40_000);

  test.each(['digest', 'digest-2069', 'basic', 'no-sets'])('%s is played', async (name) => {
    const { md5 } = await pull(name, 30);
    expect(md5).toHaveLength(30);
    expectInOrder(md5);
  });

  test('lost packets damage pictures', async () => {
    simulator.behave('lossy', { kind: 'lose-packets', fraction: 0.05 });
    const { errors } = await pull('lossy', 200);
    expect(errors).toMatch(/corrupt decoded frame/);
  });

  test('a change of parameter sets is followed', async () => {
    const pulled = pull('changing', 250);
    await expect.poll(() => simulator.stats('changing').picturesSent).toBeGreaterThan(120);
    simulator.behave('changing', { kind: 'change-parameter-sets' });
    const { md5, errors } = await pulled;
    expect(errors).not.toMatch(/error/i);
    expect(md5).toHaveLength(250);
  });

  test('ffprobe reads size and profile', async () => {
    const { stdout } = await run(
      'ffprobe',
      [
        '-v error -of json -rtsp_transport tcp -show_entries stream=width,height,profile,codec_name',
        simulator.url('gate'),
      ].flatMap((words) => words.split(' ')),
    );
    const streams: unknown = JSON.parse(stdout);
    expect(streams).toMatchObject({
      streams: [{ codec_name: 'h264', profile: 'High', width: 640, height: 480 }],
    });
  });
});
