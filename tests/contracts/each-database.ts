import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgreSqlContainer, type StartedPostgreSqlContainer } from '@testcontainers/postgresql';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { copyMigrated, forgetMigrated, type Schemas } from '../registry/migrated-folder.ts';
import { CONTAINER_START_MS } from './container-start.ts';

/** Databases of PostgreSQL that others are copies of: its own, and one in which the schemas were opened. */
const EMPTY = 'template1';
const MIGRATED = 'migrated';

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
 * The facts of a contract, told of SQLite and of PostgreSQL in a container (one a test file, a database a test). What
 * was opened is closed after each test. `schemas`: each test finds them migrated already.
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
      const folder = mkdtempSync(join(tmpdir(), 'databases-'));
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
  let container: StartedPostgreSqlContainer;
  let dataDir: string;
  let url: string;
  let made = 0;

  const addressOf = (name: string): string => {
    const address = new URL(container.getConnectionUri());
    address.pathname = name;
    return address.href;
  };
  const createDatabase = async (name: string, template: string): Promise<void> => {
    const client = new Client({ connectionString: container.getConnectionUri() });
    await client.connect();
    // It waits for connections of the template that are just being closed.
    await client.query(`create database ${name} template ${template}`);
    await client.end();
  };

  beforeAll(async () => {
    container = await startPostgres();
    if (schemas === undefined) return;
    await createDatabase(MIGRATED, EMPTY);
    const dataFolder = mkdtempSync(join(tmpdir(), 'databases-'));
    const databases = openDatabases({ dataDir: dataFolder, databaseUrl: addressOf(MIGRATED) });
    await schemas(databases);
    await databases.close();
    rmSync(dataFolder, { recursive: true });
  }, CONTAINER_START_MS);
  afterAll(async () => {
    await container.stop();
  });
  beforeEach(async () => {
    dataDir = folder();
    const name = `test_${made++}`;
    await createDatabase(name, schemas === undefined ? EMPTY : MIGRATED);
    url = addressOf(name);
  });
  return {
    kind: 'postgres',
    open: () => open(dataDir, url),
    openBeside: () => open(folder(), url),
    url: () => url,
  };
}

/** Its durability is not what these tests are about. */
export async function startPostgres(): Promise<StartedPostgreSqlContainer> {
  // Its reaper is one image more, which may not be there; what is started here is stopped here.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  return new PostgreSqlContainer('postgres:15')
    .withTmpFs({ '/var/lib/postgresql': 'rw' })
    .withStartupTimeout(CONTAINER_START_MS)
    .start();
}
