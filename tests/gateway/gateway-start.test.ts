/** A start that fails leaves nothing behind: whoever mends the cause starts again, in the same process and folder. */
import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '#gateway/config.ts';
import { startGateway, type Gateway } from '#gateway/gateway.ts';

const OURS = /\/(?:gateway|registry|storage|ingest)\/(?!node_modules)[\w/-]+\.ts/;
let dataDir: string;
/** Timers that were made by a file of ours and are neither over nor cleared, with that file, by their async id. */
const timers = new Map<number, string>();
const threads = new Set<Worker>();
const failures: string[] = [];
const log = pino(
  { level: 'error' },
  { write: (line: string) => void failures.push((JSON.parse(line) as { msg: string }).msg) },
);

const hook = createHook({
  init(asyncId, type) {
    if (type !== 'Timeout') return;
    const file = OURS.exec(new Error().stack ?? '')?.[0];
    if (file !== undefined) timers.set(asyncId, file);
  },
  destroy: (asyncId) => timers.delete(asyncId),
});

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gateway-start-'));
  hook.enable();
  process.on('worker', (thread: Worker) => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
  });
});

afterAll(() => {
  hook.disable();
  rmSync(dataDir, { recursive: true });
});

async function start(environment: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  const config = parseConfig({ DATA_DIR: dataDir, WORKERS: '1', PORT: '0', ...environment });
  return startGateway(config, log);
}

async function nothingIsLeft(): Promise<void> {
  await expect
    .poll(() => ({ timers: [...timers.values()], threads: threads.size, failures }))
    .toEqual({ timers: [], threads: 0, failures: [] });
}

test('a port that is taken: neither a timer, a thread nor the lock of the folder is left, and so it is when it stops', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(start({ PORT: String(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  other.close();
  await nothingIsLeft();
  const gateway = await start();
  expect(timers.size).toBeGreaterThan(0);
  expect(threads.size).toBeGreaterThan(0);
  expect(await gateway.close()).toBe('ended');
  await nothingIsLeft();
});

test('a store that is none: what had started before it has ended too', async () => {
  const folder = join(dataDir, 'without-store');
  mkdirSync(folder);
  writeFileSync(join(folder, 'objects'), 'no folder');
  await expect(start({ DATA_DIR: folder })).rejects.toMatchObject({ code: 'object_store_refused' });
  await nothingIsLeft();
});
