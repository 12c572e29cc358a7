/**
 * Processes that a benchmark starts: pinned to a core, and gone when the benchmark is, however it ends.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { EITHER_CORE } from './cores.ts';

const LAST_WORDS_BYTES = 4000;
const STOP_PATIENCE_MS = 5000;
const running = new Set<Child>();

export interface Child {
  pid: number;
  /** Next line of standard output; undefined when it has ended. */
  nextLine: () => Promise<string | undefined>;
  /** The end of what it wrote to standard error (and to standard output, if asked for). */
  lastWords: () => string;
  signal: (name: NodeJS.Signals) => void;
  /** True once the process is gone, wanted or not. */
  ended: () => boolean;
  /** Asks it to stop, kills it after STOP_PATIENCE_MS, resolves when it is gone. */
  stop: () => Promise<void>;
  process: ChildProcess;
}

export function startChild(options: {
  command: string;
  args: readonly string[];
  core: number | typeof EITHER_CORE;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** What becomes of standard output: read by nextLine (default), kept for lastWords, or dropped. */
  output?: 'lines' | 'words' | 'dropped';
}): Child {
  // setpriv: the kernel ends the child even when this process is killed without a word.
  const child = spawn(
    'setpriv',
    [
      ['--pdeathsig', 'KILL', 'taskset', '-c', String(options.core)],
      options.command,
      ...options.args,
    ].flat(),
    {
      stdio: ['ignore', options.output === 'dropped' ? 'ignore' : 'pipe', 'pipe'],
      env: options.env ?? process.env,
      cwd: options.cwd,
    },
  );
  if (child.pid === undefined) throw new Error(`${options.command} could not be started`);
  let words = '';
  const keep = (text: string): void => {
    words = (words + text).slice(-LAST_WORDS_BYTES);
  };
  child.stderr?.setEncoding('utf8').on('data', keep);
  if (options.output === 'words') child.stdout?.setEncoding('utf8').on('data', keep);
  const lines =
    options.output === undefined &&
    child.stdout &&
    createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const started: Child = {
    pid: child.pid,
    nextLine: async () => {
      const line = lines ? await lines.next() : undefined;
      return line === undefined || line.done ? undefined : line.value;
    },
    lastWords: () => words,
    signal: (name) => {
      child.kill(name);
    },
    ended,
    stop: async () => {
      if (!ended()) {
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
        await gone;
        clearTimeout(timer);
      }
      running.delete(started);
    },
    process: child,
  };
  child.on('exit', () => running.delete(started));
  child.on('error', () => running.delete(started));
  running.add(started);
  return started;
}

export async function stopChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

/** Ends the benchmark after `minutes`, and on a signal, taking all children along. */
export function boundTheRun(minutes: number): void {
  setTimeout(
    () => end(`stopped: longer than the ${minutes} minutes allowed`),
    minutes * 60_000,
  ).unref();
  process.on('SIGINT', () => end('interrupted'));
  process.on('SIGTERM', () => end('terminated'));
  process.on('exit', () => {
    for (const child of running) child.signal('SIGKILL');
  });
}

function end(why: string): void {
  console.error(why);
  process.exit(1);
}
