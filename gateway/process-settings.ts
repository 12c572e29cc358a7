import { join } from 'node:path';

/**
 * What a process of ours needs to have been started with. Memory is what cameras' media lies in, and Node's own habits took
 * 300 MB beside it (decisions/0080).
 */

/** Set in a process that has begun anew, for itself alone. */
const BEGUN_ANEW = 'CCTV_GATEWAY_BEGUN_ANEW';

export const V8_FLAGS = [
  // What a start leaves on the young heap of the thread that serves, 57 MB of it, is never given back.
  '--max-semi-space-size=4',
  // Else a download of a clip has the whole heap collected every 64 MB (decisions/0062).
  '--external-memory-accounted-in-global-limit',
];

/** Beside the packages, which whoever runs this trusts as much; it goes and comes with them. */
const COMPILED = join(import.meta.dirname, '../node_modules/.cache/compiled');

export const ENVIRONMENT = {
  // Every thread that finds its sources compiled there does without the compiler of TypeScript, 13 MB in each.
  NODE_COMPILE_CACHE: COMPILED,
  // glibc gives each of a dozen threads an arena of its own, and none of them back.
  MALLOC_ARENA_MAX: '2',
};

/**
 * Replaces this process by one with the settings, of the same id, unless it is that one. Where a process cannot be
 * replaced (Windows) it goes on without: it works the same, in more memory.
 */
export function beginWithSettings(): void {
  const { env, execPath, execArgv, argv } = process;
  if (env[BEGUN_ANEW] !== undefined) {
    delete env[BEGUN_ANEW];
    return;
  }
  if (process.execve === undefined || process.platform === 'win32') return;
  process.execve(execPath, [execPath, ...V8_FLAGS, ...execArgv, ...argv.slice(1)], {
    ...ENVIRONMENT,
    // What the environment says already is somebody's wish.
    ...env,
    [BEGUN_ANEW]: '1',
  });
}
