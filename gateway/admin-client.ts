import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { adminAnswer, adminSocketPath } from './admin-socket.ts';

/** No server runs on the data folder, or it is not this user's to ask. */
export class NoServerRuns extends Error {
  readonly code = 'no_server_runs';
  constructor(dataDir: string) {
    super(`no server runs on the data folder ${dataDir} (or it is not yours to ask)`);
  }
}

/** The server answered, and said no. */
export class CommandFailed extends Error {
  readonly code = 'command_failed';
}

/** Asks the server that runs on a data folder, over the socket in it. Throws NoServerRuns, CommandFailed. */
export async function askServer(
  dataDir: string,
  command: string,
  parameters: Readonly<Record<string, string>>,
): Promise<unknown> {
  const socket = connect({ path: adminSocketPath(dataDir) });
  const failed = new Promise<never>((_, reject) => {
    socket.on('error', () => reject(new NoServerRuns(dataDir)));
  });
  socket.write(`${JSON.stringify({ command, parameters })}\n`);
  const answer = adminAnswer.parse(JSON.parse(await Promise.race([text(socket), failed])));
  if ('error' in answer) throw new CommandFailed(answer.error.message);
  return answer.answer;
}
