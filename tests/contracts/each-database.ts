import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { copyMigrated, forgetMigrated, type Schemas } from '../registry/migrated-folder.ts';
import { CONTAINER_START_MS } from './container-start.ts';
import { databasesInPostgres, EMPTY, type DatabasesInPostgres } from './databases-in-postgres.ts';
import { memoryFolder } from '../memory-folder.ts';

export interface DatabaseRig {
  kind: 'sqlite' | 'postgres';
  /** The test's own databases, empty at first; each opening must be closed before the next, or `openBeside` used. */
  open: () => Databases;
  /** As another server on the same database, with another data folder: PostgreSQL only. */
  openBeside: () => Databases;
  /** The test's PostgreSQL database. */
  url: () => string | undefined;
}

/**
 * The facts of a contract, told of SQLite and of PostgreSQL in a container (one a run, a database a test). What was opened
 * is closed after each test. `schemas`: each test finds them migrated already.
 */
export function onEachDatabase(facts: (rig: DatabaseRig) => void, schemas?: Schemas): void {
  describe('on SQLite', () => facts(sqliteRig(schemas)));
  describe.skipIf(missingParts('containers').length > 0)(
    'on PostgreSQL (wants a container engine)',
    () => facts(postgresRig(schemas)),
  );
}

/** Folders and openings of one test. */
function openings() {
  const folders: string[] = [];
  const opened: Databases[] = [];
  afterEach(async () => {
    for (const databases of opened.splice(0)) await databases.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  return {
    folder: (): string => {
      const folder = mkdtempSync(join(memoryFolder(), 'databases-'));
      folders.push(folder);
      return folder;
    },
    open: (dataDir: string, databaseUrl?: string): Databases => {
      const databases = openDatabases({ dataDir, databaseUrl });
      opened.push(databases);
      return databases;
    },
  };
}

function sqliteRig(schemas: Schemas | undefined): DatabaseRig {
  const { folder, open } = openings();
  let dataDir: string;
  afterAll(forgetMigrated);
  beforeEach(async () => {
    dataDir = folder();
    if (schemas !== undefined) await copyMigrated(dataDir, schemas);
  });
  return {
    kind: 'sqlite',
    open: () => open(dataDir),
    openBeside() {
      throw new Error('a SQLite folder has one server');
    },
    url: () => undefined,
  };
}

function postgresRig(schemas: Schemas | undefined): DatabaseRig {
  const { folder, open } = openings();
  let postgres: DatabasesInPostgres;
  let template = EMPTY;
  let dataDir: string;
  let name: string | undefined;
  let url: string;

  beforeAll(async () => {
    postgres = await databasesInPostgres();
    if (schemas === undefined) return;
    template = await postgres.create(EMPTY);
    const dataFolder = mkdtempSync(join(memoryFolder(), 'databases-'));
    const databases = openDatabases({
      dataDir: dataFolder,
      databaseUrl: postgres.addressOf(template),
    });
    await schemas(databases);
    await databases.close();
    rmSync(dataFolder, { recursive: true });
  }, CONTAINER_START_MS);
  afterAll(async () => {
    await postgres.close();
  });
  beforeEach(async () => {
    dataDir = folder();
    // That of the test before, which has closed it.
    if (name !== undefined) await postgres.remove(name);
    name = await postgres.create(template);
    url = postgres.addressOf(name);
  });
  return {
    kind: 'postgres',
    open: () => open(dataDir, url),
    openBeside: () => open(folder(), url),
    url: () => url,
  };
}
