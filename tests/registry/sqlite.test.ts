import { spawn, type ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { CompiledQuery, sql, type Kysely } from 'kysely';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import { MAX_CREATED_AT_ONCE } from '#registry/cameras.ts';
import {
  ConstraintViolated,
  DataFolderInUse,
  DatabaseFailed,
  writeMuch,
  type Databases,
} from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { sqliteDatabases } from '#registry/database/sqlite.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { camerasOf, byTest } from './cameras-of.ts';
import { krabiCamera } from './krabi-camera.ts';

let folder: string;
const opened: Databases[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const databases of opened.splice(0)) await databases.close();
  rmSync(folder, { recursive: true });
});

async function open(): Promise<RegistryDatabase> {
  const databases = openDatabases({ dataDir: folder });
  opened.push(databases);
  return openRegistry(databases);
}

async function close(): Promise<void> {
  for (const databases of opened.splice(0)) await databases.close();
}

/** Threads of databases that are started from here on, by name, and the end of each. */
function threadsStarted(): { started: string[]; ends: Promise<unknown>[]; stop: () => void } {
  const started: string[] = [];
  const ends: Promise<unknown>[] = [];
  const note = (message: unknown): void => {
    const { worker } = message as { worker: Worker };
    started.push(worker.threadName ?? '');
    ends.push(once(worker, 'exit'));
  };
  subscribe('worker_threads', note);
  return { started, ends, stop: () => unsubscribe('worker_threads', note) };
}

const given = (changes: Record<string, unknown> = {}) => newCamera.parse(krabiCamera(changes));

test('cameras outlive a restart, and migrations run once', async () => {
  const created = await camerasOf(await open()).create(given(), byTest);
  await close();
  const again = camerasOf(await open());
  expect(await again.get(created.id)).toEqual(created);
  expect(await again.list({ limit: 10 })).toEqual([created]);
});

test('LAOs, budget sources and sites are entered once, however many cameras name them', async () => {
  const database = await open();
  const cameras = camerasOf(database);
  await cameras.createMany([given(), given({ position: 'อีกต้น' })], byTest);
  await cameras.create(given({ budgetSource: 'กระทรวงมหาดไทย' }), byTest);
  for (const [table, rows] of [
    ['laos', 1],
    ['sites', 1],
    ['budget_sources', 2],
    ['cameras', 3],
  ] as const) {
    expect(await database.selectFrom(table).select('id').execute()).toHaveLength(rows);
  }
});

test('what a site can bear goes with every stream of it', async () => {
  const database = await open();
  const cameras = camerasOf(database);
  await cameras.create(given(), byTest);
  await database
    .updateTable('sites')
    .set({ max_sessions: 8, max_sessions_per_box: 2, uplink_bits_per_second: 20_000_000 })
    .execute();
  const { id } = await database.selectFrom('sites').select('id').executeTakeFirstOrThrow();
  const site = {
    id,
    maxSessions: 8,
    maxSessionsPerBox: 2,
    uplinkBitsPerSecond: 20_000_000,
  };
  expect((await cameras.streams())[0]?.site).toEqual(site);
  const told: unknown[] = [];
  cameras.onChanged(({ source }) => told.push(source?.site));
  await cameras.create(given(), byTest);
  await cameras.create(given({ site: null }), byTest);
  expect(told).toEqual([site, null]);
  await expect(
    database.updateTable('sites').set({ max_sessions: 0 }).execute(),
  ).rejects.toBeInstanceOf(ConstraintViolated);
});

test('of many cameras all are stored or none, and nobody is told of none', async () => {
  const cameras = camerasOf(await open());
  const told: string[] = [];
  const end = cameras.onChanged(({ camera }) => told.push(camera.position));
  const bad = { ...given(), retentionDays: 0 };
  await expect(cameras.createMany([given(), bad], byTest)).rejects.toBeInstanceOf(
    ConstraintViolated,
  );
  expect(await cameras.list({ limit: 10 })).toEqual([]);
  expect(told).toEqual([]);
  await cameras.createMany([given({ position: 'ก' }), given({ position: 'ข' })], byTest);
  end();
  await cameras.create(given({ position: 'ค' }), byTest);
  expect(told).toEqual(['ก', 'ข']);
  await expect(
    cameras.createMany(
      Array.from({ length: MAX_CREATED_AT_ONCE + 1 }, () => given()),
      byTest,
    ),
  ).rejects.toThrow(RangeError);
});

test('the database itself keeps streams out of closed areas', async () => {
  const database = await open();
  const cameras = camerasOf(database);
  const past = { ...given(), scope: 'closed-area' as const };
  await expect(cameras.create(past, byTest)).rejects.toBeInstanceOf(ConstraintViolated);
  const { id } = await cameras.create(given(), byTest);
  const closing = database
    .updateTable('cameras')
    .set({ scope: 'closed-area' })
    .where('id', '=', id);
  await expect(closing.execute()).rejects.toBeInstanceOf(ConstraintViolated);
  await database.deleteFrom('streams').where('camera_id', '=', id).execute();
  await closing.execute();
  expect(await cameras.get(id)).toMatchObject({ scope: 'closed-area', stream: null });
});

test('a parameter that cannot be sent to the thread leaves nothing waiting', async () => {
  const database = await open();
  await expect(database.executeQuery(CompiledQuery.raw('select ?', [() => 0]))).rejects.toThrow();
  expect(await camerasOf(database).list({ limit: 1 })).toEqual([]);
});

test('a SELECT waits for a short transaction; from a long one on it is answered by a thread of its own, which ends when nobody asks it any more', async () => {
  const database = await open();
  const threads = threadsStarted();
  const count = async () => (await database.selectFrom('cameras').select('id').execute()).length;
  await camerasOf(database).create(given(), byTest);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const hold = async () => {
      const begun = Promise.withResolvers<void>();
      const end = Promise.withResolvers<void>();
      const over = database.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('cameras').execute();
        begun.resolve();
        await end.promise;
        throw new Error('rolled back');
      });
      await begun.promise;
      return { end: end.resolve, over: over.catch(() => {}) };
    };
    const short = await hold();
    let counted: number | undefined;
    const waiting = count().then((n) => (counted = n));
    await setImmediate();
    expect([counted, vi.getTimerCount()]).toEqual([undefined, 1]);
    short.end();
    expect(await waiting).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    await short.over;

    const long = await hold();
    const answered = count();
    await setImmediate();
    vi.advanceTimersByTime(25);
    expect(await answered).toBe(1);
    // There is a thread for it now.
    expect(await count()).toBe(1);
    expect(threads.started).toEqual(['registry-reading']);
    const [readingEnds] = threads.ends;
    vi.advanceTimersByTime(9_999);
    expect(await count()).toBe(1);
    vi.advanceTimersByTime(10_000);
    await readingEnds;
    // As the first time.
    const again = count();
    await setImmediate();
    vi.advanceTimersByTime(25);
    expect(await again).toBe(1);
    expect(threads.started).toEqual(['registry-reading', 'registry-reading']);
    long.end();
    await long.over;
  } finally {
    threads.stop();
    vi.useRealTimers();
  }
});

test("databases that name the same thread share it to the end of the last, and neither what fails in one nor its transaction is the other's", async () => {
  const threads = threadsStarted();
  const [first, second] = [sqliteDatabases(folder), sqliteDatabases(folder)];
  try {
    const migrations = {
      '0001': {
        up: async (db: Kysely<never>) =>
          db.schema
            .createTable('notes')
            .addColumn('id', 'text', (id) => id.primaryKey())
            .execute(),
      },
    };
    type Notes = { notes: { id: string } };
    const one = await first.open<Notes>({ name: 'one', thread: 'both', migrations });
    const two = await second.open<Notes>({ name: 'two', thread: 'both', migrations });
    expect(threads.started).toEqual(['both-database']);
    await one.transaction().execute(async (transaction) => {
      await transaction.insertInto('notes').values({ id: 'a' }).execute();
      await two.insertInto('notes').values({ id: 'b' }).execute();
      await expect(two.insertInto('notes').values({ id: 'b' }).execute()).rejects.toBeInstanceOf(
        ConstraintViolated,
      );
    });
    const broken = join(folder, 'three.sqlite');
    writeFileSync(broken, 'not a database, but long enough to be looked at as one '.repeat(20));
    await expect(first.open({ name: 'three', thread: 'both', migrations })).rejects.toBeInstanceOf(
      DatabaseFailed,
    );
    await first.close();
    expect(await two.selectFrom('notes').selectAll().execute()).toEqual([{ id: 'b' }]);
    await second.close();
    await threads.ends[0];
    expect(threads.started).toHaveLength(1);
  } finally {
    threads.stop();
    await first.close();
    await second.close();
  }
});

test('durable and strict: WAL, synchronous FULL, foreign keys; files for the owner only', async () => {
  const database = await open();
  const pragma = async (name: string): Promise<unknown> =>
    Object.values((await sql.raw(`pragma ${name}`).execute(database)).rows[0] as object)[0];
  expect(await pragma('journal_mode')).toBe('wal');
  expect(await pragma('synchronous')).toBe(2);
  expect(await pragma('foreign_keys')).toBe(1);
  await camerasOf(database).create(given(), byTest);
  for (const name of ['registry.sqlite', 'registry.sqlite-wal', 'server.lock']) {
    expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  }
});

test('a second opening of the folder is refused in words, until the first is closed', async () => {
  await open();
  expect(() => openDatabases({ dataDir: folder })).toThrow(DataFolderInUse);
  expect(() => openDatabases({ dataDir: folder })).toThrow(
    /another server is running on the data folder/,
  );
  await close();
  await open();
});

function startHolder(): { child: ChildProcess; said: Promise<string> } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'hold-folder.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const said = once(child.stdout ?? child, 'data').then(([text]) => String(text).trim());
  return { child, said };
}

test('a server killed with -9 leaves the folder free', async () => {
  const holder = startHolder();
  expect(await holder.said).toBe('open');
  expect(() => openDatabases({ dataDir: folder })).toThrow(DataFolderInUse);
  const exited = once(holder.child, 'exit');
  holder.child.kill('SIGKILL');
  await exited;
  await open();
});

test('of servers started at once on a new folder, one gets it', async () => {
  const said = await Promise.all(Array.from({ length: 4 }, async () => startHolder().said));
  expect(said.toSorted()).toEqual([
    'data_folder_in_use',
    'data_folder_in_use',
    'data_folder_in_use',
    'open',
  ]);
});

test('a file that is no database is refused, and the folder is free again', async () => {
  const path = join(folder, 'registry.sqlite');
  writeFileSync(path, 'not a database, but long enough to be looked at as one '.repeat(20));
  await expect(open()).rejects.toBeInstanceOf(DatabaseFailed);
  await close();
  rmSync(path);
  await open();
});

async function cacheOf(connection: Pick<RegistryDatabase, 'getExecutor'>) {
  const { rows } = await sql<{ cache_size: number }>`pragma cache_size`.execute(connection);
  return rows[0]?.cache_size;
}

test('transactions that write very much have more memory for their pages, and the last of them gives it back', async () => {
  const database = await open();
  const usual = await cacheOf(database);
  const seen: unknown[] = [];
  const look = async (): Promise<void> =>
    writeMuch(database, async (transaction) => void seen.push(await cacheOf(transaction)));
  // Again and again: a PRAGMA that was prepared before would not be carried out.
  for (let round = 0; round < 2; round++) {
    await Promise.all([look(), look()]);
    expect(await cacheOf(database)).toBe(usual);
  }
  const failing = writeMuch(database, async () => Promise.reject(new RangeError('no more rows')));
  await expect(failing).rejects.toThrow('no more rows');
  expect(await cacheOf(database)).toBe(usual);
  expect(seen).toEqual(Array.from({ length: 4 }, () => -8_192));
});
