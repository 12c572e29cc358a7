import type { MeasuredFigures } from './condition/camera-condition.ts';
import type { PictureLook } from './condition/picture-look.ts';
import type { PartTarget } from './fmp4/part-target.ts';
import type { SharedChunkState } from './memory/chunk-pool.ts';
import type { LivenessRules } from './liveness.ts';
import type { Transport } from './rtsp/transport-choice.ts';
import type { StreamFailure } from './stream-failure.ts';
import type { StreamSource } from '#registry/cameras.ts';
import type { ObservedReason, ObservedState } from '#registry/events/camera-event.ts';
import type { Light, StreamBaseline, UsualStream } from '#registry/usual-stream.ts';

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

/** How conditions are decided; the same for every camera of a process. */
export interface ConditionSettings {
  rules: LivenessRules;
  /** Somebody answers `looks`: pictures can be decoded here. */
  canLook: boolean;
}

export interface WorkerSettings {
  cutting: CuttingRules;
  /** Default: the usual rules, and nobody who could look at a picture. */
  condition?: ConditionSettings | undefined;
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
  /** Undefined: it begins to be watched. */
  known?: KnownCondition | undefined;
}

/** What is known of a camera before a worker has seen anything of it. */
export interface KnownCondition {
  state: ObservedState;
  reason: ObservedReason | null;
  baseline: StreamBaseline;
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
  /** Answers a slot of `looks`; null when no picture could be decoded. */
  | { type: 'looked'; slot: number; picture: PictureLook | null }
  | { type: 'baseline'; slot: number; baseline: StreamBaseline }
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

/** A camera's condition changed. */
export interface ConditionNotice {
  slot: number;
  /** When what it tells of began, Unix ms. */
  atMs: number;
  state: ObservedState;
  reason: ObservedReason | null;
  measured: MeasuredFigures;
}

/** What is usual for a stream was learnt. */
export interface BaselineNotice {
  slot: number;
  light: Light;
  usual: UsualStream;
}

/** A picture of the camera should be decoded and looked at. */
export interface LookNotice {
  slot: number;
  /** Before those that are not. */
  urgent: boolean;
}

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
      conditions: readonly ConditionNotice[];
      baselines: readonly BaselineNotice[];
      looks: readonly LookNotice[];
    }
  /** `openBytes`: of media in parts that are being written. */
  | { type: 'report'; counters: WorkerCounters; lag: LoopLag; openBytes: number };
