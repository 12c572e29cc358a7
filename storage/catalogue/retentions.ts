import type { Catalogue } from './tables.ts';

/**
 * How long a camera's recordings are kept, days: what its inventory says now, or said ever, whichever is longer. An
 * edit of the inventory never deletes recordings (forms.md §4.8); shortening will be an approved act of its own.
 */
export async function lengthenRetention(
  catalogue: Catalogue,
  cameraId: string,
  days: number,
): Promise<number> {
  const known = await catalogue
    .selectFrom('retentions')
    .select('days')
    .where('camera_id', '=', cameraId)
    .executeTakeFirst();
  if (known !== undefined && known.days >= days) return known.days;
  await catalogue
    .insertInto('retentions')
    .values({ camera_id: cameraId, days })
    .onConflict((conflict) => conflict.column('camera_id').doUpdateSet({ days }))
    .execute();
  return days;
}
