import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { memoryFolder } from '../memory-folder.ts';

/** Opens those that a test file is about, which migrates them. */
export type Schemas = (databases: Databases) => Promise<unknown>;

const made = new Map<Schemas, Promise<string>>();

/** After the tests of a file: what was made for them is removed. */
export async function forgetMigrated(): Promise<void> {
  for (const folder of made.values()) rmSync(await folder, { recursive: true });
  made.clear();
}

/**
 * Makes `dataDir` one in which these were opened before. All of their migrations on a new database take longer than most
 * tests: they run once a file, and what they made is copied.
 */
export async function copyMigrated(dataDir: string, schemas: Schemas): Promise<void> {
  let template = made.get(schemas);
  if (template === undefined) {
    template = migrate(schemas);
    made.set(schemas, template);
  }
  cpSync(await template, dataDir, { recursive: true });
}

async function migrate(schemas: Schemas): Promise<string> {
  const folder = mkdtempSync(join(memoryFolder(), 'migrated-'));
  const databases = openDatabases({ dataDir: folder });
  try {
    await schemas(databases);
  } finally {
    await databases.close();
  }
  return folder;
}
