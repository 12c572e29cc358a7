import type { OtherSpool } from './catalogue/spools.ts';
import type { LeftUse } from './spool/left-files.ts';
import type { SpoolBounds, SpoolUse } from './spool/spool-bound.ts';

/** Worst first: footage that is lost, footage that soon is, footage that waits. */
export const storageNoticeCodes = [
  /** Cameras are not recorded: the spool's disk is full. */
  'disk-full',
  /** The same: the spool cannot be written (a folder that is read-only, a disk that fails). */
  'spool-failed',
  /** The same, of some: the disk is slower than the cameras. */
  'recorder-behind',
  /** Recordings were given up at a bound of the spool. */
  'recordings-dropped',
  /** The spool's disk keeps what is written later than `SPOOL_SYNC_MS`: a power cut now would cost more than that. */
  'sync-late',
  /** More than four fifths of a bound of the spool. */
  'spool-nearly-full',
  /** The store has no room. */
  'store-full',
  /** It says no: wrong keys, no right, no such bucket. */
  'store-refused',
  /** The folder of recordings is not the one that it was: its disk is not mounted (objects/marked-folder.ts). */
  'store-folder-absent',
  /** It does not answer. */
  'store-away',
  /** The database of recordings does not answer. */
  'catalogue-away',
  /** Whole files of the spool could not be entered, or the store refuses them for good: they wait for somebody to look at them. */
  'spool-files-left',
  /** Recordings wait in the spool of a gateway that recorded before this one, until that one runs again or somebody gives them up. */
  'recordings-elsewhere',
  /** Another gateway on this database records; this one would, when that ends. */
  'recorded-elsewhere',
  /** The store does not delete what is past its days: no right to, or files that somebody protected. */
  'deletion-refused',
  /** Deleting is a day and more behind the machine's clock, which ran ahead, or no gateway ran (retention-clock.ts). */
  'deletion-behind',
] as const;

/** What an operator has to look at, now. */
export interface StorageNotice {
  code: (typeof storageNoticeCodes)[number];
  /** Unix ms. */
  sinceMs: number;
  /** Of `spool-files-left` and `recordings-elsewhere`. */
  files?: { count: number; byteLength: number };
  /** Of `recordings-elsewhere`: machines and folders. */
  where?: string[];
}

/** Why cameras that should be are not recorded, the detail of their gap (cause `storage`); or that what is recorded is kept too late. */
export type RecorderFault = 'disk-full' | 'spool-failed' | 'recorder-behind' | 'sync-late';

/** A dropped recording is an alarm for so long after it. */
const DROPPED_MS = 3_600_000;
/** A store may be started again without anybody being called. */
const AWAY_MS = 60_000;
/** What fails is tried again every few seconds; after this without a word of it, it is over. */
const FAULT_MS = 30_000;
const NEARLY_FULL = 0.8;
/** `npm run reconcile` names all. */
const NAMED_SPOOLS = 3;

/** When recorders told of a fault of theirs, which they do again for as long as it lasts. */
export class RecorderFaults {
  readonly #times = new Map<RecorderFault, { firstMs: number; lastMs: number }>();

  note(fault: RecorderFault, nowMs: number): void {
    const before = this.#times.get(fault);
    const firstMs = before !== undefined && isPresent(before, nowMs) ? before.firstMs : nowMs;
    this.#times.set(fault, { firstMs, lastMs: nowMs });
  }

  /** Since when, of those that are there now. */
  notices(nowMs: number): StorageNotice[] {
    return [...this.#times]
      .filter(([, times]) => isPresent(times, nowMs))
      .map(([code, { firstMs }]) => ({ code, sinceMs: firstMs }));
  }
}

function isPresent({ lastMs }: { lastMs: number }, nowMs: number): boolean {
  return nowMs - lastMs < FAULT_MS;
}

/** Worst first. */
export function storageNotices(
  state: {
    use: SpoolUse;
    away: { sinceMs: number; error: unknown } | undefined;
    droppedMs: number | undefined;
    /** Since when deleting is behind the machine's clock; undefined: it is not. */
    deletionBehindMs: number | undefined;
    /** Since when the store refuses to delete; undefined: the last sweep met none such. */
    deletionRefusedMs: number | undefined;
    /** Since when another gateway records, and this one does not. */
    elsewhereMs: number | undefined;
    faults: RecorderFaults;
    /** Undefined: there is none. */
    left: LeftUse | undefined;
    /** Of a gateway that records: what waits in those of others. */
    otherSpools: readonly OtherSpool[];
  },
  bounds: SpoolBounds,
  nowMs: number,
): StorageNotice[] {
  const { use, away, droppedMs, deletionBehindMs, deletionRefusedMs } = state;
  const notices = state.faults.notices(nowMs);
  if (droppedMs !== undefined && nowMs - droppedMs < DROPPED_MS) {
    notices.push({ code: 'recordings-dropped', sinceMs: droppedMs });
  }
  const oldestMs = use.oldestStartMs ?? nowMs;
  const isNearlyFull =
    use.byteLength > NEARLY_FULL * bounds.maxBytes ||
    nowMs - oldestMs > NEARLY_FULL * bounds.maxAgeMs;
  if (isNearlyFull) notices.push({ code: 'spool-nearly-full', sinceMs: oldestMs });
  if (away !== undefined) {
    const code = awayCode(away.error);
    // What has no room, or says no, does not come back by itself.
    const mayPass = code === 'store-away' || code === 'catalogue-away';
    if (!mayPass || nowMs - away.sinceMs >= AWAY_MS) notices.push({ code, sinceMs: away.sinceMs });
  }
  if (state.left !== undefined) {
    const { count, byteLength, sinceMs } = state.left;
    notices.push({ code: 'spool-files-left', sinceMs, files: { count, byteLength } });
  }
  const [longest] = state.otherSpools;
  if (longest !== undefined) {
    const sum = (of: (other: OtherSpool) => number): number =>
      state.otherSpools.reduce((total, other) => total + of(other), 0);
    notices.push({
      code: 'recordings-elsewhere',
      sinceMs: longest.oldestStartMs,
      files: { count: sum((each) => each.recordings), byteLength: sum((each) => each.byteLength) },
      where: state.otherSpools
        .slice(0, NAMED_SPOOLS)
        .map(({ name, spoolId }) => name ?? `${spoolId}`),
    });
  }
  if (state.elsewhereMs !== undefined) {
    notices.push({ code: 'recorded-elsewhere', sinceMs: state.elsewhereMs });
  }
  if (deletionRefusedMs !== undefined) {
    notices.push({ code: 'deletion-refused', sinceMs: deletionRefusedMs });
  }
  if (deletionBehindMs !== undefined) {
    notices.push({ code: 'deletion-behind', sinceMs: deletionBehindMs });
  }
  const worstFirst = notices.toSorted((a, b) => rankOf(a) - rankOf(b));
  return worstFirst.filter(({ code }, i) => worstFirst[i - 1]?.code !== code);
}

function rankOf({ code }: StorageNotice): number {
  return storageNoticeCodes.indexOf(code);
}

function awayCode(error: unknown): StorageNotice['code'] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'object_store_full':
      return 'store-full';
    case 'object_store_refused':
      return 'store-refused';
    case 'object_folder_absent':
      return 'store-folder-absent';
    case 'disk_full':
      return 'disk-full';
    case 'database_unavailable':
    case 'database_failed':
      return 'catalogue-away';
    default:
      return 'store-away';
  }
}
