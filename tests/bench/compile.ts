/**
 * The benchmark's C programs, compiled with the machine's `cc` into build/ when their source is newer.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const BENCH_FOLDER = import.meta.dirname;
export const BUILD_FOLDER = join(BENCH_FOLDER, 'build');

/** No C compiler: without the feeder there is nothing to measure. */
export class NoCompiler extends Error {
  readonly code = 'no_compiler';
  constructor() {
    super(
      '`cc` is not installed (Debian: apt-get install gcc libc6-dev): the feeder cannot be built',
    );
  }
}

/** Path of the compiled program. Throws NoCompiler, or Error with the compiler's own words. */
export function compiled(program: 'feeder' | 'reader' | 'viewer-load'): string {
  const source = join(BENCH_FOLDER, `${program}.c`);
  const binary = join(BUILD_FOLDER, program);
  mkdirSync(BUILD_FOLDER, { recursive: true });
  const built = statSync(binary, { throwIfNoEntry: false });
  if (built && built.mtimeMs > statSync(source).mtimeMs) return binary;
  const run = spawnSync('cc', ['-O2', '-Wall', '-o', binary, source], { encoding: 'utf8' });
  if (run.error) throw new NoCompiler();
  if (run.status !== 0) throw new Error(`cc ${program}.c: ${run.stderr}`);
  return binary;
}
