import type { Kysely, Selectable, Transaction } from 'kysely';
import * as z from 'zod';
import type { Area } from './area.ts';
import {
  listChanges,
  listHistory,
  ListRowStale,
  recordListChange,
  type ListChangeOptions,
  type ListVersion,
} from './list-history.ts';
import { siteKey } from './managed-keys.ts';
import type { RegistryDatabase, RegistryTables, SiteTable } from './schema/tables.ts';
import { storedLine, typedLine } from './text.ts';
import { isWithinAreas } from './within-areas.ts';

/**
 * Where cameras of an LAO share a line: what it can bear, and from which network it can be reached. Entered by naming it;
 * another LAO's site of the same name is another one.
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
  .extend({ networkZone: typedLine(MAX_NAME_LENGTH).nullable().meta(zoneMeta) })
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

export interface Sites {
  /** By name; those of LAOs within these areas. */
  list(within: readonly Area[]): Promise<Site[]>;
  /** Throws SiteNotFound. */
  get(id: string): Promise<Site>;
  /** Throws SiteNotFound, ListRowStale. */
  change(id: string, change: SiteChange, options: ListChangeOptions): Promise<Site>;
  /** What was changed of one, newest first. */
  history(id: string): Promise<ListVersion[]>;
  /** Told after it is stored. Returns how to end it. */
  onChanged(listener: (site: Site) => void): () => void;
}

export function openSites(database: RegistryDatabase, { now }: { now: () => number }): Sites {
  const listeners = new Set<(site: Site) => void>();
  return {
    async list(within) {
      const rows = await selectSites(database)
        // What is left of one that was merged away is nobody's.
        .where('laos.merged_into', 'is', null)
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
      const row = await database.transaction().execute(async (transaction) => {
        const before = await selectSites(transaction).where('sites.id', '=', id).executeTakeFirst();
        if (before === undefined) throw new SiteNotFound(id);
        const was = siteOf(before);
        if (version !== undefined && version !== was.version) throw new ListRowStale(was);
        const after = { ...was, ...change };
        const changes = listChanges(was, after);
        if (changes.length === 0) return before;
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
      });
      const changed = siteOf(row);
      for (const listener of listeners) listener(changed);
      return changed;
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
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
    const { id: joinedId } = await transaction
      .selectFrom('sites')
      .select('id')
      .where('key', '=', key)
      .executeTakeFirstOrThrow();
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
