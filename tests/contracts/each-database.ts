import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgreSqlContainer, type StartedPostgreSqlContainer } from '@testcontainers/postgresql';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { missingParts } from '../end-to-end/machine.ts';

const START_MS = 60_000;

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
 * was opened is closed after each test.
 */
export function onEachDatabase(facts: (rig: DatabaseRig) => void): void {
  describe('on SQLite', () => facts(sqliteRig()));
  describe.skipIf(missingParts('containers').length > 0)(
    'on PostgreSQL (wants a container engine)',
    () => facts(postgresRig()),
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

function sqliteRig(): DatabaseRig {
  const { folder, open } = openings();
  let dataDir: string;
  beforeEach(() => {
    dataDir = folder();
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

function postgresRig(): DatabaseRig {
  const { folder, open } = openings();
  let container: StartedPostgreSqlContainer;
  let dataDir: string;
  let url: string;
  let made = 0;

  beforeAll(async () => {
    container = await startPostgres();
  }, START_MS);
  afterAll(async () => {
    await container.stop();
  });
  beforeEach(async () => {
    dataDir = folder();
    const name = `test_${made++}`;
    const client = new Client({ connectionString: container.getConnectionUri() });
    await client.connect();
    await client.query(`create database ${name}`);
    await client.end();
    const address = new URL(container.getConnectionUri());
    address.pathname = name;
    url = address.href;
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
  return new PostgreSqlContainer('postgres:15').withTmpFs({ '/var/lib/postgresql': 'rw' }).start();
}
