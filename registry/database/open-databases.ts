import { mkdirSync } from 'node:fs';
import type { Databases } from './database.ts';
import { lockFolder } from './folder-lock.ts';
import { postgresDatabases } from './postgres.ts';
import { sqliteDatabases } from './sqlite.ts';

export interface DatabaseSettings {
  /** Made if it is not there. */
  dataDir: string;
  /** postgres://…; without it SQLite files in the data folder. */
  databaseUrl?: string | undefined;
}

/**
 * Takes the data folder for this process, and opens the databases behind the port. The folder is taken with PostgreSQL
 * too: keys, sockets and spool files lie there, whichever database holds the rows.
 * Throws DataFolderInUse.
 */
export function openDatabases({ dataDir, databaseUrl }: DatabaseSettings): Databases {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockFolder(dataDir);
  const databases =
    databaseUrl === undefined ? sqliteDatabases(dataDir) : postgresDatabases(databaseUrl);
  return {
    open: async (schema) => databases.open(schema),
    async close() {
      try {
        await databases.close();
      } finally {
        lock.release();
      }
    },
  };
}
