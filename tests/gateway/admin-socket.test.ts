import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  AdminSocketNotPossible,
  adminSocketPath,
  openAdminSocket,
  type AdminSocket,
} from '#gateway/admin-socket.ts';

const ADMIN = join(import.meta.dirname, '../../gateway/admin.ts');
let folder: string;
let socket: AdminSocket | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'admin-'));
});

afterEach(async () => {
  await socket?.close();
  rmSync(folder, { recursive: true });
});

async function open(): Promise<AdminSocket> {
  socket = await openAdminSocket(folder, {
    echo: async (parameters) => ({ parameters }),
    fail: async () => {
      throw Object.assign(new Error('no such camera'), { code: 'camera_not_found' });
    },
  });
  return socket;
}

async function ask(line: string): Promise<unknown> {
  const client = connect({ path: adminSocketPath(folder) });
  client.write(line);
  return JSON.parse(await text(client));
}

async function run(...words: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [ADMIN, ...words], {
    env: { ...process.env, DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, output: output + errors };
}

test('a command reaches the running server, and its answer comes back; for the owner only', async () => {
  // What a server that was killed left behind.
  writeFileSync(adminSocketPath(folder), '');
  const { path } = await open();
  expect(statSync(path).mode & 0o077).toBe(0);
  const answer = await run('echo', 'name=ก=ข');
  expect(answer).toMatchObject({ code: 0 });
  expect(JSON.parse(answer.output)).toEqual({ parameters: { name: 'ก=ข' } });
  expect(await run('fail')).toMatchObject({ code: 1, output: 'no such camera\n' });
  expect((await run('constructor')).output).toContain('there are: echo, fail');
});

test('without a server the command says so', async () => {
  const answer = await run('status');
  expect(answer.code).toBe(1);
  expect(answer.output).toContain(`no server runs on the data folder ${folder}`);
});

test('what is no question, or a long one, is answered with what is wrong', async () => {
  await open();
  expect(await ask('not json\n')).toHaveProperty('error');
  expect(await ask('{"command":1}\n')).toHaveProperty('error');
  expect(await ask(`{"command":"${'x'.repeat(20_000)}"}\n`)).toMatchObject({
    error: { code: 'question_too_long' },
  });
  expect(await ask('{"command":"echo"}\n')).toEqual({ answer: { parameters: {} } });
});

test('a folder whose path is too long for a socket has none, in words', async () => {
  await expect(openAdminSocket(join(folder, 'x'.repeat(120)), {})).rejects.toBeInstanceOf(
    AdminSocketNotPossible,
  );
});
