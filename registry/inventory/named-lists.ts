import { isDeepStrictEqual } from 'node:util';
import type { Camera } from '../camera.ts';
import type { LeadingName, LeadingSource, ListedNames } from '../leading-names.ts';
import { budgetSourceKey, laoKey } from '../managed-keys.ts';
import { matchKey } from '../thai-names.ts';
import { Numbers } from './row-numbers.ts';

/** What a spelling of an LAO stands for: its number, and, where the name leads elsewhere, by which it does. */
export interface NamedLao {
  number: number;
  ledBy: LeadingName | undefined;
  isUnknown: boolean;
}

/** What a spelling of a budget source stands for. */
export interface NamedSource {
  /** `budgetSourceKey` */
  key: string;
  ledBy: LeadingSource | undefined;
  isUnknown: boolean;
}

/** What names of rows and of registered cameras stand for, as the lists of LAOs and budget sources have them now. */
export class NamedLists {
  /** Undefined: nobody told. */
  #listed: ListedNames | undefined;
  #leadingByKey: ReadonlyMap<string, LeadingName> = new Map();
  #sourcesByKey: ReadonlyMap<string, LeadingSource> = new Map();
  #sitesByKey: ReadonlyMap<string, string> = new Map();
  #knownLaos: ReadonlySet<string> = new Set();
  #knownSources: ReadonlySet<string> = new Set();
  /** By spelling. */
  readonly #sources = new Map<string, NamedSource>();
  /** Of LAOs by their keys, and by the spellings of them. */
  #laos = new Numbers();
  readonly #laoSpellings = new Map<string, NamedLao>();
  /** Rows of one spelling have one LAO (shared-texts.ts): of 100,000 the texts are not asked for. */
  #known = new WeakMap<Camera['lao'], NamedLao>();
  /** The greatest number of an LAO that a row names. */
  #lastLaoOfRows = 0;

  /** False: they are what they were. Else what was answered before stands for nothing any more (`forget`). */
  follow(listed: ListedNames): boolean {
    if (isDeepStrictEqual(listed, this.#listed)) return false;
    this.#listed = listed;
    this.#leadingByKey = new Map(listed.laos.map((name) => [name.key, name]));
    this.#sourcesByKey = new Map(listed.budgetSources.map((name) => [name.key, name]));
    this.#sitesByKey = new Map(listed.sites.map(({ lao, key, to }) => [`${lao} ${key}`, to]));
    this.#knownLaos = new Set(listed.known.laos);
    this.#knownSources = new Set(listed.known.budgetSources);
    return true;
  }

  /** Numbers begin anew. */
  forget(): void {
    this.#laos = new Numbers();
    this.#laoSpellings.clear();
    this.#known = new WeakMap();
    this.#sources.clear();
  }

  /** All LAOs that rows name were asked for. */
  endOfRows(): void {
    this.#lastLaoOfRows = this.#laos.size;
  }

  /** Whether a row names it. */
  isOfRows(lao: Camera['lao']): boolean {
    const { number } = this.lao(lao, 'known');
    return number !== 0 && number <= this.#lastLaoOfRows;
  }

  /** `known`: numbered 0 where no row names it. */
  lao(lao: Camera['lao'], which: 'new' | 'known'): NamedLao {
    let named = this.#known.get(lao);
    if (named !== undefined) return named;
    const spelling = `${lao.province}\n${lao.district}\n${lao.name}`;
    named = this.#laoSpellings.get(spelling);
    if (named === undefined) {
      const own = laoKey(lao);
      const ledBy = this.#leadingByKey.get(own);
      const into = ledBy === undefined ? undefined : oneOf(ledBy);
      const key = into === undefined ? own : laoKey(into);
      const number = which === 'new' ? this.#laos.of(key) : (this.#laos.known(key) ?? 0);
      const isUnknown =
        this.#listed !== undefined && ledBy === undefined && !this.#knownLaos.has(own);
      named = { number, ledBy, isUnknown };
      if (number === 0) return named;
      this.#laoSpellings.set(spelling, named);
    }
    this.#known.set(lao, named);
    return named;
  }

  source(name: string): NamedSource {
    let named = this.#sources.get(name);
    if (named === undefined) {
      const key = budgetSourceKey(name);
      const ledBy = this.#sourcesByKey.get(key);
      const isUnknown =
        this.#listed !== undefined && ledBy === undefined && !this.#knownSources.has(key);
      named = { key, ledBy, isUnknown };
      this.#sources.set(name, named);
    }
    return named;
  }

  /** What a site of the LAO is called now. */
  site<Name extends string | null | undefined>(lao: Camera['lao'], name: Name): Name | string {
    if (typeof name !== 'string' || this.#sitesByKey.size === 0) return name;
    return this.#sitesByKey.get(`${laoKey(lao)} ${matchKey(name)}`) ?? name;
  }
}

/** Where it leads; none of several. */
export function oneOf<Name>({ to }: { to: readonly Name[] }): Name | undefined {
  return to.length === 1 ? to[0] : undefined;
}
