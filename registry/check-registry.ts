import { sql } from 'kysely';
import { checkCounts } from './lao-counts.ts';
import type { RegistryDatabase } from './schema/tables.ts';
import { SecretUnreadable, type SecretBox } from './secret-box.ts';
import { openSecrets } from './stream-secrets.ts';

/** What an operator wants to know of a registry that was moved, restored or feared for. */
export interface RegistryCheck {
  cameras: number;
  deleted: number;
  linked: number;
  /** Cameras whose password cannot be opened with the present key; at most MAX_NAMED are named. */
  unreadable: { count: number; cameraIds: string[] };
  /** Cameras that break a rule of the registry: a link of a closed area, no text to be found by, no last version. */
  broken: { closedButLinked: number; notSearchable: number; withoutHistory: number };
  /**
   * Cameras whose LAO (then they are in no return) or budget source was merged into another one; at most MAX_NAMED are named.
   * The next edit of one puts it under what the old name leads to.
   */
  inMergedPlace: { count: number; cameraIds: string[] };
  /** LAOs whose kept counts were not those of their cameras; at most MAX_NAMED are named. They are counted again. */
  miscounted: { count: number; laos: string[] };
}

const MAX_NAMED = 20;
const PAGE = 500;

/** Reads all of it, page by page. */
export async function checkRegistry(
  database: RegistryDatabase,
  box: SecretBox,
): Promise<RegistryCheck> {
  const counted = await database
    .selectFrom('cameras')
    .leftJoin('streams', 'streams.camera_id', 'cameras.id')
    .leftJoin('camera_search', 'camera_search.id', 'cameras.id')
    .leftJoin('camera_changes', (join) =>
      join
        .onRef('camera_changes.camera_id', '=', 'cameras.id')
        .onRef('camera_changes.version', '=', 'cameras.version'),
    )
    .select(({ fn }) => [
      fn.countAll<number>().as('all'),
      fn.count<number>('cameras.deleted_at_ms').as('deleted'),
      fn.count<number>('streams.camera_id').as('linked'),
      fn.count<number>('camera_search.id').as('searchable'),
      sql<number>`count(case when cameras.scope = 'closed-area' and (streams.camera_id is not null
        or cameras.link_network is not null
        or exists (select 1 from camera_linked_agencies where camera_linked_agencies.camera_id = cameras.id)) then 1 end)`.as(
        'closedButLinked',
      ),
      // Registered before history was kept, a camera has none until it is changed.
      sql<number>`count(case when cameras.version > 1 and camera_changes.version is null then 1 end)`.as(
        'withoutHistory',
      ),
    ])
    .executeTakeFirstOrThrow();
  return {
    cameras: counted.all - counted.deleted,
    deleted: counted.deleted,
    linked: counted.linked,
    unreadable: await unreadable(database, box),
    broken: {
      closedButLinked: counted.closedButLinked,
      notSearchable: counted.all - counted.searchable,
      withoutHistory: counted.withoutHistory,
    },
    inMergedPlace: await inMergedPlace(database),
    miscounted: await miscounted(database),
  };
}

async function inMergedPlace(database: RegistryDatabase): Promise<RegistryCheck['inMergedPlace']> {
  const found = database
    .selectFrom('cameras')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .innerJoin('budget_sources', 'budget_sources.id', 'cameras.budget_source_id')
    .where((where) =>
      where.or([
        where('laos.merged_into', 'is not', null),
        where('budget_sources.merged_into', 'is not', null),
      ]),
    );
  const { count } = await found
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const named = await found.select('cameras.id').orderBy('cameras.id').limit(MAX_NAMED).execute();
  return { count, cameraIds: named.map(({ id }) => id) };
}

async function miscounted(database: RegistryDatabase): Promise<RegistryCheck['miscounted']> {
  const { wrong } = await checkCounts(database);
  return {
    count: wrong.length,
    laos: wrong
      .slice(0, MAX_NAMED)
      .map(({ name, district, province }) => `${name} ${district} ${province}`),
  };
}

async function unreadable(
  database: RegistryDatabase,
  box: SecretBox,
): Promise<RegistryCheck['unreadable']> {
  const found = { count: 0, cameraIds: [] as string[] };
  let after = '';
  for (;;) {
    const page = await database
      .selectFrom('stream_credentials')
      .select(['camera_id', 'sealed'])
      .where('camera_id', '>', after)
      .orderBy('camera_id')
      .limit(PAGE)
      .execute();
    if (page.length === 0) return found;
    for (const { camera_id, sealed } of page) {
      try {
        openSecrets(box, camera_id, sealed);
      } catch (error) {
        if (!(error instanceof SecretUnreadable)) throw error;
        found.count++;
        if (found.cameraIds.length < MAX_NAMED) found.cameraIds.push(camera_id);
      }
    }
    after = page.at(-1)?.camera_id ?? after;
  }
}
