import { stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseUnavailable } from '#registry/database/database.ts';
import { spoolPath } from './catalogue/object-key.ts';
import { noteDeletion, wasDeleted, type LostPolicy } from './catalogue/deletion.ts';
import { insertGap } from './catalogue/gaps.ts';
import { markStored, recordingById, recordingsIn, type Recording } from './catalogue/recordings.ts';
import type { SpoolId } from './catalogue/spools.ts';
import type { Catalogue } from './catalogue/tables.ts';
import { sha256OfFile } from './objects/file-hash.ts';
import {
  ObjectConflict,
  ObjectCorrupt,
  ObjectMissing,
  ObjectStoreFull,
  ObjectStoreRefused,
  ObjectStoreUnavailable,
  type ObjectStore,
} from './objects/object-store.ts';
import { keepSpoolWithin, type SpoolBounds, type SpoolUse } from './spool/spool-bound.ts';

/** Recordings asked for at once, and put at once. */
const BATCH = 64;
const SIDE_BY_SIDE = 8;
/** Looked for work although nobody said that there is some. */
const IDLE_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** All days are looked through for what waits as often as this: what a repair enters may be of any. */
const LOOK_EVERYWHERE_MS = 60_000;
/** Between such looks, at least what began so long ago and later. */
const RECENT_MS = 86_400_000;
/** Recordings that the store refuses for good, and that are passed over; one more holds all others up. */
const MAX_ASIDE = 1_000;
/** Times that the store says of a recording in a row that it arrived otherwise than it was sent. */
const MAX_CHANGED = 5;

interface PutRecording {
  id: string;
  startMs: number;
  cameraId: string;
  objectKey: string;
  versionId: string | null;
}

/** A wait that ends early when it is woken. */
export type Rest = (ms: number, woken: Promise<void>) => Promise<void>;

/**
 * spooled → stored: puts whole recordings into the object store, the oldest first, and then removes their spool files.
 * A store that is away is tried again, 1 s later and then twice as long each time up to a minute; meanwhile recordings
 * wait in the spool, and this keeps it within its bounds: whoever puts a recording is also who drops one, so never both.
 */
export class Uploader {
  readonly #catalogue: Catalogue;
  readonly #store: ObjectStore;
  readonly #spoolFolder: string;
  readonly #spoolId: SpoolId;
  readonly #newId: () => string;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  readonly #bounds: SpoolBounds;
  readonly #now: () => number;
  readonly #monotonicNow: () => number;
  readonly #rest: Rest;
  readonly #recover: (() => Promise<void>) | undefined;
  readonly #onAside: (recording: Recording) => void;
  #wake: (() => void) | undefined;
  #poked = false;
  #stopping = false;
  #failures = 0;
  /** The last look through all days: when, and since when something waited. */
  #everywhere: { atMs: number; oldestMs: number } | undefined;
  #diskFull = false;
  /** Files may have been left here whose rows somebody took away. */
  #recoverDue = false;
  /**
   * Since when the store alone has kept us from putting anything, by both clocks, ms; undefined: it has not. `away` tells an
   * operator of any failure; by this one footage is given up.
   */
  #storeFailing: { wallMs: number; monotonicMs: number } | undefined;
  /** Whose key holds something else: `reconcile` names them, and a person decides. */
  readonly #aside = new Set<string>();
  /** The latest that is whole here and arrived otherwise, and how often in a row. */
  #arrivedChanged: { id: string; times: number } | undefined;
  #done: Promise<void> = Promise.resolve();
  /** Puts that succeeded, tries that failed, and recordings dropped at the spool's bounds, since the start. */
  readonly counters = { stored: 0, failures: 0, dropped: 0 };
  /** At the last look. */
  use: SpoolUse = { recordings: 0, byteLength: 0, oldestStartMs: undefined };
  /** Since when the store has not taken anything, Unix ms, and what it said last; undefined while it does. */
  away: { sinceMs: number; error: unknown } | undefined;
  /** When a recording was dropped last, Unix ms. */
  droppedMs: number | undefined;

  constructor(options: {
    catalogue: Catalogue;
    store: ObjectStore;
    spoolFolder: string;
    /** What waits in others is put, dropped and taken for lost by their gateways. */
    spoolId?: SpoolId;
    newId: () => string;
    log: (event: string, fields: Record<string, unknown>) => void;
    bounds: SpoolBounds;
    /** Unix ms. */
    now: () => number;
    /** Ms of a clock that nobody sets; of the process when not given. */
    monotonicNow?: () => number;
    rest?: Rest;
    /** Enters what lies in the spool without a row; without it the next start does. */
    recover?: () => Promise<void>;
    /** The store refuses it for good; its file stays in the spool. */
    onAside?: (recording: Recording) => void;
  }) {
    this.#recover = options.recover;
    this.#onAside = options.onAside ?? (() => {});
    this.#bounds = options.bounds;
    this.#now = options.now;
    this.#monotonicNow = options.monotonicNow ?? (() => performance.now());
    this.#rest = options.rest ?? restOf;
    this.#catalogue = options.catalogue;
    this.#store = options.store;
    this.#spoolFolder = options.spoolFolder;
    this.#spoolId = options.spoolId ?? null;
    this.#newId = options.newId;
    this.#log = options.log;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** There is something to put. */
  poke(): void {
    this.#poked = true;
    // Being poked does not bring a store back.
    if (this.#failures === 0) this.#wake?.();
  }

  /** The disk takes no more: room is made in the spool, whatever its bounds are. */
  diskFull(): void {
    this.#diskFull = true;
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
      if (!more) await this.#untilNext();
    }
  }

  /** Whether there may be more to put at once. */
  async #round(): Promise<boolean> {
    try {
      await this.#recoverLeft();
      const sinceMs = this.#sinceMs();
      await this.#keepWithinBounds(sinceMs);
      const batch = await this.#nextBatch(sinceMs);
      for (let i = 0; i < batch.length && !this.#stopping; i += SIDE_BY_SIDE) {
        await this.#putAll(batch.slice(i, i + SIDE_BY_SIDE));
      }
      if (this.#failures > 0) this.#log('object store answers again', {});
      this.#failures = 0;
      this.away = undefined;
      this.#storeFailing = undefined;
      return batch.length === BATCH;
    } catch (error) {
      this.counters.failures++;
      this.away = { sinceMs: this.away?.sinceMs ?? this.#now(), error };
      this.#storeFailing = isOfStore(error)
        ? (this.#storeFailing ?? { wallMs: this.#now(), monotonicMs: this.#monotonicNow() })
        : undefined;
      if (this.#failures++ === 0) this.#log('recordings wait in the spool', { err: error });
      return false;
    }
  }

  /** What waits began then or later, as far as is known; 0: it is to be found out. */
  #sinceMs(): number {
    const nowMs = this.#now();
    const { atMs, oldestMs } = this.#everywhere ?? { atMs: Number.NEGATIVE_INFINITY, oldestMs: 0 };
    // Also when the clock was set back since.
    if (Math.abs(nowMs - atMs) >= LOOK_EVERYWHERE_MS) return 0;
    return Math.min(oldestMs, nowMs - RECENT_MS);
  }

  async #nextBatch(sinceMs: number): Promise<Recording[]> {
    const limit = BATCH + this.#aside.size;
    const found = await recordingsIn(this.#catalogue, 'spooled', limit, {
      sinceMs,
      spoolId: this.#spoolId,
    });
    return found.filter(({ id }) => !this.#aside.has(id)).slice(0, BATCH);
  }

  async #keepWithinBounds(sinceMs: number): Promise<void> {
    const { use, dropped } = await keepSpoolWithin({
      catalogue: this.#catalogue,
      spoolFolder: this.#spoolFolder,
      spoolId: this.#spoolId,
      bounds: { ...this.#bounds, maxAgeMs: this.#maxAgeMs() },
      sinceMs,
      // While the store takes what waits, room comes by itself.
      diskFull: this.#diskFull && this.away !== undefined,
      now: this.#now,
      newId: this.#newId,
    });
    this.#diskFull = false;
    this.use = use;
    if (sinceMs === 0) {
      const oldestMs = use.oldestStartMs ?? Number.POSITIVE_INFINITY;
      this.#everywhere = { atMs: this.#now(), oldestMs };
    }
    if (dropped === 0) return;
    this.counters.dropped += dropped;
    this.droppedMs = this.#now();
    this.#log('recordings dropped at the bound of the spool', { dropped, ...use });
  }

  /**
   * How old what waits may be now. What is old, after days in which the gateway was off or with a clock that was far behind, is
   * put all the same: it has waited too long only where the store has taken nothing for as long as that. A clock that was set
   * forward meanwhile has made nothing older.
   */
  #maxAgeMs(): number {
    const { maxAgeMs } = this.#bounds;
    if (this.#storeFailing === undefined) return Number.POSITIVE_INFINITY;
    const { wallMs, monotonicMs } = this.#storeFailing;
    const failingMs = this.#monotonicNow() - monotonicMs;
    if (failingMs < maxAgeMs) return Number.POSITIVE_INFINITY;
    return maxAgeMs + Math.max(0, this.#now() - (wallMs + failingMs));
  }

  /** Side by side; none is left under way when the next round asks for what still waits. Throws the first failure. */
  async #putAll(recordings: readonly Recording[]): Promise<void> {
    const tries = await Promise.allSettled(recordings.map((recording) => this.#put(recording)));
    const stored = tries.flatMap((tried) =>
      tried.status === 'fulfilled' && tried.value !== undefined ? [tried.value] : [],
    );
    const marked = await markStored(this.#catalogue, stored);
    this.counters.stored += marked;
    if (stored.length > 0) this.#storeFailing = undefined;
    const left = marked < stored.length ? await this.#withoutRow(stored) : undefined;
    await Promise.all(
      stored.map(async ({ id, cameraId }) => {
        if (left?.has(id) !== true) await this.#removeFile(id, cameraId);
      }),
    );
    const failed = tries.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /** Undefined when there is nothing to note: it was noted, given up or passed over. */
  async #put(recording: Recording): Promise<PutRecording | undefined> {
    const { id, startMs, cameraId, objectKey, byteLength, sha256 } = recording;
    if (sha256 === null) throw new TypeError(`recording ${id} is spooled without a hash`);
    const path = join(this.#spoolFolder, spoolPath({ cameraId, recordingId: id }));
    try {
      const { versionId } = await this.#store.put(objectKey, { path, byteLength, sha256 });
      return { id, startMs, cameraId, objectKey, versionId };
    } catch (error) {
      // What a store says is no proof of what lies here: nothing is given up before the file was looked at.
      if (!(await isThere(path))) return await this.#withoutFile(recording);
      if (error instanceof ObjectCorrupt && (await sha256OfFile(path)) !== sha256) {
        await this.#lost(recording, 'spool-corrupt');
        await this.#removeFile(id, cameraId);
      } else if (this.#isForGood(id, error) && this.#aside.size < MAX_ASIDE) {
        this.#aside.add(id);
        this.#onAside(recording);
        this.#log('recording not stored', { recordingId: id, err: error });
      } else throw error;
      return undefined;
    }
  }

  /**
   * Whether another try would end as this one did: its key holds something else, or what is whole here arrived changed
   * again and again, which the line would not do to one alone.
   */
  #isForGood(id: string, error: unknown): boolean {
    if (error instanceof ObjectConflict) return true;
    if (!(error instanceof ObjectCorrupt)) return false;
    const before = this.#arrivedChanged;
    this.#arrivedChanged = { id, times: before?.id === id ? before.times + 1 : 1 };
    return this.#arrivedChanged.times >= MAX_CHANGED;
  }

  async #removeFile(id: string, cameraId: string): Promise<void> {
    await unlink(join(this.#spoolFolder, spoolPath({ cameraId, recordingId: id }))).catch(
      (error: unknown) => {
        if (!isMissingFile(error)) throw error;
      },
    );
  }

  /**
   * Whose rows went while they were put. What a rule deleted, nothing else would ever delete: its object goes. All others were
   * taken for lost by somebody who does not see this spool: object and file may be all there is of them, and the file is entered
   * again. Returns their ids.
   */
  async #withoutRow(stored: readonly PutRecording[]): Promise<ReadonlySet<string>> {
    const left = new Set<string>();
    // Whatever this comes to, for the database may go meanwhile.
    this.#recoverDue = true;
    for (const { id, cameraId, objectKey, versionId } of stored) {
      const row = await recordingById(this.#catalogue, id);
      // One that is open is being entered at this moment.
      if (row !== undefined && row.state !== 'open') continue;
      if (row === undefined && (await wasDeleted(this.#catalogue, id))) {
        await this.#store.delete({ key: objectKey, versionId });
        continue;
      }
      left.add(id);
      this.#log('recording without a row, entering it again', { cameraId, recordingId: id });
    }
    return left;
  }

  async #recoverLeft(): Promise<void> {
    if (!this.#recoverDue) return;
    try {
      await this.#recover?.();
    } catch (error) {
      // It stays due: nobody else would before the next start.
      if (error instanceof DatabaseUnavailable) throw error;
      this.#log('spool not recovered', { err: error });
    }
    this.#recoverDue = false;
  }

  /** Put before a crash, and not noted; or gone. */
  async #withoutFile(recording: Recording): Promise<PutRecording | undefined> {
    const { id, startMs, cameraId, objectKey } = recording;
    const object = { key: objectKey, versionId: null };
    try {
      const { byteLength, versionId } = await this.#store.stat(object);
      if (byteLength !== recording.byteLength) throw new ObjectMissing(recording.objectKey);
      return { id, startMs, cameraId, objectKey, versionId };
    } catch (error) {
      if (!(error instanceof ObjectMissing)) throw error;
      await this.#lost(recording, 'spool-missing');
      return undefined;
    }
  }

  async #lost(recording: Recording, detail: LostPolicy): Promise<void> {
    const { cameraId, startMs, endMs } = recording;
    this.#log('recording lost', { cameraId, recordingId: recording.id, reason: detail });
    // With its hash: its place in its run's chain is known.
    await noteDeletion(this.#catalogue, recording, { policy: detail, deletedMs: this.#now() });
    const gap = { cameraId, startMs, endMs, cause: 'storage' as const, detail };
    await insertGap(this.#catalogue, this.#newId(), gap);
  }

  async #untilNext(): Promise<void> {
    if (this.#stopping || this.#diskFull || (this.#poked && this.#failures === 0)) return;
    const afterFailure = FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10);
    const ms = this.#failures > 0 ? Math.min(LONGEST_RETRY_MS, afterFailure) : IDLE_MS;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await this.#rest(ms, promise);
    this.#wake = undefined;
  }
}

async function restOf(ms: number, woken: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([passed, woken]);
  clearTimeout(timer);
}

/** While the catalogue or our own disk fails, nobody knows what the store would take. */
function isOfStore(error: unknown): boolean {
  return (
    error instanceof ObjectStoreUnavailable ||
    error instanceof ObjectStoreRefused ||
    error instanceof ObjectStoreFull
  );
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissingFile(error)) return false;
    throw error;
  }
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
