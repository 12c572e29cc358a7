/**
 * `npm run admin -- <command> [name=value …]`: asks the server that runs on DATA_DIR, over the socket in it. See README.md
 * of this folder for the commands.
 */
import { resolve } from 'node:path';
import { askServer } from './admin-client.ts';

const [command, ...given] = process.argv.slice(2);
if (command === undefined) {
  console.error(
    'usage: npm run admin -- <command> [name=value …], such as: npm run admin -- status',
  );
  process.exit(2);
}
const parameters = Object.fromEntries(
  given.map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [name, value.join('=')];
  }),
);
const dataDir = resolve(process.env['DATA_DIR'] ?? './data');
try {
  console.log(JSON.stringify(await askServer(dataDir, command, parameters), null, 2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
