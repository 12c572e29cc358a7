import type { Cameras, RegistrationEvent } from '#registry/cameras.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { camerasOf } from '../../registry/cameras-of.ts';
import type { DatabaseRig } from '../each-database.ts';

/** Unix ms. */
export const START_MS = 1_790_000_000_000;

/** A registry of the test's own. `told`: what is told of its cameras from now on. */
export async function openedCameras(
  rig: DatabaseRig,
  now: () => number,
): Promise<{ database: RegistryDatabase; cameras: Cameras; told: RegistrationEvent[] }> {
  const database = await openRegistry(rig.open());
  const cameras = camerasOf(database, now);
  const told: RegistrationEvent[] = [];
  cameras.onChanged((event) => told.push(event));
  return { database, cameras, told };
}
