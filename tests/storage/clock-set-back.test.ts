/** The gateway's clock is set back while a camera is recorded: what was recorded twice by it is all found, and played. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { openFootage, type Footage } from '#storage/footage.ts';
import { openFolderStore } from '#storage/objects/folder.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import { decodePictures } from '../end-to-end/ffmpeg.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { seedRun } from '../end-to-end/recorded-history.ts';

const CAMERA = '019e0000-0000-7000-8000-000000004e20';
const START_MS = 1_790_000_000_000;
const HOUR = 3_600_000;
const PICTURES_A_SECOND = 10;
const missing = missingParts('ffmpeg');

/** Seconds since the start. */
const relative = (atMs: number): number => (atMs - START_MS) / 1_000;

describe.each([
  // What was recorded later lies before what was recorded first.
  {
    words: 'an hour',
    ms: HOUR,
    spans: [
      [-3_570, -3_540],
      [0, 30],
    ],
    breaks: 1,
  },
  // It begins within it, and the media goes on.
  { words: 'twenty seconds', ms: 20_000, spans: [[0, 40]], breaks: 0 },
])('by $words', ({ ms, spans, breaks }) => {
  let folder: string;
  let databases: Databases;
  let footage: Footage;
  const range = { fromMs: START_MS - ms, toMs: START_MS + HOUR };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'set-back-'));
    databases = openDatabases({ dataDir: folder });
    const catalogue = await openCatalogue(databases);
    const store = openFolderStore(join(folder, 'objects'));
    const newId = uuidV7Source(Date.now);
    const run = { startMs: START_MS, seconds: 60, setBack: { afterSeconds: 30, ms } };
    await seedRun({ catalogue, store, newId }, CAMERA, run);
    const spoolFolder = join(folder, 'spool');
    footage = openFootage({ catalogue, open: new OpenRecordings(), store, spoolFolder });
  });
  afterAll(async () => {
    await databases.close();
    rmSync(folder, { recursive: true });
  });

  it('the timeline has both, and a playlist breaks where the media does', async () => {
    const found = await footage.timeline(CAMERA, range);
    expect(found.spans.map(({ startMs, endMs }) => [relative(startMs), relative(endMs)])).toEqual(
      spans,
    );
    const playlist = await footage.playlist(CAMERA, range, (id) => id);
    const seconds = [...playlist.matchAll(/^#EXTINF:([\d.]+),/gm)].map((line) => Number(line[1]));
    expect(seconds.reduce((sum, each) => sum + each, 0)).toBeCloseTo(60, 1);
    expect(playlist.match(/^#EXT-X-DISCONTINUITY$/gm) ?? []).toHaveLength(breaks);
  });

  it('a clip is a file for each stretch of media, whose times go forwards', async ({ skip }) => {
    skip(missing.length > 0, 'ffmpeg is not installed (Debian: ffmpeg)');
    const pieces = await footage.clipPieces(CAMERA, range);
    expect(pieces).toHaveLength(breaks + 1);
    let pictures = 0;
    for (const { recordingId } of pieces) {
      const clip = await footage.clip(CAMERA, { ...range, recordingId });
      const bytes: Buffer[] = [];
      for await (const chunk of clip.read({ start: 0, end: clip.byteLength })) bytes.push(chunk);
      const path = join(folder, 'clip.mp4');
      writeFileSync(path, Buffer.concat(bytes));
      const { complaints, pts } = await decodePictures(['-copyts', '-i', path]);
      expect(complaints).toBe('');
      expect(pts).toEqual(pts.toSorted((a, b) => a - b));
      pictures += pts.length;
    }
    expect(pictures).toBe(60 * PICTURES_A_SECOND);
  });
});

describe('a file that was promised before the clock was set back', () => {
  let folder: string;
  let databases: Databases;
  let footage: Footage;
  let into: Parameters<typeof seedRun>[0];
  const range = { fromMs: START_MS, toMs: START_MS + 180_000 };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'promised-'));
    databases = openDatabases({ dataDir: folder });
    const catalogue = await openCatalogue(databases);
    const store = openFolderStore(join(folder, 'objects'));
    into = { catalogue, store, newId: uuidV7Source(Date.now) };
    // Some recordings, a minute each.
    await seedRun(into, CAMERA, { startMs: START_MS, seconds: 150 });
    const spoolFolder = join(folder, 'spool');
    footage = openFootage({ catalogue, open: new OpenRecordings(), store, spoolFolder });
  });
  afterEach(async () => {
    await databases.close();
    rmSync(folder, { recursive: true });
  });

  /** What a link asks for, and what it has to give. */
  async function promised() {
    const [piece] = await footage.clipPieces(CAMERA, range);
    if (piece === undefined) throw new Error('nothing is recorded');
    const { byteLength, etag } = await footage.clip(CAMERA, piece);
    return { ...piece, byteLength, etag };
  }

  it('is what it was: what another run has of its time is a file of its own', async () => {
    const { etag, ...asked } = await promised();
    await seedRun(into, CAMERA, { startMs: START_MS + 70_000, seconds: 20 });
    const pieces = await footage.clipPieces(CAMERA, range);
    expect(pieces.map(({ fromMs }) => relative(fromMs))).toEqual([0, 70]);
    expect((await footage.clip(CAMERA, asked)).etag).toBe(etag);
  });

  it('of which some is gone says so, and so does one that was promised longer', async () => {
    const { etag: _, ...asked } = await promised();
    const longer = { ...asked, byteLength: asked.byteLength + 1 };
    await expect(footage.clip(CAMERA, longer)).rejects.toMatchObject({ code: 'clip_changed' });
    // What comes after its end is no part of it.
    const shorter = { ...asked, byteLength: asked.byteLength - 10_000 };
    expect((await footage.clip(CAMERA, shorter)).byteLength).toBe(shorter.byteLength);
    const last = await into.catalogue
      .selectFrom('recordings')
      .select('id')
      .orderBy('start_ms', 'desc')
      .executeTakeFirstOrThrow();
    await into.catalogue.deleteFrom('recordings').where('id', '=', last.id).execute();
    await expect(footage.clip(CAMERA, asked)).rejects.toMatchObject({ code: 'clip_changed' });
  });
});
