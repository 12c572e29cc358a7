import type { Kysely } from 'kysely';
import { selectCameras } from './camera-rows.ts';
import type { RegistryTables } from './schema/tables.ts';
import type { SecretBox } from './secret-box.ts';
import { cameraRows, sourceOf } from './stored-cameras.ts';
import type { StreamSource } from './stream-source.ts';

/** What is pulled, for whoever pulls it; and what tells them that another gateway has changed it. */

/** Cameras whose streams are read in one statement. */
const STREAMS_AT_ONCE = 500;

/** Of every linked camera, or of those of one site. */
export async function linkedStreams(
  database: Kysely<RegistryTables>,
  box: SecretBox,
  siteId?: string,
): Promise<StreamSource[]> {
  let query = selectCameras(database)
    .where('streams.url', 'is not', null)
    .where('cameras.deleted_at_ms', 'is', null)
    .orderBy('cameras.id');
  if (siteId !== undefined) query = query.where('cameras.site_id', '=', siteId);
  const rows = await query.execute();
  return rows.map((row) => sourceOf(row, box)).filter((source) => source !== null);
}

/** Of these cameras, those that are linked and not deleted. */
export async function streamsOf(
  database: Kysely<RegistryTables>,
  box: SecretBox,
  ids: readonly string[],
): Promise<StreamSource[]> {
  const sources: StreamSource[] = [];
  for (let at = 0; at < ids.length; at += STREAMS_AT_ONCE) {
    const rows = await cameraRows(database, ids.slice(at, at + STREAMS_AT_ONCE));
    for (const row of rows) {
      const source = row.deleted_at_ms === null ? sourceOf(row, box) : null;
      if (source !== null) sources.push(source);
    }
  }
  return sources;
}

/** By the id of every linked camera, a text that is another one after every change to it or to its site. Opens no secret. */
export async function streamMarks(database: Kysely<RegistryTables>): Promise<Map<string, string>> {
  const rows = await database
    .selectFrom('streams')
    .innerJoin('cameras', 'cameras.id', 'streams.camera_id')
    .leftJoin('sites', 'sites.id', 'cameras.site_id')
    .select(['cameras.id', 'cameras.version', 'cameras.site_id', 'sites.version as site_version'])
    .where('cameras.deleted_at_ms', 'is', null)
    .execute();
  return new Map(
    rows.map(({ id, version, site_id, site_version }) => [
      id,
      `${version} ${site_id ?? ''} ${site_version ?? ''}`,
    ]),
  );
}

/** A text that is another one after every change to a camera or a site, by whomever. */
export async function registryState(database: Kysely<RegistryTables>): Promise<string> {
  const states: string[] = [];
  for (const table of ['cameras', 'sites'] as const) {
    // Every change makes a version one more, and nothing takes a row away: no clock says so, and no change is like another.
    const { rows, versions } = await database
      .selectFrom(table)
      .select(({ fn }) => [
        fn.countAll<number>().as('rows'),
        fn.sum<number | string | null>('version').as('versions'),
      ])
      .executeTakeFirstOrThrow();
    states.push(`${rows} ${versions ?? 0}`);
  }
  return states.join(' ');
}
