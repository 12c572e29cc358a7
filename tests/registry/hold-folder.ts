/** A process that opens the registry in a folder, says so or why not, and stays. For sqlite.test.ts. */
import { openSqlite } from '#registry/database/sqlite.ts';

const folder = process.argv[2] ?? '';
try {
  await openSqlite(folder);
  console.log('open');
} catch (error) {
  console.log(error instanceof Error && 'code' in error ? error.code : error);
}
