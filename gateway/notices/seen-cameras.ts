import type { RegistryDatabase } from '#registry/schema/tables.ts';
import type { SeenCamera } from './plan-notices.ts';

/** Ids in one statement. */
const BATCH = 500;
/** Rows of one page: a nationwide failure must not be one answer. */
const PAGE = 2_000;

/** Every camera that is seen broken since before `sinceMs`, page by page. */
export async function seenBroken(
  registry: RegistryDatabase,
  sinceMs: number,
): Promise<SeenCamera[]> {
  const cameras: SeenCamera[] = [];
  let after = '';
  for (;;) {
    const rows = await seen(registry)
      .where('observed_states.state', 'in', ['degraded', 'down'])
      .where('observed_states.since_ms', '<=', sinceMs)
      .where('cameras.id', '>', after)
      .limit(PAGE)
      .execute();
    cameras.push(...rows.map(seenOf));
    if (rows.length < PAGE) return cameras;
    after = rows.at(-1)?.cameraId ?? after;
  }
}

/** What is seen of these; one that is not there has nothing. */
export async function seenOfCameras(
  registry: RegistryDatabase,
  ids: readonly string[],
): Promise<Map<string, SeenCamera | undefined>> {
  const found = new Map<string, SeenCamera | undefined>(ids.map((id) => [id, undefined]));
  for (let at = 0; at < ids.length; at += BATCH) {
    const rows = await seen(registry)
      .where('cameras.id', 'in', ids.slice(at, at + BATCH))
      .execute();
    for (const row of rows) found.set(row.cameraId, seenOf(row));
  }
  return found;
}

function seen(registry: RegistryDatabase) {
  return registry
    .selectFrom('observed_states')
    .innerJoin('cameras', 'cameras.id', 'observed_states.camera_id')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .leftJoin('incidents', 'incidents.id', 'observed_states.incident_id')
    .leftJoin('repairs', (join) =>
      join.onRef('repairs.camera_id', '=', 'cameras.id').on('repairs.closed_ms', 'is', null),
    )
    .where('cameras.deleted_at_ms', 'is', null)
    .select([
      'cameras.id as cameraId',
      'cameras.position',
      'cameras.declared',
      'laos.name',
      'laos.district',
      'laos.province',
      'observed_states.state',
      'observed_states.reason',
      'observed_states.since_ms as sinceMs',
      'incidents.id as incidentId',
      'incidents.kind',
      'incidents.key',
      'repairs.id as repairId',
    ])
    .orderBy('cameras.id');
}

function seenOf(row: Awaited<ReturnType<ReturnType<typeof seen>['execute']>>[number]): SeenCamera {
  const { cameraId, position, name, district, province, state, reason, sinceMs } = row;
  return {
    cameraId,
    position,
    lao: { name, district, province },
    state,
    reason,
    sinceMs,
    incident:
      row.incidentId === null || row.kind === null || row.key === null
        ? null
        : { id: row.incidentId, kind: row.kind, key: row.key },
    ownerKnows: row.declared !== 'working' || row.repairId !== null,
  };
}
