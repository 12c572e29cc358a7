import type { Transaction } from 'kysely';
import type { Camera } from './camera.ts';
import { CameraTwice } from './camera-refusals.ts';
import { urlKey } from './camera-rows.ts';
import { takeLock } from './database/database.ts';
import { redactStreamAddress } from './redact-stream-address.ts';
import type { RegistryTables } from './schema/tables.ts';
import { matchKey } from './thai-names.ts';

/** Cameras of one stream, of which one may have the position. */
const MAX_LOOKED_AT = 100;

/**
 * Whether another camera than `id` has this position and this stream. Of those that are asked for at once one is stored, and the
 * others see it: who asks is alone with the stream to the end of the transaction. Throws CameraTwice.
 */
export async function refuseTwice(
  transaction: Transaction<RegistryTables>,
  camera: Pick<Camera, 'position'> & { stream: { url: string } | null },
  id: string | undefined,
): Promise<void> {
  if (camera.stream === null) return;
  const url = redactStreamAddress(camera.stream.url);
  await takeLock(transaction, `camera-twice ${urlKey(url)}`);
  let query = transaction
    .selectFrom('streams')
    .innerJoin('cameras', 'cameras.id', 'streams.camera_id')
    .innerJoin('laos', 'laos.id', 'cameras.lao_id')
    .select(['cameras.id', 'cameras.position', 'laos.name', 'laos.district', 'laos.province'])
    .where('streams.url_key', '=', urlKey(url))
    .where('cameras.deleted_at_ms', 'is', null)
    .orderBy('cameras.id')
    .limit(MAX_LOOKED_AT);
  if (id !== undefined) query = query.where('cameras.id', '!=', id);
  const key = matchKey(camera.position);
  const same = (await query.execute()).filter(({ position }) => matchKey(position) === key);
  if (same.length === 0) return;
  throw new CameraTwice({
    cameras: same.map(({ id: other, position, name, district, province }) => ({
      id: other,
      position,
      lao: { name, district, province },
    })),
    elsewhere: false,
  });
}
