import { Migrator } from 'kysely/migration';
import { DatabaseFailed, DatabaseUnavailable, type RegistryDatabase } from './database.ts';
import * as cameras from './migrations/0001-cameras.ts';
import * as lines from './migrations/0002-tls-and-site-budgets.ts';

/** In order. A migration that has been released is never changed: what it got wrong, a later one mends. */
const migrations = { '0001-cameras': cameras, '0002-tls-and-site-budgets': lines };

/** The schema could not be brought up to date, or is of a newer version than this server. Nothing was changed. */
export class MigrationFailed extends Error {
  readonly code = 'migration_failed';
  /** Undefined when none was begun. */
  readonly migration: string | undefined;
  constructor(migration: string | undefined, options: ErrorOptions) {
    super(
      migration === undefined
        ? 'the registry cannot be brought up to date; was it written by a newer version?'
        : `migration ${migration} failed`,
      options,
    );
    this.migration = migration;
  }
}

/** Runs what has not run yet, all in one transaction. Throws MigrationFailed; DatabaseFailed, DatabaseUnavailable. */
export async function migrate(database: RegistryDatabase): Promise<void> {
  const migrator = new Migrator({
    db: database,
    // A static list: a scan of the folder would run whatever lies there.
    provider: { getMigrations: async () => migrations },
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const ofDatabase = error instanceof DatabaseFailed || error instanceof DatabaseUnavailable;
  const failed = results?.find(({ status }) => status === 'Error');
  if (failed === undefined && ofDatabase) throw error;
  throw new MigrationFailed(failed?.migrationName, { cause: error });
}
