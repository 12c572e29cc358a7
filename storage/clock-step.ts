import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Whether this machine's clock is in step with true time, as whoever keeps it says. Wall times of recordings come from
 * it, so each recording notes it. `null`: nobody here can tell, which is noted as such.
 */
export interface ClockStep {
  readonly inStep: boolean | null;
  stop(): void;
}

const LOOK_MS = 60_000;
/** For a command to answer. */
const ANSWER_MS = 5_000;
/** Further off is out of step, whatever the time service calls it. */
const MAX_OFFSET_S = 0.5;
/** systemd-timesyncd makes it when it has set the clock first. */
const TIMESYNCD_MARK = '/run/systemd/timesync/synchronized';

export type RunCommand = (command: string, parameters: readonly string[]) => Promise<string>;

/** Looks now and once a minute. */
export function watchClockStep(run: RunCommand = runCommand): ClockStep {
  const step = { inStep: null as boolean | null, stop: () => clearInterval(timer) };
  const look = async (): Promise<void> => {
    step.inStep = await clockInStep(run);
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  void look();
  return step;
}

/** Asks chrony, then systemd (which asks the kernel: adjtimex), then looks for timesyncd's mark. */
export async function clockInStep(
  run: RunCommand,
  exists: (path: string) => boolean = existsSync,
): Promise<boolean | null> {
  const tracking = await answer(run, 'chronyc', ['-c', 'tracking']);
  if (tracking !== undefined) return chronyInStep(tracking);
  const timedate = await answer(run, 'timedatectl', [
    'show',
    '--property=NTPSynchronized',
    '--value',
  ]);
  if (timedate?.trim() === 'yes') return true;
  if (timedate?.trim() === 'no') return false;
  return exists(TIMESYNCD_MARK) ? true : null;
}

/** chronyc(1), `-c tracking`: reference, name, stratum, time, system time off by (s), …, leap status last. */
function chronyInStep(line: string): boolean | null {
  const fields = line.trim().split(',');
  const offsetS = Number(fields[4]);
  const leap = fields.at(-1);
  if (fields.length < 14 || !Number.isFinite(offsetS)) return null;
  return leap !== 'Not synchronised' && Math.abs(offsetS) <= MAX_OFFSET_S;
}

async function answer(
  run: RunCommand,
  command: string,
  parameters: readonly string[],
): Promise<string | undefined> {
  try {
    return await run(command, parameters);
  } catch {
    // Not installed, or not running: somebody else may know.
    return undefined;
  }
}

async function runCommand(command: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, parameters, { timeout: ANSWER_MS }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}
