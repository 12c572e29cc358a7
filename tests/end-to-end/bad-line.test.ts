/** UDP over a line that loses and disorders packets: nothing wrong is handed on, and nothing right is held back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playOverBadLine } from './bad-line.ts';
import { missingParts } from './machine.ts';

/** Together 36 s of media. `npm run torture` has ten minutes. */
const SECONDS = 12;
const CAMERAS = 3;
const TEST_MS = 120_000;
const missing = missingParts('ffmpeg');

test.skipIf(missing.length > 0)(
  'every picture that can be right is handed on, and no other',
  { timeout: TEST_MS },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bad-line-'));
    const run = await playOverBadLine({
      folder,
      seconds: SECONDS,
      loss: 0.03,
      disorder: 0.2,
      cameras: CAMERAS,
    });
    await rm(folder, { recursive: true });
    expect(run.sent).toBeGreaterThanOrEqual(SECONDS * CAMERAS * 10);
    expect(run.broken).toBeGreaterThan(9);
    expect(run.packetsOvertaken).toBeGreaterThan(150);
    expect(run.handedOn).toBeGreaterThan(30);
    expect(run.runs).toBeGreaterThan(CAMERAS);
    expect(run.countedLost).toBeGreaterThan(0);
    expect(run.countedDropped).toBeGreaterThanOrEqual(run.broken - 2 * CAMERAS);
  },
);
