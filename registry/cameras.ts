import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import { actText, type Author } from './author.ts';
import type { CameraVersion } from './camera-changes.ts';
import { type Camera, type CameraChange, type NewCamera } from './camera.ts';
import { writeDeclaration, type Declaring } from './camera-declaring.ts';
import { versionsOf } from './camera-history.ts';
import { listCameras, type CameraFilter, type CameraPage } from './camera-list.ts';
import { observationsOf, observe } from './camera-observations.ts';
import { CameraNotFound } from './camera-refusals.ts';
import { iso, selectCameras, withAgencies, type CameraRow } from './camera-rows.ts';
import { refuseTwice } from './camera-twice.ts';
import { insertVersions, newCameraRows, prepareCameras, versionRow } from './camera-writes.ts';
import { readCompared, type ComparedReading, type WantedCameras } from './compared-cameras.ts';
import { executeTogether, lockRows, readByKeys, writeMuch } from './database/database.ts';
import { indexSearch } from './index-search.ts';
import { linkedStreams, registryState, streamMarks, streamsOf } from './linked-streams.ts';
import {
  asExpected,
  changeRows,
  prepareChanges,
  writeChanges,
  type VersionedChange,
} from './change-cameras.ts';
import { originsOf } from './origins.ts';
import { againWhereMerged, PlaceIds } from './place-ids.ts';
import {
  findings,
  type Finding,
  type Observation,
  type ObservedField,
  type Observer,
  type ValueOrigin,
  type ValueSource,
} from './provenance.ts';
import type { RegistryDatabase, RegistryTables } from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import {
  cameraRows,
  snapshotOf,
  sourceOf,
  storedCameras,
  type SnapshotSource,
} from './stored-cameras.ts';
import type { StreamSource } from './stream-source.ts';
import { uuidV7Source } from './uuid-v7.ts';

export type { StreamSite, StreamSource, StreamTls } from './stream-source.ts';

/** Cameras in one call of `createMany`, at most. */
export const MAX_CREATED_AT_ONCE = 1_000;
/** Cameras of one inventory that are entered or changed in one transaction, at most. */
export const MAX_APPLIED_AT_ONCE = 100_000;
/** Cameras of which something is declared in one transaction, at most. */
export const MAX_DECLARED_AT_ONCE = 500;
/** Cameras that are told of in one go, after an inventory went in. */
const TOLD_AT_ONCE = 200;

/** What happened to a camera's registration; told after it is stored. `source` is null where nothing is to be pulled. */
export interface RegistrationEvent {
  kind: 'created' | 'changed' | 'deleted' | 'restored';
  camera: Camera;
  source: StreamSource | null;
  /** Where it is pulled from, or how, is not as it was: whoever pulls it dials again, or ends. */
  streamChanged: boolean;
}

/** A camera with all that is known of it. */
export interface CameraDetail {
  camera: Camera;
  /** Where each registered value comes from. */
  origins: Record<string, ValueOrigin>;
  /** What ONVIF and the stream say, beside the registered values. */
  observed: Observation[];
  findings: Finding[];
  deleted: { by: Author; at: string; reason: string } | null;
}

/** How a change is made: by whom, and upon which version. */
export interface ChangeOptions {
  author: Author;
  /** Which version the change was made to; another means that somebody was faster. */
  version: number;
  /** How its values came. Default: declared. */
  source?: ValueSource | undefined;
  /** That another camera has the same position and stream is known. */
  duplicateConfirmed?: boolean | undefined;
}

/** A page of an inventory: some hundred cameras, of which none is there twice. */
export interface CameraBatch {
  create: readonly NewCamera[];
  change: readonly VersionedChange[];
}

export interface Cameras {
  /** Oldest first. */
  list(filter: CameraFilter & CameraPage): Promise<Camera[]>;
  /**
   * Those that rows of an inventory may be about, as they are compared. Returns a text that stands for what was read: the
   * same at another time means that nothing of it has changed.
   */
  compared(wanted: WantedCameras, reading: ComparedReading): Promise<string>;
  /** Not one that was deleted. */
  get(id: string): Promise<Camera | undefined>;
  /** Also of one that was deleted. */
  detail(id: string): Promise<CameraDetail | undefined>;
  /** For a camera that is about to be created: what is recorded before the act names it. */
  nextId(): string;
  /** `id`: of `nextId`. Throws CameraTwice. */
  create(
    camera: NewCamera,
    options: Omit<ChangeOptions, 'version'> & { id?: string },
  ): Promise<Camera>;
  /** All of them or none; at most MAX_CREATED_AT_ONCE. */
  createMany(
    cameras: readonly NewCamera[],
    options: Omit<ChangeOptions, 'version'>,
  ): Promise<Camera[]>;
  /**
   * An inventory, page by page as it comes, in one transaction: all of it or nothing. Returns when it is stored; `settled` is
   * when listeners were told of every camera, and searches find each as quickly as all else. At most MAX_APPLIED_AT_ONCE.
   * `signal` ends it until it is committed: nothing is stored then, and its reason is thrown. `onProgress`: cameras written.
   * `beside` is written with it, before all else. Throws PlaceMerged, TransactionsCrossed, what `change` and `beside` throw.
   */
  apply(
    pages: Iterable<CameraBatch> | AsyncIterable<CameraBatch>,
    options: Omit<ChangeOptions, 'version'> & {
      signal?: AbortSignal;
      beside?: ((transaction: Transaction<RegistryTables>) => Promise<void>) | undefined;
    },
    onProgress?: (done: number) => void,
  ): Promise<{ settled: Promise<void> }>;
  /** Throws CameraNotFound, CameraStale, CameraTwice, ChangeRefused, StreamAddressNotValid. */
  change(id: string, change: CameraChange, options: ChangeOptions): Promise<Camera>;
  /**
   * What people say of cameras' conditions, all or none, at most MAX_DECLARED_AT_ONCE; `beside` is written with it.
   * Throws CameraNotFound, DeclaredInFuture, what `beside` throws.
   */
  declare(
    declaring: readonly Declaring[],
    beside?: (transaction: Transaction<RegistryTables>) => Promise<void>,
  ): Promise<Camera[]>;
  /** It leaves lists, counts and ingest, and can be brought back. Throws CameraNotFound, CameraStale. */
  remove(id: string, options: ChangeOptions & { reason: string }): Promise<void>;
  /** Throws CameraNotFound (also for one that is not deleted), CameraStale, CameraTwice. */
  restore(id: string, options: ChangeOptions): Promise<Camera>;
  /** Newest first, at most MAX_HISTORY; undefined: there is no such camera. */
  history(id: string): Promise<CameraVersion[] | undefined>;
  /** What ONVIF or the stream says of a camera; the latest of each field stays. Nothing that is registered changes. */
  observe(
    id: string,
    observer: Observer,
    values: Partial<Record<ObservedField, string | number>>,
  ): Promise<void>;
  /** Of every linked camera, or of those of one site. */
  streams(siteId?: string): Promise<StreamSource[]>;
  /** Of these cameras, those that are linked and not deleted. */
  streamsOf(ids: readonly string[]): Promise<StreamSource[]>;
  /** By the id of every linked camera, a text that is another one after every change to it or to its site. Opens no secret. */
  streamMarks(): Promise<Map<string, string>>;
  /** Where its still picture is; null: it has no such address. Undefined: there is no such camera, or it was deleted. */
  snapshot(id: string): Promise<SnapshotSource | null | undefined>;
  /** A text that is another one after every change to a camera or a site, by whomever: for whoever shares the database. */
  state(): Promise<string>;
  /** Returns how to end it. */
  onChanged(listener: (event: RegistrationEvent) => void): () => void;
}

/** The cameras of the registry. `now`: Unix ms. */
export function openCameras(
  database: RegistryDatabase,
  { box, now }: { box: SecretBox; now: () => number },
): Cameras {
  const nextId = uuidV7Source(now);
  const listeners = new Set<(event: RegistrationEvent) => void>();

  function tell(event: RegistrationEvent): void {
    for (const listener of listeners) listener(event);
  }

  async function createMany(
    given: readonly NewCamera[],
    options: Omit<ChangeOptions, 'version'>,
    ids: readonly string[] = given.map(() => nextId()),
    refusesTwice = false,
  ): Promise<Camera[]> {
    if (given.length > MAX_CREATED_AT_ONCE) {
      throw new RangeError(`more than ${MAX_CREATED_AT_ONCE} cameras at once`);
    }
    const rows = await againWhereMerged(async () =>
      database.transaction().execute(async (transaction) => {
        const places = new PlaceIds(transaction, nextId, options.author);
        const created = given.map((camera, index) => ({ id: ids[index] ?? '', given: camera }));
        const madeOf = { ...options, atMs: now() };
        if (refusesTwice) for (const one of given) await refuseTwice(transaction, one, undefined);
        const made = await newCameraRows(places, box, created, madeOf);
        await executeTogether(transaction, await prepareCameras(transaction, made));
        await places.refuseMerged();
        return cameraRows(transaction, ids);
      }),
    );
    const created = await withAgencies(database, rows);
    created.forEach((camera, index) => {
      const row = rows[index];
      if (row === undefined) return;
      tell({ kind: 'created', camera, source: sourceOf(row, box), streamChanged: true });
    });
    return created;
  }

  async function setDeleted(
    id: string,
    { author, version, source = 'declared', duplicateConfirmed = false }: ChangeOptions,
    reason: string | null,
  ): Promise<CameraRow> {
    return database.transaction().execute(async (transaction) => {
      const deleted = reason === null;
      const read = async () => (await storedCameras(transaction, box, [id])).get(id);
      const { camera } = await asExpected(transaction, await read(), { id, version, deleted });
      if (deleted && !duplicateConfirmed) await refuseTwice(transaction, camera, id);
      const atMs = now();
      const updated = await transaction
        .updateTable('cameras')
        .set({
          version: version + 1,
          updated_at_ms: atMs,
          deleted_at_ms: deleted ? null : atMs,
          deleted: deleted ? null : actText(author, { reason }),
        })
        .where('id', '=', id)
        .where('version', '=', version)
        .executeTakeFirstOrThrow();
      if (updated.numUpdatedRows !== 1n) {
        // Somebody was faster between reading and writing.
        await asExpected(transaction, await read(), { id, version, deleted });
      }
      const action = deleted ? 'restored' : 'deleted';
      const entry = { id, version: version + 1, action, source, author, changes: [], atMs, reason };
      await executeTogether(transaction, insertVersions([versionRow({ ...entry, action })]));
      const [row] = await cameraRows(transaction, [id]);
      if (row === undefined) throw new CameraNotFound(id);
      return row;
    });
  }

  async function toldOf(row: CameraRow): Promise<Camera> {
    const [camera] = await withAgencies(database, [row]);
    if (camera === undefined) throw new CameraNotFound(row.id);
    return camera;
  }

  async function apply(
    pages: Iterable<CameraBatch> | AsyncIterable<CameraBatch>,
    { signal, beside, ...options }: Parameters<Cameras['apply']>[1],
    onProgress: (done: number) => void = () => {},
  ): Promise<{ settled: Promise<void> }> {
    const readBeside = async (ids: readonly string[]) =>
      readByKeys(database, async (reading) => storedCameras(reading, box, ids));
    const createdIds: string[] = [];
    const changed = new Map<string, boolean>();
    let begun = 0;
    let done = 0;
    await writeMuch(database, async (transaction) => {
      await beside?.(transaction);
      const places = new PlaceIds(transaction, nextId, options.author);
      let writing = Promise.resolve();
      try {
        // While the database writes one page, the next one's rows are made.
        for await (const page of pages) {
          signal?.throwIfAborted();
          begun += page.create.length + page.change.length;
          if (begun > MAX_APPLIED_AT_ONCE) {
            throw new RangeError(`more than ${MAX_APPLIED_AT_ONCE} cameras`);
          }
          const madeOf = { ...options, box, nextId, atMs: now() };
          const created = page.create.map((given) => ({ id: nextId(), given }));
          const newRows = await newCameraRows(places, box, created, madeOf);
          // Making both of a page in one go would hold up whoever else waits for this thread.
          await othersTurn();
          const inserts = await prepareCameras(transaction, newRows);
          // Read beside the transaction, which is writing the page before; none of its cameras is of this one.
          const otherRows = await changeRows(transaction, places, page.change, madeOf, readBeside);
          await othersTurn();
          const changes = await prepareChanges(transaction, otherRows);
          await writing;
          writing = (async () => {
            await executeTogether(transaction, inserts);
            await writeChanges(transaction, box, changes);
            done += page.create.length + page.change.length;
            onProgress(done);
          })();
          // Thrown where it is waited for.
          writing.catch(() => {});
          createdIds.push(...created.map(({ id }) => id));
          for (const { id, streamChanged } of otherRows.changed) changed.set(id, streamChanged);
        }
        await writing;
        await places.refuseMerged();
        signal?.throwIfAborted();
      } finally {
        // A statement of a page that is still being written would follow the ROLLBACK on its connection, and stay.
        await writing.catch(() => {});
      }
    });
    return { settled: settle(createdIds, changed) };
  }

  async function settle(
    createdIds: readonly string[],
    changed: ReadonlyMap<string, boolean>,
  ): Promise<void> {
    await Promise.all([tellAll(createdIds, changed), indexSearch(database)]);
  }

  /** By pages: whoever listens to 100,000 cameras holds nobody else up. */
  async function tellAll(
    createdIds: readonly string[],
    changed: ReadonlyMap<string, boolean>,
  ): Promise<void> {
    for (const [kind, ids] of [
      ['created', createdIds],
      ['changed', [...changed.keys()]],
    ] as const) {
      for (let at = 0; at < ids.length; at += TOLD_AT_ONCE) {
        const some = ids.slice(at, at + TOLD_AT_ONCE);
        const rows = await readByKeys(database, async (reading) => cameraRows(reading, some));
        const cameras = await withAgencies(database, rows);
        cameras.forEach((camera, index) => {
          const row = rows[index];
          // Deleted since, which was told.
          if (row === undefined || row.deleted_at_ms !== null) return;
          const streamChanged = kind === 'created' || changed.get(camera.id) === true;
          tell({ kind, camera, source: sourceOf(row, box), streamChanged });
        });
      }
    }
  }

  return {
    async list({ after, limit, ...filter }) {
      return listCameras(database, filter, { after, limit });
    },
    compared: async (wanted, reading) => readCompared(database, box, wanted, reading),
    async get(id) {
      const row = await selectCameras(database)
        .where('cameras.id', '=', id)
        .where('cameras.deleted_at_ms', 'is', null)
        .executeTakeFirst();
      return row === undefined ? undefined : toldOf(row);
    },
    async snapshot(id) {
      const [row] = await cameraRows(database, [id]);
      return row === undefined || row.deleted_at_ms !== null ? undefined : snapshotOf(row, box);
    },
    async detail(id) {
      const [row] = await cameraRows(database, [id]);
      if (row === undefined) return undefined;
      const camera = await toldOf(row);
      const observed = await observationsOf(database, id);
      return {
        camera,
        origins: originsOf(row.origins),
        observed,
        findings: findings(camera, observed),
        deleted: deletionOf(row),
      };
    },
    nextId,
    async create(camera, { id = nextId(), ...options }) {
      const [created] = await createMany([camera], options, [id], !options.duplicateConfirmed);
      if (created === undefined) throw new Error('one camera in, none out');
      return created;
    },
    createMany: async (given, options) => createMany(given, options),
    apply,
    async change(id, change, { version, ...options }) {
      const { row, changed } = await againWhereMerged(async () =>
        database.transaction().execute(async (transaction) => {
          const places = new PlaceIds(transaction, nextId, options.author);
          const madeOf = { ...options, box, nextId, atMs: now() };
          const rows = await changeRows(transaction, places, [{ id, version, change }], madeOf);
          await writeChanges(transaction, box, await prepareChanges(transaction, rows));
          await places.refuseMerged();
          const [stored] = await cameraRows(transaction, [id]);
          if (stored === undefined) throw new CameraNotFound(id);
          return { row: stored, changed: rows.changed[0] };
        }),
      );
      const camera = await toldOf(row);
      if (changed !== undefined) {
        const { streamChanged } = changed;
        tell({ kind: 'changed', camera, source: sourceOf(row, box), streamChanged });
      }
      return camera;
    },
    async declare(declaring, beside) {
      if (declaring.length > MAX_DECLARED_AT_ONCE) {
        throw new RangeError(`more than ${MAX_DECLARED_AT_ONCE} cameras at once`);
      }
      const atMs = now();
      const rows = await database.transaction().execute(async (transaction) => {
        await lockRows(
          transaction,
          'cameras',
          declaring.map(({ cameraId }) => cameraId),
        );
        for (const one of declaring) {
          const written = await writeDeclaration(transaction, one, { id: nextId(), atMs });
          if (!written) throw new CameraNotFound(one.cameraId);
        }
        await beside?.(transaction);
        return cameraRows(
          transaction,
          declaring.map(({ cameraId }) => cameraId),
        );
      });
      const changed = await withAgencies(database, rows);
      changed.forEach((camera, index) => {
        const row = rows[index];
        if (row === undefined) return;
        tell({ kind: 'changed', camera, source: sourceOf(row, box), streamChanged: false });
      });
      return changed;
    },
    async remove(id, { reason, ...options }) {
      const row = await setDeleted(id, options, reason);
      const camera = await toldOf(row);
      tell({ kind: 'deleted', camera, source: null, streamChanged: true });
    },
    async restore(id, options) {
      const row = await setDeleted(id, options, null);
      const camera = await toldOf(row);
      tell({ kind: 'restored', camera, source: sourceOf(row, box), streamChanged: true });
      return camera;
    },
    async history(id) {
      const versions = await versionsOf(database, id, 0);
      if (versions.length > 0) return versions;
      // Registered before history was kept, or not at all.
      const [row] = await cameraRows(database, [id]);
      return row === undefined ? undefined : [];
    },
    async observe(id, observer, values) {
      await observe(database, id, observer, values, now());
    },
    streams: async (siteId) => linkedStreams(database, box, siteId),
    streamsOf: async (ids) => streamsOf(database, box, ids),
    streamMarks: async () => streamMarks(database),
    state: async () => registryState(database),
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function deletionOf(row: CameraRow): CameraDetail['deleted'] {
  if (row.deleted_at_ms === null || row.deleted === null) return null;
  // Written by setDeleted, and by nothing else.
  const { by, reason } = JSON.parse(row.deleted) as { by: Author; reason: string };
  return { by, reason, at: iso(row.deleted_at_ms) };
}
