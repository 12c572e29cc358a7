/**
 * What the kernel says of a process. proc_pid_stat(5).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ticksPerSecond =
  Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;

/** Processor time of all threads, user and system, in µs since it began. Throws when the process is gone. */
export function processorMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is a name in parentheses that may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return (ticks * 1e6) / ticksPerSecond;
}

/** Resident bytes, shared memory included (VmRSS). */
export function residentBytes(pid: number): number {
  return 1024 * kilobytes(readFileSync(`/proc/${pid}/status`, 'latin1'), 'VmRSS');
}

/** Resident bytes that no other process shares (Private_Clean + Private_Dirty). */
export function unsharedBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return 1024 * (kilobytes(rollup, 'Private_Clean') + kilobytes(rollup, 'Private_Dirty'));
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

export interface Span {
  seconds: number;
  micros: number;
  percentOfCore: number;
}

/** Processor time of these processes over a span of wall time. */
export function startSpan(pids: readonly number[]): () => Span {
  const total = (): number => pids.reduce((sum, pid) => sum + processorMicros(pid), 0);
  const fromMs = performance.now();
  const from = total();
  return () => {
    const seconds = (performance.now() - fromMs) / 1000;
    const micros = total() - from;
    return { seconds, micros, percentOfCore: micros / seconds / 1e4 };
  };
}
