/** What is taken away is a file of the time that was asked for, whenever its camera began to run. */
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { initSegment } from '#ingest/fmp4/init.ts';
import { writeFragmentHeader } from '#ingest/fmp4/fragment.ts';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { openFootage, type Footage } from '#storage/footage.ts';
import { openFolderStore } from '#storage/objects/folder.ts';
import { ObjectCorrupt } from '#storage/objects/object-store.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import type { Clip } from '#storage/retrieval/clip.ts';
import { clipBytes } from '#storage/retrieval/clip-bytes.ts';
import { setBackOf } from '#storage/retrieval/clip-times.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { seedRun } from '../end-to-end/recorded-history.ts';

const CAMERA = '019e0000-0000-7000-8000-000000004e20';
const START_MS = 1_790_000_000_000;
const noFfmpeg = missingParts('ffmpeg').length > 0;

describe('a clip of a run that began before', () => {
  let folder: string;
  let databases: Databases;
  let footage: Footage;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'clip-'));
    databases = openDatabases({ dataDir: folder });
    const catalogue = await openCatalogue(databases);
    const store = openFolderStore(join(folder, 'objects'));
    const into = { catalogue, store, newId: uuidV7Source(Date.now) };
    await seedRun(into, CAMERA, { startMs: START_MS, seconds: 150 });
    const spoolFolder = join(folder, 'spool');
    footage = openFootage({ catalogue, open: new OpenRecordings(), store, spoolFolder });
  });
  afterAll(async () => {
    await databases.close();
    rmSync(folder, { recursive: true });
  });

  /** Over the end of the first minute's object. */
  const clip = (): Promise<Clip> =>
    footage.clip(CAMERA, { fromMs: START_MS + 55_000, toMs: START_MS + 65_000 });

  it('plays for as long as was asked for, and what lies before is hidden', async ({ skip }) => {
    skip(noFfmpeg, 'ffmpeg is not installed (Debian: ffmpeg)');
    const path = join(folder, 'clip.mp4');
    writeFileSync(path, await bytesOf(await clip()));
    const asked = '-v error -show_entries format=duration:packet=pts_time -of json'.split(' ');
    const told = JSON.parse(execFileSync('ffprobe', [...asked, path], { encoding: 'utf8' })) as {
      format: { duration: string };
      packets: { pts_time: string }[];
    };
    const shown = told.packets.filter(({ pts_time }) => Number(pts_time) >= -0.001);
    expect(shown.length).toBeGreaterThanOrEqual(100);
    expect(shown.length).toBeLessThanOrEqual(106);
    // With the group of pictures that has to be decoded before its first.
    expect(told.packets.length).toBeLessThan(130);
    expect(Number(told.format.duration)).toBeLessThan(13);
    expect(Number(told.format.duration)).toBeGreaterThanOrEqual(10);
  });

  it('is the same wherever its download is broken off and gone on with', async () => {
    const made = await clip();
    const whole = await bytesOf(made);
    expect(whole).toHaveLength(made.byteLength);
    const heads = [...whole.toString('latin1').matchAll(/moof/g)].map(({ index }) => index);
    expect(heads.length).toBeGreaterThan(18);
    for (const at of heads.slice(0, 3)) {
      for (let start = at - 40; start < at + 90; start += 7) {
        const end = start + 61;
        const got = await bytesOf(made, start, end);
        expect(got.equals(whole.subarray(start, end)), `${start}-${end}`).toBe(true);
      }
    }
    const last = heads.at(-1) ?? 0;
    expect((await bytesOf(made, last)).equals(whole.subarray(last))).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')(
    'is let go of by whoever goes away before the first byte',
    async () => {
      const [first] = await footage.clipPieces(CAMERA, { fromMs: START_MS, toMs: START_MS + 1 });
      const recordingId = first?.recordingId ?? '';
      const source = await footage.source(CAMERA, recordingId);
      const open = (): number =>
        readdirSync('/proc/self/fd').filter((fd) => {
          try {
            return readlinkSync(`/proc/self/fd/${fd}`).endsWith(`${recordingId}.mp4`);
          } catch {
            return false;
          }
        }).length;
      const body = await source.readWhole({ start: 0, end: source.byteLength });
      expect(open()).toBe(1);
      body.destroy();
      await vi.waitFor(() => expect(open()).toBe(0));
    },
  );

  it('of an object that was cut ends with an error where that ends, and so do what is played and a picture', async () => {
    const made = await clip();
    const [first] = await footage.clipPieces(CAMERA, { fromMs: START_MS, toMs: START_MS + 1 });
    const recordingId = first?.recordingId ?? '';
    const source = await footage.source(CAMERA, recordingId);
    const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((each) =>
      each.endsWith(`${recordingId}.mp4`),
    );
    const left = source.byteLength - 1_000;
    truncateSync(join(folder, name ?? ''), left);
    let got = 0;
    const read = async (): Promise<void> => {
      for await (const bytes of made.read({ start: 0, end: made.byteLength })) got += bytes.length;
    };
    await expect(read()).rejects.toThrow(ObjectCorrupt);
    expect(got).toBeGreaterThan(0);
    expect(got).toBeLessThan(made.byteLength);
    for (const start of [left - 500, left + 10]) {
      // Before a byte of it: whoever plays it is told by the answer, not by a line that breaks.
      const played = source.readWhole({ start, end: source.byteLength });
      await expect(played).rejects.toThrow(ObjectCorrupt);
    }
    const picture = footage.picture(CAMERA, START_MS + 59_500);
    await expect(picture).rejects.toThrow(ObjectCorrupt);
  });
});

it('pictures and sound are set back by the same time, however the bytes come', async () => {
  const video = {
    codec: 'avc1.42C01E',
    sampleEntry: 'avc1' as const,
    configBox: Buffer.alloc(8),
    width: 320,
    height: 240,
    sampleAspect: [1, 1] as const,
  };
  const sound = {
    codec: 'mp4a.40.2',
    sampleRate: 48_000,
    channels: 1,
    specificConfig: Buffer.of(),
  };
  const init = initSegment(video, sound);
  // A day on, the sound begins 10 ms before the pictures; a second fragment is half a second later.
  const day = 86_400;
  const fragments = [0, 0.5].map((later) => fragmentAt(day + later, day - 0.01 + later));
  const setBack = setBackOf(init, fragments[0] as Buffer, day);
  expect(setBack.seconds).toBeCloseTo(day - 0.01, 9);
  // Where the first is damaged, its index says when it begins, and the clip is had all the same.
  const damaged = Buffer.alloc(200, 0xff);
  expect(setBackOf(init, damaged, day).seconds).toBe(day);
  const whole = Buffer.concat(fragments);
  let offset = 0;
  const index = fragments.map(({ length }, i) => {
    offset += length;
    const decodeTicks = day * 90_000 + i * 45_000;
    const times = { startMs: 0, decodeTicks, durationTicks: 45_000 };
    return { offset: offset - length, byteLength: length, independent: true, ...times };
  });
  const expected = Buffer.concat([0, 0.5].map((later) => fragmentAt(0.01 + later, later)));
  for (const size of [1, 7, 100, 1_000]) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size));
    const got: Buffer[] = [];
    for await (const bytes of clipBytes(asRead(chunks), index, setBack)) got.push(bytes);
    expect(Buffer.concat(got).equals(expected), `chunks of ${size}`).toBe(true);
  }
  // The bytes that were read are the store's.
  expect(whole.equals(Buffer.concat(fragments))).toBe(true);
});

function fragmentAt(seconds: number, soundSeconds: number): Buffer {
  const into = Buffer.alloc(1_000);
  const samples = { count: 1, fields: Int32Array.of(50, 45_000, 0, 1) };
  const sound = {
    frames: 2,
    byteLength: 30,
    decodeTime: Math.round(soundSeconds * 48_000),
    size: () => 15,
  };
  const length = writeFragmentHeader(into, 1, Math.round(seconds * 90_000), samples, 50, sound);
  return into.subarray(0, length + 80);
}

async function* asRead(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function bytesOf(clip: Clip, start = 0, end = clip.byteLength): Promise<Buffer> {
  const bytes: Buffer[] = [];
  for await (const chunk of clip.read({ start, end })) bytes.push(chunk);
  return Buffer.concat(bytes);
}
