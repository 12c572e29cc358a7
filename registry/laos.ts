import type { Selectable, Transaction } from 'kysely';
import { contains, type Area, type Place } from './area.ts';
import { districtNames, findDistrict, findProvince, missingArea } from './areas/official-areas.ts';
import { authorText, type Author } from './author.ts';
import { againWhereCrossed } from './database/database.ts';
import { keepFormerName } from './former-names.ts';
import {
  importLaos,
  MAX_IMPORTED_LAOS,
  planLaoImport,
  type LaoImport,
  type LaoPlan,
} from './lao-import.ts';
import {
  laoList,
  LaoNotFound,
  laoOf,
  LaoTwice,
  placeOf,
  type Lao,
  type LaoChange,
  type NewLao,
} from './lao.ts';
import { listHistory, type ListChangeOptions, type ListVersion } from './list-history.ts';
import { laoKey } from './managed-keys.ts';
import { lockLists } from './managed-list.ts';
import { previewMerge, type LaoMerge } from './merge-preview.ts';
import { moveCameras, refreshSearch } from './move-cameras.ts';
import type { LaoTable, RegistryDatabase, RegistryTables } from './schema/tables.ts';
import { enterSites, moveSites } from './sites.ts';
import { agencyKey, matchKey } from './thai-names.ts';
import { uuidV7Source } from './uuid-v7.ts';

/**
 * The master list of local administrations (อปท.). The Department imports and merges it; others propose what is missing.
 * Without it two spellings are two rows of a count, and nobody can be late with a return.
 */

export interface LaoFilter {
  within?: readonly Area[] | undefined;
  province?: string | undefined;
  district?: string | undefined;
  status?: Lao['status'] | undefined;
  /** Part of its name, by any spelling. */
  q?: string | undefined;
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
  /** What a merge would take along, as things stand. Throws LaoNotFound. */
  mergePreview(id: string, into: string): Promise<LaoMerge>;
  /** Told after a merge: the sites whose cameras have other budgets since. Returns how to end it. */
  onSitesMerged(listener: (siteIds: readonly string[]) => void): () => void;
  /**
   * The Department's list: what it names is listed, what it does not name stays. `seen`: the fingerprint of the plan that was looked
   * at. Throws LaoPlanIsAnother.
   */
  import(
    rows: readonly NewLao[],
    options: { author: Author; seen?: string | undefined },
  ): Promise<LaoImport>;
  /** What such an import would do, as things stand. */
  planImport(rows: readonly NewLao[]): Promise<LaoPlan>;
  /** What was changed of one, newest first. */
  history(id: string): Promise<ListVersion[]>;
  /** As the list spells it, if the list has it: what rights are asked for. Throws AreaUnknown for a place that it cannot have. */
  canonical(place: Place): Promise<Place>;
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
  const listeners = new Set<(siteIds: readonly string[]) => void>();

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
        await lockLists(transaction);
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
      const write = async (transaction: Transaction<RegistryTables>): Promise<void> => {
        await lockLists(transaction);
        const row = await laoList.rowToChange(transaction, id, version);
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
        await laoList.writeRow(
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
      };
      await againWhereCrossed(async () => database.transaction().execute(write));
      return expected(await byId(id), id);
    },
    async merge(id, into, { author }) {
      let joined: string[] = [];
      const write = async (transaction: Transaction<RegistryTables>): Promise<number> => {
        await lockLists(transaction);
        const act = { author, atMs: now() };
        return laoList.mergeRows(transaction, { id, into }, act, async (from, target) => {
          await enterSites(transaction, { from: id, into, nextId });
          const moved = await moveCameras(transaction, {
            column: 'lao_id',
            from: id,
            into,
            change: ['lao', placeJson(from), placeJson(target)],
            ...act,
          });
          joined = await moveSites(transaction, { from: id, into, nextId });
          return moved;
        });
      };
      const cameras = await againWhereCrossed(async () => database.transaction().execute(write));
      for (const listener of listeners) listener(joined);
      return cameras;
    },
    async mergePreview(id, into) {
      return previewMerge(database, await laoList.pairToMerge(database, { id, into }));
    },
    onSitesMerged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    history: async (id) => listHistory(database, 'laos', id),
    async import(given, { author, seen }) {
      if (given.length > MAX_IMPORTED_LAOS) throw new RangeError('too many LAOs at once');
      const write = async (transaction: Transaction<RegistryTables>): Promise<LaoImport> => {
        await lockLists(transaction);
        return importLaos(transaction, nextId, given, { author, atMs: now(), seen });
      };
      return againWhereCrossed(async () => database.transaction().execute(write));
    },
    planImport: async (given) => planLaoImport(database, given),
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
