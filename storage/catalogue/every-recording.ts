import type { SelectQueryBuilder } from 'kysely';
import { isUnsettled, recordingOf, type Recording } from './recordings.ts';
import { inSpool, type SpoolId } from './spools.ts';
import type { Catalogue, CatalogueTables, RecordingTable } from './tables.ts';

/** Recordings to be gone through, however many, in the order in which they begin. */

const PAGE = 1_000;

/** Of a camera. */
export function recordingsOf(catalogue: Catalogue, cameraId: string): AsyncGenerator<Recording> {
  return paged(catalogue.selectFrom('recordings').selectAll().where('camera_id', '=', cameraId));
}

/** What is not stored yet of a spool: of a store that is long away, many. */
export function waitingIn(catalogue: Catalogue, spoolId: SpoolId): AsyncGenerator<Recording> {
  const query = catalogue
    .selectFrom('recordings')
    .selectAll()
    .where(isUnsettled)
    .where(inSpool(spoolId));
  return paged(query.where('state', 'in', ['spooled', 'open']));
}

async function* paged(
  query: SelectQueryBuilder<CatalogueTables, 'recordings', RecordingTable>,
): AsyncGenerator<Recording> {
  let after = { startMs: -1, id: '' };
  for (;;) {
    const rows = await query
      // Said by the next condition too, but not so that days are left out by it.
      .where('start_ms', '>=', after.startMs)
      .where((where) =>
        where.or([
          where('start_ms', '>', after.startMs),
          where.and([where('start_ms', '=', after.startMs), where('id', '>', after.id)]),
        ]),
      )
      .orderBy('start_ms')
      .orderBy('id')
      .limit(PAGE)
      .execute();
    for (const row of rows) yield recordingOf(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = { startMs: last.start_ms, id: last.id };
  }
}
