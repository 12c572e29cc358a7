import type { Transaction } from 'kysely';
import type { Author } from './author.ts';
import { findDistrict } from './areas/official-areas.ts';
import { keepFormerName } from './former-names.ts';
import { laoList, LaoNotValid, placeOf, type NewLao } from './lao.ts';
import { laoKey } from './managed-keys.ts';
import { refreshSearch } from './move-cameras.ts';
import type { RegistryTables } from './schema/tables.ts';

/** The Department's list, row by row: what becomes of each, and what is left out and why. */

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

export interface LaoImport {
  added: number;
  changed: number;
  unchanged: number;
  /** `row` from 0. */
  refused: { row: number; code: (typeof importRefusals)[number]; message: string }[];
}

/** With the lists' lock. What the rows name is listed; what they do not name stays. */
export async function importLaos(
  transaction: Transaction<RegistryTables>,
  nextId: () => string,
  given: readonly NewLao[],
  by: { author: Author; atMs: number },
): Promise<LaoImport> {
  const rows = await transaction.selectFrom('laos').selectAll().execute();
  const byKey = new Map(rows.map((row) => [row.match_key, row]));
  const byCode = new Map(rows.map((row) => [row.code, row]));
  const byRowId = new Map(rows.map((row) => [row.id, row]));
  const seen = new Set<string>();
  const result: LaoImport = { added: 0, changed: 0, unchanged: 0, refused: [] };
  for (const [row, one] of given.entries()) {
    const refuse = (refusal: LaoImport['refused'][number]['code'], message: string): void => {
      result.refused.push({ row, code: refusal, message });
    };
    let place: ReturnType<typeof placeOf>;
    try {
      place = placeOf(one, true);
    } catch (error) {
      if (!(error instanceof LaoNotValid)) throw error;
      const noDistrict = findDistrict(one.province, one.district) === undefined;
      refuse(noDistrict ? 'no_such_district' : 'type_differs_from_name', error.message);
      continue;
    }
    const key = laoKey(place);
    if (seen.has(key) || (one.code !== null && seen.has(one.code))) {
      refuse('twice_in_file', 'its name or its code stands in a row above');
      continue;
    }
    const named = byKey.get(key);
    const target = named?.merged_into == null ? named : byRowId.get(named.merged_into);
    const bearer = one.code === null ? undefined : byCode.get(one.code);
    const isOfMerged = bearer?.merged_into != null;
    const coded = isOfMerged ? byRowId.get(bearer.merged_into ?? '') : bearer;
    if (isOfMerged && coded !== undefined && coded.id !== target?.id) {
      // By another name it is not the one that was merged; and that is not to come back, half, with nothing of its own.
      refuse(
        'code_of_merged',
        `the code ${one.code} is that of ${bearer.name}, which was merged into ${coded.name}`,
      );
      continue;
    }
    if (coded !== undefined && target !== undefined && coded.id !== target.id) {
      refuse('code_and_name_disagree', `the code ${one.code} is that of ${coded.name}`);
      continue;
    }
    seen.add(key);
    if (one.code !== null) seen.add(one.code);
    const found = coded ?? target;
    // A spelling that was merged leads to its row, and does not rename it.
    const leads = named !== undefined && found !== undefined && named.id !== found.id;
    const values = {
      ...(leads ? { name: found.name, district: found.district, province: found.province } : place),
      // That of one that was merged stays with it.
      code: (isOfMerged ? null : one.code) ?? found?.code ?? null,
      reporting_parent: one.reportingParent ?? found?.reporting_parent ?? null,
      status: 'listed' as const,
    };
    if (found === undefined) {
      await transaction
        .insertInto('laos')
        .values({ id: nextId(), ...values, match_key: key })
        .execute();
      result.added++;
      continue;
    }
    if (
      Object.entries(values).every(
        ([column, value]) => found[column as keyof typeof found] === value,
      )
    ) {
      result.unchanged++;
      continue;
    }
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
    result.changed++;
  }
  return result;
}
