import { resolve } from 'node:path';
import { makeDataFolder } from './data-folder.ts';
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
 * Throws DataFolderInUse, DataFolderNotUsable.
 */
export function openDatabases({ dataDir, databaseUrl }: DatabaseSettings): Databases {
  makeDataFolder(resolve(dataDir));
  const lock = lockFolder(dataDir);
  const databases =
    databaseUrl === undefined ? sqliteDatabases(dataDir) : postgresDatabases(databaseUrl);
  return {
    open: async (schema) => databases.open(schema),
    takeTurn: async (name, onChanged) => databases.takeTurn(name, onChanged),
    async close() {
      try {
        await databases.close();
      } finally {
        lock.release();
      }
    },
  };
}
