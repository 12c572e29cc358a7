import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import * as z from 'zod';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { recordingsBetween, type Recording } from '#storage/catalogue/recordings.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import { readRecording } from '#storage/spool/spool-reader.ts';
import { timeline } from '#storage/timeline.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

const TOKEN = 'killed-gateway-0123456789-0123456789';
const MAIN = new URL('../../gateway/main.ts', import.meta.url).pathname;
const READY_MS = 45_000;
const DAY_MS = 86_400_000;
const timelineJson = z.object({ spans: z.array(z.object({ to: z.string() })) });
/** Of a log. */
const MAX_LINES = 500;

/** A gateway in a process of its own, which can be killed as power or a person would. */
export interface KilledGateway {
  url: string;
  /** The last lines of its log. */
  said: readonly string[];
  pid: number;
  /** `Authorization` for it, of an administrator. */
  authorization: string;
  addCamera(url: string): Promise<string>;
  /** When it was started, Unix ms. */
  startedMs: number;
  /** Up to when it says that a camera is recorded, Unix ms; -Infinity: not at all. */
  recordedTo(cameraId: string): Promise<number>;
  /** SIGKILL; returns when it was sent, Unix ms. */
  kill(): Promise<number>;
  /** SIGTERM, and the end of it. */
  stop(): Promise<void>;
}

export async function startKilledGateway(
  dataDir: string,
  environment: Readonly<Record<string, string>> = {},
  /** Runs the command line that follows it. */
  runner: readonly [string, ...string[]] = ['env'],
): Promise<KilledGateway> {
  const startedMs = Date.now();
  const [command, ...words] = runner;
  const child = spawn(command, [...words, process.execPath, MAIN], {
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      PORT: '0',
      WORKERS: '1',
      CAMERA_NETWORKS: '127.0.0.0/8',
      ADMIN_TOKEN: TOKEN,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  const url = await readyUrl(child, said);
  return {
    url,
    said,
    pid: child.pid ?? 0,
    authorization: `Bearer ${TOKEN}`,
    async addCamera(streamUrl) {
      const reply = await fetch(`${url}/api/v1/cameras`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify(
          krabiCamera({
            stream: { url: streamUrl, username: null, password: null, transport: 'tcp' },
            site: null,
          }),
        ),
      });
      const made: unknown = await reply.json();
      expect(made).toMatchObject({ id: expect.any(String) });
      return (made as { id: string }).id;
    },
    startedMs,
    async recordedTo(cameraId) {
      const [from, to] = [Date.now() - DAY_MS, Date.now()].map((ms) => new Date(ms).toISOString());
      const query = new URLSearchParams({ from: from ?? '', to: to ?? '' });
      const reply = await fetch(`${url}/api/v1/cameras/${cameraId}/timeline?${query.toString()}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      const { spans } = timelineJson.parse(await reply.json());
      return Date.parse(spans.at(-1)?.to ?? '') || Number.NEGATIVE_INFINITY;
    },
    async kill() {
      const atMs = Date.now();
      await ended(child, 'SIGKILL');
      return atMs;
    },
    stop: () => ended(child, 'SIGTERM'),
  };
}

async function ended(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** The log tells where it listens; what it tells after that is kept in `said`. */
async function readyUrl(child: ChildProcess, said: string[]): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error('no output');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error('the gateway does not listen')), READY_MS);
  const lines = createInterface({ input: stdout });
  lines.on('line', (line) => {
    const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) resolve(url);
    if (said.push(line) > MAX_LINES) said.shift();
  });
  lines.on('close', () => reject(new Error('the gateway ended before it listened')));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** Recordings that are not in the store yet. */
export function spoolFiles(dataDir: string): string[] {
  const names = readdirSync(join(dataDir, 'spool'), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.mp4'));
}

export interface Kept {
  recordings: Recording[];
  /** Time from the first picture on that is neither in a span nor in a gap with a cause, ms. */
  unexplainedMs: number;
  spans: { startMs: number; endMs: number }[];
}

/**
 * Reads a stopped gateway's data folder: every recording is in the store, whole and as it was hashed, the spool is
 * empty, and catalogue and store name the same objects.
 */
export async function readKept(dataDir: string, cameraId: string, untilMs: number): Promise<Kept> {
  const databases = openDatabases({ dataDir });
  try {
    const catalogue = await openCatalogue(databases);
    const recordings = await recordingsBetween(catalogue, cameraId, untilMs - 86_400_000, untilMs);
    const objects = join(dataDir, 'objects');
    for (const recording of recordings) {
      expect(recording.state).toBe('stored');
      const path = join(objects, recording.objectKey);
      const bytes = readFileSync(path);
      expect(bytes).toHaveLength(recording.byteLength);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(recording.sha256);
      const read = readRecording(path);
      expect(read?.byteLength).toBe(bytes.length);
      expect(read?.fragments.length).toBeGreaterThan(0);
    }
    const stored = readdirSync(objects, { recursive: true, encoding: 'utf8' });
    expect(stored.filter((name) => name.endsWith('.mp4')).toSorted()).toEqual(
      recordings.map(({ objectKey }) => objectKey).toSorted(),
    );
    expect(spoolFiles(dataDir)).toEqual([]);

    const fromMs = recordings[0]?.startMs ?? untilMs;
    const range = { fromMs, toMs: recordings.at(-1)?.endMs ?? untilMs };
    const { spans, gaps } = await timeline(catalogue, new OpenRecordings(), cameraId, range);
    const unexplained = gaps.filter(({ cause }) => cause === 'unknown');
    return {
      recordings,
      unexplainedMs: unexplained.reduce((sum, gap) => sum + gap.endMs - gap.startMs, 0),
      spans,
    };
  } finally {
    await databases.close();
  }
}
