import type { SharedChunkState } from './memory/chunk-pool.ts';
import type { FromWorker } from './worker-protocol.ts';

/**
 * Who else takes the parts that camera workers hand on, beside the live windows: the recorder. Told of everything in
 * the order in which it happens, in the serving thread; must not throw, and must not take long.
 */
export interface RoundFollower {
  /** A worker's memory begins; what it had before, under the same number, is done with. */
  workerStarted(worker: number, shared: SharedChunkState): void;
  cameraAdded(worker: number, slot: number, cameraId: string): void;
  /** Its record changed, and its session goes on: whether it is to be taken may be another answer now. */
  cameraKept(worker: number, slot: number, cameraId: string): void;
  cameraRemoved(worker: number, slot: number): void;
  /** After the live windows took it. For parts that are to be kept, leases must be taken before this returns. */
  round(worker: number, round: Extract<FromWorker, { type: 'round' }>, leases: Leases): void;
  /** The camera's session is over. `reason` is a StreamFailure's, or that its worker ended. */
  runEnded(worker: number, slot: number, reason: string): void;
}

/** Leases on a worker's chunks, as they are taken and given back in the serving thread. */
export interface Leases {
  lease(chunk: number): void;
  release(chunk: number): void;
}
