import { join } from 'node:path';
import type { PartRecord } from '#ingest/part-records.ts';
import {
  SYNC_ALLOWANCE_MS,
  type EndReason,
  type FinishedRecording,
  type FromRecorder,
  type GrownRecording,
  type OpenedRecording,
} from './recorder-protocol.ts';
import { goesBack, rotates, rotationMs } from './rotation.ts';
import { encodeFragments, fragmentEndMs, type Fragment } from './spool/fragment-index.ts';
import { holeBetween } from './spool/stretches.ts';
import { headBytes, type RecordingHead } from './spool/recording-head.ts';
import { spoolDisk, type SpoolDisk } from './spool/spool-disk.ts';
import { SpoolFile, spoolMeter, SpoolWriteFailed } from './spool/spool-file.ts';

/** A spool that failed is tried again for a camera after this. */
const RETRY_MS = 5_000;
/** Syncs that wait for the disk at once, over all files: they share the process's few threads. */
const MAX_SYNCING = 2;

/** The next recording of the run follows at once. */
const GOES_ON = new Set<EndReason>(['rotated', 'parameters-changed', 'clock-set']);

/** The init segment that a camera's parts refer to. */
export interface RecordedInit {
  initNumber: number;
  runId: string;
  bytes: Uint8Array;
  codec: string;
  width: number;
  height: number;
}

interface OpenRecording {
  camera: RecordedCamera;
  head: RecordingHead;
  init: RecordedInit;
  file: SpoolFile;
  rotateMs: number;
  /** Monotonic: when its next sync begins. */
  syncDueMs: number;
  closed: boolean;
  grown: Fragment[];
}

interface RecordedCamera {
  cameraId: string;
  open: OpenRecording | undefined;
  /** The latest recording of the present run, for the chain. */
  chain: { runId: string; sha256: string } | undefined;
  /** The last fragment of the recording that the next one of the run follows; undefined where a gap begins. */
  follows: Fragment | undefined;
  /** Monotonic: not tried before. */
  retryAtMs: number;
}

/**
 * Closed parts into spool files: one file a minute of each camera, whole fragments appended as they come. Writing
 * and hashing wait for the disk, so this lives in a thread of its own (gateway/recorder-worker.ts); a disk that
 * stands still holds recording up, and nothing else.
 */
export class Recorder {
  readonly #spoolFolder: string;
  readonly #syncEveryMs: number;
  readonly #newId: () => string;
  readonly #monotonicMs: () => number;
  readonly #disk: SpoolDisk;
  readonly #meter = spoolMeter();
  readonly #cameras = new Map<number, RecordedCamera>();
  /** Whole, and waiting for the disk. */
  readonly #closing: { file: SpoolFile; finished: FinishedRecording }[] = [];
  /** Open recordings in the order in which they are due to be synced. */
  #due: OpenRecording[] = [];
  #syncing = 0;
  #progress: Gathered = noProgress();

  constructor(options: {
    spoolFolder: string;
    syncMs: number;
    newId: () => string;
    monotonicMs: () => number;
    disk?: SpoolDisk;
  }) {
    this.#disk = options.disk ?? spoolDisk;
    this.#spoolFolder = options.spoolFolder;
    const { syncMs } = options;
    this.#syncEveryMs = Math.max(syncMs - SYNC_ALLOWANCE_MS, syncMs / 2);
    this.#newId = options.newId;
    this.#monotonicMs = options.monotonicMs;
  }

  record(slot: number, cameraId: string): void {
    this.release(slot, 'recording-off');
    this.#cameras.set(slot, {
      cameraId,
      open: undefined,
      chain: undefined,
      follows: undefined,
      retryAtMs: 0,
    });
  }

  release(slot: number, reason: EndReason): void {
    const camera = this.#cameras.get(slot);
    if (camera === undefined) return;
    this.#finish(camera, reason);
    this.#cameras.delete(slot);
  }

  runEnded(slot: number): void {
    const camera = this.#cameras.get(slot);
    if (camera !== undefined) this.#finish(camera, 'run-ended');
  }

  /** Appends a part; its bytes may be written again when this returns. */
  part(part: PartRecord, init: RecordedInit, bytes: readonly Uint8Array[]): void {
    const camera = this.#cameras.get(part.slot);
    if (camera === undefined) return;
    const { open } = camera;
    let continues = false;
    if (open !== undefined) {
      if (open.init.initNumber !== init.initNumber) {
        const sameRun = open.init.runId === init.runId;
        this.#finish(camera, sameRun ? 'parameters-changed' : 'run-ended');
      } else if (goesBack(open.file.endMs, part)) {
        this.#finish(camera, 'clock-set');
        continues = true;
      } else if (open.file.full || rotates({ ...open.head, ...rotationOf(open) }, part)) {
        this.#finish(camera, 'rotated');
        continues = true;
      }
    }
    try {
      const recording = camera.open ?? this.#open(camera, part, init, continues);
      if (recording === undefined) return;
      const { startMs, decodeTicks, durationTicks, independent } = part;
      const fragment = { startMs, decodeTicks, durationTicks, independent };
      recording.grown.push(recording.file.append(fragment, bytes));
      camera.open = recording;
    } catch (error) {
      if (!(error instanceof SpoolWriteFailed)) throw error;
      const { follows } = camera;
      // Nothing is recorded from where the recording before it ended.
      this.#failed(camera, follows === undefined ? part.startMs : fragmentEndMs(follows), error);
    }
  }

  /** Called several times a second: has the disk keep what is due, the longest due first. */
  tick(): void {
    const nowMs = this.#monotonicMs();
    let taken = 0;
    while (this.#syncing < MAX_SYNCING) {
      const next = this.#due[taken];
      if (next === undefined || next.syncDueMs > nowMs) break;
      taken++;
      if (!next.closed) this.#sync(next, nowMs);
    }
    if (taken > 0) this.#due.splice(0, taken);
  }

  /**
   * What happened since the last call. `withGrown`: also how far open recordings have come, which is a word for each
   * camera; of one that is not open any more it is told at once.
   */
  takeProgress(withGrown: boolean): FromRecorder {
    const { syncLateMs } = this;
    const progress = { ...this.#progress, syncLateMs, spent: { ...this.#meter } };
    this.#progress = noProgress();
    if (!withGrown) return progress;
    const grown: GrownRecording[] = [];
    for (const { open } of this.#cameras.values()) {
      if (open === undefined || open.grown.length === 0) continue;
      grown.push(grownOf(open));
      open.grown = [];
    }
    return { ...progress, grown: [...progress.grown, ...grown] };
  }

  /** How late the longest due sync is, ms. */
  get syncLateMs(): number {
    const next = this.#due.find(({ closed }) => !closed);
    return next === undefined ? 0 : Math.max(0, this.#monotonicMs() - next.syncDueMs);
  }

  /** `takeProgress` would tell of what could not be written. */
  get hasFailed(): boolean {
    return this.#progress.failed.length > 0;
  }

  /** Finishes every recording; `idle` then becomes true when the last is on the disk. */
  stop(): void {
    for (const slot of this.#cameras.keys()) this.release(slot, 'stopped');
  }

  get idle(): boolean {
    return this.#syncing === 0 && this.#closing.length === 0;
  }

  #open(
    camera: RecordedCamera,
    part: PartRecord,
    init: RecordedInit,
    continues: boolean,
  ): OpenRecording | undefined {
    const nowMs = this.#monotonicMs();
    // A recording begins where a decoder can, unless it follows one at once.
    if (nowMs < camera.retryAtMs || (!part.independent && !continues)) return undefined;
    const recordingId = this.#newId();
    const { cameraId, chain } = camera;
    const head: RecordingHead = {
      recordingId,
      cameraId,
      runId: init.runId,
      startMs: Math.round(part.startMs),
      codec: init.codec,
      width: init.width,
      height: init.height,
      previousSha256: chain?.runId === init.runId ? chain.sha256 : null,
    };
    const path = `${cameraId}/${recordingId}.mp4`;
    const bytes = headBytes(init.bytes, head);
    const file = new SpoolFile(join(this.#spoolFolder, path), bytes, {
      disk: this.#disk,
      meter: this.#meter,
    });
    this.#progress.opened.push({
      ...head,
      path,
      initBytes: init.bytes.length,
      headBytes: bytes.length,
      hole: camera.follows === undefined ? undefined : holeBetween(camera.follows, part),
    });
    camera.follows = undefined;
    const opened: OpenRecording = {
      camera,
      head,
      init,
      file,
      rotateMs: rotationMs(cameraId, part.startMs),
      syncDueMs: nowMs + this.#syncEveryMs,
      closed: false,
      grown: [],
    };
    this.#due.push(opened);
    return opened;
  }

  #sync(open: OpenRecording, nowMs: number): void {
    this.#syncing++;
    open.syncDueMs = nowMs + this.#syncEveryMs;
    this.#due.push(open);
    open.file.sync((error) => {
      this.#syncing--;
      if (error !== null && !open.closed) {
        // The kernel gave up what it had of this file, and would not say so again.
        const endMs = open.file.endMs ?? open.head.startMs;
        this.#failed(open.camera, endMs, new SpoolWriteFailed({ cause: error, full: false }));
      }
      this.#closeNext();
      this.tick();
    });
  }

  #finish(camera: RecordedCamera, endReason: EndReason): void {
    const { open } = camera;
    if (open === undefined) return;
    camera.open = undefined;
    open.closed = true;
    const { file, head, init } = open;
    // It is told as finished when the disk has it, which may take long: until then how far it came is known all the same.
    if (open.grown.length > 0) this.#progress.grown.push(grownOf(open));
    const sha256 = file.digest();
    camera.chain = { runId: init.runId, sha256 };
    camera.follows = GOES_ON.has(endReason) ? file.fragments.at(-1) : undefined;
    this.#closing.push({
      file,
      finished: {
        recordingId: head.recordingId,
        cameraId: head.cameraId,
        startMs: head.startMs,
        endMs: Math.round(file.endMs ?? head.startMs),
        byteLength: file.byteLength,
        sha256,
        fragmentIndex: encodeFragments(file.fragments),
        fragments: file.fragments.length,
        endReason,
      },
    });
    this.#closeNext();
  }

  /** A recording is told of as finished when the disk has all of it. */
  #closeNext(): void {
    if (this.#syncing >= MAX_SYNCING) return;
    const next = this.#closing.shift();
    if (next === undefined) return;
    this.#syncing++;
    next.file.sync((error) => {
      this.#syncing--;
      next.file.close();
      this.#progress.finished.push(next.finished);
      if (error !== null) {
        const { cameraId, endMs } = next.finished;
        this.#progress.failed.push({ cameraId, atMs: endMs, full: false });
      }
      this.#closeNext();
    });
  }

  #failed(camera: RecordedCamera, atMs: number, error: SpoolWriteFailed): void {
    camera.retryAtMs = this.#monotonicMs() + RETRY_MS;
    camera.follows = undefined;
    this.#progress.failed.push({ cameraId: camera.cameraId, atMs, full: error.full });
    this.#finish(camera, 'storage');
  }
}

/** By how much it has grown since that was told last. */
function grownOf({ head, file, grown }: OpenRecording): GrownRecording {
  const { recordingId, cameraId, startMs } = head;
  const endMs = file.endMs ?? startMs;
  return { recordingId, cameraId, endMs, fragmentIndex: encodeFragments(grown) };
}

function rotationOf({ rotateMs, file }: OpenRecording): { rotateMs: number; byteLength: number } {
  return { rotateMs, byteLength: file.byteLength };
}

interface Gathered extends Omit<FromRecorder, 'syncLateMs' | 'spent'> {
  opened: OpenedRecording[];
  grown: GrownRecording[];
  finished: FinishedRecording[];
  failed: { cameraId: string; atMs: number; full: boolean }[];
}

function noProgress(): Gathered {
  return { opened: [], grown: [], finished: [], failed: [] };
}
