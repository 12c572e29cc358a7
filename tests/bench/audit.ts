/**
 * `npm run bench:audit`: what recording costs whoever waits for it, and the thread that serves.
 * Entries are offered at a steady rate, as by views of live cameras, and without a pause; each is on disk when it counts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AuditLog, openAuditDatabase } from '#gateway/audit/log.ts';
import { openSigningKey } from '#gateway/audit/signing-key.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { quantile } from './quantile.ts';
import { markdownTable, report, rounded } from './results.ts';

const TICK_MS = 5;
const LOOP_RESOLUTION_MS = 10;
const WARM_UP_ENTRIES = 2_000;

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '100,1000,4000' },
    seconds: { type: 'string', default: '10' },
    append: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const folder = mkdtempSync(join(tmpdir(), 'bench-audit-'));
const databases = openDatabases({ dataDir: folder });
const log = new AuditLog({
  database: await openAuditDatabase(databases),
  key: openSigningKey(join(folder, 'key.pem')),
  now: Date.now,
});
let made = 0;

async function record(): Promise<void> {
  made++;
  await log.record({
    actor: { id: `person-${made % 500}`, name: 'สมชาย ใจดี', role: 'operator' },
    action: 'camera.watch.start',
    object: { kind: 'camera', id: `camera-${made % 5_000}` },
    outcome: 'done',
    from: { address: '10.1.2.3', userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' },
  });
}

async function offered(perSecond: number): Promise<string[]> {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  const waits: number[] = [];
  const pending: Promise<void>[] = [];
  const cpu = process.threadCpuUsage();
  loop.enable();
  const startMs = performance.now();
  let sent = 0;
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs >= seconds * 1000) break;
    for (; sent < (elapsedMs / 1000) * perSecond; sent++) {
      const atMs = performance.now();
      pending.push(record().then(() => void waits.push(performance.now() - atMs)));
    }
    await wait(TICK_MS);
  }
  await Promise.all(pending);
  loop.disable();
  const used = process.threadCpuUsage(cpu);
  return [
    String(perSecond),
    rounded(waits.length / seconds),
    rounded(quantile(waits, 0.5), 1),
    rounded(quantile(waits, 0.99), 1),
    rounded(Math.max(...waits), 1),
    rounded((used.user + used.system) / waits.length),
    rounded(loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS, 1),
  ];
}

try {
  await Promise.all(Array.from({ length: WARM_UP_ENTRIES }, record));
  const rows: string[][] = [];
  for (const rate of values.rates.split(',').map(Number)) rows.push(await offered(rate));
  report(
    'Audit: entries on disk',
    `SQLite, synchronous=FULL, one chain; ${seconds} s a row.\n\n${markdownTable(
      [
        'offered/s',
        'written/s',
        'wait p50 ms',
        'wait p99 ms',
        'longest ms',
        'serving thread, CPU µs/entry',
        'loop lag p99 ms',
      ],
      rows,
    )}`,
    values.append,
  );
} finally {
  await log.close();
  await databases.close();
  rmSync(folder, { recursive: true });
}
