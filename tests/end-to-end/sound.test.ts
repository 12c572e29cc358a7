/**
 * AAC beside the pictures, in each of its packetisations: every frame that came is heard as ffmpeg decodes it directly,
 * independent readers accept the file, and a camera whose record does not ask for sound has none.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { createFile, MP4BoxBuffer } from 'mp4box';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  packetiseAac,
  packetiseH264,
  packetiseLatm,
  splitAdts,
  type Packet,
} from '../peers/packetise.ts';
import { servePackets, type ServedTrack } from '../peers/packet-server.ts';
import { CLIPS } from '../simulator/rtsp-server.ts';
import { readPictures } from '../simulator/annex-b.ts';
import { decodePictures } from './ffmpeg.ts';
import { missingParts } from './machine.ts';
import { pullSession, type Pulled } from './pull-session.ts';

const run = promisify(execFile);
const SAMPLE_RATE = 16_000;
const SECONDS = 8;
const STEP_TICKS = 9_000;
const PICTURES = 80;
const TEST_MS = 120_000;
const missing = missingParts('ffmpeg');
/** AAC-LC, 16 kHz, one channel; RFC 3640 §4.1. */
const GENERIC =
  'streamtype=5;profile-level-id=15;mode=AAC-hbr;config=1408;sizelength=13;indexlength=3;indexdeltalength=3';
/** The same in a StreamMuxConfig; RFC 6416 §7.3. */
const LATM = 'profile-level-id=15;cpresent=0;object=2;config=400028103fc0';

describe.skipIf(missing.length > 0)('sound', { concurrent: true }, () => {
  let folder: string;
  let frames: Buffer[];
  let video: Packet[];
  let direct: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sound-'));
    const file = join(folder, 'tone.aac');
    const tone = `-f lavfi -i aevalsrc='sin(440*t*2*PI*(1+t/9))':s=${SAMPLE_RATE}:d=${SECONDS}`;
    await run('sh', ['-c', `ffmpeg -nostdin -v error -y ${tone} -ac 1 -c:a aac -b:a 32k ${file}`]);
    frames = splitAdts(await readFile(file));
    direct = await soundOf(file);
    const pictures = readPictures(await readFile(CLIPS.small.path)).slice(0, PICTURES);
    video = packetiseH264(
      pictures.map(({ nalUnits }, i) => ({ nalUnits, ptsTicks: i * STEP_TICKS })),
    );
    expect(frames.length).toBeGreaterThan(100);
  }, TEST_MS);

  afterAll(() => rm(folder, { recursive: true }));

  /** The two tracks as a camera sends them: sound of its time behind each picture. */
  async function pull(audio: ServedTrack, record: { sound: boolean }): Promise<Pulled> {
    const order: number[] = [];
    let sound = 0;
    for (const { timestamp, marker } of video) {
      order.push(0);
      if (!marker) continue;
      const until = (timestamp + STEP_TICKS) / 90_000;
      while ((audio.packets[sound]?.timestamp ?? Infinity) / SAMPLE_RATE < until) {
        order.push(1);
        sound++;
      }
    }
    const track = { kind: 'video', encoding: 'H264/90000', packets: video };
    const server = await servePackets([track, audio], order);
    try {
      return await pullSession(server.url, record);
    } finally {
      await server.close();
    }
  }

  test.each([
    ['MPEG4-GENERIC, a frame a packet', () => packetiseAac(frames), 'MPEG4-GENERIC', GENERIC],
    ['MPEG4-GENERIC, four frames', () => packetiseAac(frames, 4), 'MPEG4-GENERIC', GENERIC],
    ['LATM', () => packetiseLatm(frames), 'MP4A-LATM', LATM],
    ['LATM in small packets', () => packetiseLatm(frames, 40), 'MP4A-LATM', LATM],
  ])(
    'of %s is what a direct decode gives',
    { timeout: TEST_MS },
    async (name, packets, ...more) => {
      const [encoding, formatParameters] = more;
      const audio = {
        kind: 'audio',
        encoding: `${encoding}/${SAMPLE_RATE}/1`,
        formatParameters,
        packets: packets(),
      };
      const { runs } = await pull(audio, { sound: true });
      expect(runs).toHaveLength(1);
      const [first] = runs as [Pulled['runs'][0]];
      expect(first.init.config.codec).toMatch(/^avc1\.[0-9A-F]{6},mp4a\.40\.2$/);
      const file = join(folder, `${name.replaceAll(/\W/g, '-')}.mp4`);
      await writeFile(file, first.file);
      const heard = await soundOf(file);
      // All that came before the last part closed.
      expect(heard.length).toBeGreaterThan(direct.length - 12);
      // The first frame of a decoder is a fade-in of its own.
      expect(heard.slice(2)).toEqual(direct.slice(2, heard.length));
      expect((await decodePictures(['-i', file])).md5).toHaveLength(PICTURES);
      await expectReadable(first.file, heard.length);
    },
  );

  test('of a camera whose record does not ask for it is not pulled', async () => {
    const packets = packetiseAac(frames);
    const encoding = `MPEG4-GENERIC/${SAMPLE_RATE}/1`;
    const audio = { kind: 'audio', encoding, formatParameters: GENERIC, packets };
    const { runs } = await pull(audio, { sound: false });
    expect(runs[0]?.init.config.codec).toMatch(/^avc1\.[0-9A-F]{6}$/);
    expect(runs[0]?.init.bytes.includes('mp4a')).toBe(false);
  });

  test.each([
    ['G.711', 'PCMA/8000', ''],
    ['HE-AAC', 'MPEG4-GENERIC/24000/2', GENERIC.replace('1408', '2b11880000')],
    ['AAC without a config', 'MPEG4-GENERIC/16000/1', 'mode=AAC-hbr'],
  ])('of another kind (%s) leaves the pictures alone', async (_, encoding, formatParameters) => {
    const packets = packetiseAac(frames);
    const audio = { kind: 'audio', encoding, formatParameters, packets };
    const { runs, counters } = await pull(audio, { sound: true });
    expect(runs).toHaveLength(1);
    expect(counters).toMatchObject({ droppedUnits: 0, lostPackets: 0 });
    expect(runs[0]?.init.config.codec).not.toContain('mp4a');
  });
});

/** Readers that are not ours find both tracks, the sound in even steps. */
async function expectReadable(bytes: Buffer, heard: number): Promise<void> {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
  const track = await input.getPrimaryAudioTrack();
  if (track === null) throw new Error('mediabunny finds no sound');
  const decoder = await track.getDecoderConfig();
  expect(decoder).toMatchObject({
    codec: 'mp4a.40.2',
    sampleRate: SAMPLE_RATE,
    numberOfChannels: 1,
  });
  let count = 0;
  let last = Number.NaN;
  for await (const packet of new EncodedPacketSink(track).packets()) {
    if (count++ > 0) expect(packet.timestamp - last).toBeCloseTo(1024 / SAMPLE_RATE, 5);
    last = packet.timestamp;
  }
  expect(Math.abs(count - heard)).toBeLessThanOrEqual(1);
  const file = createFile();
  const errors: string[] = [];
  file.onError = (_module: string, message: string) => errors.push(message);
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(new Uint8Array(bytes).buffer, 0));
  file.flush();
  expect(errors).toEqual([]);
  expect(file.getInfo().tracks.map(({ type }) => type)).toEqual(['video', 'audio']);
  expect(file.getTrackSamplesInfo(2)).toHaveLength(count);
}

/** MD5 of each frame of sound, as ffmpeg decodes it. */
async function soundOf(file: string): Promise<string[]> {
  const { stdout } = await run(
    'ffmpeg',
    `-nostdin -v error -i ${file} -vn -f framemd5 -c:a pcm_s16le -`.split(' '),
  );
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(',').at(-1)?.trim() ?? '');
}
