import type { SharedChunkState } from '#ingest/memory/chunk-pool.ts';
import type { InitNotice } from '#ingest/worker-protocol.ts';
import type { RecordingHead } from './spool/recording-head.ts';
import type { SpoolMeter } from './spool/spool-file.ts';

/** What passes between the serving thread and a recorder thread. Media is read from the camera worker's shared memory. */

export interface RecorderSettings {
  /** A folder a camera below it; made if it is not there. */
  spoolFolder: string;
  /** What was written is on the disk after this, ms: so much a power cut may cost. */
  syncMs: number;
}

export type ToRecorder =
  /** A camera worker began: what follows of rounds is in its memory. */
  | { type: 'worker'; shared: SharedChunkState }
  | { type: 'record'; slot: number; cameraId: string }
  | { type: 'release'; slot: number; reason: EndReason }
  | { type: 'run-ended'; slot: number }
  | {
      type: 'round';
      slabs: readonly SharedArrayBuffer[];
      inits: readonly InitNotice[];
      /** Records of recorded cameras. */
      parts: Float64Array;
      /** Leases were taken on their slices, and wait for the word that they are written. */
      handed: boolean;
    }
  | { type: 'stop' };

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
}

/** A recording is whole, and on the disk. */
export interface FinishedRecording {
  recordingId: string;
  cameraId: string;
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
  /** Rounds that were handed over and whose media it has written, or given up. */
  taken: number;
  /** Since the recorder began; undefined when only rounds were taken. */
  spent: SpoolMeter | undefined;
}

/** Told once a round: its leases wait for it. All else is told several times a second, for many cameras at once. */
export const tookRound: FromRecorder = {
  opened: [],
  grown: [],
  finished: [],
  failed: [],
  taken: 1,
  spent: undefined,
};
