import type { Kysely } from 'kysely';

/** What is recorded, where it lies, and what is missing and why. Times are Unix ms, ranges half-open. */
export type Catalogue = Kysely<CatalogueTables>;

export interface CatalogueTables {
  recordings: RecordingTable;
  recording_fragments: RecordingFragmentTable;
  spools: SpoolTable;
  camera_days: CameraDayTable;
  gaps: GapTable;
  recording_process: RecordingProcessTable;
  holds: HoldTable;
  deletions: DeletionTable;
  retentions: RetentionTable;
  retention_clock: RetentionClockTable;
  seals: SealTable;
  sealed_chains: SealedChainTable;
  held_objects: HeldObjectTable;
  shortenings: ShorteningTable;
  shortening_cameras: ShorteningCameraTable;
}

/**
 * open → spooled → stored → garbage, in this order and never back, but for what is kept after all (deletion.ts). `open`: its file grows, and `end_ms` is that of
 * its first fragment. `spooled`: whole, on this machine's disk. `stored`: kept by the object store. `garbage`: its
 * object is about to be deleted.
 */
export type RecordingState = 'open' | 'spooled' | 'stored' | 'garbage';

export interface RecordingTable {
  id: string;
  camera_id: string;
  run_id: string;
  start_ms: number;
  end_ms: number;
  state: RecordingState;
  object_key: string;
  version_id: string | null;
  byte_length: number;
  /** Of the init segment at its start. */
  init_bytes: number;
  codec: string;
  width: number;
  height: number;
  sha256: string | null;
  /** Of the recording before it in its run. */
  previous_sha256: string | null;
  end_reason: string | null;
  /** Camera's clock minus ours when it was made, ms; null when the camera told no time. */
  clock_offset_ms: number | null;
  /** Whether our own clock was in step then (ClockStep); null: nobody could tell. */
  clock_in_step: 0 | 1 | null;
  /** Of what is not stored yet: whose spool it lies in (spools.ts). */
  spool_id: string | null;
}

/** Spools that ever were, as people call them: a machine and a folder. */
export interface SpoolTable {
  id: string;
  name: string;
}

export interface RecordingFragmentTable {
  recording_id: string;
  /** Of its recording. */
  start_ms: number;
  /** encodeFragments. */
  fragment_index: Uint8Array;
}

/** What a camera's day holds (camera-days.ts). It stays when all of it is deleted. */
export interface CameraDayTable {
  camera_id: string;
  /** In Thailand, days since 1970-01-01; a recording is of the day in which it begins. */
  day: number;
  /** Recordings that ever became whole. */
  made: number;
  /** Of those, what is there now: spooled, stored, or garbage whose object is not deleted yet. */
  recordings: number;
  byte_length: number;
}

/** Why nothing was recorded. */
export const gapCauses = ['camera', 'network', 'gateway', 'storage', 'not-scheduled'] as const;
export type GapCause = (typeof gapCauses)[number];

export interface GapTable {
  id: string;
  camera_id: string;
  start_ms: number;
  /** Null while it lasts. */
  end_ms: number | null;
  cause: GapCause;
  /** A failure's stable word. */
  detail: string | null;
  /** Null: it lies between recordings, and pictures of its time, whenever they were entered, tell more than it does. */
  recording_id: string | null;
}

/** Of the gateways that share the catalogue, the one that records (recording-process.ts): one row. */
export interface RecordingProcessTable {
  id: 1;
  alive_ms: number;
}

export interface HoldTable {
  id: string;
  camera_id: string;
  from_ms: number;
  to_ms: number;
  reason: string;
  /** Of the account. */
  placed_by: string;
  placed_by_name: string | null;
  placed_ms: number;
  released_by: string | null;
  released_by_name: string | null;
  released_ms: number | null;
  release_reason: string | null;
}

/** A recording whose object was told of a hold. */
export interface HeldObjectTable {
  recording_id: string;
  camera_id: string;
  start_ms: number;
  end_ms: number;
  object_key: string;
  version_id: string | null;
  /** 1: the store itself refuses to delete it; 0: it cannot, and only the catalogue does. */
  guarded: number;
}

/**
 * How long a camera's recordings are kept. Field ๙ of its inventory lengthens it, and never shortens it: a shortening
 * does, and is named here while its days count.
 */
export interface RetentionTable {
  camera_id: string;
  days: number;
  shortening_id: string | null;
}

/** By which the last sweep counted days (retention-clock.ts): one row. */
export interface RetentionClockTable {
  id: 1;
  at_ms: number;
}

/** requested → approved → done, or rejected, or cancelled before it is done. */
export const shorteningStates = ['requested', 'approved', 'rejected', 'cancelled', 'done'] as const;
export type ShorteningState = (typeof shorteningStates)[number];

export interface ShorteningTable {
  id: string;
  state: ShorteningState;
  days: number;
  reason: string;
  requested_by: string;
  requested_by_name: string;
  requested_ms: number;
  /** Who approved, rejected or cancelled it last. */
  decided_by: string | null;
  decided_by_name: string | null;
  decided_ms: number | null;
  decision_reason: string | null;
  /** When it is done, if nobody cancels it before. */
  effective_ms: number | null;
}

export interface ShorteningCameraTable {
  shortening_id: string;
  camera_id: string;
  /** What was kept when it was asked for. A camera whose days were lengthened since is left out. */
  from_days: number;
}

/** What was deleted stays known. */
export interface DeletionTable {
  recording_id: string;
  camera_id: string;
  /** Null: noted before runs were. */
  run_id: string | null;
  start_ms: number;
  end_ms: number;
  byte_length: number;
  sha256: string | null;
  previous_sha256: string | null;
  /** Under which rule, such as `retention 30 days`. */
  policy: string;
  deleted_ms: number;
}

/** The signed Merkle root over the chains of a day (seals.ts). */
export interface SealTable {
  /** In Thailand, such as `2026-11-25`. */
  day: string;
  /** From 1: what was found of a day after it was sealed gets a seal of its own. */
  number: number;
  chains: number;
  recordings: number;
  root: string;
  sealed_ms: number;
  key_id: string;
  signature: string;
}

/** What a run recorded within a day, as it was sealed: a leaf of that seal's tree. */
export interface SealedChainTable {
  day: string;
  number: number;
  camera_id: string;
  run_id: string;
  recordings: number;
  chain: string;
}
