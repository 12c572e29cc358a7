import type { Kysely, Selectable, Transaction } from 'kysely';
import { authorText, type Author } from '../author.ts';
import type { SurveyRetakeTable } from '../schema/survey-tables.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import { MAX_NAMED, NotOfThisReturn, SnapshotAsRegistered } from './return-refusals.ts';
import type { ReturnRowOf } from './return-versions.ts';
import { roundsOf, type Round } from './rounds.ts';
import {
  countedOf,
  countedRow,
  registered,
  ROUND_SNAPSHOT,
  snapshotOf,
  type CountedRow,
  type FrozenCamera,
} from './snapshot-cameras.ts';
import { statusesOf } from './statuses.ts';

/**
 * The cameras of an LAO's return, taken anew from the registry: what was missing at the cut-off, was entered twice, or stood
 * under another budget source is put right in the registry, and then here. Which cameras there are is as registered now; in
 * what condition they were stays that of the cut-off. Nothing is overwritten: what was taken before keeps its number.
 */

/** Of one return: a draft is not taken anew without end. */
const MAX_RETAKES = 100;
/** Cameras whose history is read together. */
const PAGE = 400;
const IDS_A_STATEMENT = 500;
/** Rows of one statement: 17 columns each. */
const ROWS_A_STATEMENT = 200;

export interface NamedCamera {
  id: string;
  position: string;
  budgetSource: string;
}

/** What becomes another if the cameras are taken anew; of each kind the first MAX_NAMED, and how many there are. */
export interface SnapshotDifferences {
  added: { count: number; cameras: NamedCamera[] };
  removed: { count: number; cameras: NamedCamera[] };
  /** Under another budget source now: the row of the form is another. */
  moved: { count: number; cameras: (NamedCamera & { budgetSourceBefore: string })[] };
  /** Registered under this LAO now, and counted by the return of another: left out until that one is put right. */
  elsewhere: { count: number; cameras: (NamedCamera & { countedBy: string })[] };
}

/** Throws NotOfThisReturn of one whose LAO was merged: its cameras are another's. */
export async function snapshotDifferences(
  database: Kysely<RegistryTables>,
  of: ReturnRowOf,
): Promise<SnapshotDifferences> {
  return (await takenNow(database, of)).differences;
}

/**
 * Gives the draft its cameras as they are registered now. Within the act upon the return, of which one runs at a time in a
 * round. Throws SnapshotAsRegistered, NotOfThisReturn.
 */
export async function retakeSnapshot(
  transaction: Transaction<RegistryTables>,
  of: ReturnRowOf,
  { author, reason, atMs }: { author: Author; reason: string; atMs: number },
): Promise<void> {
  const { rows, differences, changed } = await takenNow(transaction, of);
  const { added, removed, moved } = differences;
  if (added.count + removed.count + moved.count + changed === 0) {
    throw new SnapshotAsRegistered(
      'its cameras are those of the registry: register, correct or delete there first',
    );
  }
  const { last } = await transaction
    .selectFrom('survey_retakes')
    .select(({ fn }) => fn.max<number | null>('snapshot').as('last'))
    .where('return_id', '=', of.id)
    .executeTakeFirstOrThrow();
  const snapshot = (last ?? ROUND_SNAPSHOT) + 1;
  if (snapshot > MAX_RETAKES) {
    throw new NotOfThisReturn(
      `its cameras were taken anew ${MAX_RETAKES} times: no more of this round`,
    );
  }
  await transaction
    .insertInto('survey_retakes')
    .values({
      return_id: of.id,
      snapshot,
      at_ms: atMs,
      by: authorText(author),
      reason,
      added: added.count,
      removed: removed.count,
      changed: moved.count + changed,
    })
    .execute();
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
    await transaction
      .insertInto('survey_retaken_cameras')
      .values(
        rows
          .slice(at, at + ROWS_A_STATEMENT)
          .map((row) => ({ ...row, return_id: of.id, snapshot })),
      )
      .execute();
  }
  await transaction
    .updateTable('survey_versions')
    .set({ snapshot })
    .where('return_id', '=', of.id)
    .where('version', '=', of.version)
    .execute();
}

/** Of a return, by the number that its versions name. */
export async function retakesOf(
  database: Kysely<RegistryTables>,
  returnId: string,
): Promise<Map<number, Selectable<SurveyRetakeTable>>> {
  const rows = await database
    .selectFrom('survey_retakes')
    .selectAll()
    .where('return_id', '=', returnId)
    .orderBy('snapshot')
    .execute();
  return new Map(rows.map((row) => [row.snapshot, row]));
}

interface Taken {
  rows: CountedRow[];
  differences: SnapshotDifferences;
  /** Cameras that are called otherwise, and counted alike. */
  changed: number;
}

async function takenNow(database: RegistryDatabase, of: ReturnRowOf): Promise<Taken> {
  const [round] = await roundsOf(database, [of.round_id]);
  if (round === undefined) throw new Error(`return ${of.id} has no round`);
  await refuseMerged(database, of);
  const before = await rowsById(database, of, await snapshotOf(database, of.id, of.version));
  const frozen = await rowsById(database, of, ROUND_SNAPSHOT);
  const cameras = await camerasNow(database, of, round);
  const counting = await countedByOthers(
    database,
    of,
    cameras.map(({ id }) => id).filter((id) => !before.has(id)),
  );
  const own = cameras.filter(({ id }) => !counting.has(id));
  const statuses = await statusesAtCutOff(
    database,
    own.filter(({ id }) => !before.has(id) && !frozen.has(id)),
    round,
  );
  const rows = own.flatMap((camera): CountedRow[] => {
    const known = before.get(camera.id) ?? frozen.get(camera.id);
    const { budget_source_id, budget_source, position } = camera;
    if (known !== undefined) return [{ ...known, budget_source_id, budget_source, position }];
    const status = statuses.get(camera.id);
    return status === undefined ? [] : [countedRow(camera, status, round)];
  });
  const now = new Set(rows.map(({ camera_id }) => camera_id));
  const kept = rows.flatMap((row) => {
    const was = before.get(row.camera_id);
    return was === undefined ? [] : [{ row, was }];
  });
  const moved = kept.filter(({ row, was }) => row.budget_source_id !== was.budget_source_id);
  return {
    rows,
    differences: {
      added: few(rows.filter(({ camera_id }) => !before.has(camera_id)).map(named)),
      removed: few([...before.values()].filter(({ camera_id }) => !now.has(camera_id)).map(named)),
      moved: few(
        moved.map(({ row, was }) => ({ ...named(row), budgetSourceBefore: was.budget_source })),
      ),
      elsewhere: few(
        cameras.flatMap(({ id, position, budget_source: budgetSource }) => {
          const countedBy = counting.get(id);
          return countedBy === undefined ? [] : [{ id, position, budgetSource, countedBy }];
        }),
      ),
    },
    changed: kept.filter(
      ({ row, was }) =>
        row.budget_source_id === was.budget_source_id &&
        (row.position !== was.position || row.budget_source !== was.budget_source),
    ).length,
  };
}

async function refuseMerged(database: RegistryDatabase, of: ReturnRowOf): Promise<void> {
  const lao = await database
    .selectFrom('laos')
    .select('merged_into')
    .where('id', '=', of.lao_id ?? '')
    .executeTakeFirst();
  if (lao === undefined || lao.merged_into !== null) {
    throw new NotOfThisReturn(
      `${of.name} was merged into another since the round froze: its cameras are taken anew in the other’s return`,
    );
  }
}

async function rowsById(
  database: RegistryDatabase,
  of: ReturnRowOf,
  snapshot: number,
): Promise<Map<string, CountedRow>> {
  const rows = await database
    .selectFrom(countedOf(database, of, snapshot))
    .selectAll('counted')
    .orderBy('counted.camera_id')
    .execute();
  return new Map(rows.map((row) => [row.camera_id, row]));
}

/** Those of the LAO that the round counts. */
async function camerasNow(
  database: RegistryDatabase,
  of: ReturnRowOf,
  round: Round,
): Promise<FrozenCamera[]> {
  let query = registered(database)
    .where('cameras.lao_id', '=', of.lao_id ?? '')
    .where('cameras.deleted_at_ms', 'is', null)
    .orderBy('cameras.id');
  if (!round.countsClosedAreas) query = query.where('cameras.scope', '!=', 'closed-area');
  return (await query.execute()).map((row) => ({ ...row, linked: row.linked === 1 }));
}

/** As of the cut-off: of a camera that nobody watched then, its declaration counts. */
async function statusesAtCutOff(
  database: RegistryDatabase,
  cameras: readonly FrozenCamera[],
  round: Round,
): ReturnType<typeof statusesOf> {
  const window = { fromMs: round.cutOffMs - round.windowMs, toMs: round.cutOffMs };
  const found: Awaited<ReturnType<typeof statusesOf>> = new Map();
  for (let at = 0; at < cameras.length; at += PAGE) {
    for (const [id, status] of await statusesOf(database, cameras.slice(at, at + PAGE), window)) {
      found.set(id, status);
    }
  }
  return found;
}

/** Of these cameras, those that another return of the round counts in its newest version, and whose it is. */
async function countedByOthers(
  database: RegistryDatabase,
  of: ReturnRowOf,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let at = 0; at < ids.length; at += IDS_A_STATEMENT) {
    const some = ids.slice(at, at + IDS_A_STATEMENT);
    const others = database
      .selectFrom('survey_returns')
      .innerJoin('survey_versions', (join) =>
        join
          .onRef('survey_versions.return_id', '=', 'survey_returns.id')
          .onRef('survey_versions.version', '=', 'survey_returns.version'),
      )
      .where('survey_returns.round_id', '=', of.round_id)
      .where('survey_returns.id', '!=', of.id);
    const ofRound = await others
      .innerJoin('survey_cameras', (join) =>
        join
          .onRef('survey_cameras.round_id', '=', 'survey_returns.round_id')
          .onRef('survey_cameras.lao_id', '=', 'survey_returns.lao_id'),
      )
      .select(['survey_cameras.camera_id', 'survey_returns.name'])
      .where('survey_versions.snapshot', '=', ROUND_SNAPSHOT)
      .where('survey_cameras.camera_id', 'in', some)
      .execute();
    const takenAnew = await others
      .innerJoin('survey_retaken_cameras', (join) =>
        join
          .onRef('survey_retaken_cameras.return_id', '=', 'survey_returns.id')
          .onRef('survey_retaken_cameras.snapshot', '=', 'survey_versions.snapshot'),
      )
      .select(['survey_retaken_cameras.camera_id', 'survey_returns.name'])
      .where('survey_retaken_cameras.camera_id', 'in', some)
      .execute();
    for (const { camera_id, name } of [...ofRound, ...takenAnew]) found.set(camera_id, name);
  }
  return found;
}

function named({ camera_id, position, budget_source }: CountedRow): NamedCamera {
  return { id: camera_id, position, budgetSource: budget_source };
}

function few<One>(all: readonly One[]): { count: number; cameras: One[] } {
  return { count: all.length, cameras: all.slice(0, MAX_NAMED) };
}
