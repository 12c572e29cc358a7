import type { Transaction } from 'kysely';
import { findDistrict } from './areas/official-areas.ts';
import { authorText, type Author } from './author.ts';
import type { Camera } from './camera.ts';
import { DatabaseUnavailable, takeLock } from './database/database.ts';
import { budgetSourceKey, laoKey, siteKey } from './managed-keys.ts';
import type { RegistryTables } from './schema/tables.ts';
import { splitLaoName } from './thai-names.ts';

/** What a camera names of the lists that it is registered under. */
export type NamedPlaces = Pick<Camera, 'lao' | 'budgetSource' | 'site'>;

export interface FoundPlaces {
  laoId: string;
  budgetSourceId: string;
  siteId: string | null;
}

/**
 * An LAO or a budget source that cameras are written under was merged into another one since it was found: they would stay
 * in a row that the list does not have any more, those of an LAO in no return. To be written anew, under what the name leads
 * to now.
 */
export class PlaceMerged extends Error {
  readonly code = 'place_merged_meanwhile';
}

/** Shared by whoever is about to commit cameras; alone, of whoever merges a row away, from before its last look for cameras. */
export const MERGE_LOCK = 'merged-places';

/** Another merge would have to come between each time. */
const MAX_TRIES = 3;
/** Ids that one statement names. */
const IDS_AT_ONCE = 1_000;

/** A transaction that uses PlaceIds, once more where one of its places was merged meanwhile. Throws DatabaseUnavailable. */
export async function againWhereMerged<Result>(write: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof PlaceMerged)) throw error;
      if (tries === MAX_TRIES) {
        throw new DatabaseUnavailable('what the camera is registered under is being merged', {
          cause: error,
        });
      }
    }
  }
}

interface Managed {
  id: string;
  merged_into: string | null;
}

/**
 * Finds LAOs, budget sources and sites by name within one transaction, by whichever spelling. Those that are not there
 * yet are entered: an LAO or a budget source as proposed, for the Department to list or to merge. A page of cameras at a
 * time: an inventory of the country names thousands, and one by one they would take longer than its cameras.
 */
export class PlaceIds {
  readonly #transaction: Transaction<RegistryTables>;
  readonly #nextId: () => string;
  readonly #proposedBy: string;
  /** By spelling; sites by key. */
  readonly #laos = new Map<string, string>();
  readonly #budgetSources = new Map<string, string>();
  readonly #sites = new Map<string, string>();

  constructor(transaction: Transaction<RegistryTables>, nextId: () => string, author: Author) {
    this.#transaction = transaction;
    this.#nextId = nextId;
    this.#proposedBy = authorText(author);
  }

  /** In the order of the cameras. */
  async find(cameras: readonly NamedPlaces[]): Promise<FoundPlaces[]> {
    // Of each camera one text is made to look its LAO up by, and one for its site: an inventory has 100,000.
    const spellings = cameras.map(({ lao }) => spelling(lao));
    await this.#findLaos(cameras, spellings);
    await this.#findBudgetSources(cameras.map(({ budgetSource }) => budgetSource));
    const laoIds = spellings.map((text) => known(this.#laos, text));
    const siteKeys = cameras.map(({ site }, index) =>
      site === null ? null : siteKey(laoIds[index] ?? '', site),
    );
    await this.#findSites(cameras, laoIds, siteKeys);
    return cameras.map(({ budgetSource }, index) => {
      const key = siteKeys[index] ?? null;
      return {
        laoId: laoIds[index] ?? '',
        budgetSourceId: known(this.#budgetSources, budgetSource),
        siteId: key === null ? null : known(this.#sites, key),
      };
    });
  }

  /**
   * After the last camera was written, before the commit: what was found is not merged away, and will not be before the
   * commit. Not when it is found: whoever merges would wait for a whole inventory, and each for the other's cameras. Throws
   * PlaceMerged.
   */
  async refuseMerged(): Promise<void> {
    await takeLock(this.#transaction, MERGE_LOCK, 'shared');
    for (const [list, found] of [
      ['laos', this.#laos],
      ['budget_sources', this.#budgetSources],
      ['sites', this.#sites],
    ] as const) {
      const ids = [...new Set(found.values())];
      for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
        const merged = await this.#transaction
          .selectFrom(list)
          .select('name')
          .where('id', 'in', ids.slice(at, at + IDS_AT_ONCE))
          .where('merged_into', 'is not', null)
          .limit(1)
          .executeTakeFirst();
        if (merged !== undefined) throw new PlaceMerged(`${merged.name} was merged meanwhile`);
      }
    }
  }

  async #findLaos(cameras: readonly NamedPlaces[], spellings: readonly string[]): Promise<void> {
    const wanted = new Map<string, { lao: Camera['lao']; key: string }>();
    for (const [index, { lao }] of cameras.entries()) {
      const text = spellings[index] ?? '';
      if (!this.#laos.has(text) && !wanted.has(text)) wanted.set(text, { lao, key: laoKey(lao) });
    }
    const take = (byName: (one: { lao: Camera['lao']; key: string }) => Managed | undefined) => {
      for (const [text, one] of wanted) {
        const row = byName(one);
        if (row === undefined) continue;
        this.#laos.set(text, row.merged_into ?? row.id);
        wanted.delete(text);
      }
    };
    const takeByKey = async (): Promise<void> => {
      if (wanted.size === 0) return;
      const rows = await this.#transaction
        .selectFrom('laos')
        .select(['id', 'merged_into', 'match_key'])
        .where('match_key', 'in', keysOf(wanted.values()))
        .execute();
      const byKey = new Map(rows.map((row) => [row.match_key, row]));
      take(({ key }) => byKey.get(key));
    };
    await takeByKey();
    if (wanted.size === 0) return;
    // Letter for letter: rows of before there were keys.
    const rows = await this.#transaction
      .selectFrom('laos')
      .select(['id', 'merged_into', 'name', 'district', 'province'])
      .where(
        'name',
        'in',
        Array.from(wanted.values(), ({ lao }) => lao.name),
      )
      .execute();
    const byName = new Map(rows.map((row) => [spelling(row), row]));
    take(({ lao }) => byName.get(spelling(lao)));
    if (wanted.size === 0) return;
    const entered = new Map(Array.from(wanted.values(), (one) => [one.key, one]));
    await this.#transaction
      .insertInto('laos')
      .values(Array.from(entered.values(), (one) => this.#proposedLao(one)))
      // Of two that enter it at once, one does.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await takeByKey();
  }

  #proposedLao({ lao, key }: { lao: Camera['lao']; key: string }) {
    const { province, district, name } = lao;
    const official = findDistrict(province, district);
    return {
      id: this.#nextId(),
      // The official spelling of where it is, the given one of what it is called.
      province: official?.province ?? province,
      district: official?.name ?? district,
      name,
      match_key: key,
      type: splitLaoName(name)?.type ?? null,
      district_code: official?.code ?? null,
      proposed_by: this.#proposedBy,
    };
  }

  async #findBudgetSources(named: readonly string[]): Promise<void> {
    const wanted = new Map<string, { name: string; key: string }>();
    for (const name of named) {
      if (!this.#budgetSources.has(name)) wanted.set(name, { name, key: budgetSourceKey(name) });
    }
    const take = async (): Promise<void> => {
      if (wanted.size === 0) return;
      const rows = await this.#transaction
        .selectFrom('budget_sources')
        .select(['id', 'merged_into', 'name', 'match_key'])
        .where((where) =>
          where.or([
            where('match_key', 'in', keysOf(wanted.values())),
            where('name', 'in', [...wanted.keys()]),
          ]),
        )
        .orderBy('id')
        .execute();
      for (const { name, key } of wanted.values()) {
        const row = rows.find((one) => one.match_key === key || one.name === name);
        if (row === undefined) continue;
        this.#budgetSources.set(name, row.merged_into ?? row.id);
        wanted.delete(name);
      }
    };
    await take();
    if (wanted.size === 0) return;
    const entered = new Map(Array.from(wanted.values(), (one) => [one.key, one]));
    await this.#transaction
      .insertInto('budget_sources')
      .values(
        Array.from(entered.values(), ({ name, key }) => ({
          id: this.#nextId(),
          name,
          match_key: key,
          proposed_by: this.#proposedBy,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await take();
  }

  async #findSites(
    cameras: readonly NamedPlaces[],
    laoIds: readonly string[],
    keys: readonly (string | null)[],
  ): Promise<void> {
    const wanted = new Map<string, { laoId: string; name: string }>();
    for (const [index, { site: name }] of cameras.entries()) {
      const key = keys[index] ?? null;
      if (key === null || name === null || this.#sites.has(key) || wanted.has(key)) continue;
      wanted.set(key, { laoId: laoIds[index] ?? '', name });
    }
    const take = async (): Promise<void> => {
      if (wanted.size === 0) return;
      const rows = await this.#transaction
        .selectFrom('sites')
        .select(['id', 'key', 'merged_into'])
        .where('key', 'in', [...wanted.keys()])
        .execute();
      for (const { id, key, merged_into } of rows) {
        this.#sites.set(key, merged_into ?? id);
        wanted.delete(key);
      }
    };
    await take();
    if (wanted.size === 0) return;
    await this.#transaction
      .insertInto('sites')
      .values(
        Array.from(wanted, ([key, { laoId, name }]) => ({
          id: this.#nextId(),
          lao_id: laoId,
          name,
          key,
        })),
      )
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
    await take();
  }
}

function spelling({ province, district, name }: Camera['lao']): string {
  return `${province}\n${district}\n${name}`;
}

function keysOf(wanted: Iterable<{ key: string }>): string[] {
  return [...new Set(Array.from(wanted, ({ key }) => key))];
}

function known(found: ReadonlyMap<string, string>, name: string): string {
  const id = found.get(name);
  if (id === undefined) throw new Error(`neither there nor entered: ${name}`);
  return id;
}
