import type { Kysely } from 'kysely';
import type { Place } from './area.ts';
import { urlKey } from './camera-rows.ts';
import { redactStreamAddress } from './redact-stream-address.ts';
import type { RegistryTables } from './schema/tables.ts';

export interface CameraAtAddress {
  id: string;
  position: string;
  lao: Place;
}

/** Of one address; a private one is that of many cameras, behind many routers. */
const MAX_OF_AN_ADDRESS = 20;

/** Which cameras pull these addresses already, by address: those that nobody deleted, oldest first. At most 200 addresses. */
export async function camerasAtAddresses(
  database: Kysely<RegistryTables>,
  urls: readonly string[],
): Promise<Map<string, CameraAtAddress[]>> {
  if (urls.length === 0) return new Map();
  const byKey = Map.groupBy(urls, (url) => urlKey(redactStreamAddress(url)));
  const rows = await database
    .selectFrom('streams')
    .innerJoin('cameras', 'cameras.id', 'streams.camera_id')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .select([
      'streams.url_key',
      'cameras.id',
      'cameras.position',
      'laos.name',
      'laos.district',
      'laos.province',
    ])
    .where('streams.url_key', 'in', [...byKey.keys()])
    .where('cameras.deleted_at_ms', 'is', null)
    .orderBy('cameras.id')
    .limit(urls.length * MAX_OF_AN_ADDRESS)
    .execute();
  const found = new Map<string, CameraAtAddress[]>(urls.map((url) => [url, []]));
  for (const { url_key, id, position, ...lao } of rows) {
    for (const url of byKey.get(url_key ?? '') ?? []) found.get(url)?.push({ id, position, lao });
  }
  return found;
}
