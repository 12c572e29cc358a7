import { sql, type Transaction } from 'kysely';
import { takeLock } from './database/database.ts';
import {
  fallenTogether,
  isOver,
  joins,
  type Common,
  type FallenCamera,
  type IncidentKind,
} from './incident-grouping.ts';
import type { RegistryDatabase, RegistryTables } from './schema/tables.ts';

/** A camera that is down since longer, and fell with nobody then, fell alone. */
const RECENT_MS = 15 * 60_000;
/** Ids in one statement. */
const AT_ONCE = 500;

export interface IncidentChange {
  opened: { id: string; kind: IncidentKind; key: string; cameras: number }[];
  closed: string[];
  /** Incidents that go on. */
  open: number;
}

/**
 * Brings incidents up to what is seen now: those that began, cameras that fell with them, those that are over. As often as one likes,
 * on as many gateways as one likes: it goes by what is stored, and one does it at a time.
 */
export async function settleIncidents(
  database: RegistryDatabase,
  { nowMs, newId }: { nowMs: number; newId: () => string },
): Promise<IncidentChange> {
  return database.transaction().execute(async (transaction) => {
    await takeLock(transaction, 'incidents');
    const closed = await closeIncidents(transaction);
    const fallen = await fallenCameras(transaction, nowMs);
    const ongoing = await transaction
      .selectFrom('incidents')
      .select(['id', 'kind', 'key', 'from_ms', 'cameras'])
      .where('to_ms', 'is', null)
      .execute();
    const alone: FallenCamera[] = [];
    const joining = new Map<string, string[]>();
    for (const camera of fallen.cameras) {
      const incident = ongoing.find((one) => joins(camera, { ...one, fromMs: one.from_ms }));
      if (incident === undefined) alone.push(camera);
      else joining.set(incident.id, [...(joining.get(incident.id) ?? []), camera.cameraId]);
    }
    for (const [id, cameraIds] of joining) await addCameras(transaction, id, cameraIds);
    const together = fallenTogether(alone, await linkedCounts(transaction, fallen.places));
    const opened: IncidentChange['opened'] = [];
    for (const { kind, key, fromMs, cameraIds } of together) {
      const id = newId();
      await transaction
        .insertInto('incidents')
        .values({ id, kind, key, from_ms: fromMs, to_ms: null, cameras: 0 })
        .execute();
      await addCameras(transaction, id, cameraIds);
      opened.push({ id, kind, key, cameras: cameraIds.length });
    }
    return { opened, closed, open: ongoing.length + opened.length };
  });
}

/** What is over ends when the last of the cameras that came back did; the others are on their own from then. */
async function closeIncidents(transaction: Transaction<RegistryTables>): Promise<string[]> {
  const ongoing = await transaction
    .selectFrom('incidents')
    .innerJoin('incident_cameras', 'incident_cameras.incident_id', 'incidents.id')
    .leftJoin('observed_states', 'observed_states.camera_id', 'incident_cameras.camera_id')
    .innerJoin('cameras', 'cameras.id', 'incident_cameras.camera_id')
    .select([
      'incidents.id',
      'incidents.from_ms',
      'incidents.kind',
      'incident_cameras.camera_id',
      'observed_states.state',
      'observed_states.since_ms',
      'observed_states.incident_id',
      'cameras.deleted_at_ms',
    ])
    .where('incidents.to_ms', 'is', null)
    .execute();
  const closed: string[] = [];
  for (const [id, members] of Map.groupBy(ongoing, (row) => row.id)) {
    const back = members.filter(
      ({ state, deleted_at_ms, kind }) => deleted_at_ms !== null || isSeen(state, kind),
    );
    if (isOver(members.length, back.length)) {
      const toMs = Math.max(
        ...back.map(({ since_ms, deleted_at_ms, from_ms }) =>
          Math.max(since_ms ?? 0, deleted_at_ms ?? 0, from_ms),
        ),
      );
      await transaction
        .updateTable('incidents')
        .set({ to_ms: toMs })
        .where('id', '=', id)
        .execute();
      await leave(transaction, id, members);
      closed.push(id);
    } else {
      await leave(transaction, id, back);
    }
  }
  return closed;
}

/** A camera that is down has been looked at: what was ours is over with that. */
function isSeen(state: string | null, kind: IncidentKind): boolean {
  if (state === null || state === 'unknown') return false;
  return state !== 'down' || kind === 'worker' || kind === 'gateway';
}

async function leave(
  transaction: Transaction<RegistryTables>,
  id: string,
  members: readonly { camera_id: string; incident_id: string | null }[],
): Promise<void> {
  const within = members.filter(({ incident_id }) => incident_id === id);
  for (const ids of inPieces(within.map(({ camera_id }) => camera_id))) {
    await transaction
      .updateTable('observed_states')
      .set({ incident_id: null })
      .where('camera_id', 'in', ids)
      .execute();
  }
}

async function addCameras(
  transaction: Transaction<RegistryTables>,
  id: string,
  cameraIds: readonly string[],
): Promise<void> {
  for (const ids of inPieces(cameraIds)) {
    await transaction
      .insertInto('incident_cameras')
      .values(ids.map((cameraId) => ({ incident_id: id, camera_id: cameraId })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await transaction
      .updateTable('observed_states')
      .set({ incident_id: id })
      .where('camera_id', 'in', ids)
      .execute();
  }
  // One that came back and fell again is counted once.
  await transaction
    .updateTable('incidents')
    .set((eb) => ({
      cameras: eb
        .selectFrom('incident_cameras')
        .select(sql<number>`count(*)`.as('cameras'))
        .where('incident_id', '=', id),
    }))
    .where('id', '=', id)
    .execute();
}

interface Fallen {
  cameras: FallenCamera[];
  places: readonly Placed[];
}

async function fallenCameras(
  transaction: Transaction<RegistryTables>,
  nowMs: number,
): Promise<Fallen> {
  const rows = await placed(transaction)
    .innerJoin('observed_states', 'observed_states.camera_id', 'cameras.id')
    .select([
      'observed_states.state',
      'observed_states.since_ms as sinceMs',
      'observed_states.measured',
    ])
    .where((eb) =>
      eb.or([
        eb('observed_states.state', '=', 'unknown'),
        eb.and([
          eb('observed_states.state', '=', 'down'),
          eb('observed_states.since_ms', '>', nowMs - RECENT_MS),
        ]),
      ]),
    )
    .where('observed_states.incident_id', 'is', null)
    // Of one that was brought back, only what is seen since: it was not looked at, and did not fall.
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('camera_changes')
            .select('camera_changes.version')
            .whereRef('camera_changes.camera_id', '=', 'cameras.id')
            .where('camera_changes.action', '=', 'restored')
            .whereRef('camera_changes.at_ms', '>=', 'observed_states.since_ms'),
        ),
      ),
    )
    // This fall was in an incident, which is over: it is the camera's own now.
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('incident_cameras')
            .innerJoin('incidents', 'incidents.id', 'incident_cameras.incident_id')
            .select('incidents.id')
            .whereRef('incident_cameras.camera_id', '=', 'cameras.id')
            .whereRef('incidents.to_ms', '>=', 'observed_states.since_ms')
            .where((of) =>
              of.or([
                of.and([
                  of('observed_states.state', '=', 'down'),
                  of('incidents.kind', 'in', ['site', 'network']),
                ]),
                of.and([
                  of('observed_states.state', '=', 'unknown'),
                  of('incidents.kind', 'in', ['worker', 'gateway']),
                ]),
              ]),
            ),
        ),
      ),
    )
    .execute();
  const cameras = rows.flatMap((row): FallenCamera[] => {
    const { id: cameraId, sinceMs, siteId: site } = row;
    const commons = row.state === 'down' ? commonsOf(row) : oursOf(row.measured);
    return commons.length === 0 ? [] : [{ cameraId, sinceMs, site, commons }];
  });
  return { cameras, places: rows };
}

/** Linked cameras with what they can have in common. */
function placed(transaction: Transaction<RegistryTables>) {
  return transaction
    .selectFrom('cameras')
    .innerJoin('streams', 'streams.camera_id', 'cameras.id')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .leftJoin('sites', 'sites.id', 'cameras.site_id')
    .select([
      'cameras.id',
      'cameras.lao_id as laoId',
      'laos.name as lao',
      'laos.district',
      'laos.province',
      'streams.url',
      'cameras.site_id as siteId',
      'sites.name as site',
      'sites.network_zone as zone',
    ])
    .where('cameras.deleted_at_ms', 'is', null);
}

/** Why nobody knows (condition-feed.ts in ingest): whatever else is unknown has no cause to share. */
function oursOf(measured: string): Common[] {
  const { cause, worker } = JSON.parse(measured) as { cause?: unknown; worker?: unknown };
  if (cause === 'worker-ended') return [{ kind: 'worker', key: String(worker) }];
  if (cause === 'gateway-started' || cause === 'gateway-stopped') {
    return [{ kind: 'gateway', key: 'gateway' }];
  }
  return [];
}

interface Placed {
  id: string;
  laoId: string;
  lao: string;
  district: string;
  province: string;
  url: string;
  siteId: string | null;
  site: string | null;
  zone: string | null;
}

function commonsOf(camera: Placed): Common[] {
  const { site, zone } = camera;
  if (site === null) return [{ kind: 'network', key: networkOf(camera) }];
  const { lao, district, province } = camera;
  const ofSite: Common = { kind: 'site', key: `${site} ${lao} ${district} ${province}` };
  return zone === null ? [ofSite] : [{ kind: 'network', key: zone }, ofSite];
}

/**
 * Of a camera without a site: the addresses next to its own, within its LAO, for thousands of LAOs use the same ones. A name is its own
 * network: a recorder of many channels.
 */
function networkOf({ url, lao, district, province }: Placed): string {
  const host = URL.parse(url)?.hostname ?? url;
  const network = /^(\d+\.\d+\.\d+)\.\d+$/.exec(host)?.[1];
  return `${network === undefined ? host : `${network}.0/24`} ${lao} ${district} ${province}`;
}

/** How many linked cameras there are of each of what these have in common. */
async function linkedCounts(
  transaction: Transaction<RegistryTables>,
  places: readonly Placed[],
): Promise<(common: Common) => number> {
  const sites = new Set<string>();
  const zones = new Set<string>();
  const laoIds = new Set<string>();
  for (const { siteId, zone, laoId } of places) {
    if (siteId === null) laoIds.add(laoId);
    else sites.add(siteId);
    if (zone !== null) zones.add(zone);
  }
  const among = new Map<string, Placed>();
  const gather = (rows: readonly Placed[]): void => {
    for (const row of rows) among.set(row.id, row);
  };
  for (const some of inPieces([...sites])) {
    gather(await placed(transaction).where('cameras.site_id', 'in', some).execute());
  }
  for (const some of inPieces([...zones])) {
    gather(await placed(transaction).where('sites.network_zone', 'in', some).execute());
  }
  for (const some of inPieces([...laoIds])) {
    gather(
      await placed(transaction)
        .where('cameras.site_id', 'is', null)
        .where('cameras.lao_id', 'in', some)
        .execute(),
    );
  }
  const counts = new Map<string, number>();
  for (const camera of among.values()) {
    for (const common of commonsOf(camera)) {
      counts.set(nameOf(common), (counts.get(nameOf(common)) ?? 0) + 1);
    }
  }
  return (common) => counts.get(nameOf(common)) ?? 0;
}

function nameOf({ kind, key }: Common): string {
  return `${kind} ${key}`;
}

function* inPieces(ids: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += AT_ONCE) yield ids.slice(at, at + AT_ONCE);
}
