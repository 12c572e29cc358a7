import type { Place } from './area.ts';
import type { RegistryDatabase } from './schema/tables.ts';

/** LAOs of this name that the registry knows, at most `limit`: names are shared by many (อบต.บ้านใหม่). */
export async function findLaos(
  database: RegistryDatabase,
  name: string,
  limit: number,
): Promise<Place[]> {
  return database
    .selectFrom('laos')
    .select(['name', 'district', 'province'])
    .where('name', '=', name)
    .orderBy('province')
    .orderBy('district')
    .limit(limit)
    .execute();
}
