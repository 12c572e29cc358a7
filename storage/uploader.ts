import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { spoolPath } from './catalogue/object-key.ts';
import { insertGap } from './catalogue/gaps.ts';
import { markStored, recordingsIn, removeLost, type Recording } from './catalogue/recordings.ts';
import type { Catalogue } from './catalogue/tables.ts';
import { ObjectCorrupt, ObjectMissing, type ObjectStore } from './objects/object-store.ts';

/** Recordings asked for at once, and put at once. */
const BATCH = 64;
const SIDE_BY_SIDE = 8;
/** Looked for work although nobody said that there is some. */
const IDLE_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/**
 * spooled → stored: puts whole recordings into the object store, the oldest first, and then removes their spool files.
 * A store that is away is tried again, 1 s later and then twice as long each time up to a minute; meanwhile recordings
 * wait in the spool.
 */
export class Uploader {
  readonly #catalogue: Catalogue;
  readonly #store: ObjectStore;
  readonly #spoolFolder: string;
  readonly #newId: () => string;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  #wake: (() => void) | undefined;
  #poked = false;
  #stopping = false;
  #failures = 0;
  #done: Promise<void> = Promise.resolve();
  /** Puts that succeeded, and tries that failed, since the start. */
  readonly counters = { stored: 0, failures: 0 };

  constructor(options: {
    catalogue: Catalogue;
    store: ObjectStore;
    spoolFolder: string;
    newId: () => string;
    log: (event: string, fields: Record<string, unknown>) => void;
  }) {
    this.#catalogue = options.catalogue;
    this.#store = options.store;
    this.#spoolFolder = options.spoolFolder;
    this.#newId = options.newId;
    this.#log = options.log;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** There is something to put. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  /** Resolves when what is being put is put, or has failed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#poked = false;
      const more = await this.#round();
      if (!more) await this.#rest();
    }
  }

  /** Whether there may be more to put at once. */
  async #round(): Promise<boolean> {
    try {
      const batch = await recordingsIn(this.#catalogue, 'spooled', BATCH);
      for (let i = 0; i < batch.length && !this.#stopping; i += SIDE_BY_SIDE) {
        await Promise.all(batch.slice(i, i + SIDE_BY_SIDE).map((r) => this.#put(r)));
      }
      if (this.#failures > 0) this.#log('object store answers again', {});
      this.#failures = 0;
      return batch.length === BATCH;
    } catch (error) {
      this.counters.failures++;
      if (this.#failures++ === 0) this.#log('recordings wait in the spool', { err: error });
      return false;
    }
  }

  async #put(recording: Recording): Promise<void> {
    const { id, objectKey, byteLength, sha256 } = recording;
    if (sha256 === null) throw new TypeError(`recording ${id} is spooled without a hash`);
    const path = join(
      this.#spoolFolder,
      spoolPath({ cameraId: recording.cameraId, recordingId: id }),
    );
    try {
      const stored = await this.#store.put(objectKey, { path, byteLength, sha256 });
      await markStored(this.#catalogue, id, stored.versionId);
      this.counters.stored++;
    } catch (error) {
      if (isMissingFile(error)) await this.#withoutFile(recording);
      else if (error instanceof ObjectCorrupt) await this.#lost(recording, 'spool-corrupt');
      else throw error;
    }
    await unlink(path).catch((error: unknown) => {
      if (!isMissingFile(error)) throw error;
    });
  }

  /** Put before a crash, and not noted; or gone. */
  async #withoutFile(recording: Recording): Promise<void> {
    const object = { key: recording.objectKey, versionId: null };
    try {
      const { byteLength } = await this.#store.stat(object);
      if (byteLength !== recording.byteLength) throw new ObjectMissing(recording.objectKey);
      await markStored(this.#catalogue, recording.id, null);
    } catch (error) {
      if (!(error instanceof ObjectMissing)) throw error;
      await this.#lost(recording, 'spool-missing');
    }
  }

  async #lost(recording: Recording, detail: string): Promise<void> {
    const { cameraId, startMs, endMs } = recording;
    this.#log('recording lost', { cameraId, recordingId: recording.id, reason: detail });
    await removeLost(this.#catalogue, recording.id);
    const gap = { cameraId, startMs, endMs, cause: 'storage' as const, detail };
    await insertGap(this.#catalogue, this.#newId(), gap);
  }

  async #rest(): Promise<void> {
    if (this.#stopping || (this.#poked && this.#failures === 0)) return;
    const afterFailure = FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10);
    const ms = this.#failures > 0 ? Math.min(LONGEST_RETRY_MS, afterFailure) : IDLE_MS;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        // Being poked does not bring a store back.
        if (this.#failures > 0 && !this.#stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

function isMissingFile(error: unknown): boolean {
  if (error instanceof ObjectMissing) return true;
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
