/**
 * `npm run admin -- <command> [name=value …]`: asks the server that runs on DATA_DIR, over the socket in it. See README.md
 * of this folder for the commands.
 */
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { adminAnswer, adminSocketPath } from './admin-socket.ts';

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
const socket = connect({ path: adminSocketPath(dataDir) });
socket.on('error', () => {
  console.error(`no server runs on the data folder ${dataDir} (or it is not yours to ask)`);
  process.exit(1);
});
socket.write(`${JSON.stringify({ command, parameters })}\n`);
const answer = adminAnswer.parse(JSON.parse(await text(socket)));
if ('error' in answer) {
  console.error(answer.error.message);
  process.exit(1);
}
console.log(JSON.stringify(answer.answer, null, 2));
