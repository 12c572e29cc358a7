import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RoundFollower } from '#ingest/round-follower.ts';
import type { Databases } from '#registry/database/database.ts';
import { noteAlive } from './catalogue/recording-process.ts';
import { openCatalogue } from './catalogue/open-catalogue.ts';
import { useByCamera, type CameraUse } from './catalogue/storage-use.ts';
import {
  nameSpool,
  otherSpools,
  takeNobodys,
  type OtherSpool,
  type SpoolId,
} from './catalogue/spools.ts';
import type { ObjectStore } from './objects/object-store.ts';
import { accountForAbsence } from './absence.ts';
import { watchClockStep } from './clock-step.ts';
import type { Reconciliation } from './difference.ts';
import { openFootage, type Footage } from './footage.ts';
import { LegalHolds } from './legal-hold.ts';
import { OpenRecordings } from './open-recordings.ts';
import { RecorderThreads } from './recorder-threads.ts';
import { RecordingKeeper } from './recording-keeper.ts';
import { reconcile } from './reconcile.ts';
import { RECORDING_TURN, RecordedElsewhere, RecordingNotBegun } from './recording-turn.ts';
import type { SweptCamera } from './retention.ts';
import type { Seal, Signer } from './sealed-day.ts';
import { verifySeals } from './sealing.ts';
import { Shortenings } from './shortening.ts';
import { LeftFiles } from './spool/left-files.ts';
import { enterNotedGaps } from './spool/enter-noted-gaps.ts';
import { NOTED_GAPS_FILE, NotedGaps } from './spool/noted-gaps.ts';
import { Recovering } from './spool/recovering.ts';
import type { SpoolBounds, SpoolUse } from './spool/spool-bound.ts';
import type { SpoolMeter } from './spool/spool-file.ts';
import { RecorderFaults, storageNotices, type StorageNotice } from './storage-notices.ts';
import { startSweeping, tendDays } from './sweeping.ts';
import { Uploader } from './uploader.ts';

/** Whether files that are left in the spool are still there, and what waits in other spools. */
const LOOK_AT_LEFT_MS = 60_000;
/** What keeps recording from beginning when it is this gateway's turn is tried again after this. */
const BEGIN_AGAIN_MS = 5_000;
/** By so much the gap of a camera that was down is told of for longer when the process that records is killed. */
const ALIVE_MS = 5_000;

/** A container without a volume loses with each start what waits, and nobody else can tell that it was the same gateway. */
const NEW_SPOOL =
  'the spool of this gateway is new: if it is meant to be the one before, keep its data folder on a volume that lasts';

export interface RecordingOptions {
  databases: Databases;
  store: ObjectStore;
  /** The composition root of a recorder thread. */
  recorderUrl: URL;
  spoolFolder: string;
  /** Null: no other gateway shares the catalogue. */
  spoolId: SpoolId;
  /** For people: this machine, and the folder. */
  spoolName: string;
  /** What was written is on the disk after this, ms: so much a power cut may cost. */
  syncMs: number;
  /** Of what waits for the store. */
  spoolBounds: SpoolBounds;
  /** Cameras whose recording is on. */
  recorded: Iterable<string>;
  /** Every camera with its retention, as it is now. */
  retention: () => AsyncIterable<SweptCamera>;
  /** Of one camera. */
  inventoryDays: (cameraId: string) => Promise<number>;
  /** Between the approval of a shorter retention and its first deletion. */
  shorteningGraceMs: number;
  /** Signs each day's root. */
  signer: Signer & {
    /** Whether a key of this id signed it. */
    isSigned: (statement: string, signature: string, keyId: string) => boolean;
  };
  /** A day is sealed: told where it cannot be taken back, before it is entered (sealing.ts). */
  onSealed: (seal: Seal) => Promise<void>;
  newId: () => string;
  /** Unix ms. */
  now: () => number;
  log: (event: string, fields: Record<string, unknown>) => void;
}

export interface StorageCounters {
  /** Recordings put, tries that failed, and recordings dropped at the spool's bounds, since the start. */
  stored: number;
  failures: number;
  dropped: number;
  /** Media that waits for the disk. */
  behindBytes: number;
  /** How late the longest due sync of the spool is, ms. */
  syncLateMs: number;
  /** What writing has cost the recorders. */
  spent: SpoolMeter;
  /** What waits for the store. */
  spool: SpoolUse;
}

export interface RecordingService extends Footage {
  /** Takes parts from the camera workers. */
  follower: RoundFollower;
  /** Recording of a camera is turned on or off; before its stream is added to the workers. */
  setRecorded(cameraId: string, recorded: boolean): void;
  /** Whether cameras are recorded here has changed: their streams are to be added to the workers anew. */
  onTurn(listener: () => void): void;
  counters(): StorageCounters;
  /** What every camera's recordings take. */
  use(): Promise<CameraUse[]>;
  /** Compares catalogue, store and spool. A repair throws RecordedElsewhere, RecordingNotBegun where this gateway does not record. */
  reconcile(how: {
    repair: boolean;
    deep: boolean;
    /** As of ReconcileOptions. */
    giveUp?: string | undefined;
  }): Promise<Reconciliation>;
  /** Whether what is known of sealed days is what was signed. */
  verify(day?: string): ReturnType<typeof verifySeals>;
  /** What an operator has to look at. */
  notices(): StorageNotice[];
  /** Of what waits for the store. */
  spoolBounds: SpoolBounds;
  holds: LegalHolds;
  shortenings: Shortenings;
  /** Finishes every recording; after the camera workers have stopped. `stuck` as of RecorderThreads. */
  stop(): Promise<'ended' | 'stuck'>;
}

/**
 * Starts recording: opens the catalogue, finishes what an earlier process left in the spool, accounts for the time in
 * which no process recorded, and then puts, keeps and deletes. Of several gateways on one database one does so: the others
 * serve, and the next of them records when it ends. Throws what the catalogue throws; the store is closed then.
 */
export async function startRecording(options: RecordingOptions): Promise<RecordingService> {
  const { databases, store, spoolFolder, spoolId, newId, now, log } = options;
  // Ends what would go on by itself, unless this begins; from then on `stop` does.
  using unbegun = new DisposableStack();
  unbegun.defer(() => store.close());
  const catalogue = await openCatalogue(databases);
  const spool =
    spoolId !== null && (await nameSpool(catalogue, { id: spoolId, name: options.spoolName }));
  mkdirSync(spoolFolder, { recursive: true, mode: 0o700 });
  await tendDays(catalogue, now, log);
  /** Whether this gateway records, of all that share the database. */
  let records = false;
  let hasRecorded = false;
  /** Since when another does. */
  let elsewhereMs: number | undefined;
  let onTurn: (() => void) | undefined;

  const open = new OpenRecordings();
  const clock = watchClockStep();
  unbegun.defer(() => clock.stop());
  const { spoolBounds } = options;
  const leftFiles = new LeftFiles({ spoolFolder, now });
  const uploader = new Uploader({
    catalogue,
    store,
    spoolFolder,
    spoolId,
    newId,
    log,
    bounds: spoolBounds,
    now,
    recover: () => recovering.again(),
    onAside: ({ cameraId, id, byteLength }) =>
      leftFiles.notStored({ cameraId, recordingId: id, byteLength }),
  });
  const faults = new RecorderFaults();
  const onSpooled = (): void => uploader.poke();
  const recovering = new Recovering({
    catalogue,
    spoolFolder,
    spoolId,
    leftFiles,
    isOpen: (id) => open.has(id),
    onRecovered: onSpooled,
    newId,
    now,
    log,
  });
  const notedPath = join(spoolFolder, NOTED_GAPS_FILE);
  const noted = new NotedGaps({ path: notedPath, now, log });
  const keeper = new RecordingKeeper({
    noted,
    catalogue,
    spoolId,
    open,
    newId,
    log,
    onSpooled,
    onFault(fault) {
      faults.note(fault, now());
      if (fault === 'disk-full') uploader.diskFull();
    },
    onGivenUp() {
      recovering.later();
      recovering.laterWhatWasJustMade();
    },
    turn: () => turn.state,
    clocksOf: (cameraId) => ({
      offsetMs: threads.clockOffsetMs(cameraId) ?? null,
      inStep: clock.inStep,
    }),
  });
  const recorded = new Set(options.recorded);
  const threads = new RecorderThreads({
    recorderUrl: options.recorderUrl,
    settings: { spoolFolder, syncMs: options.syncMs },
    isRecorded: (cameraId) => records && recorded.has(cameraId),
    onProgress: (progress) => keeper.progress(progress),
    onRunEnded: (cameraId, reason) => keeper.runEnded(cameraId, reason, now()),
    onPassedOver: (times) => keeper.passedOver(times),
    onDied: (cameraIds) => {
      keeper.recorderDied(open.forget(cameraIds), () => recovering.again(), now());
      recovering.laterWhatWasJustMade();
    },
    log,
  });
  /** Of gateways that recorded before this one; those that run put what is theirs by themselves. */
  let waitingElsewhere: readonly OtherSpool[] = [];
  const lookElsewhere = async (): Promise<void> => {
    try {
      waitingElsewhere = await otherSpools(catalogue, spoolId);
    } catch {
      // What was seen last stays until the next look; that the database is away is told by itself.
    }
  };
  const begin = async (): Promise<void> => {
    await takeNobodys(catalogue, spoolId);
    // Of a process before this one nothing is live.
    const { left: _, ...found } = await recovering.recover({ ofBefore: !hasRecorded });
    if (found.recovered + found.empty > 0) log('spool recovered', found);
    await noted.flushed();
    const notedMs = await enterNotedGaps(catalogue, notedPath, newId);
    noted.clear();
    // One moment for both, or what lies between them is in no gap.
    const startedMs = now();
    await accountForAbsence(catalogue, recorded, { newId, nowMs: startedMs, notedMs });
    for (const cameraId of recorded) keeper.start(cameraId, startedMs);
    await lookElsewhere();
    if (waitingElsewhere.length > 0) {
      log('recordings wait in other spools', { waitingElsewhere });
      if (spool && spool.isNew) log(NEW_SPOOL, { spoolFolder });
    }
    await noteAlive(catalogue, startedMs);
    records = true;
    hasRecorded = true;
    elsewhereMs = undefined;
  };
  let beginning: Promise<void> = Promise.resolve();
  /** Why it does not record although it is its turn. */
  let notBegun: RecordingNotBegun | undefined;
  let stopping = false;
  const beginLater = async (): Promise<void> => {
    if (stopping || records || turn.state !== 'ours') return;
    try {
      await begin();
      notBegun = undefined;
      log('this gateway records now', {});
      onTurn?.();
    } catch (error) {
      log('recording not begun', { err: error });
      const reason = error instanceof Error ? error.message : String(error);
      notBegun = new RecordingNotBegun(`recording cannot begin here (${reason})`, { cause: error });
      setTimeout(() => {
        beginning = beginning.then(beginLater);
      }, BEGIN_AGAIN_MS).unref();
    }
  };
  const recordsElsewhere = (): void => {
    records = false;
    elsewhereMs = now();
    keeper.disown();
    log('another gateway records on this database, this one does not', {});
  };
  const turn = await databases.takeTurn(RECORDING_TURN, (state) => {
    if (state === 'ours') {
      beginning = beginning.then(beginLater);
    } else if (state === 'others' && records) {
      recordsElsewhere();
      onTurn?.();
    }
    // Lost: what is recorded goes into the spool, and waits there until it is known whose turn it is.
  });
  if (turn.state === 'others') {
    recordsElsewhere();
    // What this one recorded before is put all the same.
    recovering.later();
    recovering.laterWhatWasJustMade();
  } else await (beginning = begin());
  uploader.start();
  let isSaying = false;
  const sayAlive = async (): Promise<void> => {
    if (!records || isSaying) return;
    isSaying = true;
    // While the database is away it is said where gaps are noted.
    try {
      if (turn.state === 'ours') await noteAlive(catalogue, now());
      else noted.alive();
    } catch {
      noted.alive();
    }
    isSaying = false;
  };
  const alive = setInterval(() => void sayAlive(), ALIVE_MS).unref();
  const lookingAtLeft = setInterval(() => {
    void leftFiles.look();
    void lookElsewhere();
  }, LOOK_AT_LEFT_MS).unref();
  const holds = new LegalHolds({ catalogue, store, newId, now, log });
  holds.start();
  const sweeping = startSweeping({
    catalogue,
    store,
    retention: options.retention,
    signer: options.signer,
    onSealed: options.onSealed,
    isOurs: () => records && turn.state === 'ours',
    now,
    log,
  });
  unbegun.move();

  return {
    follower: threads,
    setRecorded(cameraId, isOn) {
      if (isOn === recorded.has(cameraId)) return;
      if (isOn) {
        recorded.add(cameraId);
        if (records) keeper.start(cameraId, now());
      } else {
        recorded.delete(cameraId);
        if (records) keeper.turnedOff(cameraId, now());
      }
    },
    onTurn(listener) {
      onTurn = listener;
    },
    ...openFootage({ catalogue, open, store, spoolFolder, spoolId }),
    counters: () => ({
      ...uploader.counters,
      behindBytes: threads.behindBytes,
      syncLateMs: threads.syncLateMs,
      spent: threads.spent,
      spool: uploader.use,
    }),
    use: () => useByCamera(catalogue, now()),
    async reconcile(how) {
      if (how.repair) {
        if (turn.state === 'others') throw new RecordedElsewhere();
        if (turn.state === 'lost') {
          throw new RecordingNotBegun('the database does not say whose turn it is to record');
        }
        if (!records) throw notBegun ?? new RecordingNotBegun('this gateway begins to record');
      }
      const of = {
        catalogue,
        store,
        spoolFolder,
        spoolId,
        isOpen: (id: string) => recovering.isLive(id),
        newId,
        now,
      };
      const found = await reconcile({ ...of, ...how });
      waitingElsewhere = found.otherSpools;
      return found;
    },
    verify: (day) => verifySeals(catalogue, options.signer.isSigned, day),
    notices() {
      const { use, away, droppedMs } = uploader;
      return storageNotices(
        {
          use,
          away,
          droppedMs,
          ...sweeping.faults,
          elsewhereMs,
          faults,
          left: leftFiles.use,
          otherSpools: records ? waitingElsewhere : [],
        },
        spoolBounds,
        now(),
      );
    },
    spoolBounds,
    holds,
    shortenings: new Shortenings({
      catalogue,
      inventoryDays: options.inventoryDays,
      graceMs: options.shorteningGraceMs,
      newId,
      now,
    }),
    async stop() {
      stopping = true;
      clock.stop();
      clearInterval(lookingAtLeft);
      clearInterval(alive);
      await beginning;
      await sweeping.stop();
      await holds.stop();
      const recorders = await threads.stop();
      recovering.stop();
      await keeper.stop();
      await sayAlive();
      await noted.flushed();
      await uploader.stop();
      store.close();
      return recorders;
    },
  };
}
