import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { createFile, MP4BoxBuffer } from 'mp4box';
import { describe, expect, test } from 'vitest';
import { TIMESCALE } from '#ingest/fmp4/init.ts';
import { clipPictures, Cut, ticks } from '../cut.ts';

const PICTURE_MS = 100;
/** A run that began ten days ago: decode times beyond 32 bits. */
const LONG_RUN_TICKS = 10 * 24 * 3600 * TIMESCALE;

interface Sample {
  dts: number;
  cts: number;
  duration: number;
  size: number;
  isSync: boolean;
}

function cutClip(name: 'main' | 'small', fromTicks: number, compositionMs?: (i: number) => number) {
  const { config, sps, pps, pictures } = clipPictures(name);
  const cut = new Cut();
  cut.segmenter.configure(config);
  const shown = pictures.slice(0, 60);
  shown.forEach(({ nals, randomAccess }, i) => {
    const ms = i * PICTURE_MS + (compositionMs?.(i) ?? 0);
    cut.picture(fromTicks + ticks(ms), randomAccess, nals);
  });
  cut.segmenter.end();
  const init = cut.inits[0]?.bytes ?? Buffer.alloc(0);
  const media = cut.parts.map((part) => cut.bytesOf(part.slices));
  const sizes = shown.map(({ nals }) => nals.reduce((sum, nal) => sum + 4 + nal.length, 0));
  return {
    cut,
    config,
    sps,
    pps,
    init,
    media,
    shown,
    sizes,
    whole: Buffer.concat([init, ...media]),
  };
}

function mp4boxSamples(init: Buffer, media: readonly Buffer[]) {
  const file = createFile();
  const errors: string[] = [];
  file.onError = (_module: string, message: string) => errors.push(message);
  let at = 0;
  for (const bytes of [init, ...media]) {
    const copy = new Uint8Array(bytes).buffer;
    file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(copy, at));
    at += bytes.length;
  }
  file.flush();
  const samples = file.getTrackSamplesInfo(1).map((sample): Sample => ({
    dts: sample.dts,
    cts: sample.cts,
    duration: sample.duration,
    size: sample.size,
    isSync: sample.is_sync,
  }));
  return { file, errors, samples };
}

describe.each(['main', 'small'] as const)('the %s clip cut into parts', (name) => {
  test('mp4box finds every sample with its times, size and sync flag', () => {
    const { cut, init, media, shown, sizes } = cutClip(name, 0);
    const { errors, samples } = mp4boxSamples(init, media);
    expect(errors).toEqual([]);
    expect(samples).toHaveLength(60);
    samples.forEach((sample, i) => {
      expect(sample).toEqual({
        dts: ticks(i * PICTURE_MS),
        cts: ticks(i * PICTURE_MS),
        duration: ticks(PICTURE_MS),
        size: sizes[i],
        isSync: shown[i]?.randomAccess,
      });
    });
    expect(cut.parts.map(({ byteLength }) => byteLength)).toEqual(media.map((m) => m.length));
  });

  test('mp4box reads track, size and avcC', () => {
    const { init, media, config, sps, pps } = cutClip(name, 0);
    const { file } = mp4boxSamples(init, media);
    const info = file.getInfo();
    expect(info).toMatchObject({ isFragmented: true, hasMoov: true });
    expect(info.tracks).toHaveLength(1);
    expect(info.tracks[0]).toMatchObject({
      codec: config.codec.toLowerCase(),
      timescale: TIMESCALE,
      video: { width: config.width, height: config.height },
    });
    const entry = file.getTrackById(1).mdia.minf.stbl.stsd.entries[0] as unknown as {
      avcC: {
        AVCProfileIndication: number;
        profile_compatibility: number;
        AVCLevelIndication: number;
        lengthSizeMinusOne: number;
        SPS: { data: Uint8Array }[];
        PPS: { data: Uint8Array }[];
      };
    };
    expect(entry.avcC).toMatchObject({
      AVCProfileIndication: sps[1],
      profile_compatibility: sps[2],
      AVCLevelIndication: sps[3],
      lengthSizeMinusOne: 3,
    });
    expect(entry.avcC.SPS.map(({ data }) => Buffer.from(data))).toEqual([sps]);
    expect(entry.avcC.PPS.map(({ data }) => Buffer.from(data))).toEqual([pps]);
  });

  test('mediabunny reads the same pictures, byte for byte', async () => {
    const { whole, shown, config } = cutClip(name, 0);
    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(whole) });
    const track = await input.getPrimaryVideoTrack();
    if (track === null) throw new Error('no video track was found');
    const decoder = await track.getDecoderConfig();
    expect(decoder).toMatchObject({ codedWidth: config.width, codedHeight: config.height });
    expect(decoder?.codec.toLowerCase()).toBe(config.codec.toLowerCase());
    expect(Buffer.from(decoder?.description as Uint8Array)).toEqual(config.configBox.subarray(8));
    let i = 0;
    for await (const packet of new EncodedPacketSink(track).packets()) {
      const picture = shown[i];
      expect(packet.timestamp).toBeCloseTo((i * PICTURE_MS) / 1000, 6);
      expect(packet.duration).toBeCloseTo(PICTURE_MS / 1000, 6);
      expect(packet.type).toBe(picture?.randomAccess ? 'key' : 'delta');
      const nals = picture?.nals ?? [];
      expect(Buffer.from(packet.data)).toEqual(
        Buffer.concat(
          nals.flatMap((nal) => {
            const length = Buffer.alloc(4);
            length.writeUInt32BE(nal.length);
            return [length, nal];
          }),
        ),
      );
      i++;
    }
    expect(i).toBe(60);
  });
});

test('decode times go on beyond 32 bits', () => {
  const { init, media } = cutClip('small', LONG_RUN_TICKS);
  const { samples } = mp4boxSamples(init, media);
  expect(samples).toHaveLength(60);
  expect(samples[0]?.dts).toBe(LONG_RUN_TICKS);
  expect(samples[59]?.dts).toBe(LONG_RUN_TICKS + ticks(59 * PICTURE_MS));
});

test('a picture shown before one decoded earlier gets a negative composition offset', () => {
  // Shown in another order than decoded: 0, 3, 1, 2, 4, 7, 5, 6, …
  const { init, media } = cutClip('small', 0, (i) => [0, 200, -100, -100][i % 4] as number);
  const { samples } = mp4boxSamples(init, media);
  const shownAt = Array.from({ length: 60 }, (_, i) =>
    ticks(i * PICTURE_MS + ([0, 200, -100, -100][i % 4] as number)),
  );
  expect(samples.map(({ cts }) => cts)).toEqual(shownAt);
  for (let i = 1; i < samples.length; i++) {
    expect(samples[i]?.dts).toBeGreaterThan(samples[i - 1]?.dts ?? 0);
  }
});

test('each part can be read alone behind its init, at the place that its tfdt says', () => {
  const { init, media, cut } = cutClip('small', LONG_RUN_TICKS);
  media.forEach((bytes, i) => {
    const { samples, errors } = mp4boxSamples(init, [bytes]);
    const part = cut.parts[i];
    expect(errors).toEqual([]);
    expect(samples).toHaveLength(part?.samples ?? -1);
    expect(samples[0]?.dts).toBe(part?.decodeTicks);
    expect(samples.reduce((sum, { duration }) => sum + duration, 0)).toBe(part?.durationTicks);
    expect(samples[0]?.isSync).toBe(part?.independent);
  });
});

const without = missing('ffprobe');
test.skipIf(without !== undefined)(
  `ffprobe decodes every picture without a complaint${without === undefined ? '' : ` (skipped: ${without})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'fmp4-'));
    try {
      const path = join(folder, 'run.mp4');
      writeFileSync(path, cutClip('main', ticks(5_000)).whole);
      const args = ['-show_streams', '-count_frames', '-show_packets', '-of', 'json'];
      const probe = spawnSync('ffprobe', ['-v', 'warning', ...args, path], { encoding: 'utf8' });
      expect(probe.stderr).toBe('');
      const found = JSON.parse(probe.stdout) as {
        packets: { dts: number; duration: number; flags: string }[];
        streams: Record<string, unknown>[];
      };
      expect(found.streams[0]).toMatchObject({
        codec_name: 'h264',
        width: 640,
        height: 480,
        nb_read_frames: '60',
        time_base: '1/90000',
      });
      expect(found.packets.map(({ dts }) => dts)).toEqual(
        Array.from({ length: 60 }, (_, i) => ticks(5_000 + i * PICTURE_MS)),
      );
      expect(found.packets.map(({ flags }, i) => flags.startsWith('K') === (i % 20 === 0))).toEqual(
        Array.from({ length: 60 }, () => true),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

/** Why this program cannot be run, or undefined. */
function missing(program: string): string | undefined {
  try {
    execFileSync(program, ['-version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${program} is not installed`;
  }
}
