/** UDP over a line that loses and disorders packets: nothing wrong is handed on, and nothing right is held back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playOverBadLine } from './bad-line.ts';
import { missingParts } from './machine.ts';

/** `npm run torture` has ten minutes. */
const SECONDS = 12;
const TEST_MS = 60_000;
const missing = missingParts('ffmpeg');

test.skipIf(missing.length > 0)(
  'every picture that can be right is handed on, and no other',
  { timeout: TEST_MS },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bad-line-'));
    const run = await playOverBadLine({ folder, seconds: SECONDS, loss: 0.025, disorder: 0.2 });
    await rm(folder, { recursive: true });
    expect(run.broken).toBeGreaterThan(3);
    expect(run.packetsOvertaken).toBeGreaterThan(50);
    expect(run.handedOn).toBeGreaterThan(10);
    expect(run.runs).toBeGreaterThan(1);
    expect(run.countedLost).toBeGreaterThan(0);
    expect(run.countedDropped).toBeGreaterThanOrEqual(run.broken - 2);
  },
);
