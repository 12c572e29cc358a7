/** A process that opens the registry in a folder, says so or why not, and stays. For sqlite.test.ts. */
import { openDatabases } from '#registry/database/open-databases.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';

const folder = process.argv[2] ?? '';
try {
  await openRegistry(openDatabases({ dataDir: folder }));
  console.log('open');
} catch (error) {
  console.log(error instanceof Error && 'code' in error ? error.code : error);
}
