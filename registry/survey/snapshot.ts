import type { Insertable, Kysely } from 'kysely';
import type { SurveyCameraTable, SurveyReturnTable } from '../schema/survey-tables.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import { systemAuthor } from '../author.ts';
import { takeLock } from '../database/database.ts';
import { budgetSourceKey, laoKey } from '../managed-keys.ts';
import { uuidV7Ms, uuidV7Source } from '../uuid-v7.ts';
import { inFormOrder, laosOf } from './counts.ts';
import { roundsOf, type Round } from './rounds.ts';
import { countedRow, registered, type FrozenCamera } from './snapshot-cameras.ts';
import { statusesOf } from './statuses.ts';

/**
 * What a round freezes at its cut-off: every camera of its scope as it was then, and an empty return for every LAO, district and
 * province. Both are functions of what was true at the cut-off, also when the gateway comes to it hours later: changes
 * since are undone, events since are not looked at. Procedure:
 *
 * 1. cameras page by page, a transaction each, so that nothing else waits for 300,000 rows; a row that is there stays
 * 2. in one transaction: returns, their first versions, and the round is frozen
 *
 * A crash in 1 begins again, and finds its rows. Until 2 nobody sees them.
 */

const PAGE = 500;
/** Rows that one statement inserts. */
const ROWS_A_STATEMENT = 200;

/** Freezes every round whose cut-off has come; returns their ids. */
export async function freezeDue(
  database: RegistryDatabase,
  { now }: { now: () => number },
): Promise<string[]> {
  const due = await database
    .selectFrom('survey_rounds')
    .select('id')
    .where('state', '=', 'open')
    .where('cut_off_ms', '<=', now())
    .orderBy('id')
    .execute();
  const frozen: string[] = [];
  for (const round of await roundsOf(
    database,
    due.map(({ id }) => id),
  )) {
    await freezeCameras(database, round);
    if (await openReturns(database, round, now)) frozen.push(round.id);
  }
  return frozen;
}

async function freezeCameras(database: RegistryDatabase, round: Round): Promise<void> {
  const laos = await laosOf(database, { within: round.scope });
  let after = '';
  for (;;) {
    const page = await camerasAfter(database, after);
    if (page.length === 0) return;
    after = page.at(-1)?.id ?? after;
    const asOf = await asOfCutOff(database, page, round.cutOffMs);
    const counted = asOf.filter(
      ({ lao_id, scope }) =>
        laos.has(lao_id) && (round.countsClosedAreas || scope !== 'closed-area'),
    );
    const statuses = await statusesOf(database, counted, {
      fromMs: round.cutOffMs - round.windowMs,
      toMs: round.cutOffMs,
    });
    const rows = counted.flatMap((camera): Insertable<SurveyCameraTable>[] => {
      const status = statuses.get(camera.id);
      if (status === undefined) return [];
      return [{ round_id: round.id, lao_id: camera.lao_id, ...countedRow(camera, status, round) }];
    });
    for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
      await database
        .insertInto('survey_cameras')
        .values(rows.slice(at, at + ROWS_A_STATEMENT))
        .onConflict((conflict) => conflict.columns(['round_id', 'camera_id']).doNothing())
        .execute();
    }
  }
}

async function camerasAfter(
  database: Kysely<RegistryTables>,
  after: string,
): Promise<FrozenCamera[]> {
  const rows = await registered(database)
    .where('cameras.id', '>', after)
    .orderBy('cameras.id')
    .limit(PAGE)
    .execute();
  return rows.map((row) => ({ ...row, linked: row.linked === 1 }));
}

/** The cameras that were there at the cut-off, as they were then. */
async function asOfCutOff(
  database: Kysely<RegistryTables>,
  cameras: readonly FrozenCamera[],
  cutOffMs: number,
): Promise<FrozenCamera[]> {
  const there = cameras.filter(({ id }) => uuidV7Ms(id) <= cutOffMs);
  const changedIds = there.filter((one) => one.updated_at_ms > cutOffMs).map(({ id }) => id);
  if (changedIds.length === 0) return there.filter(({ deleted_at_ms }) => deleted_at_ms === null);
  const changes = await database
    .selectFrom('camera_changes')
    .select(['camera_id', 'at_ms', 'action', 'changes'])
    .where('camera_id', 'in', changedIds)
    .orderBy('camera_id')
    .orderBy('version', 'desc')
    .execute();
  const byCamera = Map.groupBy(changes, ({ camera_id }) => camera_id);
  const asThen: FrozenCamera[] = [];
  for (const camera of there) {
    const one = { ...camera };
    for (const { at_ms, action, changes: text } of byCamera.get(one.id) ?? []) {
      if (at_ms <= cutOffMs) break;
      if (action === 'deleted') one.deleted_at_ms = null;
      else if (action === 'restored') one.deleted_at_ms = at_ms;
      // Written by camera-writes.ts, and by nothing else.
      for (const [field, before] of JSON.parse(text) as [string, unknown, unknown][]) {
        await undo(database, one, field, before);
      }
    }
    if (one.deleted_at_ms !== null) continue;
    if (one.declared_at_ms > cutOffMs) {
      one.declared_at_ms = lastDeclaredMs(byCamera.get(one.id) ?? [], cutOffMs);
    }
    asThen.push(one);
  }
  return asThen;
}

async function undo(
  database: Kysely<RegistryTables>,
  camera: FrozenCamera,
  field: string,
  before: unknown,
): Promise<void> {
  switch (field) {
    case 'declared':
      camera.declared = before as FrozenCamera['declared'];
      break;
    case 'scope':
      camera.scope = before as string;
      break;
    case 'position':
      camera.position = before as string;
      break;
    case 'lao': {
      const row = await database
        .selectFrom('laos')
        .select('id')
        .where('match_key', '=', laoKey(before as Parameters<typeof laoKey>[0]))
        .executeTakeFirst();
      if (row !== undefined) camera.lao_id = row.id;
      break;
    }
    case 'budgetSource': {
      const row = await database
        .selectFrom('budget_sources')
        .select(['id', 'name'])
        .where('match_key', '=', budgetSourceKey(before as string))
        .executeTakeFirst();
      if (row === undefined) break;
      camera.budget_source_id = row.id;
      camera.budget_source = row.name;
      break;
    }
  }
}

/** 0: when it was made. */
function lastDeclaredMs(
  changes: readonly { at_ms: number; changes: string }[],
  cutOffMs: number,
): number {
  const found = changes.find(
    ({ at_ms, changes: text }) => at_ms <= cutOffMs && text.includes('"declared'),
  );
  return found?.at_ms ?? 0;
}

/** False: another gateway was faster. */
async function openReturns(
  database: RegistryDatabase,
  round: Round,
  now: () => number,
): Promise<boolean> {
  const nextId = uuidV7Source(now);
  return database.transaction().execute(async (transaction) => {
    await takeLock(transaction, `survey-round-${round.id}`);
    const frozen = await transaction
      .updateTable('survey_rounds')
      .set({ state: 'frozen', frozen_ms: now() })
      .where('id', '=', round.id)
      .where('state', '=', 'open')
      .executeTakeFirstOrThrow();
    if (frozen.numUpdatedRows !== 1n) return false;
    const within = await laosOf(transaction, { within: round.scope });
    const kinds = new Map(
      (
        await transaction.selectFrom('laos').select(['id', 'status', 'reporting_parent']).execute()
      ).map(({ id, status, reporting_parent }) => [id, { status, reporting_parent }]),
    );
    const returns: Insertable<SurveyReturnTable>[] = [];
    const made = new Map<string, string>();
    const parent = (
      level: 'district' | 'province',
      place: { province: string; district: string },
    ): string => {
      const key = level === 'district' ? `${place.province}|${place.district}` : place.province;
      const known = made.get(key);
      if (known !== undefined) return known;
      const parentId = level === 'district' ? parent('province', place) : null;
      const id = nextId();
      made.set(key, id);
      returns.push({
        id,
        round_id: round.id,
        level,
        name: level === 'district' ? place.district : place.province,
        lao_id: null,
        district: level === 'district' ? place.district : '',
        province: place.province,
        reports_to: level === 'district' ? 'province' : 'country',
        parent_id: parentId,
        state: 'draft',
        version: 1,
      });
      return id;
    };
    // Lists go by id: each province before its districts, each district before its LAOs, as Thai sorts them.
    const inOrder = [...within.values()].toSorted((a, b) =>
      inFormOrder(
        { ...a, lao: a.name, budgetSource: null },
        { ...b, lao: b.name, budgetSource: null },
      ),
    );
    for (const lao of inOrder) {
      const kind = kinds.get(lao.id);
      if (kind === undefined || kind.status === 'merged') continue;
      const reportsTo = kind.reporting_parent ?? 'district';
      const parentId = parent(reportsTo, lao);
      returns.push({
        id: nextId(),
        round_id: round.id,
        level: 'lao',
        name: lao.name,
        lao_id: lao.id,
        district: lao.district,
        province: lao.province,
        reports_to: reportsTo,
        parent_id: parentId,
        state: 'draft',
        version: 1,
      });
    }
    // Those that others refer to come first.
    const ordered = returns.toSorted((a, b) => depth(a) - depth(b));
    for (let at = 0; at < ordered.length; at += ROWS_A_STATEMENT) {
      const rows = ordered.slice(at, at + ROWS_A_STATEMENT);
      await transaction.insertInto('survey_returns').values(rows).execute();
      await transaction
        .insertInto('survey_versions')
        .values(
          rows.map(({ id }) => ({
            return_id: id,
            version: 1,
            state: 'draft' as const,
            source: 'registry' as const,
            snapshot: 0,
            made_ms: now(),
            made_by: JSON.stringify(systemAuthor),
            correction_reason: null,
            signature: null,
            submitted_ms: null,
            submitted_by: null,
            incomplete_reason: null,
            decided_ms: null,
            decided_by: null,
            decided_reason: null,
          })),
        )
        .execute();
    }
    return true;
  });
}

function depth({ level }: Pick<SurveyReturnTable, 'level'>): number {
  return { province: 0, district: 1, lao: 2 }[level];
}
