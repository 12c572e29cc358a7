import type { Selectable, Transaction } from 'kysely';
import * as z from 'zod';
import { contains, type Area, type Place } from './area.ts';
import { districtNames, findDistrict, findProvince, missingArea } from './areas/official-areas.ts';
import { authorText, type Author } from './author.ts';
import { takeLock } from './database/database.ts';
import { keepFormerName } from './former-names.ts';
import {
  listChanges,
  listHistory,
  ListRowStale,
  recordListChange,
  type ListChangeOptions,
  type ListVersion,
} from './list-history.ts';
import { laoKey } from './managed-keys.ts';
import { moveCameras, refreshSearch } from './move-cameras.ts';
import type { LaoTable, RegistryDatabase, RegistryTables } from './schema/tables.ts';
import { enterSites, moveSites } from './sites.ts';
import { textLine } from './text.ts';
import { agencyKey, laoTypes, matchKey, splitLaoName } from './thai-names.ts';
import { uuidV7Source } from './uuid-v7.ts';

/**
 * The master list of local administrations (อปท.). The Department imports and merges it; others propose what is missing.
 * Without it two spellings are two rows of a count, and nobody can be late with a return.
 */

const MAX_NAME_LENGTH = 200;
/** Of one import; there are 7,850. */
export const MAX_IMPORTED_LAOS = 10_000;

const name = textLine(MAX_NAME_LENGTH);
export const laoStatuses = ['listed', 'proposed', 'merged'] as const;
export const reportingParents = ['district', 'province'] as const;

export const lao = z
  .object({
    id: z.string(),
    code: z.string().nullable(),
    type: z.enum(laoTypes).nullable(),
    name,
    district: name,
    province: name,
    districtCode: z
      .string()
      .nullable()
      .meta({ description: 'official; null: there is no such district, somebody should look' }),
    reportingParent: z
      .enum(reportingParents)
      .meta({ description: 'to whom it sends its return: its district, or the province directly' }),
    status: z.enum(laoStatuses),
    mergedInto: z.string().nullable(),
    version: z.int().meta({ description: 'for If-Match; each change makes the next' }),
  })
  .meta({ id: 'Lao' });
export type Lao = z.infer<typeof lao>;

const code = z
  .string()
  .trim()
  .regex(/^\d{4,10}$/, 'must be 4 to 10 digits')
  .meta({ examples: ['05810302'] });

export const newLao = z
  .strictObject({
    name,
    district: name,
    province: name,
    code: code.nullable().default(null),
    type: z.enum(laoTypes).nullable().default(null),
    reportingParent: z.enum(reportingParents).nullable().default(null),
  })
  .meta({
    examples: [{ name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่', type: 'ทต.' }],
  });
export type NewLao = z.output<typeof newLao>;

export const laoChange = z
  .strictObject({
    name: name.optional(),
    district: name.optional(),
    province: name.optional(),
    code: code.nullable().optional(),
    type: z.enum(laoTypes).nullable().optional(),
    reportingParent: z.enum(reportingParents).optional(),
    status: z.enum(['listed', 'proposed']).optional(),
  })
  .meta({ examples: [{ status: 'listed', reportingParent: 'province' }] });
export type LaoChange = z.output<typeof laoChange>;

export interface LaoFilter {
  within?: readonly Area[] | undefined;
  province?: string | undefined;
  district?: string | undefined;
  status?: Lao['status'] | undefined;
  /** Part of its name, by any spelling. */
  q?: string | undefined;
}

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

export interface Laos {
  /** By province, district and name. */
  list(filter: LaoFilter): Promise<Lao[]>;
  get(id: string): Promise<Lao | undefined>;
  /** Throws LaoTwice, LaoNotValid. `listed`: by the Department itself. */
  add(given: NewLao, options: { author: Author; listed: boolean }): Promise<Lao>;
  /** Throws LaoNotFound, LaoTwice, LaoNotValid, ListRowStale. */
  change(id: string, change: LaoChange, options: ListChangeOptions): Promise<Lao>;
  /** Its cameras go to another; its spelling leads there from now on. Returns how many cameras. Throws LaoNotFound. */
  merge(id: string, into: string, options: { author: Author }): Promise<number>;
  /** The Department's list: what it names is listed, what it does not name stays. */
  import(rows: readonly NewLao[], options: { author: Author }): Promise<LaoImport>;
  /** What was changed of one, newest first. */
  history(id: string): Promise<ListVersion[]>;
  /** As the list spells it, if the list has it: what rights are asked for. Throws AreaUnknown for a place that it cannot have. */
  canonical(place: Place): Promise<Place>;
}

export class LaoNotFound extends Error {
  readonly code = 'lao_not_found';
  constructor(id: string) {
    super(`no LAO ${id}`);
  }
}

/** Another row of the list has this name (by any spelling) or this code. */
export class LaoTwice extends Error {
  readonly code = 'lao_exists';
  readonly details: { lao: Lao };
  constructor(existing: Lao) {
    super(`the list has it already: ${existing.name}, ${existing.district}, ${existing.province}`);
    this.details = { lao: existing };
  }
}

export class LaoNotValid extends Error {
  readonly code = 'lao_not_valid';
}

/** Every LAO lies in its stated district (forms.md 2d), so there has to be one. */
export class AreaUnknown extends Error {
  readonly code = 'area_unknown';
  /** As a request is told of its fields. */
  readonly details: { issues: { path: string; code: string; message: string }[] };
  constructor({ part, message }: { part: 'province' | 'district'; message: string }) {
    super(message);
    this.details = { issues: [{ path: `/lao/${part}`, code: this.code, message }] };
  }
}

export function openLaos(database: RegistryDatabase, { now }: { now: () => number }): Laos {
  const nextId = uuidV7Source(now);

  async function byId(id: string): Promise<Lao | undefined> {
    const row = await database
      .selectFrom('laos')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? undefined : laoOf(row);
  }

  return {
    async list({ within, province, district, status, q }) {
      let query = database
        .selectFrom('laos')
        .selectAll()
        .orderBy('province')
        .orderBy('district')
        .orderBy('name');
      if (province !== undefined) {
        query = query.where('province', '=', findProvince(province)?.name ?? province);
      }
      if (district !== undefined) {
        query = query.where('district', 'in', districtNames(province, district));
      }
      query =
        status === undefined
          ? query.where('status', '!=', 'merged')
          : query.where('status', '=', status);
      const rows = (await query.execute()).filter((row) => isWithin(row, within));
      if (q === undefined) return rows.map(laoOf);
      const plain = matchKey(q);
      const key = agencyKey(q);
      return rows
        .filter(
          (row) =>
            matchKey(row.name).includes(plain) ||
            agencyKey(row.name).includes(key) ||
            row.code === q.trim(),
        )
        .map(laoOf);
    },
    get: byId,
    async add(given, { author, listed }) {
      const place = placeOf(given, listed);
      const id = await database.transaction().execute(async (transaction) => {
        await takeLock(transaction, LIST_LOCK);
        const key = laoKey(place);
        await refuseTwice(transaction, { key, code: given.code }, undefined);
        const made = nextId();
        await transaction
          .insertInto('laos')
          .values({
            id: made,
            ...place,
            match_key: key,
            code: given.code,
            reporting_parent: given.reportingParent,
            status: listed ? 'listed' : 'proposed',
            proposed_by: listed ? null : authorText(author),
          })
          .execute();
        return made;
      });
      return expected(await byId(id), id);
    },
    async change(id, change, { author, version }) {
      await database.transaction().execute(async (transaction) => {
        await takeLock(transaction, LIST_LOCK);
        const row = await transaction
          .selectFrom('laos')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst();
        if (row === undefined || row.status === 'merged') throw new LaoNotFound(id);
        if (version !== undefined && row.version !== version) throw new ListRowStale(laoOf(row));
        const status = change.status ?? row.status;
        const merged = {
          name: change.name ?? row.name,
          district: change.district ?? row.district,
          province: change.province ?? row.province,
          type:
            change.type === undefined ? (change.name === undefined ? row.type : null) : change.type,
        };
        const place = placeOf(merged, status === 'listed');
        const key = laoKey(place);
        const newCode = change.code === undefined ? row.code : change.code;
        await refuseTwice(transaction, { key, code: newCode }, id);
        await keepFormerName(transaction, row, key);
        await writeRow(
          transaction,
          row,
          {
            ...place,
            match_key: key,
            code: newCode,
            status,
            reporting_parent: change.reportingParent ?? row.reporting_parent,
          },
          { author, atMs: now() },
        );
        if (
          place.name !== row.name ||
          place.district !== row.district ||
          place.province !== row.province
        ) {
          await refreshSearch(transaction, id);
        }
      });
      return expected(await byId(id), id);
    },
    async merge(id, into, { author }) {
      return database.transaction().execute(async (transaction) => {
        await takeLock(transaction, LIST_LOCK);
        const rows = await transaction
          .selectFrom('laos')
          .selectAll()
          .where('id', 'in', [id, into])
          .execute();
        const from = rows.find((row) => row.id === id);
        const target = rows.find((row) => row.id === into);
        if (from === undefined || from.status === 'merged') throw new LaoNotFound(id);
        if (target === undefined || target.status === 'merged' || id === into) {
          throw new LaoNotFound(into);
        }
        await enterSites(transaction, { from: id, into, nextId });
        const moved = await moveCameras(transaction, {
          column: 'lao_id',
          from: id,
          into,
          change: ['lao', placeJson(from), placeJson(target)],
          author,
          atMs: now(),
        });
        await moveSites(transaction, { from: id, into, nextId });
        await transaction
          .updateTable('laos')
          .set({ status: 'merged', merged_into: into })
          .where((where) => where.or([where('id', '=', id), where('merged_into', '=', id)]))
          .execute();
        const merged = { status: 'merged', merged_into: into } as const;
        await writeRow(transaction, from, merged, { author, atMs: now() });
        return moved;
      });
    },
    history: async (id) => listHistory(database, 'laos', id),
    async import(given, { author }) {
      if (given.length > MAX_IMPORTED_LAOS) throw new RangeError('too many LAOs at once');
      return database.transaction().execute(async (transaction) => {
        await takeLock(transaction, LIST_LOCK);
        return importRows(transaction, nextId, given, { author, atMs: now() });
      });
    },
    async canonical({ name: given, district, province }) {
      const row = await database
        .selectFrom('laos')
        .selectAll()
        .where('match_key', '=', laoKey({ name: given, district, province }))
        .executeTakeFirst();
      if (row === undefined) {
        const missing = missingArea(province, district);
        if (missing !== undefined) throw new AreaUnknown(missing);
      }
      const target =
        row === undefined || row.merged_into === null ? row : await byId(row.merged_into);
      return {
        name: target?.name ?? given,
        district: target?.district ?? findDistrict(province, district)?.name ?? district,
        province: target?.province ?? findProvince(province)?.name ?? province,
      };
    },
  };
}

/** Throws LaoTwice. */
async function refuseTwice(
  transaction: Transaction<RegistryTables>,
  { key, code: given }: { key: string; code: string | null },
  id: string | undefined,
): Promise<void> {
  const rows = await transaction
    .selectFrom('laos')
    .selectAll()
    .where((where) =>
      where.or([
        where('match_key', '=', key),
        ...(given === null ? [] : [where('code', '=', given)]),
      ]),
    )
    .execute();
  const other = rows.find((row) => row.id !== id);
  if (other !== undefined) throw new LaoTwice(laoOf(other));
}

/** Changes of the list wait for each other: a name must not be entered while another row takes it. */
const LIST_LOCK = 'managed-lists';

async function importRows(
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
    await writeRow(transaction, found, { ...values, ...(leads ? {} : { match_key: key }) }, by);
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

/** What it is from now on, with its next version where that differs from what it was. */
async function writeRow(
  transaction: Transaction<RegistryTables>,
  row: Selectable<LaoTable>,
  values: Partial<Omit<Selectable<LaoTable>, 'id' | 'version'>>,
  { author, atMs }: { author: Author; atMs: number },
): Promise<void> {
  const changes = listChanges(laoOf(row), laoOf({ ...row, ...values }));
  const version = row.version + Number(changes.length > 0);
  await transaction
    .updateTable('laos')
    .set({ ...values, version })
    .where('id', '=', row.id)
    .execute();
  if (changes.length === 0) return;
  await recordListChange(transaction, 'laos', row.id, { version, atMs, author, changes });
}

/** As columns, officially spelled. A listed LAO lies in a district that there is. Throws LaoNotValid. */
function placeOf(
  given: { name: string; district: string; province: string; type: Lao['type'] },
  listed: boolean,
) {
  const district = findDistrict(given.province, given.district);
  if (listed && district === undefined) {
    throw new LaoNotValid(`there is no district ${given.district} in ${given.province}`);
  }
  const named = splitLaoName(given.name)?.type ?? null;
  if (given.type !== null && named !== null && given.type !== named) {
    throw new LaoNotValid(`${given.name} is not ${given.type}`);
  }
  return {
    name: given.name,
    district: district?.name ?? given.district,
    province: district?.province ?? findProvince(given.province)?.name ?? given.province,
    district_code: district?.code ?? null,
    type: given.type ?? named,
  };
}

function laoOf(row: Selectable<LaoTable>): Lao {
  return {
    id: row.id,
    code: row.code,
    type: row.type,
    name: row.name,
    district: row.district,
    province: row.province,
    districtCode: row.district_code,
    reportingParent: row.reporting_parent ?? 'district',
    status: row.status,
    mergedInto: row.merged_into,
    version: row.version,
  };
}

function placeJson({ name: of, district, province }: Selectable<LaoTable>) {
  return { name: of, district, province };
}

function isWithin(row: Selectable<LaoTable>, within: readonly Area[] | undefined): boolean {
  return within === undefined || within.some((area) => contains(area, row));
}

function expected(found: Lao | undefined, id: string): Lao {
  if (found === undefined) throw new LaoNotFound(id);
  return found;
}
