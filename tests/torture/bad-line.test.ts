/** Ten minutes of UDP over a line that loses three packets in a hundred and disorders a fifth of the others. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playOverBadLine } from '../end-to-end/bad-line.ts';
import { missingParts } from '../end-to-end/machine.ts';

const SECONDS = Number(process.env['BAD_LINE_SECONDS'] ?? 600);
const missing = missingParts('ffmpeg');

test.skipIf(missing.length > 0)('no wrong picture, and every right one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bad-line-'));
  const run = await playOverBadLine({ folder, seconds: SECONDS, loss: 0.03, disorder: 0.2 });
  await rm(folder, { recursive: true });
  console.log(run);
  expect(run.broken).toBeGreaterThan(SECONDS / 10);
  expect(run.handedOn).toBeGreaterThan(SECONDS);
});
