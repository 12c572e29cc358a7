import { readFileSync, statSync } from 'node:fs';
import { open, rm, utimes, type FileHandle } from 'node:fs/promises';
import * as z from 'zod';
import type { Gap } from '../catalogue/gaps.ts';
import { gapCauses } from '../catalogue/tables.ts';
import type { GapStep } from '../missed-gaps.ts';

/** In the spool folder, beside the cameras' folders: what waits there is explained by it. */
export const NOTED_GAPS_FILE = 'noted-gaps.jsonl';
/** Some 100,000 steps: a camera that comes and goes every few seconds, for an hour, a hundred times. What comes beyond is not noted. */
const MAX_NOTED_BYTES = 16 * 1024 * 1024;

const ms = z.number();
const why = z.object({ cause: z.enum(gapCauses), detail: z.string().nullable() });
const line = z.union([
  z.object({
    step: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('begins'),
        cameraId: z.string(),
        startMs: ms,
        why,
        follows: z.boolean(),
      }),
      z.object({ kind: z.literal('ends'), cameraId: z.string(), endMs: ms }),
    ]),
  }),
  z.object({ over: z.object({ cameraId: z.string(), startMs: ms, endMs: ms, ...why.shape }) }),
  z.object({ awayMs: ms }),
  z.object({ fullMs: ms }),
]);

/** What was noted, in its order, and until when the process that noted it is known to have run. */
export interface Noted {
  steps: GapStep[];
  over: Gap[];
  aliveMs: number;
}

/**
 * The steps of gaps that wait for the catalogue, on the disk: while the database is away the process may end, and recordings outlive it in
 * the spool, but why there is none between them nobody else knows. A line a step, appended; the file goes when all that it tells
 * of is entered. That nothing could be noted is said in the log, and holds nothing up.
 */
export class NotedGaps {
  readonly #path: string;
  readonly #now: () => number;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  #file: FileHandle | undefined;
  #bytes = 0;
  #isFull = false;
  /** Of lines that come while others are written. */
  #unwritten = '';
  #last: Promise<void> = Promise.resolve();

  constructor(options: {
    path: string;
    now: () => number;
    log: (event: string, fields: Record<string, unknown>) => void;
  }) {
    this.#path = options.path;
    this.#now = options.now;
    this.#log = options.log;
  }

  /** From now on steps wait: also where there is none yet, it is noted for how long the process runs. */
  away(): void {
    if (this.#bytes === 0) this.#write({ awayMs: this.#now() });
  }

  note(steps: readonly GapStep[], over: readonly Gap[]): void {
    for (const gap of over) this.#write({ over: gap });
    for (const step of steps) this.#write({ step });
  }

  #write(told: object): void {
    if (this.#isFull) return;
    let text = `${JSON.stringify(told)}\n`;
    if (this.#bytes + text.length > MAX_NOTED_BYTES) {
      this.#isFull = true;
      text = `${JSON.stringify({ fullMs: this.#now() })}\n`;
      this.#log('gaps noted no more', { bytes: this.#bytes });
    }
    this.#bytes += text.length;
    this.#unwritten += text;
    if (this.#unwritten.length > text.length) return;
    this.#then(async () => {
      const lines = this.#unwritten;
      this.#unwritten = '';
      this.#file ??= await open(this.#path, 'a', 0o600);
      await this.#file.appendFile(lines);
      await this.#file.datasync();
    });
  }

  /** The process runs still; told now and then, where something is noted. */
  alive(): void {
    if (this.#bytes === 0) return;
    const seconds = this.#now() / 1_000;
    this.#then(async () => utimes(this.#path, seconds, seconds));
  }

  /** All is entered. */
  clear(): void {
    if (this.#bytes === 0) return;
    this.#bytes = 0;
    this.#isFull = false;
    this.#then(async () => {
      await this.#close();
      await rm(this.#path, { force: true });
    });
  }

  /** What was noted is on the disk, or that it is not was logged. It may be gone on with. */
  async flushed(): Promise<void> {
    this.#then(async () => this.#close());
    await this.#last;
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #then(act: () => Promise<void>): void {
    this.#last = this.#last
      .then(act)
      .catch((error: unknown) => this.#log('gaps not noted', { err: error }));
  }
}

/** Undefined: nothing was noted. A line that was torn off, or is no word of ours, and what comes after it, is left out. Throws what the file system throws. */
export function readNoted(path: string): Noted | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const noted: Noted = { steps: [], over: [], aliveMs: Math.round(stat.mtimeMs) };
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    const read = line.safeParse(jsonOf(text));
    if (!read.success) break;
    if ('step' in read.data) noted.steps.push(read.data.step);
    else if ('over' in read.data) noted.over.push(read.data.over);
    else if ('awayMs' in read.data) continue;
    // What it was told after that it did not note: what lasted then may have ended.
    else noted.aliveMs = read.data.fullMs;
  }
  return noted;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
