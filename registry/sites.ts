import type { Kysely, Selectable, Transaction } from 'kysely';
import * as z from 'zod';
import type { Area } from './area.ts';
import { siteKey } from './managed-keys.ts';
import type { RegistryDatabase, RegistryTables, SiteTable } from './schema/tables.ts';
import { textLine } from './text.ts';
import { isWithinAreas } from './within-areas.ts';

/**
 * Where cameras of an LAO share a line: what it can bear, and from which network it can be reached. Entered by naming it;
 * another LAO's site of the same name is another one.
 */

const MAX_NAME_LENGTH = 200;
const MAX_SESSIONS = 10_000;
const MAX_BITS_PER_SECOND = 1_000_000_000_000;
const budget = (max: number) => z.int().min(1).max(max).nullable();

export const site = z
  .object({
    id: z.string(),
    name: z.string(),
    lao: z.object({ name: z.string(), district: z.string(), province: z.string() }),
    networkZone: textLine(MAX_NAME_LENGTH).nullable().meta({
      description:
        'only workers of this zone pull from it: thousands of sites use the same 192.168.1.x',
    }),
    maxSessions: budget(MAX_SESSIONS).meta({ description: 'streams pulled from the site at once' }),
    maxSessionsPerBox: budget(MAX_SESSIONS).meta({
      description: 'the same for each recorder box: streams whose addresses have one host',
    }),
    uplinkBitsPerSecond: budget(MAX_BITS_PER_SECOND).meta({
      description: 'what all its streams may take of its line',
    }),
  })
  .meta({ id: 'Site' });
export type Site = z.infer<typeof site>;

export const siteChange = site
  .omit({ id: true, name: true, lao: true })
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
  change(id: string, change: SiteChange): Promise<Site>;
  /** Told after it is stored. Returns how to end it. */
  onChanged(listener: (site: Site) => void): () => void;
}

export function openSites(database: RegistryDatabase): Sites {
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
    async change(id, change) {
      const row = await database.transaction().execute(async (transaction) => {
        const before = await selectSites(transaction).where('sites.id', '=', id).executeTakeFirst();
        if (before === undefined) throw new SiteNotFound(id);
        const after = { ...siteOf(before), ...change };
        await transaction
          .updateTable('sites')
          .set({
            network_zone: after.networkZone,
            max_sessions: after.maxSessions,
            max_sessions_per_box: after.maxSessionsPerBox,
            uplink_bits_per_second: after.uplinkBitsPerSecond,
          })
          .where('id', '=', id)
          .execute();
        return selectSites(transaction).where('sites.id', '=', id).executeTakeFirstOrThrow();
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
 * must not wait for whoever waits for them.
 */
export async function moveSites(
  transaction: Transaction<RegistryTables>,
  { from, into, nextId }: { from: string; into: string; nextId: () => string },
): Promise<void> {
  const sites = await transaction
    .selectFrom('sites')
    .selectAll()
    .where('lao_id', '=', from)
    .orderBy('id')
    .execute();
  for (const { id, name, ...rest } of sites) {
    const key = siteKey(into, name);
    await transaction
      .insertInto('sites')
      .values({ ...rest, id: nextId(), name, lao_id: into, key })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
    await transaction
      .updateTable('cameras')
      .set((set) => ({ site_id: set.selectFrom('sites').select('id').where('key', '=', key) }))
      .where('site_id', '=', id)
      .where('lao_id', '=', into)
      .execute();
  }
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
  };
}
