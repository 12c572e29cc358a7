import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * How maintenance commands reach the server that runs on a data folder: a Unix socket in it, which only its owner may open
 * (0600), so that whoever may read the folder may ask and nobody else. One line of JSON asks, one answers. A command never
 * opens the databases beside the server: the lock on the folder would refuse it.
 */

const SOCKET = 'admin.sock';
/** Of a question. */
const MAX_LINE_BYTES = 16 * 1024;
/** Commands that wait or run; one more is refused. */
const MAX_CONNECTIONS = 8;
/** For a question to come. */
const ASK_MS = 5_000;
/** Paths of Unix sockets are short (sun_path; 104 on macOS). */
const MAX_PATH_BYTES = 100;

export type AdminCommand = (
  parameters: Readonly<Record<string, string>>,
) => Promise<Readonly<Record<string, unknown>>>;

export interface AdminSocket {
  path: string;
  close(): Promise<void>;
}

/** No socket: the path of the data folder is too long for one, or the system has none. The server runs without. */
export class AdminSocketNotPossible extends Error {
  readonly code = 'admin_socket_not_possible';
}

const question = z.strictObject({
  command: z.string(),
  parameters: z.record(z.string(), z.string()).default({}),
});

export const adminAnswer = z.union([
  z.object({ answer: z.record(z.string(), z.unknown()) }),
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
]);

export function adminSocketPath(dataDir: string): string {
  return join(dataDir, SOCKET);
}

/** The folder must be locked: a socket that a dead server left is replaced. Throws AdminSocketNotPossible. */
export async function openAdminSocket(
  dataDir: string,
  commands: Readonly<Record<string, AdminCommand>>,
): Promise<AdminSocket> {
  const path = adminSocketPath(dataDir);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new AdminSocketNotPossible(`the path is longer than ${MAX_PATH_BYTES} bytes: ${path}`);
  }
  rmSync(path, { force: true });
  const server = createServer((socket) => serve(socket, commands));
  server.maxConnections = MAX_CONNECTIONS;
  // Others may not reach it even before its rights are set: the folder is its owner's alone (0700).
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new AdminSocketNotPossible(`cannot listen on ${path}`, { cause })),
    );
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  server.unref();
  return { path, close: async () => close(server, path) };
}

function serve(socket: Socket, commands: Readonly<Record<string, AdminCommand>>): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let answered = false;
  socket.setTimeout(ASK_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    if (answered) return;
    chunks.push(chunk);
    length += chunk.length;
    const end = chunk.indexOf(0x0a);
    if (length > MAX_LINE_BYTES) {
      answered = true;
      socket.end(
        line({ error: { code: 'question_too_long', message: 'the question is too long' } }),
      );
    } else if (end >= 0) {
      answered = true;
      socket.setTimeout(0);
      const text = Buffer.concat(chunks).toString('utf8').split('\n', 1)[0] ?? '';
      void answer(text, commands).then((answer) => socket.end(line(answer)));
    }
  });
}

async function answer(
  text: string,
  commands: Readonly<Record<string, AdminCommand>>,
): Promise<z.infer<typeof adminAnswer>> {
  try {
    const { command, parameters } = question.parse(JSON.parse(text));
    const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (run === undefined) {
      const known = Object.keys(commands).join(', ');
      return {
        error: { code: 'no_such_command', message: `no command ${command}; there are: ${known}` },
      };
    }
    return { answer: await run(parameters) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

function line(json: unknown): string {
  return `${JSON.stringify(json)}\n`;
}

async function close(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
  rmSync(path, { force: true });
}
