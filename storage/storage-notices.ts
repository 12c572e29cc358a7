import type { SpoolBounds, SpoolUse } from './spool/spool-bound.ts';

/** What an operator has to look at, now. */
export interface StorageNotice {
  code: 'recordings-dropped' | 'spool-nearly-full' | 'store-away';
  /** Unix ms. */
  sinceMs: number;
}

/** A dropped recording is an alarm for so long after it. */
const DROPPED_MS = 3_600_000;
/** A store may be started again without anybody being called. */
const AWAY_MS = 60_000;
const NEARLY_FULL = 0.8;

/** Worst first. */
export function storageNotices(
  state: {
    use: SpoolUse;
    awaySinceMs: number | undefined;
    droppedMs: number | undefined;
  },
  bounds: SpoolBounds,
  nowMs: number,
): StorageNotice[] {
  const { use, awaySinceMs, droppedMs } = state;
  const notices: StorageNotice[] = [];
  if (droppedMs !== undefined && nowMs - droppedMs < DROPPED_MS) {
    notices.push({ code: 'recordings-dropped', sinceMs: droppedMs });
  }
  const oldestMs = use.oldestStartMs ?? nowMs;
  const isNearlyFull =
    use.byteLength > NEARLY_FULL * bounds.maxBytes ||
    nowMs - oldestMs > NEARLY_FULL * bounds.maxAgeMs;
  if (isNearlyFull) notices.push({ code: 'spool-nearly-full', sinceMs: oldestMs });
  if (awaySinceMs !== undefined && nowMs - awaySinceMs >= AWAY_MS) {
    notices.push({ code: 'store-away', sinceMs: awaySinceMs });
  }
  return notices;
}
