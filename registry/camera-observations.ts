import type { Kysely } from 'kysely';
import { deviceOf } from './stream-address.ts';
import { iso } from './camera-rows.ts';
import type { NewStream } from './camera.ts';
import { observers, type Observation, type ObservedField, type Observer } from './provenance.ts';
import type { CameraObservationTable, RegistryTables } from './schema/tables.ts';

/** What ONVIF and the stream say of a camera, kept beside what is registered: of each observer and field the latest, of the device
 * that the camera is linked to. */

export async function observationsOf(
  database: Kysely<RegistryTables>,
  id: string,
): Promise<Observation[]> {
  const rows = await database
    .selectFrom('camera_observations')
    .selectAll()
    .where('camera_id', '=', id)
    .orderBy('source')
    .orderBy('field')
    .execute();
  return rows.map(({ field, source, value, at_ms }) => ({
    // Written by `observe` alone.
    field: field as ObservedField,
    source,
    value: JSON.parse(value) as string | number,
    at: iso(at_ms),
  }));
}

/** Whose readings a change of the stream leaves behind: they were of another device, or of another of its streams. */
export function observersLeft(
  before: Pick<NewStream, 'url'> | null,
  after: Pick<NewStream, 'url'> | null,
): readonly Observer[] {
  if (before === null || before.url === after?.url) return [];
  const isSameDevice = after !== null && deviceOf(before.url) === deviceOf(after.url);
  return isSameDevice ? ['stream'] : observers;
}

/** What these observers read of these cameras is of nothing that they have any more. */
export async function forgetObservations(
  database: Kysely<RegistryTables>,
  left: ReadonlyMap<Observer, readonly string[]>,
): Promise<void> {
  for (const [source, ids] of left) {
    await database
      .deleteFrom('camera_observations')
      .where('source', '=', source)
      .where('camera_id', 'in', ids)
      .execute();
  }
}

export async function observe(
  database: Kysely<RegistryTables>,
  id: string,
  observer: Observer,
  values: Partial<Record<ObservedField, string | number>>,
  atMs: number,
): Promise<void> {
  const rows = Object.entries(values).map(([field, value]): CameraObservationTable => ({
    camera_id: id,
    source: observer,
    field,
    value: JSON.stringify(value),
    at_ms: atMs,
  }));
  if (rows.length === 0) return;
  await database
    .insertInto('camera_observations')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['camera_id', 'source', 'field']).doUpdateSet((set) => ({
        value: set.ref('excluded.value'),
        at_ms: set.ref('excluded.at_ms'),
      })),
    )
    .execute();
}
