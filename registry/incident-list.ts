import { sql } from 'kysely';
import type { Area } from './area.ts';
import type { IncidentKind } from './incident-grouping.ts';
import type { RegistryDatabase } from './schema/tables.ts';
import { isWithinAreas } from './within-areas.ts';

export interface ListedIncident {
  id: string;
  kind: IncidentKind;
  key: string;
  /** Unix ms. */
  fromMs: number;
  /** Null while it lasts. */
  toMs: number | null;
  /** Altogether, and of those areas. */
  cameras: number;
  camerasWithin: number;
}

/** Incidents with a camera in `areas`: those that last, then the latest. `sinceMs`: what was over before is left out. */
export async function listIncidents(
  database: RegistryDatabase,
  { within, sinceMs, limit }: { within: readonly Area[]; sinceMs: number; limit: number },
): Promise<ListedIncident[]> {
  return database
    .selectFrom('incidents')
    .innerJoin('incident_cameras', 'incident_cameras.incident_id', 'incidents.id')
    .innerJoin('cameras', 'cameras.id', 'incident_cameras.camera_id')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .select([
      'incidents.id',
      'incidents.kind',
      'incidents.key',
      'incidents.from_ms as fromMs',
      'incidents.to_ms as toMs',
      'incidents.cameras',
      sql<number>`count(*)`.as('camerasWithin'),
    ])
    .where(isWithinAreas(within))
    .where((eb) => eb.or([eb('incidents.to_ms', 'is', null), eb('incidents.to_ms', '>', sinceMs)]))
    .groupBy([
      'incidents.id',
      'incidents.kind',
      'incidents.key',
      'incidents.from_ms',
      'incidents.to_ms',
      'incidents.cameras',
    ])
    .orderBy(sql`case when incidents.to_ms is null then 0 else 1 end`)
    .orderBy('incidents.from_ms', 'desc')
    .limit(limit)
    .execute();
}
