import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ pid: number | undefined; output: string; code: number | null }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { pid: child.pid, output, code };
}

// There it goes on without.
const replaces = process.execve !== undefined && process.platform !== 'win32';

test.skipIf(!replaces)(
  'the process begins anew once, under its own id, with all that it was given (wants execve, which Windows lacks)',
  async () => {
    const script = join(import.meta.dirname, 'settings-of-process.ts');
    const { pid, output } = await run(['--no-deprecation', script, 'one', 'two'], { GIVEN: 'x' });
    const said = JSON.parse(output) as Record<string, unknown>;
    expect(said).toMatchObject({
      pid,
      arguments: ['one', 'two'],
      env: { GIVEN: 'x', MALLOC_ARENA_MAX: '2' },
    });
    expect(said['execArgv']).toEqual(
      expect.arrayContaining(['--max-semi-space-size=4', '--no-deprecation']),
    );
    expect(Object.keys(said['env'] as object)).not.toContain('CCTV_GATEWAY_BEGUN_ANEW');

    const wished = await run([script], { MALLOC_ARENA_MAX: '7', NODE_COMPILE_CACHE: '' });
    expect(JSON.parse(wished.output)).toMatchObject({
      env: { MALLOC_ARENA_MAX: '7', NODE_COMPILE_CACHE: '' },
    });
  },
);

test.skipIf(!replaces)(
  '`compile` fills the cache and ends, without a gateway (wants execve, which Windows lacks)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
    try {
      const { output, code } = await run(['gateway/main.ts', 'compile'], {
        NODE_COMPILE_CACHE: folder,
      });
      expect([output, code]).toEqual(['', 0]);
      expect(readdirSync(folder, { recursive: true }).length).toBeGreaterThan(100);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
