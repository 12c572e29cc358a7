import type { NotNull, Selectable } from 'kysely';
import * as z from 'zod';
import type { Area } from './area.ts';
import type { RegistryDatabase, SiteTable } from './schema/tables.ts';
import { textLine } from './text.ts';
import { isWithinAreas } from './within-areas.ts';

/** Where cameras share a line: what it can bear, and from which network it can be reached. Entered by naming it. */

const MAX_NAME_LENGTH = 200;
const MAX_SESSIONS = 10_000;
const MAX_BITS_PER_SECOND = 1_000_000_000_000;
const budget = (max: number) => z.int().min(1).max(max).nullable();

export const site = z
  .object({
    id: z.string(),
    name: z.string(),
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
  .omit({ id: true, name: true })
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
  /** By name; those that cameras within these areas are of. */
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
      let query = database.selectFrom('sites').selectAll().orderBy('name');
      if (!within.some(({ level }) => level === 'country')) {
        query = query.where('id', 'in', (cameras) =>
          cameras
            .selectFrom('cameras')
            .innerJoin('laos', 'laos.id', 'cameras.lao_id')
            .select('site_id')
            .where('cameras.deleted_at_ms', 'is', null)
            .where('site_id', 'is not', null)
            .where(isWithinAreas(within))
            .$narrowType<{ site_id: NotNull }>(),
        );
      }
      return (await query.execute()).map(siteOf);
    },
    async change(id, change) {
      const row = await database.transaction().execute(async (transaction) => {
        const before = await transaction
          .selectFrom('sites')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst();
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
        return transaction
          .selectFrom('sites')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirstOrThrow();
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

function siteOf(row: Selectable<SiteTable>): Site {
  return {
    id: row.id,
    name: row.name,
    networkZone: row.network_zone,
    maxSessions: row.max_sessions,
    maxSessionsPerBox: row.max_sessions_per_box,
    uplinkBitsPerSecond: row.uplink_bits_per_second,
  };
}
