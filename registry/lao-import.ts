import { createHash } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Author } from './author.ts';
import { findDistrict } from './areas/official-areas.ts';
import type { FieldChange } from './camera-changes.ts';
import { keepFormerName } from './former-names.ts';
import { laoList, laoOf, LaoNotValid, placeOf, type NewLao } from './lao.ts';
import { listChanges } from './list-history.ts';
import { laoKey } from './managed-keys.ts';
import { refreshSearch } from './move-cameras.ts';
import type { LaoTable, RegistryTables } from './schema/tables.ts';

/** The Department's list, row by row: what becomes of each, and what is left out and why. Planned first, and written as it was planned. */

/** Of one import; there are 7,850. */
export const MAX_IMPORTED_LAOS = 10_000;

/** Why a row of an import was left out. */
export const importRefusals = [
  'no_such_district',
  'type_differs_from_name',
  'code_and_name_disagree',
  'code_of_merged',
  'twice_in_file',
] as const;

export interface LaoRefusal {
  /** From 0. */
  row: number;
  code: (typeof importRefusals)[number];
  message: string;
}

export interface LaoImport {
  added: number;
  changed: number;
  unchanged: number;
  refused: LaoRefusal[];
}

export const laoFates = ['new', 'changed', 'unchanged', 'refused'] as const;

/** What would become of a row. */
export type LaoFate =
  | { fate: 'new' }
  /** `id`: of the row of the list that it is. */
  | { fate: 'changed' | 'unchanged'; id: string; changes: FieldChange[] }
  | { fate: 'refused'; code: LaoRefusal['code']; message: string };

export interface LaoPlan {
  /** In the order of the given rows. */
  fates: LaoFate[];
  /** Stands for all that would be written, and upon which versions: another one is another plan. Refused rows are none of it. */
  fingerprint: string;
}

/** The list was changed since the plan was seen, which is another one now; nothing was written. */
export class LaoPlanIsAnother extends Error {
  readonly code = 'lao_plan_is_another';
}

type Row = Selectable<LaoTable>;
type Values = ReturnType<typeof placeOf> & Pick<Row, 'code' | 'reporting_parent' | 'status'>;

type Planned =
  | { fate: 'new'; key: string; values: Values }
  | { fate: 'changed' | 'unchanged'; found: Row; key: string; leads: boolean; values: Values }
  | Extract<LaoFate, { fate: 'refused' }>;

/** What an import of these rows would do, as the list stands. */
export async function planLaoImport(
  database: Kysely<RegistryTables>,
  given: readonly NewLao[],
): Promise<LaoPlan> {
  const planned = plannedRows(await database.selectFrom('laos').selectAll().execute(), given);
  return { fates: planned.map(fateOf), fingerprint: fingerprintOf(planned) };
}

/**
 * With the lists' lock. What the rows name is listed; what they do not name stays. `seen`: the fingerprint of the plan that was
 * looked at. Throws LaoPlanIsAnother.
 */
export async function importLaos(
  transaction: Transaction<RegistryTables>,
  nextId: () => string,
  given: readonly NewLao[],
  { seen, ...by }: { author: Author; atMs: number; seen?: string | undefined },
): Promise<LaoImport> {
  const planned = plannedRows(await transaction.selectFrom('laos').selectAll().execute(), given);
  if (seen !== undefined && seen !== fingerprintOf(planned)) {
    throw new LaoPlanIsAnother('the list was changed since the plan was seen');
  }
  const result: LaoImport = { added: 0, changed: 0, unchanged: 0, refused: [] };
  for (const [row, one] of planned.entries()) {
    switch (one.fate) {
      case 'refused':
        result.refused.push({ row, code: one.code, message: one.message });
        break;
      case 'unchanged':
        result.unchanged++;
        break;
      case 'new':
        await transaction
          .insertInto('laos')
          .values({ id: nextId(), ...one.values, match_key: one.key })
          .execute();
        result.added++;
        break;
      case 'changed':
        await writeChanged(transaction, one, by);
        result.changed++;
        break;
    }
  }
  return result;
}

async function writeChanged(
  transaction: Transaction<RegistryTables>,
  { found, key, leads, values }: Extract<Planned, { fate: 'changed' | 'unchanged' }>,
  by: { author: Author; atMs: number },
): Promise<void> {
  if (!leads) await keepFormerName(transaction, found, key);
  await laoList.writeRow(
    transaction,
    found,
    { ...values, ...(leads ? {} : { match_key: key }) },
    by,
  );
  if (
    values.name !== found.name ||
    values.district !== found.district ||
    values.province !== found.province
  ) {
    await refreshSearch(transaction, found.id);
  }
}

function plannedRows(rows: readonly Row[], given: readonly NewLao[]): Planned[] {
  const byKey = new Map(rows.map((row) => [row.match_key, row]));
  const byCode = new Map(rows.map((row) => [row.code, row]));
  const byRowId = new Map(rows.map((row) => [row.id, row]));
  const seen = new Set<string>();
  /** Rows of the list that a row of the file changes. */
  const changed = new Set<string>();
  return given.map((one): Planned => {
    let place: ReturnType<typeof placeOf>;
    try {
      place = placeOf(one, true);
    } catch (error) {
      if (!(error instanceof LaoNotValid)) throw error;
      const noDistrict = findDistrict(one.province, one.district) === undefined;
      return refuse(noDistrict ? 'no_such_district' : 'type_differs_from_name', error.message);
    }
    const key = laoKey(place);
    if (seen.has(key) || (one.code !== null && seen.has(one.code))) {
      return refuse('twice_in_file', 'its name or its code stands in a row above');
    }
    const named = byKey.get(key);
    const target = named?.merged_into == null ? named : byRowId.get(named.merged_into);
    const bearer = one.code === null ? undefined : byCode.get(one.code);
    const isOfMerged = bearer?.merged_into != null;
    const coded = isOfMerged ? byRowId.get(bearer.merged_into ?? '') : bearer;
    if (isOfMerged && coded !== undefined && coded.id !== target?.id) {
      // By another name it is not the one that was merged; and that is not to come back, half, with nothing of its own.
      return refuse(
        'code_of_merged',
        `the code ${one.code} is that of ${bearer.name}, which was merged into ${coded.name}`,
      );
    }
    if (coded !== undefined && target !== undefined && coded.id !== target.id) {
      return refuse('code_and_name_disagree', `the code ${one.code} is that of ${coded.name}`);
    }
    const found = coded ?? target;
    if (found !== undefined && changed.has(found.id)) {
      // By a name that was merged, or that the row above takes from it: of both, one is its name from now on.
      return refuse('twice_in_file', `a row above is ${found.name} too`);
    }
    seen.add(key);
    if (one.code !== null) seen.add(one.code);
    // A spelling that was merged leads to its row, and does not rename it.
    const leads = named !== undefined && found !== undefined && named.id !== found.id;
    const values: Values = {
      ...(leads ? placeIn(found) : place),
      // That of one that was merged stays with it.
      code: (isOfMerged ? null : one.code) ?? found?.code ?? null,
      reporting_parent: parentOf(one.reportingParent, found),
      status: 'listed' as const,
    };
    if (found === undefined) return { fate: 'new', key, values };
    const isSame = Object.entries(values).every(
      ([column, value]) => found[column as keyof typeof found] === value,
    );
    if (!isSame) changed.add(found.id);
    return { fate: isSame ? 'unchanged' : 'changed', found, key, leads, values };
  });
}

function refuse(code: LaoRefusal['code'], message: string): Planned {
  return { fate: 'refused', code, message };
}

function placeIn({
  name,
  district,
  province,
  district_code,
  type,
}: Row): ReturnType<typeof placeOf> {
  return { name, district, province, district_code, type };
}

/** Null is its district: that said of it changes nothing. */
function parentOf(given: NewLao['reportingParent'], found: Row | undefined) {
  const before = found?.reporting_parent ?? null;
  return given === null || given === (before ?? 'district') ? before : given;
}

function fateOf(planned: Planned): LaoFate {
  switch (planned.fate) {
    case 'new':
      return { fate: 'new' };
    case 'refused':
      return planned;
    case 'changed':
    case 'unchanged': {
      const { fate, found, values } = planned;
      const changes = listChanges(laoOf(found), laoOf({ ...found, ...values }));
      return { fate, id: found.id, changes };
    }
  }
}

function fingerprintOf(planned: readonly Planned[]): string {
  const digest = createHash('sha256');
  for (const one of planned) {
    if (one.fate === 'refused') continue;
    const upon = one.fate === 'new' ? [] : [one.found.id, one.found.version];
    digest.update(JSON.stringify([one.fate, upon, one.values]));
  }
  return digest.digest('hex');
}
