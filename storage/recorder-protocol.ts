import type { SharedChunkState } from '#ingest/memory/chunk-pool.ts';
import type { InitNotice } from '#ingest/worker-protocol.ts';
import type { RecordingHead } from './spool/recording-head.ts';
import type { Hole } from './spool/stretches.ts';
import type { SpoolMeter } from './spool/spool-file.ts';

/** What passes between the serving thread and a recorder thread. Media is read from the camera worker's shared memory. */

/** Of the time within which what was written has to be on the disk, so much is left to the disk itself, ms. */
export const SYNC_ALLOWANCE_MS = 1_000;

export interface RecorderSettings {
  /** A folder a camera below it; made if it is not there. */
  spoolFolder: string;
  /** What was written is on the disk after this, ms: so much a power cut may cost. */
  syncMs: number;
}

export type RecorderWord =
  /** A camera worker began: what follows of rounds is in its memory. */
  | { type: 'worker'; shared: SharedChunkState }
  | { type: 'record'; slot: number; cameraId: string }
  | { type: 'release'; slot: number; reason: EndReason }
  | { type: 'run-ended'; slot: number }
  | {
      type: 'round';
      slabs: readonly SharedArrayBuffer[];
      inits: readonly InitNotice[];
      /** Records of recorded cameras; leases were taken on their slices, and are given back at `took`. */
      parts: Float64Array<ArrayBuffer>;
    }
  | { type: 'stop' };

/**
 * In the order in which it happened. A recorder has one batch in hand at most and gets the next when it has said `took`:
 * Node hands a thread up to a thousand waiting messages before it looks at timers and at what the disk has done
 * (MessagePort::OnMessage), so one that is behind and has them all waiting would sync nothing, and tell nothing.
 */
export type ToRecorder = readonly RecorderWord[];

/** Of what was in its hand all is written, or given up. */
export const took = 'took';

/** Why a recording ends where it does. `recovered`: its process died, and a later one finished it. */
export type EndReason =
  | 'rotated'
  | 'parameters-changed'
  /** The gateway's clock was set back: what follows lies before it. */
  | 'clock-set'
  | 'run-ended'
  | 'recording-off'
  | 'stopped'
  | 'storage'
  | 'recovered';

/** A recording has its first fragment. */
export interface OpenedRecording extends RecordingHead {
  /** Relative to the spool folder. */
  path: string;
  initBytes: number;
  headBytes: number;
  /** Between the recording that it follows and its first fragment. */
  hole?: Hole | undefined;
}

/** A recording is whole, and on the disk. */
export interface FinishedRecording {
  recordingId: string;
  cameraId: string;
  startMs: number;
  endMs: number;
  byteLength: number;
  sha256: string;
  /** encodeFragments. */
  fragmentIndex: Uint8Array;
  fragments: number;
  endReason: EndReason;
}

/** Of an open recording: what was appended since the last word. */
export interface GrownRecording {
  recordingId: string;
  cameraId: string;
  endMs: number;
  fragmentIndex: Uint8Array;
}

export interface FromRecorder {
  opened: readonly OpenedRecording[];
  grown: readonly GrownRecording[];
  finished: readonly FinishedRecording[];
  /** Nothing is recorded of these from then on. */
  failed: readonly { cameraId: string; atMs: number; full: boolean }[];
  /** How late the longest due sync is, ms: what a power cut may cost beyond the time it is allowed to. */
  syncLateMs: number;
  /** Since the recorder began. */
  spent: SpoolMeter;
}
