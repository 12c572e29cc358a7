/**
 * npm run bench:import: an inventory of 100,000 rows goes in by .xlsx, as the gateway takes it: how long its dry run and
 * its acceptance take, what memory the process takes at most, and how long its event loop is held. First all rows are
 * new; then, when those who listen were told of them, a file with another brand in each row changes all of them. Each
 * database has a process of its own, with the gateway's settings, and with the registry and the imports in it and nothing else; the files
 * are made in others.
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ENVIRONMENT, V8_FLAGS } from '#gateway/process-settings.ts';
import { openCameras } from '#registry/cameras.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openImports } from '#registry/inventory/imports.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { secretBox } from '#registry/secret-box.ts';
import { missingParts } from '../end-to-end/machine.ts';
import type { Verdict } from './limits.ts';
import { markdownTable, report, rounded } from './results.ts';

const MOST_SECONDS = 10;
const MOST_MEGABYTES = 600;
const MOST_LAG_MS = 50;
const ASK_MS = 20;
const MEBIBYTE = 2 ** 20;

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    databases: { type: 'string', default: 'sqlite,postgres' },
    append: { type: 'boolean', default: false },
    /** Of the process that imports. */
    subject: { type: 'string' },
    folder: { type: 'string', default: '' },
    url: { type: 'string' },
  },
});
const rows = Number(flags.rows);
const files = ['new', 'changed'] as const;

/** Of one file. */
interface Reading {
  dryRunSeconds: number;
  dryRunLagMs: number;
  acceptSeconds: number;
  acceptLagMs: number;
  /** Behind the acceptance, until all who listen were told, and searches have the index. */
  settledSeconds: number;
  /** Resident before the file came, and at most until it was accepted. */
  idleMegabytes: number;
  peakMegabytes: number;
  /** Processor time, of the process and of all else on the machine meanwhile. */
  ownSeconds: number;
  othersSeconds: number;
}
type Readings = Record<(typeof files)[number], Reading>;

if (flags.subject === undefined) await compareDatabases();
else await importInto(flags.subject);

async function compareDatabases(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-import-'));
  try {
    for (const name of files) {
      const path = join(folder, `${name}.xlsx`);
      const args = [join(import.meta.dirname, 'inventory-file.ts'), path, flags.rows];
      execFileSync(process.execPath, name === 'new' ? args : [...args, 'ยี่ห้ออื่น']);
    }
    const readings = new Map<string, Readings>();
    for (const database of flags.databases.split(',')) {
      if (database === 'postgres' && missingParts('containers').length > 0) continue;
      readings.set(database, await inItsOwnProcess(database, folder));
    }
    tell(readings, statSync(join(folder, 'new.xlsx')).size);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function inItsOwnProcess(database: string, folder: string): Promise<Readings> {
  // Not for the process that is measured: it is large.
  const { startPostgres } = await import('../contracts/postgres-server.ts');
  const container = database === 'postgres' ? await startPostgres() : undefined;
  try {
    const args = ['--subject', database, '--folder', folder, '--rows', flags.rows];
    if (container !== undefined) args.push('--url', container.getConnectionUri());
    // As the gateway runs.
    const child = fork(import.meta.filename, args, {
      execArgv: V8_FLAGS,
      env: { ...ENVIRONMENT, ...process.env },
    });
    const [readings] = (await once(child, 'message')) as [Readings];
    return readings;
  } finally {
    await container?.stop();
  }
}

async function importInto(database: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), `bench-import-${database}-`));
  const databases = openDatabases({ dataDir, databaseUrl: flags.url });
  try {
    const registry = await openRegistry(databases);
    const cameras = openCameras(registry, { box: secretBox(Buffer.alloc(32, 1)), now: Date.now });
    const imports = openImports(cameras, { now: Date.now, onFailure: console.error });
    const readings: Partial<Readings> = {};
    for (const name of files) {
      forgetPeak();
      const idleMegabytes = peakMegabytes();
      const bytes: Uint8Array<ArrayBuffer> = readFileSync(join(flags.folder, `${name}.xlsx`));
      const before = processorSeconds();
      const began = performance.now();
      const lag = monitorEventLoopDelay({ resolution: 1 });
      lag.enable();
      const { run } = await imports.begin({
        actorId: 'bench',
        fileName: name,
        bytes,
        areas: [{ level: 'country' }],
      });
      while (run.state.phase === 'reading' || run.state.phase === 'comparing') await pause();
      const dryRunSeconds = (performance.now() - began) / 1_000;
      const dryRunLagMs = lag.max / 1e6;
      if (run.state.counts?.[name] !== rows) throw new Error(JSON.stringify(run.state));
      lag.reset();
      const accepted = performance.now();
      run.accept({
        author: { id: 'bench', name: 'bench', proxyFor: null },
        plan: 1,
        skipRefused: false,
      });
      while (run.state.phase === 'applying') await pause();
      if (run.state.phase !== 'applied') throw new Error(JSON.stringify(run.state));
      const over = performance.now();
      const reading = {
        dryRunSeconds,
        dryRunLagMs,
        acceptSeconds: (over - accepted) / 1_000,
        acceptLagMs: lag.max / 1e6,
        idleMegabytes,
        peakMegabytes: peakMegabytes(),
        ...since(before),
      };
      await run.settled();
      readings[name] = { ...reading, settledSeconds: (performance.now() - over) / 1_000 };
      console.error(database, name, readings[name]);
    }
    await imports.close();
    process.send?.(readings);
    process.disconnect?.();
  } finally {
    await databases.close();
    rmSync(dataDir, { recursive: true });
  }
}

async function pause(): Promise<void> {
  await new Promise((done) => setTimeout(done, ASK_MS));
}

interface ProcessorSeconds {
  own: number;
  machine: number;
}

function processorSeconds(): ProcessorSeconds {
  const { user, system } = process.cpuUsage();
  // proc(5): user, nice and system, in hundredths, of all cores.
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/ +/) ?? [];
  const machine = ticks.slice(0, 3).reduce((all, one) => all + Number(one), 0) / 100;
  return { own: (user + system) / 1e6, machine };
}

function since(before: ProcessorSeconds): Pick<Reading, 'ownSeconds' | 'othersSeconds'> {
  const now = processorSeconds();
  const ownSeconds = now.own - before.own;
  return { ownSeconds, othersSeconds: Math.max(0, now.machine - before.machine - ownSeconds) };
}

/** proc(5): 5 sets the peak of resident memory to what is resident now. */
function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}

function peakMegabytes(): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1]) / 1_024;
}

function tell(readings: ReadonlyMap<string, Readings>, bytes: number): void {
  const each = [...readings].flatMap(([database, ofFiles]) =>
    files.map((name) => ({ what: `${database}, all ${name}`, ...ofFiles[name] })),
  );
  report(
    `An inventory of ${rows.toLocaleString('en')} rows`,
    [
      `.xlsx of ${rounded(bytes / MEBIBYTE, 1)} MB with the columns of the template, through the import of the gateway into an empty registry; then one that changes`,
      'the brand of each. Memory is that of the process (VmHWM), threads included, with the registry and the imports alone in it; PostgreSQL has its own on the same cores.',
      '',
      markdownTable(
        [
          '',
          'dry run s',
          'loop held ms',
          'accepting s',
          'loop held ms',
          'told and indexed s later',
          'memory before MB',
          'at most MB',
          'processor s',
          'of all else, s',
        ],
        each.map((one) => [
          one.what,
          rounded(one.dryRunSeconds, 1),
          rounded(one.dryRunLagMs),
          rounded(one.acceptSeconds, 1),
          rounded(one.acceptLagMs),
          rounded(one.settledSeconds, 1),
          rounded(one.idleMegabytes),
          rounded(one.peakMegabytes),
          rounded(one.ownSeconds, 1),
          rounded(one.othersSeconds, 1),
        ]),
      ),
      '',
      markdownTable(
        ['limit', 'seen', ''],
        each
          .flatMap(limitsOf)
          .map(({ limit, seen, held }) => [limit, seen, held ? 'held' : '**NOT HELD**']),
      ),
    ].join('\n'),
    flags.append,
  );
}

function limitsOf(one: Reading & { what: string }): Verdict[] {
  const slowest = Math.max(one.dryRunSeconds, one.acceptSeconds);
  const lag = Math.max(one.dryRunLagMs, one.acceptLagMs);
  return [
    {
      limit: `${one.what}: dry run and accepting each ≤ ${MOST_SECONDS} s`,
      seen: `${rounded(slowest, 1)} s`,
      held: slowest <= MOST_SECONDS,
    },
    {
      limit: `${one.what}: ≤ ${MOST_MEGABYTES} MB`,
      seen: `${rounded(one.peakMegabytes)} MB`,
      held: one.peakMegabytes <= MOST_MEGABYTES,
    },
    {
      limit: `${one.what}: event loop held < ${MOST_LAG_MS} ms`,
      seen: `${rounded(lag)} ms`,
      held: lag < MOST_LAG_MS,
    },
  ];
}
