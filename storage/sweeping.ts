import { tendRecordingDays } from './catalogue/recording-days.ts';
import type { Recording } from './catalogue/recordings.ts';
import { longestRetentionDays } from './catalogue/retentions.ts';
import type { Catalogue } from './catalogue/tables.ts';
import type { ObjectStore } from './objects/object-store.ts';
import { isToldOf, retentionClock } from './retention-clock.ts';
import { lengthenRetentions, sweep, type SweptCamera } from './retention.ts';
import type { Seal, Signer } from './sealed-day.ts';
import { sealDays } from './sealing.ts';

const FIRST_SWEEP_MS = 60_000;
const SWEEP_MS = 10 * 60_000;
/** The store's own rule, should we never sweep again, deletes nothing before this is over beyond the longest retention. */
const BACKSTOP_DAYS = 30;

export interface SweepingOptions {
  catalogue: Catalogue;
  store: Pick<ObjectStore, 'delete' | 'stat' | 'backstop'>;
  /** Every camera with its retention, as it is now. */
  retention: () => AsyncIterable<SweptCamera>;
  signer: Signer;
  onSealed: (seal: Seal) => Promise<void>;
  /** Whether it is this gateway that seals and deletes. */
  isOurs: () => boolean;
  now: () => number;
  log: (event: string, fields: Record<string, unknown>) => void;
}

/** What keeps deletion from its days, since when, Unix ms; undefined: nothing does. */
export interface SweepingFaults {
  /** The machine's clock is ahead of that by which days are counted. */
  deletionBehindMs: number | undefined;
  /** The store does not delete what is past its days. */
  deletionRefusedMs: number | undefined;
}

export interface Sweeping {
  readonly faults: Readonly<SweepingFaults>;
  stop(): Promise<void>;
}

/** Now and then, one at a time: tends days, seals those that are over, and deletes what is past its days. */
export function startSweeping(options: SweepingOptions): Sweeping {
  const { log } = options;
  const faults: SweepingFaults = { deletionBehindMs: undefined, deletionRefusedMs: undefined };
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let timer = setTimeout(start, FIRST_SWEEP_MS);
  function start(): void {
    running = run();
  }
  async function run(): Promise<void> {
    try {
      const deleted = options.isOurs() ? await sweepOnce(options, faults) : 0;
      if (deleted > 0) log('recordings deleted by retention', { deleted });
    } catch (error) {
      log('retention sweep failed', { err: error });
    }
    if (!stopped) timer = setTimeout(start, SWEEP_MS);
  }
  return {
    faults,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

async function sweepOnce(options: SweepingOptions, faults: SweepingFaults): Promise<number> {
  const { catalogue, store, now, log } = options;
  await tendDays(catalogue, now, log);
  // Before what needs the store, which may be away for days.
  await seal(options);
  const counted = await retentionClock(catalogue, now());
  faults.deletionBehindMs = isToldOf(counted) ? (faults.deletionBehindMs ?? now()) : undefined;
  await lengthenRetentions(catalogue, options.retention());
  let refused = 0;
  const onRefused = ({ cameraId, id }: Recording, error: unknown): void => {
    // As soon as it is known, and told once: whoever may not delete one may often delete none.
    if (refused++ === 0) log('store refuses a deletion', { cameraId, recordingId: id, err: error });
    faults.deletionRefusedMs ??= now();
  };
  const deleted = await sweep(
    { catalogue, store, now, countedToMs: counted.nowMs, onRefused, log },
    options.retention(),
  );
  if (refused === 0) faults.deletionRefusedMs = undefined;
  else log('deletions refused', { refused });
  const longest = await longestRetentionDays(catalogue);
  if (longest !== undefined) await store.backstop(longest + BACKSTOP_DAYS);
  return deleted;
}

/** Places of their own for days that come, none for those whose recordings are gone (catalogue/recording-days.ts). */
export async function tendDays(
  catalogue: Catalogue,
  now: () => number,
  log: SweepingOptions['log'],
): Promise<void> {
  try {
    const { made, removed } = await tendRecordingDays(catalogue, now());
    if (made.length + removed.length > 0) log('days of recordings tended', { made, removed });
  } catch (error) {
    // Rows of a day without a place of its own have one all the same: what is recorded does not wait for this.
    log('days of recordings not tended', { err: error });
  }
}

async function seal({ catalogue, signer, onSealed, now, log }: SweepingOptions): Promise<void> {
  try {
    for (const made of await sealDays({ catalogue, signer, onSealed, now })) {
      log('day of recordings sealed', { seal: made });
    }
  } catch (error) {
    // It is tried again at the next sweep. What is deleted meanwhile keeps its hash, and so its place in the seal.
    log('days of recordings not sealed', { err: error });
  }
}
