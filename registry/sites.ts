import type { Kysely, Selectable, Transaction } from 'kysely';
import * as z from 'zod';
import type { Area } from './area.ts';
import type { Author } from './author.ts';
import { againWhereCrossed } from './database/database.ts';
import {
  listChanges,
  listHistory,
  ListRowStale,
  recordListChange,
  type ListChangeOptions,
  type ListVersion,
} from './list-history.ts';
import { siteKey } from './managed-keys.ts';
import { lockLists } from './managed-list.ts';
import { camerasUnder, moveCameras, refreshSearch, type MovedCameras } from './move-cameras.ts';
import type { RegistryDatabase, RegistryTables, SiteTable } from './schema/tables.ts';
import { enterLeadingNames, renameSite } from './site-names.ts';
import { storedLine, typedLine } from './text.ts';
import { uuidV7Source } from './uuid-v7.ts';
import { isWithinAreas } from './within-areas.ts';

/**
 * Where cameras of an LAO share a line: what it can bear, and from which network it can be reached. Entered by naming it;
 * another LAO's site of the same name is another one. One may be called otherwise, and two of an LAO may turn out to be one.
 */

const MAX_NAME_LENGTH = 200;
const MAX_SESSIONS = 10_000;
const MAX_BITS_PER_SECOND = 1_000_000_000_000;
const budget = (max: number) => z.int().min(1).max(max).nullable();

const zoneMeta = {
  description:
    'only workers of this zone pull from it: thousands of sites use the same 192.168.1.x',
};

export const site = z
  .object({
    id: z.string(),
    name: z.string(),
    lao: z.object({ name: z.string(), district: z.string(), province: z.string() }),
    networkZone: storedLine(MAX_NAME_LENGTH).nullable().meta(zoneMeta),
    maxSessions: budget(MAX_SESSIONS).meta({ description: 'streams pulled from the site at once' }),
    maxSessionsPerBox: budget(MAX_SESSIONS).meta({
      description: 'the same for each recorder box: streams whose addresses have one host',
    }),
    uplinkBitsPerSecond: budget(MAX_BITS_PER_SECOND).meta({
      description: 'what all its streams may take of its line',
    }),
    version: z.int().meta({ description: 'for If-Match; each change makes the next' }),
  })
  .meta({ id: 'Site' });
export type Site = z.infer<typeof site>;

export const siteChange = site
  .omit({ id: true, name: true, lao: true, version: true })
  .extend({
    name: typedLine(MAX_NAME_LENGTH),
    networkZone: typedLine(MAX_NAME_LENGTH).nullable().meta(zoneMeta),
  })
  .partial()
  .strict()
  .meta({ examples: [{ maxSessionsPerBox: 2, uplinkBitsPerSecond: 20_000_000 }] });
export type SiteChange = z.output<typeof siteChange>;

export class SiteNotFound extends Error {
  readonly code = 'site_not_found';
  constructor(id: string) {
    super(`no site ${id}`);
  }
}

/** Another site of the LAO is called so, or was merged under the name: they may be one. */
export class SiteTwice extends Error {
  readonly code = 'site_exists';
  readonly details: { site: Site };
  constructor(existing: Site) {
    super(`the LAO has a site of this name already: ${existing.name}`);
    this.details = { site: existing };
  }
}

/** Sites of two LAOs are two, whatever they are called. */
export class SitesOfTwoLaos extends Error {
  readonly code = 'sites_of_two_laos';
}

export interface Sites {
  /** By name; those of LAOs within these areas. */
  list(within: readonly Area[]): Promise<Site[]>;
  /** Throws SiteNotFound. */
  get(id: string): Promise<Site>;
  /** By its new name its cameras are found, and its old one leads to it. Throws SiteNotFound, SiteTwice, ListRowStale. */
  change(id: string, change: SiteChange, options: ListChangeOptions): Promise<Site>;
  /**
   * Its cameras go to another one of the LAO, whose budgets hold from then on; what is not said of that one is taken from this one. Its
   * name leads there. Returns how many cameras. Throws SiteNotFound, SitesOfTwoLaos.
   */
  merge(id: string, into: string, options: { author: Author }): Promise<number>;
  /** What a merge would take along, as things stand. Throws SiteNotFound, SitesOfTwoLaos. */
  mergePreview(id: string, into: string): Promise<MovedCameras>;
  /** What was changed of one, newest first. */
  history(id: string): Promise<ListVersion[]>;
  /** Told after it is stored. Returns how to end it. */
  onChanged(listener: (site: Site) => void): () => void;
}

export function openSites(database: RegistryDatabase, { now }: { now: () => number }): Sites {
  const nextId = uuidV7Source(now);
  const listeners = new Set<(site: Site) => void>();
  return {
    async list(within) {
      const rows = await selectSites(database)
        // What is left of one that was merged away is nobody's.
        .where('laos.merged_into', 'is', null)
        .where('sites.merged_into', 'is', null)
        .where(isWithinAreas(within))
        .orderBy('sites.name')
        .orderBy('sites.key')
        .execute();
      return rows.map(siteOf);
    },
    async get(id) {
      const row = await selectSites(database).where('sites.id', '=', id).executeTakeFirst();
      if (row === undefined) throw new SiteNotFound(id);
      return siteOf(row);
    },
    history: async (id) => listHistory(database, 'sites', id),
    async change(id, change, { author, version }) {
      const write = async (transaction: Transaction<RegistryTables>): Promise<SiteRow> => {
        await lockLists(transaction);
        const before = await standing(transaction, id);
        const was = siteOf(before);
        if (version !== undefined && version !== was.version) throw new ListRowStale(was);
        const after = { ...was, ...change };
        const changes = listChanges(was, after);
        if (changes.length === 0) return before;
        if (change.name !== undefined && change.name !== was.name) {
          const other = await renameSite(transaction, before, change.name, nextId);
          if (other !== undefined) {
            throw new SiteTwice(siteOf(await standing(transaction, other.merged_into ?? other.id)));
          }
          await refreshSearch(transaction, id, 'site_id');
        }
        const written = await transaction
          .updateTable('sites')
          .set({
            network_zone: after.networkZone,
            max_sessions: after.maxSessions,
            max_sessions_per_box: after.maxSessionsPerBox,
            uplink_bits_per_second: after.uplinkBitsPerSecond,
            version: was.version + 1,
          })
          .where('id', '=', id)
          .where('version', '=', was.version)
          .executeTakeFirstOrThrow();
        const row = await selectSites(transaction)
          .where('sites.id', '=', id)
          .executeTakeFirstOrThrow();
        // Somebody was faster between reading and writing.
        if (written.numUpdatedRows !== 1n) throw new ListRowStale(siteOf(row));
        const made = { version: row.version, atMs: now(), author, changes };
        await recordListChange(transaction, 'sites', id, made);
        return row;
      };
      const row = await againWhereCrossed(async () => database.transaction().execute(write));
      const changed = siteOf(row);
      for (const listener of listeners) listener(changed);
      return changed;
    },
    async merge(id, into, { author }) {
      let joined: Site | undefined;
      const write = async (transaction: Transaction<RegistryTables>): Promise<number> => {
        await lockLists(transaction);
        const { from, target } = await pairToMerge(transaction, { id, into });
        const act = { author, atMs: now() };
        const moved = await moveCameras(transaction, {
          column: 'site_id',
          from: id,
          into,
          change: ['site', from.name, target.name],
          ...act,
        });
        await transaction
          .updateTable('sites')
          .set({ merged_into: into })
          .where((where) => where.or([where('id', '=', id), where('merged_into', '=', id)]))
          .execute();
        await writeVersion(transaction, from, [['mergedInto', null, into]], act);
        const was = siteOf(target);
        const budgets = {
          network_zone: target.network_zone ?? from.network_zone,
          max_sessions: target.max_sessions ?? from.max_sessions,
          max_sessions_per_box: target.max_sessions_per_box ?? from.max_sessions_per_box,
          uplink_bits_per_second: target.uplink_bits_per_second ?? from.uplink_bits_per_second,
        };
        const changes = listChanges(was, siteOf({ ...target, ...budgets }));
        if (changes.length > 0) {
          await transaction.updateTable('sites').set(budgets).where('id', '=', into).execute();
          await writeVersion(transaction, target, changes, act);
        }
        joined = siteOf(await standing(transaction, into));
        return moved;
      };
      const cameras = await againWhereCrossed(async () => database.transaction().execute(write));
      // Its cameras are more, and what they may take together is what it says.
      if (joined !== undefined) for (const listener of listeners) listener(joined);
      return cameras;
    },
    async mergePreview(id, into) {
      await pairToMerge(database, { id, into });
      return camerasUnder(database, 'site_id', id);
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Throws SiteNotFound, also of one that was merged. */
async function standing(database: Kysely<RegistryTables>, id: string): Promise<SiteRow> {
  const row = await selectSites(database)
    .where('sites.id', '=', id)
    .where('sites.merged_into', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw new SiteNotFound(id);
  return row;
}

/** Both as they stand. Throws SiteNotFound, also of the same one twice, SitesOfTwoLaos. */
async function pairToMerge(
  database: Kysely<RegistryTables>,
  { id, into }: { id: string; into: string },
): Promise<{ from: SiteRow; target: SiteRow }> {
  const from = await standing(database, id);
  if (id === into) throw new SiteNotFound(into);
  const target = await standing(database, into);
  if (from.lao_id !== target.lao_id) {
    throw new SitesOfTwoLaos(`${from.name} is of ${from.lao}, ${target.name} of ${target.lao}`);
  }
  return { from, target };
}

async function writeVersion(
  transaction: Transaction<RegistryTables>,
  { id, version }: SiteRow,
  changes: ListVersion['changes'],
  { author, atMs }: { author: Author; atMs: number },
): Promise<void> {
  const next = version + 1;
  await transaction.updateTable('sites').set({ version: next }).where('id', '=', id).execute();
  await recordListChange(transaction, 'sites', id, { version: next, atMs, author, changes });
}

/**
 * The sites of an LAO that was merged are of the one that it was merged into, with what they can bear, where that has none of
 * the name. The rows of before stay: whoever is writing a camera of theirs meanwhile is told that the LAO was merged, and
 * must not wait for whoever waits for them. Returns the ids of those that cameras came to.
 */
export async function moveSites(
  transaction: Transaction<RegistryTables>,
  move: { from: string; into: string; nextId: () => string },
): Promise<string[]> {
  const joined: string[] = [];
  for (const { id, key } of await enterSites(transaction, move)) {
    const named = await transaction
      .selectFrom('sites')
      .select(['id', 'merged_into'])
      .where('key', '=', key)
      .executeTakeFirstOrThrow();
    const joinedId = named.merged_into ?? named.id;
    const { numUpdatedRows } = await transaction
      .updateTable('cameras')
      .set({ site_id: joinedId })
      .where('site_id', '=', id)
      .where('lao_id', '=', move.into)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows > 0n) joined.push(joinedId);
  }
  return joined;
}

/**
 * The LAO that stays has a site of each name that the other one has. Before the lock of merges is taken, too: an inventory
 * that has entered one of these and is not committed yet is waited for, and wants that lock. Returns the other's sites, with
 * the key that each is known by from now on.
 */
export async function enterSites(
  transaction: Transaction<RegistryTables>,
  { from, into, nextId }: { from: string; into: string; nextId: () => string },
): Promise<{ id: string; key: string }[]> {
  const sites = await transaction
    .selectFrom('sites')
    .selectAll()
    .where('lao_id', '=', from)
    .where('merged_into', 'is', null)
    .orderBy('id')
    .execute();
  const entered = [];
  for (const { id, name, ...rest } of sites) {
    const key = siteKey(into, name);
    await transaction
      .insertInto('sites')
      .values({ ...rest, id: nextId(), name, lao_id: into, key, version: 1 })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
    entered.push({ id, key });
  }
  await enterLeadingNames(transaction, { from, into, nextId });
  return entered;
}

function selectSites(database: Kysely<RegistryTables>) {
  return database
    .selectFrom('sites')
    .innerJoin('laos', 'laos.id', 'sites.lao_id')
    .selectAll('sites')
    .select(['laos.name as lao', 'laos.district', 'laos.province']);
}

type SiteRow = Selectable<SiteTable> & { lao: string; district: string; province: string };

function siteOf(row: SiteRow): Site {
  return {
    id: row.id,
    name: row.name,
    lao: { name: row.lao, district: row.district, province: row.province },
    networkZone: row.network_zone,
    maxSessions: row.max_sessions,
    maxSessionsPerBox: row.max_sessions_per_box,
    uplinkBitsPerSecond: row.uplink_bits_per_second,
    version: row.version,
  };
}
