import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompiledQuery, sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import { MAX_CREATED_AT_ONCE, openCameras } from '#registry/cameras.ts';
import {
  ConstraintViolated,
  DataFolderInUse,
  DatabaseFailed,
  DatabaseUnavailable,
  type RegistryDatabase,
} from '#registry/database/database.ts';
import { MigrationFailed } from '#registry/database/migrate.ts';
import { openSqlite } from '#registry/database/sqlite.ts';
import { krabiCamera } from './krabi-camera.ts';

let folder: string;
const opened: RegistryDatabase[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const database of opened.splice(0)) await database.destroy();
  rmSync(folder, { recursive: true });
});

async function open(): Promise<RegistryDatabase> {
  const database = await openSqlite(folder);
  opened.push(database);
  return database;
}

const given = (changes: Record<string, unknown> = {}) => newCamera.parse(krabiCamera(changes));

test('cameras outlive a restart, and migrations run once', async () => {
  const first = await openSqlite(folder);
  const created = await openCameras(first, Date.now).create(given());
  await first.destroy();
  const again = openCameras(await open(), Date.now);
  expect(await again.get(created.id)).toEqual(created);
  expect(await again.list({ limit: 10 })).toEqual([created]);
});

test('LAOs, budget sources and sites are entered once, however many cameras name them', async () => {
  const database = await open();
  const cameras = openCameras(database, Date.now);
  await cameras.createMany([given(), given({ position: 'อีกต้น' })]);
  await cameras.create(given({ budgetSource: 'กระทรวงมหาดไทย' }));
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
  const cameras = openCameras(database, Date.now);
  await cameras.create(given());
  await database
    .updateTable('sites')
    .set({ max_sessions: 8, max_sessions_per_box: 2, uplink_bits_per_second: 20_000_000 })
    .execute();
  const site = {
    name: 'ตู้เทศบาล',
    maxSessions: 8,
    maxSessionsPerBox: 2,
    uplinkBitsPerSecond: 20_000_000,
  };
  expect((await cameras.streams())[0]?.site).toEqual(site);
  const told: unknown[] = [];
  cameras.onCreated((_, source) => told.push(source?.site));
  await cameras.create(given());
  await cameras.create(given({ site: null }));
  expect(told).toEqual([site, null]);
  await expect(
    database.updateTable('sites').set({ max_sessions: 0 }).execute(),
  ).rejects.toBeInstanceOf(ConstraintViolated);
});

test('of many cameras all are stored or none, and nobody is told of none', async () => {
  const cameras = openCameras(await open(), Date.now);
  const told: string[] = [];
  const end = cameras.onCreated(({ position }) => told.push(position));
  const bad = { ...given(), retentionDays: 0 };
  await expect(cameras.createMany([given(), bad])).rejects.toBeInstanceOf(ConstraintViolated);
  expect(await cameras.list({ limit: 10 })).toEqual([]);
  expect(told).toEqual([]);
  await cameras.createMany([given({ position: 'ก' }), given({ position: 'ข' })]);
  end();
  await cameras.create(given({ position: 'ค' }));
  expect(told).toEqual(['ก', 'ข']);
  await expect(
    cameras.createMany(Array.from({ length: MAX_CREATED_AT_ONCE + 1 }, () => given())),
  ).rejects.toThrow(RangeError);
});

test('the database itself keeps streams out of closed areas', async () => {
  const database = await open();
  const cameras = openCameras(database, Date.now);
  const past = { ...given(), scope: 'closed-area' as const };
  await expect(cameras.create(past)).rejects.toBeInstanceOf(ConstraintViolated);
  const { id } = await cameras.create(given());
  const closing = database
    .updateTable('cameras')
    .set({ scope: 'closed-area' })
    .where('id', '=', id);
  await expect(closing.execute()).rejects.toBeInstanceOf(ConstraintViolated);
  await database.deleteFrom('streams').where('camera_id', '=', id).execute();
  await closing.execute();
  expect(await cameras.get(id)).toMatchObject({ scope: 'closed-area', stream: null });
});

test('what goes wrong in the database keeps its cause, and says what a caller can do', async () => {
  const database = await open();
  const wrong = sql`select * from nowhere`.execute(database);
  await expect(wrong).rejects.toBeInstanceOf(DatabaseFailed);
  await expect(wrong).rejects.toMatchObject({
    cause: { message: expect.stringContaining('no such table') as string },
  });
  // A parameter that cannot be sent to the thread leaves nothing waiting.
  await expect(database.executeQuery(CompiledQuery.raw('select ?', [() => 0]))).rejects.toThrow();
  expect(await openCameras(database, Date.now).list({ limit: 1 })).toEqual([]);
});

test('a query never runs within the transaction of another', async () => {
  const database = await open();
  const cameras = openCameras(database, Date.now);
  const seen: number[] = [];
  const failing = database.transaction().execute(async (transaction) => {
    await transaction.insertInto('sites').values({ id: '1', name: 'ก' }).execute();
    await new Promise((resolve) => setTimeout(resolve, 30));
    throw new Error('rolled back');
  });
  const reading = database
    .selectFrom('sites')
    .select('id')
    .execute()
    .then((rows) => seen.push(rows.length));
  await expect(failing).rejects.toThrow('rolled back');
  await reading;
  expect(seen).toEqual([0]);
  expect(await cameras.list({ limit: 1 })).toEqual([]);
});

test('beyond its bound the queue refuses, and those that wait are answered', async () => {
  const database = await open();
  const results = await Promise.allSettled(
    Array.from({ length: 1_500 }, async () => database.selectFrom('sites').select('id').execute()),
  );
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(499);
  for (const result of refused) {
    expect((result as PromiseRejectedResult).reason).toBeInstanceOf(DatabaseUnavailable);
  }
  expect(await database.selectFrom('sites').select('id').execute()).toEqual([]);
});

test('durable and strict: WAL, synchronous FULL, foreign keys; files for the owner only', async () => {
  const database = await open();
  const pragma = async (name: string): Promise<unknown> =>
    Object.values((await sql.raw(`pragma ${name}`).execute(database)).rows[0] as object)[0];
  expect(await pragma('journal_mode')).toBe('wal');
  expect(await pragma('synchronous')).toBe(2);
  expect(await pragma('foreign_keys')).toBe(1);
  await openCameras(database, Date.now).create(given());
  for (const name of ['registry.sqlite', 'registry.sqlite-wal', 'server.lock']) {
    expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  }
});

test('a second opening of the folder is refused in words, until the first is closed', async () => {
  const first = await openSqlite(folder);
  const second = openSqlite(folder);
  await expect(second).rejects.toBeInstanceOf(DataFolderInUse);
  await expect(second).rejects.toThrow(/another server is running on the data folder/);
  await first.destroy();
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
  await expect(openSqlite(folder)).rejects.toBeInstanceOf(DataFolderInUse);
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
  await expect(openSqlite(folder)).rejects.toBeInstanceOf(DatabaseFailed);
  rmSync(path);
  await open();
});

test('a registry written by a newer version is left alone', async () => {
  const database = await openSqlite(folder);
  await sql`insert into kysely_migration (name, timestamp) values ('9999-future', '2099')`.execute(
    database,
  );
  await database.destroy();
  await expect(openSqlite(folder)).rejects.toBeInstanceOf(MigrationFailed);
});
