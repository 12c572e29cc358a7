import type { Transaction } from 'kysely';
import type { Area } from './area.ts';
import { areWithin } from './camera-places.ts';
import { closedAreaRule, purposes, type Camera, type NewCamera } from './camera.ts';
import { ConstraintViolated } from './database/database.ts';
import type {
  CameraTable,
  LinkedAgencyTable,
  RegistryDatabase,
  RegistryTables,
  StreamCredentialTable,
  StreamTable,
} from './schema/tables.ts';
import { uuidV7Source } from './uuid-v7.ts';

/** Cameras in one transaction of `createMany`, at most: others wait for it. */
export const MAX_CREATED_AT_ONCE = 1_000;

/** Where a camera's stream is pulled from, with its credentials: for ingest, never for an answer. */
export interface StreamSource {
  cameraId: string;
  /** Without credentials. */
  url: string;
  username: string | null;
  password: string | null;
  transport: 'auto' | 'tcp' | 'udp';
  tls: StreamTls;
  site: StreamSite | null;
}

/** How the certificate of an address for TLS is verified. Never skipped unless somebody said so for this camera. */
export interface StreamTls {
  verify: 'system' | 'pin' | 'skip';
  /** SHA-256 of the certificate, upper case, with colons; what `pin` compares with. */
  fingerprint: string | null;
}

/** The line that a stream comes by, and what it can bear. Budgets are null where nobody set one. */
export interface StreamSite {
  /** Unique. */
  name: string;
  /** Streams pulled from the site at once. */
  maxSessions: number | null;
  /** The same for each recorder box of it: streams whose addresses have one host. Many boxes allow two. */
  maxSessionsPerBox: number | null;
  /** What all of its streams together may take of its line. */
  uplinkBitsPerSecond: number | null;
}

/** `source` is null for a camera that is not linked. */
export type CreatedListener = (camera: Camera, source: StreamSource | null) => void;

export interface Cameras {
  /** Oldest first, beginning after the camera with the id `after`; only those in these areas, if any are given. */
  list(page: {
    within?: readonly Area[] | undefined;
    after?: string | undefined;
    limit: number;
  }): Promise<Camera[]>;
  get(id: string): Promise<Camera | undefined>;
  create(camera: NewCamera): Promise<Camera>;
  /** All of them or none; at most MAX_CREATED_AT_ONCE. */
  createMany(cameras: readonly NewCamera[]): Promise<Camera[]>;
  /** Of every linked camera. */
  streams(): Promise<StreamSource[]>;
  /** Told after the camera is stored. Returns how to end it. */
  onCreated(listener: CreatedListener): () => void;
}

/** The cameras of the registry. `now`: Unix ms. */
export function openCameras(database: RegistryDatabase, now: () => number): Cameras {
  const nextId = uuidV7Source(now);
  const listeners = new Set<CreatedListener>();

  async function createMany(given: readonly NewCamera[]): Promise<Camera[]> {
    if (given.length > MAX_CREATED_AT_ONCE) {
      throw new RangeError(`more than ${MAX_CREATED_AT_ONCE} cameras at once`);
    }
    const created = given.map((camera) => ({ id: nextId(), given: camera }));
    const sites = await database.transaction().execute(async (transaction) => {
      await insert(transaction, new PlaceIds(transaction, nextId), created);
      return sitesNamed(transaction, new Set(given.map(({ site }) => site)));
    });
    return created.map(({ id, given }) => {
      const camera = toldOf(id, given);
      const site = given.site === null ? null : (sites.get(given.site) ?? null);
      for (const listener of listeners) listener(camera, sourceOf(id, given, site));
      return camera;
    });
  }

  return {
    async list({ within, after, limit }) {
      let query = selectCameras(database).orderBy('cameras.id').limit(limit);
      if (after !== undefined) query = query.where('cameras.id', '>', after);
      if (within !== undefined) query = query.where(areWithin(within));
      return withAgencies(database, await query.execute());
    },
    async get(id) {
      const row = await selectCameras(database).where('cameras.id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : (await withAgencies(database, [row]))[0];
    },
    async create(camera) {
      const [created] = await createMany([camera]);
      if (created === undefined) throw new Error('one camera in, none out');
      return created;
    },
    createMany,
    async streams() {
      const rows = await database
        .selectFrom('streams')
        .innerJoin('cameras', 'cameras.id', 'streams.camera_id')
        .leftJoin('sites', 'sites.id', 'cameras.site_id')
        .leftJoin('stream_credentials', 'stream_credentials.camera_id', 'streams.camera_id')
        .select([
          'streams.camera_id as cameraId',
          'streams.url',
          'stream_credentials.username',
          'stream_credentials.password',
          'streams.transport',
          'streams.tls_verify',
          'streams.tls_fingerprint',
          'sites.name as site',
          'sites.max_sessions',
          'sites.max_sessions_per_box',
          'sites.uplink_bits_per_second',
        ])
        .orderBy('streams.camera_id')
        .execute();
      return rows.map((row): StreamSource => ({
        cameraId: row.cameraId,
        url: row.url,
        username: row.username,
        password: row.password,
        transport: row.transport,
        tls: { verify: row.tls_verify, fingerprint: row.tls_fingerprint },
        site: row.site === null ? null : siteOf({ ...row, name: row.site }),
      }));
    },
    onCreated(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function selectCameras(database: RegistryDatabase) {
  return database
    .selectFrom('cameras')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .innerJoin('budget_sources', 'budget_sources.id', 'cameras.budget_source_id')
    .leftJoin('sites', 'sites.id', 'cameras.site_id')
    .leftJoin('streams', 'streams.camera_id', 'cameras.id')
    .leftJoin('stream_credentials', 'stream_credentials.camera_id', 'cameras.id')
    .selectAll('cameras')
    .select([
      'laos.name as lao_name',
      'laos.district as lao_district',
      'laos.province as lao_province',
      'budget_sources.name as budget_source',
      'sites.name as site',
      'streams.url',
      'streams.transport',
      'streams.tls_verify',
      'streams.tls_fingerprint',
      'streams.sound',
      'streams.record',
      'stream_credentials.username',
    ]);
}

type CameraRow = Awaited<ReturnType<ReturnType<typeof selectCameras>['execute']>>[number];

async function withAgencies(
  database: RegistryDatabase,
  rows: readonly CameraRow[],
): Promise<Camera[]> {
  if (rows.length === 0) return [];
  const agencies = await database
    .selectFrom('camera_linked_agencies')
    .select(['camera_id', 'name'])
    .where(
      'camera_id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('camera_id')
    .orderBy('ordinal')
    .execute();
  const byCamera = Map.groupBy(agencies, ({ camera_id }) => camera_id);
  return rows.map((row) =>
    cameraOf(
      row,
      (byCamera.get(row.id) ?? []).map(({ name }) => name),
    ),
  );
}

function cameraOf(row: CameraRow, linkedAgencies: string[]): Camera {
  return {
    id: row.id,
    owningAgency: row.owning_agency,
    position: row.position,
    purposes: purposes.filter((purpose) => row[`purpose_${purpose}`] === 1),
    linkedAgencies,
    linkNetwork: row.link_network,
    brand: row.brand,
    recordedResolution: row.recorded_resolution,
    highestResolution: row.highest_resolution,
    retentionDays: row.retention_days,
    frameRate: row.frame_rate,
    fileFormat: row.file_format,
    lao: { name: row.lao_name, district: row.lao_district, province: row.lao_province },
    budgetSource: row.budget_source,
    scope: row.scope,
    declared: row.declared,
    latitude: row.latitude,
    longitude: row.longitude,
    stream:
      row.url === null || row.transport === null || row.tls_verify === null
        ? null
        : {
            url: row.url,
            username: row.username,
            transport: row.transport,
            tls: { verify: row.tls_verify, fingerprint: row.tls_fingerprint },
            sound: row.sound === 1,
            record: row.record === 1,
          },
    site: row.site,
  };
}

/** The camera as it reads once stored; the password stays behind. */
function toldOf(id: string, { stream, site, ...given }: NewCamera): Camera {
  return {
    id,
    ...given,
    purposes: purposes.filter((purpose) => given.purposes.includes(purpose)),
    stream:
      stream === null
        ? null
        : {
            url: stream.url,
            username: stream.username,
            transport: stream.transport,
            tls: stream.tls,
            sound: stream.sound,
            record: stream.record,
          },
    site,
  };
}

function sourceOf(
  cameraId: string,
  { stream }: NewCamera,
  site: StreamSite | null,
): StreamSource | null {
  if (stream === null) return null;
  const { url, username, password, transport, tls } = stream;
  return { cameraId, url, username, password, transport, tls, site };
}

async function sitesNamed(
  transaction: Transaction<RegistryTables>,
  names: ReadonlySet<string | null>,
): Promise<Map<string, StreamSite>> {
  const wanted = [...names].filter((name) => name !== null);
  if (wanted.length === 0) return new Map();
  const rows = await transaction
    .selectFrom('sites')
    .select(['name', 'max_sessions', 'max_sessions_per_box', 'uplink_bits_per_second'])
    .where('name', 'in', wanted)
    .execute();
  return new Map(rows.map((row) => [row.name, siteOf(row)]));
}

function siteOf(row: {
  name: string;
  max_sessions: number | null;
  max_sessions_per_box: number | null;
  uplink_bits_per_second: number | null;
}): StreamSite {
  return {
    name: row.name,
    maxSessions: row.max_sessions,
    maxSessionsPerBox: row.max_sessions_per_box,
    uplinkBitsPerSecond: row.uplink_bits_per_second,
  };
}

/** A statement's parameters are limited (32,766 in SQLite), and its rows with them. */
const ROWS_A_STATEMENT = 200;

async function insert(
  transaction: Transaction<RegistryTables>,
  places: PlaceIds,
  created: readonly { id: string; given: NewCamera }[],
): Promise<void> {
  const cameras: CameraTable[] = [];
  const agencies: LinkedAgencyTable[] = [];
  const streams: StreamTable[] = [];
  const credentials: StreamCredentialTable[] = [];
  for (const { id, given } of created) {
    cameras.push(await cameraRow(places, id, given));
    given.linkedAgencies.forEach((name, ordinal) =>
      agencies.push({ camera_id: id, ordinal, name }),
    );
    if (given.stream === null) continue;
    const { scope } = given;
    // A caller that passed the schema by would get the database's own refusal without these words.
    if (scope === 'closed-area') throw new ConstraintViolated(closedAreaRule);
    const { url, username, password, transport, tls, sound, record } = given.stream;
    streams.push({
      camera_id: id,
      scope,
      url,
      transport,
      tls_verify: tls.verify,
      tls_fingerprint: tls.fingerprint,
      sound: Number(sound),
      record: Number(record),
    });
    if (username !== null || password !== null) {
      credentials.push({ camera_id: id, username, password });
    }
  }
  for (const rows of batches(cameras)) {
    await transaction.insertInto('cameras').values(rows).execute();
  }
  for (const rows of batches(agencies)) {
    await transaction.insertInto('camera_linked_agencies').values(rows).execute();
  }
  for (const rows of batches(streams)) {
    await transaction.insertInto('streams').values(rows).execute();
  }
  for (const rows of batches(credentials)) {
    await transaction.insertInto('stream_credentials').values(rows).execute();
  }
}

function* batches<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) yield rows.slice(i, i + ROWS_A_STATEMENT);
}

async function cameraRow(places: PlaceIds, id: string, given: NewCamera): Promise<CameraTable> {
  return {
    id,
    owning_agency: given.owningAgency,
    position: given.position,
    purpose_prevention: Number(given.purposes.includes('prevention')),
    purpose_investigation: Number(given.purposes.includes('investigation')),
    purpose_traffic: Number(given.purposes.includes('traffic')),
    link_network: given.linkNetwork,
    brand: given.brand,
    recorded_resolution: given.recordedResolution,
    highest_resolution: given.highestResolution,
    retention_days: given.retentionDays,
    frame_rate: given.frameRate,
    file_format: given.fileFormat,
    lao_id: await places.lao(given.lao),
    budget_source_id: await places.named('budget_sources', given.budgetSource),
    scope: given.scope,
    declared: given.declared,
    latitude: given.latitude,
    longitude: given.longitude,
    site_id: given.site === null ? null : await places.named('sites', given.site),
  };
}

/** Finds LAOs, budget sources and sites by name within one transaction, and enters those that are not there yet. */
class PlaceIds {
  readonly #transaction: Transaction<RegistryTables>;
  readonly #nextId: () => string;
  readonly #found = new Map<string, string>();

  constructor(transaction: Transaction<RegistryTables>, nextId: () => string) {
    this.#transaction = transaction;
    this.#nextId = nextId;
  }

  async lao({ province, district, name }: Camera['lao']): Promise<string> {
    const key = JSON.stringify(['laos', province, district, name]);
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    await this.#transaction
      .insertInto('laos')
      .values({ id: this.#nextId(), province, district, name })
      .onConflict((conflict) => conflict.columns(['province', 'district', 'name']).doNothing())
      .execute();
    const { id } = await this.#transaction
      .selectFrom('laos')
      .select('id')
      .where('province', '=', province)
      .where('district', '=', district)
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    this.#found.set(key, id);
    return id;
  }

  async named(table: 'budget_sources' | 'sites', name: string): Promise<string> {
    const key = JSON.stringify([table, name]);
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    await this.#transaction
      .insertInto(table)
      .values({ id: this.#nextId(), name })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const { id } = await this.#transaction
      .selectFrom(table)
      .select('id')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    this.#found.set(key, id);
    return id;
  }
}
