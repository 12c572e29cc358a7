/**
 * Which core does what: the subject has one for itself; the feeder, the clients and the benchmark share the other.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

export const SUBJECT_CORE = 0;
export const BENCH_CORE = 1;
/** For what is compared with something that may use both. */
export const EITHER_CORE = '0,1';
const MOST_TRIES = 5;

/** Puts this process, all its threads and what it starts from now on, on BENCH_CORE. Throws when that cannot be done. */
export function moveToBenchCore(): void {
  if (process.platform !== 'linux') throw new Error('the benchmarks read /proc: Linux only');
  if (availableParallelism() < 2) throw new Error('two cores are wanted, one for each side');
  const move = ['-a', '-c', '-p', String(BENCH_CORE), String(process.pid)];
  for (let tries = 1; spawnSync('taskset', move).status !== 0; tries++) {
    // A thread that ends while it is asked for makes it fail.
    if (tries === MOST_TRIES) throw new Error('taskset (util-linux) is wanted');
  }
}
