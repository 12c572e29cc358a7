import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { CHROMIUM } from './machine.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SAMPLE_MS = 250;

export interface Browser {
  context: BrowserContext;
  close: () => Promise<void>;
}

/** Debian's Chromium with a profile of its own that goes with it. `headers` go with every request of its pages. */
export async function openBrowser(
  viewport: { width: number; height: number },
  headers: Record<string, string> = {},
): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: FLAGS,
    // Without a locale that knows Thai letters it names no file by them, whatever its page says.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    viewport,
    locale: 'th-TH',
    extraHTTPHeaders: headers,
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** What went on behind a page: to be looked at when the test is over. */
export interface PageRecord {
  /** Console errors and uncaught exceptions. */
  errors: string[];
  /** Every address asked for. */
  addresses: string[];
  /** Times that the page was loaded. */
  loads: number;
}

export function recordPage(page: Page): PageRecord {
  const record: PageRecord = { errors: [], addresses: [], loads: 0 };
  page.on('console', (message) => {
    if (message.type() === 'error') record.errors.push(message.text());
  });
  page.on('pageerror', (error) => record.errors.push(String(error)));
  page.on('request', (request) => record.addresses.push(request.url()));
  page.on('load', () => record.loads++);
  return record;
}

export interface TileSeen {
  cameraId: string;
  /** At least half of it lies in the window. */
  inView: boolean;
  /** No pixel of it lies in the window. */
  outOfView: boolean;
  state: string;
  picture: string;
  frames: number;
  width: number;
}

/** The tiles of the wall as they are now. */
export function tilesOf(page: Page): Promise<TileSeen[]> {
  return page.evaluate<TileSeen[]>(`[...document.querySelectorAll('.tile')].map((tile) => {
    const video = tile.querySelector('video[data-camera-id]');
    const { top, bottom } = tile.getBoundingClientRect();
    return {
      cameraId: video.dataset.cameraId,
      inView: Math.min(bottom, innerHeight) - Math.max(top, 0) >= (bottom - top) / 2,
      outOfView: bottom <= 0 || top >= innerHeight,
      state: tile.dataset.state,
      picture: tile.dataset.picture,
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      width: video.videoWidth,
    };
  })`);
}

/**
 * Waits until the decoded frames of every one of these cameras have grown since it was called; a player that begins
 * anew counts from zero. Fails with those that have not.
 */
export async function untilAllPlay(
  page: Page,
  cameraIds: readonly string[],
  withinMs: number,
): Promise<void> {
  const still = new Set(cameraIds);
  const last = new Map<string, number>();
  await vi.waitFor(
    async () => {
      for (const { cameraId, frames } of await tilesOf(page)) {
        if (frames > (last.get(cameraId) ?? Number.POSITIVE_INFINITY)) still.delete(cameraId);
        last.set(cameraId, frames);
      }
      expect([...still]).toEqual([]);
    },
    { timeout: withinMs, interval: SAMPLE_MS },
  );
}
