import type { Transaction } from 'kysely';
import { findDistrict } from './areas/official-areas.ts';
import type { Author } from './author.ts';
import type { Camera } from './camera.ts';
import { budgetSourceKey, laoKey } from './managed-keys.ts';
import type { RegistryTables } from './schema/tables.ts';
import { splitLaoName } from './thai-names.ts';

/**
 * Finds LAOs, budget sources and sites by name within one transaction, by whichever spelling. Those that are not there
 * yet are entered: an LAO or a budget source as proposed, for the Department to list or to merge.
 */
export class PlaceIds {
  readonly #transaction: Transaction<RegistryTables>;
  readonly #nextId: () => string;
  readonly #author: Author;
  readonly #found = new Map<string, string>();

  constructor(transaction: Transaction<RegistryTables>, nextId: () => string, author: Author) {
    this.#transaction = transaction;
    this.#nextId = nextId;
    this.#author = author;
  }

  async lao(lao: Camera['lao']): Promise<string> {
    const cached = JSON.stringify(['laos', lao.province, lao.district, lao.name]);
    const known = this.#found.get(cached);
    if (known !== undefined) return known;
    const key = laoKey(lao);
    const row =
      (await this.#laoBy(key)) ?? (await this.#laoNamed(lao)) ?? (await this.#enterLao(lao, key));
    this.#found.set(cached, row);
    return row;
  }

  async budgetSource(name: string): Promise<string> {
    const cached = JSON.stringify(['budget_sources', name]);
    const known = this.#found.get(cached);
    if (known !== undefined) return known;
    const key = budgetSourceKey(name);
    const find = async (): Promise<string | undefined> =>
      idOf(
        await this.#transaction
          .selectFrom('budget_sources')
          .select(['id', 'merged_into'])
          .where((where) => where.or([where('match_key', '=', key), where('name', '=', name)]))
          .orderBy('id')
          .executeTakeFirst(),
      );
    let id = await find();
    if (id === undefined) {
      await this.#transaction
        .insertInto('budget_sources')
        .values({
          id: this.#nextId(),
          name,
          match_key: key,
          proposed_by: JSON.stringify(this.#author),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      id = await find();
      if (id === undefined) throw new Error(`a budget source is neither there nor entered`);
    }
    this.#found.set(cached, id);
    return id;
  }

  async site(name: string): Promise<string> {
    const cached = JSON.stringify(['sites', name]);
    const known = this.#found.get(cached);
    if (known !== undefined) return known;
    await this.#transaction
      .insertInto('sites')
      .values({ id: this.#nextId(), name })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    const { id } = await this.#transaction
      .selectFrom('sites')
      .select('id')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    this.#found.set(cached, id);
    return id;
  }

  async #laoBy(key: string): Promise<string | undefined> {
    return idOf(
      await this.#transaction
        .selectFrom('laos')
        .select(['id', 'merged_into'])
        .where('match_key', '=', key)
        .executeTakeFirst(),
    );
  }

  /** Letter for letter: rows of before there were keys. */
  async #laoNamed({ province, district, name }: Camera['lao']): Promise<string | undefined> {
    return idOf(
      await this.#transaction
        .selectFrom('laos')
        .select(['id', 'merged_into'])
        .where('province', '=', province)
        .where('district', '=', district)
        .where('name', '=', name)
        .executeTakeFirst(),
    );
  }

  async #enterLao({ province, district, name }: Camera['lao'], key: string): Promise<string> {
    const official = findDistrict(province, district);
    await this.#transaction
      .insertInto('laos')
      .values({
        id: this.#nextId(),
        // The official spelling of where it is, the given one of what it is called.
        province: official?.province ?? province,
        district: official?.name ?? district,
        name,
        match_key: key,
        type: splitLaoName(name)?.type ?? null,
        district_code: official?.code ?? null,
        proposed_by: JSON.stringify(this.#author),
      })
      // Of two that enter it at once, one does.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const id = await this.#laoBy(key);
    if (id === undefined) throw new Error(`an LAO is neither there nor entered`);
    return id;
  }
}

function idOf(row: { id: string; merged_into: string | null } | undefined): string | undefined {
  return row === undefined ? undefined : (row.merged_into ?? row.id);
}
