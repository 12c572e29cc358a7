import type { Kysely, Transaction } from 'kysely';
import type { Author } from './author.ts';
import {
  applyChange,
  undo,
  type CameraVersion,
  type Changed,
  type FieldChange,
  type WholeCamera,
} from './camera-changes.ts';
import { type Camera, type CameraChange, type NewCamera } from './camera.ts';
import { listCameras, type CameraFilter, type CameraPage } from './camera-list.ts';
import {
  attestationText,
  authorText,
  givenColumns,
  iso,
  selectCameras,
  siteOf,
  tlsOf,
  urlKey,
  withAgencies,
  type CameraRow,
} from './camera-rows.ts';
import { damagedSinceMs, writeDeclaration, type Declaring } from './camera-declaring.ts';
import {
  agencyRows,
  dropStream,
  insertAll,
  insertCameras,
  insertStream,
  insertVersion,
  ROWS_A_STATEMENT,
  textDeclaration,
} from './camera-writes.ts';
import { cameraSearchText } from './camera-search-text.ts';
import { originsOf, withOrigins } from './origins.ts';
import { PlaceIds } from './place-ids.ts';
import {
  findings,
  type Finding,
  type Observation,
  type ObservedField,
  type Observer,
  type ValueOrigin,
  type ValueSource,
} from './provenance.ts';
import type { CameraObservationTable, RegistryDatabase, RegistryTables } from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import type { StreamSource } from './stream-source.ts';
import { openSecrets, splitSecrets } from './stream-secrets.ts';
import { matchKey } from './thai-names.ts';
import { uuidV7Source } from './uuid-v7.ts';

export type { StreamSite, StreamSource, StreamTls } from './stream-source.ts';

/** Cameras in one call of `createMany`, at most. */
export const MAX_CREATED_AT_ONCE = 1_000;
/** Cameras of one inventory that are entered or changed in one transaction, at most. */
export const MAX_APPLIED_AT_ONCE = 100_000;
/** Cameras of which something is declared in one transaction, at most. */
export const MAX_DECLARED_AT_ONCE = 500;
/** Versions of a camera that are told; older ones stay in the database. */
export const MAX_HISTORY = 1_000;

/** What happened to a camera; told after it is stored. `source` is null where nothing is to be pulled. */
export interface CameraEvent {
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

/** An inventory's worth of changes, all or none. */
export interface CameraBatch {
  create: readonly NewCamera[];
  change: readonly { id: string; version: number; change: CameraChange }[];
}

export interface Cameras {
  /** Oldest first. */
  list(filter: CameraFilter & CameraPage): Promise<Camera[]>;
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
  /** All of it or nothing, at most MAX_APPLIED_AT_ONCE. `onProgress`: cameras done, of all. Throws what `change` throws. */
  apply(
    batch: CameraBatch,
    options: Omit<ChangeOptions, 'version'>,
    onProgress?: (done: number, all: number) => void,
  ): Promise<void>;
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
  /** Throws CameraNotFound (also for one that is not deleted), CameraStale. */
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
  streams(site?: string): Promise<StreamSource[]>;
  /** Returns how to end it. */
  onChanged(listener: (event: CameraEvent) => void): () => void;
}

export class CameraNotFound extends Error {
  readonly code = 'camera_not_found';
  readonly cameraId: string;
  constructor(cameraId: string) {
    super(`no camera ${cameraId}`);
    this.cameraId = cameraId;
  }
}

/** Somebody changed the camera since it was read. */
export class CameraStale extends Error {
  readonly code = 'camera_changed_meanwhile';
  readonly details: {
    /** As it is stored. */
    current: Camera;
    /** As it would be with the change, had nobody else changed it; null where nothing of it can be said. */
    yours: Camera | null;
    /** What others changed since. */
    changedSince: string[];
  };
  constructor(details: CameraStale['details']) {
    super(`the camera was changed meanwhile: it is at version ${details.current.version} now`);
    this.details = details;
  }
}

/** Another camera has the same position and the same stream. Several on one pole are normal; twice the same is not. */
export class CameraTwice extends Error {
  readonly code = 'camera_twice';
  /** `elsewhere`: there are more, of which whoever asks may not be told. */
  readonly details: {
    cameras: { id: string; position: string; lao: Camera['lao'] }[];
    elsewhere: boolean;
  };
  constructor(details: CameraTwice['details']) {
    super(
      'a camera with this position and this stream is registered already: confirm to have both',
    );
    this.details = details;
  }
}

/** The cameras of the registry. `now`: Unix ms. */
export function openCameras(
  database: RegistryDatabase,
  { box, now }: { box: SecretBox; now: () => number },
): Cameras {
  const nextId = uuidV7Source(now);
  const listeners = new Set<(event: CameraEvent) => void>();

  function tell(event: CameraEvent): void {
    for (const listener of listeners) listener(event);
  }

  async function createMany(
    given: readonly NewCamera[],
    options: Omit<ChangeOptions, 'version'>,
    ids: readonly string[] = given.map(() => nextId()),
  ): Promise<Camera[]> {
    if (given.length > MAX_CREATED_AT_ONCE) {
      throw new RangeError(`more than ${MAX_CREATED_AT_ONCE} cameras at once`);
    }
    const rows = await database.transaction().execute(async (transaction) => {
      const places = new PlaceIds(transaction, nextId, options.author);
      await insertCameras(
        transaction,
        places,
        box,
        given.map((camera, index) => ({ id: ids[index] ?? '', given: camera })),
        { ...options, atMs: now() },
      );
      return rowsOf(transaction, ids);
    });
    const created = await withAgencies(database, rows);
    created.forEach((camera, index) => {
      const row = rows[index];
      if (row === undefined) return;
      tell({ kind: 'created', camera, source: sourceOf(row, box), streamChanged: true });
    });
    return created;
  }

  async function whole(
    transaction: Kysely<RegistryTables>,
    id: string,
  ): Promise<(WholeCamera & { row: CameraRow }) | undefined> {
    const row = await selectCameras(transaction).where('cameras.id', '=', id).executeTakeFirst();
    if (row === undefined) return undefined;
    const [camera] = await withAgencies(transaction, [row]);
    if (camera === undefined) return undefined;
    return { row, camera, secrets: openSecrets(box, id, row.sealed) };
  }

  /** The stored camera, if nobody was faster. */
  async function asExpected(
    transaction: Transaction<RegistryTables>,
    id: string,
    { version, deleted, change }: { version: number; deleted: boolean; change?: CameraChange },
  ): Promise<WholeCamera & { row: CameraRow }> {
    const stored = await whole(transaction, id);
    if (stored === undefined || (stored.row.deleted_at_ms !== null) !== deleted) {
      throw new CameraNotFound(id);
    }
    if (stored.camera.version !== version) throw await stale(transaction, stored, version, change);
    return stored;
  }

  async function changeOne(
    transaction: Transaction<RegistryTables>,
    places: PlaceIds,
    id: string,
    change: CameraChange,
    options: ChangeOptions,
  ): Promise<{ changed: boolean; streamChanged: boolean }> {
    const stored = await asExpected(transaction, id, { ...options, deleted: false, change });
    const result = applyChange(stored, change);
    // Given by another spelling it may be the same.
    const ids = {
      laoId: await places.lao(result.camera.lao),
      budgetSourceId: await places.budgetSource(result.camera.budgetSource),
      siteId: result.camera.site === null ? null : await places.site(result.camera.site),
    };
    const same: Readonly<Record<string, boolean>> = {
      lao: ids.laoId === stored.row.lao_id,
      budgetSource: ids.budgetSourceId === stored.row.budget_source_id,
    };
    const changes = result.changes.filter(([field]) => same[field] !== true);
    // Who gives the scope stands for it, also when it stays what it was.
    if (changes.length === 0 && change.scope === undefined) {
      return { changed: false, streamChanged: false };
    }
    const streamChanged = changes.some(
      ([field]) => field.startsWith('stream.') || field === 'site',
    );
    if (
      options.duplicateConfirmed !== true &&
      changes.some(([field]) => field === 'stream.url' || field === 'position')
    ) {
      await refuseTwice(transaction, result.camera, id);
    }
    await store(transaction, stored, { ...result, changes }, ids, {
      ...options,
      attests: change.scope !== undefined,
    });
    return { changed: true, streamChanged };
  }

  async function store(
    transaction: Transaction<RegistryTables>,
    stored: WholeCamera & { row: CameraRow },
    { camera, stream, changes }: Changed,
    places: { laoId: string; budgetSourceId: string; siteId: string | null },
    { author, version, source = 'declared', attests }: ChangeOptions & { attests: boolean },
  ): Promise<void> {
    const { row } = stored;
    const { id } = camera;
    const atMs = now();
    const fields = new Set(changes.map(([field]) => field.split('.', 1)[0] ?? field));
    const declared = fields.has('declared') || fields.has('declaredReason');
    if (camera.stream === null || camera.scope === 'closed-area') await dropStream(transaction, id);
    const updated = await transaction
      .updateTable('cameras')
      .set({
        ...givenColumns(camera, places),
        version: version + 1,
        updated_at_ms: atMs,
        ...(declared
          ? {
              declared_at_ms: atMs,
              damaged_since_ms: damagedSinceMs(row, camera.declared, atMs),
            }
          : {}),
        ...(attests ? { attested: attestationText(author, atMs) } : {}),
        origins: withOrigins(row.origins, fields, source, author, atMs),
      })
      .where('id', '=', id)
      .where('version', '=', version)
      .executeTakeFirstOrThrow();
    if (updated.numUpdatedRows !== 1n) await refuseStale(transaction, id, version);
    if (fields.has('linkedAgencies')) {
      await transaction.deleteFrom('camera_linked_agencies').where('camera_id', '=', id).execute();
      await insertAll(transaction, 'camera_linked_agencies', agencyRows(id, camera.linkedAgencies));
    }
    if (fields.has('stream') && stream !== null) {
      await dropStream(transaction, id);
      await insertStream(transaction, box, id, camera.scope, stream);
    }
    await transaction
      .updateTable('camera_search')
      .set({ text: cameraSearchText(camera) })
      .where('id', '=', id)
      .execute();
    if (declared) {
      const given = { id: nextId(), cameraId: id, given: camera };
      await insertAll(transaction, 'declarations', [
        textDeclaration({ ...given, author, source, atMs }),
      ]);
    }
    await insertVersion(transaction, { camera, action: 'changed', source, author, changes, atMs });
  }

  async function refuseStale(
    transaction: Transaction<RegistryTables>,
    id: string,
    version: number,
  ): Promise<never> {
    const current = await whole(transaction, id);
    if (current === undefined) throw new CameraNotFound(id);
    throw await stale(transaction, current, version, undefined);
  }

  async function setDeleted(
    id: string,
    { author, version, source = 'declared' }: ChangeOptions,
    reason: string | null,
  ): Promise<CameraRow> {
    return database.transaction().execute(async (transaction) => {
      const { camera } = await asExpected(transaction, id, { version, deleted: reason === null });
      const atMs = now();
      const updated = await transaction
        .updateTable('cameras')
        .set({
          version: version + 1,
          updated_at_ms: atMs,
          deleted_at_ms: reason === null ? null : atMs,
          deleted: reason === null ? null : JSON.stringify({ by: authorText(author), reason }),
        })
        .where('id', '=', id)
        .where('version', '=', version)
        .executeTakeFirstOrThrow();
      if (updated.numUpdatedRows !== 1n) await refuseStale(transaction, id, version);
      const action = reason === null ? 'restored' : 'deleted';
      await insertVersion(transaction, {
        camera,
        action,
        source,
        author,
        changes: [],
        atMs,
        ...(reason === null ? {} : { reason }),
      });
      const [row] = await rowsOf(transaction, [id]);
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
    { create, change }: CameraBatch,
    options: Omit<ChangeOptions, 'version'>,
    onProgress: (done: number, all: number) => void = () => {},
  ): Promise<void> {
    const all = create.length + change.length;
    if (all > MAX_APPLIED_AT_ONCE) throw new RangeError(`more than ${MAX_APPLIED_AT_ONCE} cameras`);
    const createdIds = create.map(() => nextId());
    const streamChanged = new Set<string>();
    const changedIds: string[] = [];
    await database.transaction().execute(async (transaction) => {
      const places = new PlaceIds(transaction, nextId, options.author);
      let done = 0;
      for (let at = 0; at < create.length; at += ROWS_A_STATEMENT) {
        const part = create.slice(at, at + ROWS_A_STATEMENT).map((given, index) => ({
          id: createdIds[at + index] ?? '',
          given,
        }));
        await insertCameras(transaction, places, box, part, { ...options, atMs: now() });
        done += part.length;
        onProgress(done, all);
      }
      for (const { id, version, change: one } of change) {
        const result = await changeOne(transaction, places, id, one, { ...options, version });
        if (result.changed) changedIds.push(id);
        if (result.streamChanged) streamChanged.add(id);
        done++;
        if (done % ROWS_A_STATEMENT === 0) onProgress(done, all);
      }
      onProgress(done, all);
    });
    for (const [kind, ids] of [
      ['created', createdIds],
      ['changed', changedIds],
    ] as const) {
      for (let at = 0; at < ids.length; at += ROWS_A_STATEMENT) {
        const rows = await rowsOf(database, ids.slice(at, at + ROWS_A_STATEMENT));
        const cameras = await withAgencies(database, rows);
        cameras.forEach((camera, index) => {
          const row = rows[index];
          if (row === undefined || row.deleted_at_ms !== null) return;
          const event = { kind, camera, source: sourceOf(row, box) };
          tell({ ...event, streamChanged: kind === 'created' || streamChanged.has(camera.id) });
        });
      }
    }
  }

  return {
    async list({ after, limit, ...filter }) {
      return listCameras(database, filter, { after, limit });
    },
    async get(id) {
      const row = await selectCameras(database)
        .where('cameras.id', '=', id)
        .where('cameras.deleted_at_ms', 'is', null)
        .executeTakeFirst();
      return row === undefined ? undefined : toldOf(row);
    },
    async detail(id) {
      const [row] = await rowsOf(database, [id]);
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
      if (options.duplicateConfirmed !== true) await refuseTwice(database, camera, undefined);
      const [created] = await createMany([camera], options, [id]);
      if (created === undefined) throw new Error('one camera in, none out');
      return created;
    },
    createMany: async (given, options) => createMany(given, options),
    apply,
    async change(id, change, options) {
      const { row, streamChanged, changed } = await database
        .transaction()
        .execute(async (transaction) => {
          const places = new PlaceIds(transaction, nextId, options.author);
          const result = await changeOne(transaction, places, id, change, options);
          const [stored] = await rowsOf(transaction, [id]);
          if (stored === undefined) throw new CameraNotFound(id);
          return { ...result, row: stored };
        });
      const camera = await toldOf(row);
      if (changed) tell({ kind: 'changed', camera, source: sourceOf(row, box), streamChanged });
      return camera;
    },
    async declare(declaring, beside) {
      if (declaring.length > MAX_DECLARED_AT_ONCE) {
        throw new RangeError(`more than ${MAX_DECLARED_AT_ONCE} cameras at once`);
      }
      const atMs = now();
      const rows = await database.transaction().execute(async (transaction) => {
        for (const one of declaring) {
          const written = await writeDeclaration(transaction, one, { id: nextId(), atMs });
          if (!written) throw new CameraNotFound(one.cameraId);
        }
        await beside?.(transaction);
        return rowsOf(
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
      const [row] = await rowsOf(database, [id]);
      return row === undefined ? undefined : [];
    },
    async observe(id, observer, values) {
      const atMs = now();
      const rows = Object.entries(values).map(([field, value]): CameraObservationTable => ({
        camera_id: id,
        source: observer,
        field,
        value: JSON.stringify(value),
        at_ms: atMs,
      }));
      if (rows.length === 0) return;
      await database
        .insertInto('camera_observations')
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(['camera_id', 'source', 'field']).doUpdateSet((set) => ({
            value: set.ref('excluded.value'),
            at_ms: set.ref('excluded.at_ms'),
          })),
        )
        .execute();
    },
    async streams(site) {
      let query = selectCameras(database)
        .where('streams.url', 'is not', null)
        .where('cameras.deleted_at_ms', 'is', null)
        .orderBy('cameras.id');
      if (site !== undefined) query = query.where('sites.name', '=', site);
      const rows = await query.execute();
      return rows.map((row) => sourceOf(row, box)).filter((source) => source !== null);
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function rowsOf(
  database: Kysely<RegistryTables>,
  ids: readonly string[],
): Promise<CameraRow[]> {
  if (ids.length === 0) return [];
  // In the order of their ids, which is that of their making.
  return selectCameras(database).where('cameras.id', 'in', ids).orderBy('cameras.id').execute();
}

function sourceOf(row: CameraRow, box: SecretBox): StreamSource | null {
  if (row.url === null || row.transport === null || row.tls_verify === null) return null;
  const secrets = openSecrets(box, row.id, row.sealed);
  return {
    cameraId: row.id,
    url: secrets.url ?? row.url,
    username: row.username,
    password: secrets.password,
    transport: row.transport,
    tls: tlsOf({ tls_verify: row.tls_verify, tls_fingerprint: row.tls_fingerprint }),
    record: row.record === 1,
    sound: row.sound === 1,
    site: siteOf(row),
  };
}

function deletionOf(row: CameraRow): CameraDetail['deleted'] {
  if (row.deleted_at_ms === null || row.deleted === null) return null;
  // Written by setDeleted, and by nothing else.
  const { by, reason } = JSON.parse(row.deleted) as { by: Author; reason: string };
  return { by, reason, at: iso(row.deleted_at_ms) };
}

async function observationsOf(
  database: Kysely<RegistryTables>,
  id: string,
): Promise<Observation[]> {
  const rows = await database
    .selectFrom('camera_observations')
    .selectAll()
    .where('camera_id', '=', id)
    .orderBy('source')
    .orderBy('field')
    .execute();
  return rows.map(({ field, source, value, at_ms }) => ({
    // Written by `observe` alone.
    field: field as ObservedField,
    source,
    value: JSON.parse(value) as string | number,
    at: iso(at_ms),
  }));
}

/** Newest first, of those after a version. */
async function versionsOf(
  database: Kysely<RegistryTables>,
  id: string,
  after: number,
): Promise<CameraVersion[]> {
  const rows = await database
    .selectFrom('camera_changes')
    .selectAll()
    .where('camera_id', '=', id)
    .where('version', '>', after)
    .orderBy('version', 'desc')
    .limit(MAX_HISTORY)
    .execute();
  return rows.map(({ version, at_ms, action, source, author, changes, reason }) => ({
    version,
    atMs: at_ms,
    action,
    source,
    author: JSON.parse(author) as Author,
    changes: JSON.parse(changes) as FieldChange[],
    reason,
  }));
}

/** What is said to whoever made a change to `version`. */
async function stale(
  transaction: Kysely<RegistryTables>,
  { camera: current, secrets }: WholeCamera,
  version: number,
  change: CameraChange | undefined,
): Promise<CameraStale> {
  const since = await versionsOf(transaction, current.id, version);
  let based = current;
  for (const { changes } of since) based = undo(based, changes);
  let yours: Camera | null = null;
  if (change !== undefined && version < current.version) {
    try {
      yours = { ...applyChange({ camera: based, secrets }, change).camera, version };
    } catch {
      // Its own refusal comes when it is tried on what is there now.
    }
  }
  const fields = since.flatMap(({ changes }) => changes.map(([field]) => field));
  return new CameraStale({ current, yours, changedSince: [...new Set(fields)] });
}

/** Throws CameraTwice. */
async function refuseTwice(
  database: Kysely<RegistryTables>,
  camera: Pick<Camera, 'position'> & { stream: { url: string } | null },
  id: string | undefined,
): Promise<void> {
  if (camera.stream === null) return;
  const { url } = splitSecrets({ url: camera.stream.url, subUrl: null, password: null });
  let query = database
    .selectFrom('streams')
    .innerJoin('cameras', 'cameras.id', 'streams.camera_id')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .select(['cameras.id', 'cameras.position', 'laos.name', 'laos.district', 'laos.province'])
    .where('streams.url_key', '=', urlKey(url))
    .where('cameras.deleted_at_ms', 'is', null)
    .orderBy('cameras.id')
    .limit(MAX_TWICE_LOOKED_AT);
  if (id !== undefined) query = query.where('cameras.id', '!=', id);
  const key = matchKey(camera.position);
  const same = (await query.execute()).filter(({ position }) => matchKey(position) === key);
  if (same.length === 0) return;
  throw new CameraTwice({
    cameras: same.map(({ id: other, position, name, district, province }) => ({
      id: other,
      position,
      lao: { name, district, province },
    })),
    elsewhere: false,
  });
}

/** Cameras of one stream, of which one may have the position. */
const MAX_TWICE_LOOKED_AT = 100;
