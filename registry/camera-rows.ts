import { createHash } from 'node:crypto';
import type { Insertable, Kysely, NotNull } from 'kysely';
import { actText, type Author } from './author.ts';
import { purposes, type Camera, type NewCamera, type Stream } from './camera.ts';
import type { CameraTable, RegistryTables, StreamTable } from './schema/tables.ts';
import { addressKey } from './stream-address.ts';
import type { StreamSite, StreamTls } from './stream-source.ts';
import { uuidV7Ms } from './uuid-v7.ts';

/** Between rows of the database and cameras as they are told. */

export function selectCameras(database: Kysely<RegistryTables>) {
  return (
    database
      .selectFrom('cameras')
      // Always there, but joined so that cameras are looked up first: without statistics SQLite would begin with the LAOs.
      .leftJoin('laos', 'laos.id', 'cameras.lao_id')
      .leftJoin('budget_sources', 'budget_sources.id', 'cameras.budget_source_id')
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
        'sites.max_sessions',
        'sites.max_sessions_per_box',
        'sites.uplink_bits_per_second',
        'streams.url',
        'streams.sub_url',
        'streams.snapshot_url',
        'streams.transport',
        'streams.tls_verify',
        'streams.tls_fingerprint',
        'streams.sound',
        'streams.record',
        'stream_credentials.username',
        'stream_credentials.sealed',
      ])
      .$narrowType<{
        lao_name: NotNull;
        lao_district: NotNull;
        lao_province: NotNull;
        budget_source: NotNull;
      }>()
  );
}

export type CameraRow = Awaited<ReturnType<ReturnType<typeof selectCameras>['execute']>>[number];

/** The agencies that cameras are linked with, in their order, by the id of the camera. */
export async function agenciesOf(
  database: Kysely<RegistryTables>,
  cameras: readonly { id: string }[],
): Promise<Map<string, string[]>> {
  const byCamera = new Map<string, string[]>();
  if (cameras.length === 0) return byCamera;
  const agencies = await database
    .selectFrom('camera_linked_agencies')
    .select(['camera_id', 'name'])
    .where(
      'camera_id',
      'in',
      cameras.map(({ id }) => id),
    )
    .orderBy('camera_id')
    .orderBy('ordinal')
    .execute();
  for (const { camera_id, name } of agencies) {
    const those = byCamera.get(camera_id);
    if (those === undefined) byCamera.set(camera_id, [name]);
    else those.push(name);
  }
  return byCamera;
}

/** The rows as cameras, with their linked agencies, in the order of the rows. */
export async function withAgencies(
  database: Kysely<RegistryTables>,
  rows: readonly CameraRow[],
): Promise<Camera[]> {
  const agencies = await agenciesOf(database, rows);
  return rows.map((row) => cameraOf(row, agencies.get(row.id) ?? []));
}

function cameraOf(row: CameraRow, linkedAgencies: string[]): Camera {
  const createdAtMs = uuidV7Ms(row.id);
  return {
    id: row.id,
    owningAgency: row.owning_agency,
    position: row.position,
    purposes: purposes.filter((purpose) => row[`purpose_${purpose}`] === 1),
    linkedAgencies,
    linkNetwork: row.link_network,
    brand: row.brand,
    model: row.model,
    recordedResolution: row.recorded_resolution,
    highestResolution: row.highest_resolution,
    retentionDays: row.retention_days,
    frameRate: row.frame_rate,
    fileFormat: row.file_format,
    lao: { name: row.lao_name, district: row.lao_district, province: row.lao_province },
    budgetSource: row.budget_source,
    scope: row.scope,
    declared: row.declared,
    declaredReason: row.declared_reason,
    latitude: row.latitude,
    longitude: row.longitude,
    stream: streamOf(row),
    site: row.site,
    version: row.version,
    createdAt: iso(createdAtMs),
    updatedAt: iso(row.updated_at_ms || createdAtMs),
    declaredAt: iso(row.declared_at_ms || createdAtMs),
    scopeAttested: attestedOf(row.attested),
  };
}

function streamOf(row: CameraRow): Stream | null {
  if (row.url === null || row.transport === null || row.tls_verify === null) return null;
  return {
    url: row.url,
    subUrl: row.sub_url,
    snapshotUrl: row.snapshot_url,
    username: row.username,
    transport: row.transport,
    tls: { verify: row.tls_verify, fingerprint: row.tls_fingerprint },
    sound: row.sound === 1,
    record: row.record === 1,
  };
}

export function attestationText(by: Author, atMs: number): string {
  return actText(by, { atMs });
}

function attestedOf(text: string | null): Camera['scopeAttested'] {
  return text === null ? null : attestationOf(text);
}

const attestationOf = remembering((text: string): NonNullable<Camera['scopeAttested']> => {
  // Written by attestationText, and by nothing else.
  const { by, atMs } = JSON.parse(text) as { by: Author; atMs: number };
  return Object.freeze({ by: Object.freeze(by), at: iso(atMs) });
});

/** The columns of `cameras` that people give; ids of what they name are found beforehand. */
export function givenColumns(
  given: Omit<NewCamera, 'stream' | 'lao' | 'budgetSource' | 'site'>,
  places: { laoId: string; budgetSourceId: string; siteId: string | null },
) {
  return {
    owning_agency: given.owningAgency,
    position: given.position,
    purpose_prevention: Number(given.purposes.includes('prevention')),
    purpose_investigation: Number(given.purposes.includes('investigation')),
    purpose_traffic: Number(given.purposes.includes('traffic')),
    link_network: given.linkNetwork,
    brand: given.brand,
    model: given.model,
    recorded_resolution: given.recordedResolution,
    highest_resolution: given.highestResolution,
    retention_days: given.retentionDays,
    frame_rate: given.frameRate,
    file_format: given.fileFormat,
    lao_id: places.laoId,
    budget_source_id: places.budgetSourceId,
    scope: given.scope,
    declared: given.declared,
    declared_reason: given.declaredReason,
    latitude: given.latitude,
    longitude: given.longitude,
    site_id: places.siteId,
  } satisfies Partial<Insertable<CameraTable>>;
}

/** `stream` as it may be shown: what is secret of it lies elsewhere. */
export function streamRow(
  cameraId: string,
  scope: StreamTable['scope'],
  { url, subUrl, snapshotUrl, transport, tls, sound, record }: Omit<Stream, 'username'>,
): Insertable<StreamTable> {
  return {
    camera_id: cameraId,
    scope,
    url,
    sub_url: subUrl,
    snapshot_url: snapshotUrl,
    url_key: urlKey(url),
    transport,
    tls_verify: tls.verify,
    tls_fingerprint: tls.fingerprint,
    sound: Number(sound),
    record: Number(record),
  };
}

/** Addresses are too long for an index. Spellings of one address have one. */
export function urlKey(url: string): string {
  return createHash('sha256').update(addressKey(url)).digest('hex');
}

export function siteOf(row: {
  site_id: string | null;
  max_sessions: number | null;
  max_sessions_per_box: number | null;
  uplink_bits_per_second: number | null;
}): StreamSite | null {
  if (row.site_id === null) return null;
  return {
    id: row.site_id,
    maxSessions: row.max_sessions,
    maxSessionsPerBox: row.max_sessions_per_box,
    uplinkBitsPerSecond: row.uplink_bits_per_second,
  };
}

export function tlsOf(row: {
  tls_verify: StreamTls['verify'];
  tls_fingerprint: string | null;
}): StreamTls {
  return { verify: row.tls_verify, fingerprint: row.tls_fingerprint };
}

/** Cameras of an inventory have few times and attestations between them, and what is made of those took a tenth of all that is made of a row. */
const MAX_REMEMBERED = 1_000;

function remembering<Given, Made>(make: (given: Given) => Made): (given: Given) => Made {
  const known = new Map<Given, Made>();
  return (given) => {
    let made = known.get(given);
    if (made === undefined) {
      made = make(given);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(given, made);
    }
    return made;
  };
}

const textOfTime = remembering((ms: number) => new Date(ms).toISOString());

export function iso(ms: number): string {
  return textOfTime(ms);
}
