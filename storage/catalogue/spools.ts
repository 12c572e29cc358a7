import { sql } from 'kysely';
import type { RecordingName } from './recording-days.ts';
import type { Catalogue } from './tables.ts';

/**
 * Several gateways may share a catalogue, and what waits to be put lies in the spool of one of them: its row says whose until it is
 * stored (decision 0190). Each settles what lies in its own, and takes nothing else for lost. Of a catalogue that one gateway has for
 * itself all lies in its spool, whose id is null.
 */
export type SpoolId = string | null;

/** Rows that lie in a spool; of stored ones it says nothing. */
export function inSpool(spoolId: SpoolId) {
  return sql<boolean>`recordings.spool_id is not distinct from ${sql.val(spoolId)}`;
}

/** What it is called by people: a machine and a folder. `isNew`: none was called so before, under this id. */
export async function nameSpool(
  catalogue: Catalogue,
  { id, name }: { id: string; name: string },
): Promise<{ isNew: boolean }> {
  const known = await catalogue.selectFrom('spools').select('id').where('id', '=', id).execute();
  await catalogue
    .insertInto('spools')
    .values({ id, name })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ name }))
    .execute();
  return { isNew: known.length === 0 };
}

/** Its file lies in this spool: it was moved here, or the row is of a gateway that did not say whose. */
export async function takeIntoSpool(
  catalogue: Catalogue,
  spoolId: SpoolId,
  { id, startMs }: RecordingName,
): Promise<void> {
  await catalogue
    .updateTable('recordings')
    .set({ spool_id: spoolId })
    .where('id', '=', id)
    .where('start_ms', '=', startMs)
    .where('state', 'in', ['open', 'spooled'])
    .execute();
}

/** What waits since before rows said whose it is: of the gateway that is the first to record since, as it was then. */
export async function takeNobodys(catalogue: Catalogue, spoolId: SpoolId): Promise<void> {
  if (spoolId === null) return;
  await catalogue
    .updateTable('recordings')
    .set({ spool_id: spoolId })
    .where('state', 'in', ['open', 'spooled'])
    .where(sql<boolean>`recordings.state <> 'stored'`)
    .where('spool_id', 'is', null)
    .execute();
}

/** What waits in the spool of another gateway, where it plays until it is stored. */
export interface OtherSpool {
  /** Null: recorded by a gateway of a version that did not say. */
  spoolId: SpoolId;
  /** A machine and a folder. */
  name: string | null;
  recordings: number;
  /** Of those that are whole. */
  byteLength: number;
  oldestStartMs: number;
}

/** The longest waiting first. */
export async function otherSpools(catalogue: Catalogue, own: SpoolId): Promise<OtherSpool[]> {
  const { rows } = await sql<{
    spool_id: SpoolId;
    name: string | null;
    recordings: number;
    bytes: number;
    oldest_ms: number;
  }>`
    select waiting.*, spools.name from (
      select spool_id, count(*) as recordings,
        sum(case when state = 'spooled' then byte_length else 0 end) as bytes, min(start_ms) as oldest_ms
      from recordings
      where state in ('open', 'spooled') and recordings.state <> 'stored'
        and spool_id is distinct from ${sql.val(own)}
      group by spool_id
    ) waiting
    left join spools on spools.id = waiting.spool_id
    order by oldest_ms`.execute(catalogue);
  return rows.map((row) => ({
    spoolId: row.spool_id,
    name: row.name,
    recordings: row.recordings,
    byteLength: row.bytes,
    oldestStartMs: row.oldest_ms,
  }));
}
