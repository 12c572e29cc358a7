/** The gateway's clock is set back while a camera is recorded: what was recorded twice by it is all found, and played. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
