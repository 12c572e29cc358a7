import type { PartTarget } from './fmp4/part-target.ts';
import type { SharedChunkState } from './memory/chunk-pool.ts';
import type { Transport } from './rtsp/transport-choice.ts';
import type { StreamFailure } from './stream-failure.ts';
import type { StreamSource } from '#registry/cameras.ts';

/**
 * What passes between the serving thread and a camera worker. Media itself passes in shared memory; parts are told
 * of in numbers, all of one round in one message (PartOutbox, readParts).
 */

/** How streams are cut; the same for every camera of a process. Milliseconds. */
export interface CuttingRules {
  partAimMs: number;
  segmentAimMs: number;
  /** EXT-X-TARGETDURATION: no segment is longer. */
  segmentMaxMs: number;
}

export interface WorkerSettings {
  cutting: CuttingRules;
  /** Media memory of this worker, at most. */
  poolMaxBytes: number;
  /** CIDRs that streams may be pulled from. */
  cameraNetworks: readonly string[];
}

export interface Assignment {
  source: StreamSource;
  /** Names the camera in part records. */
  slot: number;
  /** Decided in an earlier run; kept for the life of the camera's URL. */
  partTarget: PartTarget | undefined;
  /** How its packets came before, where its record leaves that open. */
  transport: Transport | undefined;
}

/** What a session has shown of a camera besides its pictures. */
export interface SessionNotice {
  slot: number;
  transport: Transport;
  /** Camera's clock minus ours, ms; null until it has told its time. */
  clockOffsetMs: number | null;
}

export type ToWorker =
  | { type: 'assign'; assignments: readonly Assignment[] }
  | { type: 'release'; slots: readonly number[] }
  | { type: 'stop' };

export interface InitNotice {
  slot: number;
  /** Names this init in part records; counts over the worker's whole life. */
  initNumber: number;
  runId: string;
  index: number;
  bytes: Uint8Array;
  codec: string;
  width: number;
  height: number;
}

export type StateNotice = { slot: number; atMs: number } & (
  | { state: 'connecting' }
  | { state: 'up' }
  /** `retryAtMs` is null while it waits for a place in its site's budget. */
  | { state: 'down'; failure: StreamFailure; retryAtMs: number | null }
);

/** Counted since the worker began. */
export interface WorkerCounters {
  droppedUnits: number;
  lostPackets: number;
  parts: number;
}

/** Time between two looks at the sockets, seconds. */
export interface LoopLag {
  p50: number;
  p99: number;
}

export type FromWorker =
  | { type: 'ready'; shared: SharedChunkState }
  | {
      type: 'round';
      /** Applied in this order. */
      slabs: readonly SharedArrayBuffer[];
      inits: readonly InitNotice[];
      partTargets: readonly { slot: number; target: PartTarget }[];
      parts: Float64Array;
      states: readonly StateNotice[];
      sessions: readonly SessionNotice[];
    }
  | { type: 'report'; counters: WorkerCounters; lag: LoopLag };
