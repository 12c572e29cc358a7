import { chainOf, rangeOfDay, type DayChain, type Seal } from '../sealed-day.ts';
import type { Catalogue } from './tables.ts';

/**
 * What was recorded of these cameras in a day, also what was deleted since, as chains in the order of camera and run.
 * A camera after the other: of a thousand cameras a day is more than a million hashes.
 */
export async function chainsOfDay(
  catalogue: Catalogue,
  day: string,
  cameraIds: Iterable<string>,
): Promise<DayChain[]> {
  const { fromMs, toMs } = rangeOfDay(day);
  const chains: DayChain[] = [];
  for (const cameraId of cameraIds) {
    const kept = await catalogue
      .selectFrom('recordings')
      .select(['id', 'run_id', 'start_ms', 'sha256'])
      .where('camera_id', '=', cameraId)
      .where('start_ms', '>=', fromMs)
      .where('start_ms', '<', toMs)
      .where('sha256', 'is not', null)
      .execute();
    const deleted = await catalogue
      .selectFrom('deletions')
      .select(['recording_id as id', 'run_id', 'start_ms', 'sha256'])
      .where('camera_id', '=', cameraId)
      .where('start_ms', '>=', fromMs)
      .where('start_ms', '<', toMs)
      .where('sha256', 'is not', null)
      .where('run_id', 'is not', null)
      .execute();
    chains.push(...chainsOfCamera(cameraId, [...kept, ...deleted]));
  }
  return chains;
}

function chainsOfCamera(
  cameraId: string,
  rows: readonly { id: string; run_id: string | null; start_ms: number; sha256: string | null }[],
): DayChain[] {
  const runs = new Map<string, string[]>();
  // Ids are made in order: two that begin at once keep theirs.
  const ordered = rows.toSorted(
    (a, b) => a.start_ms - b.start_ms || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  for (const { run_id: runId, sha256 } of ordered) {
    if (runId === null || sha256 === null) continue;
    const hashes = runs.get(runId) ?? [];
    hashes.push(sha256);
    runs.set(runId, hashes);
  }
  return [...runs]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([runId, hashes]) => ({
      cameraId,
      runId,
      recordings: hashes.length,
      chain: chainOf(hashes),
    }));
}

export async function insertSeal(
  catalogue: Catalogue,
  seal: Seal,
  chains: readonly DayChain[],
): Promise<void> {
  await catalogue.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('seals')
      .values({
        day: seal.day,
        number: seal.number,
        chains: seal.chains,
        recordings: seal.recordings,
        root: seal.root,
        sealed_ms: seal.sealedMs,
        key_id: seal.keyId,
        signature: seal.signature,
      })
      .execute();
    for (let i = 0; i < chains.length; i += ROWS_A_STATEMENT) {
      await transaction
        .insertInto('sealed_chains')
        .values(
          chains.slice(i, i + ROWS_A_STATEMENT).map((chain) => ({
            day: seal.day,
            number: seal.number,
            camera_id: chain.cameraId,
            run_id: chain.runId,
            recordings: chain.recordings,
            chain: chain.chain,
          })),
        )
        .execute();
    }
  });
}

const ROWS_A_STATEMENT = 100;

/** Of one day, or of all; in order. */
export async function listSeals(catalogue: Catalogue, day?: string): Promise<Seal[]> {
  let query = catalogue.selectFrom('seals').selectAll().orderBy('day').orderBy('number');
  if (day !== undefined) query = query.where('day', '=', day);
  return (await query.execute()).map((row) => ({
    day: row.day,
    number: row.number,
    chains: row.chains,
    recordings: row.recordings,
    root: row.root,
    sealedMs: row.sealed_ms,
    keyId: row.key_id,
    signature: row.signature,
  }));
}

/** Of a day, in the order of seal, camera and run. */
export async function sealedChains(
  catalogue: Catalogue,
  day: string,
): Promise<(DayChain & { number: number })[]> {
  const rows = await catalogue
    .selectFrom('sealed_chains')
    .selectAll()
    .where('day', '=', day)
    .orderBy('number')
    .orderBy('camera_id')
    .orderBy('run_id')
    .execute();
  return rows.map((row) => ({
    number: row.number,
    cameraId: row.camera_id,
    runId: row.run_id,
    recordings: row.recordings,
    chain: row.chain,
  }));
}
