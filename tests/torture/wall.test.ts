/**
 * Three minutes at the wall of the demo, where every few seconds another camera in view misbehaves and gets well again:
 * in the end all play, the page was loaded once, and nothing went wrong in it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  openBrowser,
  recordPage,
  tilesOf,
  untilAllPlay,
  type Browser,
} from '../end-to-end/browser.ts';
import { missingParts } from '../end-to-end/machine.ts';
import type { Behaviour } from '../simulator/behaviour.ts';
import { runDemo, type Demo } from '../simulator/demo.ts';

const WATCH_MS = 180_000;
const BETWEEN_MS = 3_000;
/** A camera misbehaves for so many turns. */
const TURNS_ILL = 2;
const COME_BACK_MS = 60_000;
/** What the page may hold at the end beyond what it held when all had begun to play, bytes. */
const MAX_HEAP_GROWTH = 60 * 1024 * 1024;

const troubles: Behaviour[] = [
  { kind: 'refuse' },
  { kind: 'drop' },
  { kind: 'lose-packets', fraction: 0.1 },
  { kind: 'freeze' },
  { kind: 'jump-timestamps', seconds: 1_000 },
  { kind: 'change-parameter-sets' },
  { kind: 'garbage', where: 'between-frames' },
  { kind: 'drop', afterPictures: 7 },
  { kind: 'jump-timestamps', seconds: -1_000 },
  { kind: 'not-found' },
];
const missing = missingParts('chromium', 'screens');

describe.skipIf(missing.length > 0)('minutes at the wall', () => {
  let folder: string;
  let demo: Demo;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'torture-'));
    demo = await runDemo({ port: 0, dataDir: folder, log: 'ignore' });
    browser = await openBrowser({ width: 1366, height: 768 }, demo.headers);
  });

  afterAll(async () => {
    await browser.close();
    await demo.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('all play in the end', async () => {
    const page = await browser.context.newPage();
    const record = recordPage(page);
    await page.goto(demo.gatewayUrl);
    await page.waitForSelector('.tile[data-picture="playing"]');
    const cameraIds = (await tilesOf(page))
      .filter(({ inView, state }) => inView && state === 'up')
      .map(({ cameraId }) => cameraId);
    expect(cameraIds.length).toBeGreaterThan(4);
    await untilAllPlay(page, cameraIds, COME_BACK_MS);
    const names = await Promise.all(cameraIds.map((cameraId) => nameOf(demo, cameraId)));
    const heapBefore = await heapBytes(page);

    const ill: string[] = [];
    const endMs = performance.now() + WATCH_MS;
    for (let turn = 0; performance.now() < endMs; turn++) {
      const name = names[turn % names.length] as string;
      demo.simulator.behave(name, troubles[turn % troubles.length] as Behaviour);
      ill.push(name);
      if (ill.length > TURNS_ILL) demo.simulator.behave(ill.shift() as string, { kind: 'normal' });
      await page.waitForTimeout(BETWEEN_MS);
    }
    for (const name of ill) demo.simulator.behave(name, { kind: 'normal' });

    await untilAllPlay(page, cameraIds, COME_BACK_MS);
    expect(record.loads).toBe(1);
    // 401: it comes with a token, and asks for the notices of a person.
    expect(
      record.errors.filter((text) => !/Failed to load resource: .* (401|404|503) /.test(text)),
    ).toEqual([]);
    expect((await heapBytes(page)) - heapBefore).toBeLessThan(MAX_HEAP_GROWTH);
  });
});

/** The simulator's name of a camera. */
async function nameOf(demo: Demo, cameraId: string): Promise<string> {
  const reply = await fetch(`${demo.gatewayUrl}/api/v1/cameras/${cameraId}`, {
    headers: demo.headers,
  });
  const camera = z.object({ stream: z.object({ url: z.string() }) }).parse(await reply.json());
  return new URL(camera.stream.url).pathname.slice(1);
}

/** JavaScript's own, after it was cleaned up. */
async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}
