import { newCamera } from '#registry/camera.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { byTest, camerasOf } from '../cameras-of.ts';
import { krabiCamera } from '../krabi-camera.ts';

const AT_ONCE = 1_000;

/** Registers so many cameras; their ids. */
export async function camerasIn(database: RegistryDatabase, count: number): Promise<string[]> {
  const cameras = camerasOf(database);
  const ids: string[] = [];
  while (ids.length < count) {
    const some = Math.min(AT_ONCE, count - ids.length);
    const made = await cameras.createMany(
      Array.from({ length: some }, () => newCamera.parse(krabiCamera({ stream: null }))),
      byTest,
    );
    ids.push(...made.map(({ id }) => id));
  }
  return ids;
}
