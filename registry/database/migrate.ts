import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { DatabaseFailed, DatabaseUnavailable, type DatabaseSchema } from './database.ts';

/** The schema could not be brought up to date, or is of a newer version than this server. Nothing was changed. */
export class MigrationFailed extends Error {
  readonly code = 'migration_failed';
  readonly database: string;
  /** Undefined when none was begun. */
  readonly migration: string | undefined;
  constructor(database: string, migration: string | undefined, options: ErrorOptions) {
    super(
      migration === undefined
        ? `the database ${database} cannot be brought up to date; was it written by a newer version?`
        : `migration ${migration} of the database ${database} failed`,
      options,
    );
    this.database = database;
    this.migration = migration;
  }
}

/**
 * Runs what has not run yet, all in one transaction; of several servers that start at once, one runs it and the others
 * wait. `tablesIn`: PostgreSQL's schema, made if it is not there.
 * Throws MigrationFailed; DatabaseFailed, DatabaseUnavailable.
 */
export async function migrate(
  database: Kysely<never>,
  { name, migrations }: DatabaseSchema,
  tablesIn?: string,
): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => migrations },
    ...(tablesIn === undefined ? {} : { migrationTableSchema: tablesIn }),
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const ofDatabase = error instanceof DatabaseFailed || error instanceof DatabaseUnavailable;
  const failed = results?.find(({ status }) => status === 'Error');
  if (failed === undefined && ofDatabase) throw error;
  throw new MigrationFailed(name, failed?.migrationName, { cause: error });
}
