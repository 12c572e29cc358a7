import type { Place } from './area.ts';
import type { FormerName, FormerSource } from './former-names.ts';

/** A name that the rows of an inventory may use, though the list calls nothing so any more. */
export interface LeadingName {
  /** `laoKey` */
  key: string;
  why: 'merged' | 'corrected';
  /** LAOs as they are called now. Several: each was called so, and the name leads to none of them. */
  to: readonly Place[];
}

/** The same of a budget source. */
export interface LeadingSource {
  /** `budgetSourceKey` */
  key: string;
  why: LeadingName['why'];
  to: readonly string[];
}

/** The same of a site, which is called so within its LAO alone. */
export interface LeadingSite {
  /** `laoKey` */
  lao: string;
  /** `matchKey` */
  key: string;
  to: string;
}

/** Of all lists, all that there are. */
export interface ListedNames {
  laos: readonly LeadingName[];
  budgetSources: readonly LeadingSource[];
  sites: readonly LeadingSite[];
  /** Keys of the names that the lists have: a row's name that is neither of these nor a leading one is entered as proposed. */
  known: { laos: readonly string[]; budgetSources: readonly string[] };
}

/** With where it lay, and the ids of what it leads to. */
export interface LeadingRow extends LeadingName {
  at: Omit<Place, 'name'>;
  ids: readonly string[];
}

interface ListedRow extends Place {
  id: string;
  match_key: string | null;
  merged_into: string | null;
}

/** Of all rows of the list, and all names that they had. What an LAO is called now, or was merged under, is nobody's former name. */
export function leadingRows(
  rows: readonly ListedRow[],
  former: readonly FormerName[],
): LeadingRow[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const nowOf = (id: string): ListedRow | undefined => {
    const row = byId.get(id);
    return row?.merged_into == null ? row : byId.get(row.merged_into);
  };
  const leading: LeadingRow[] = [];
  for (const { match_key: key, merged_into, ...at } of rows) {
    const into = merged_into === null ? undefined : byId.get(merged_into);
    if (key === null || into === undefined) continue;
    leading.push({ key, why: 'merged', at, to: [placeOf(into)], ids: [into.id] });
  }
  const borne = new Set(rows.map(({ match_key }) => match_key));
  for (const [key, names] of Map.groupBy(former, ({ match_key }) => match_key)) {
    const [at] = names;
    if (at === undefined || borne.has(key)) continue;
    // Two of them may have been merged into one since.
    const led = new Map(names.map(({ lao_id }) => [nowOf(lao_id)?.id, nowOf(lao_id)]));
    const to = [...led.values()].filter((row) => row !== undefined);
    const ids = to.map(({ id }) => id);
    if (to.length > 0) leading.push({ key, why: 'corrected', at, to: to.map(placeOf), ids });
  }
  return leading;
}

/** Of all rows of the list, and all names that they had. */
export function leadingSources(
  rows: readonly {
    id: string;
    name: string;
    match_key: string | null;
    merged_into: string | null;
  }[],
  former: readonly FormerSource[],
): LeadingSource[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const nowOf = (id: string): string | undefined => {
    const row = byId.get(id);
    return row?.merged_into == null ? row?.name : byId.get(row.merged_into)?.name;
  };
  const leading: LeadingSource[] = [];
  for (const { id, match_key: key, merged_into } of rows) {
    const to = nowOf(id);
    if (key === null || merged_into === null || to === undefined) continue;
    leading.push({ key, why: 'merged', to: [to] });
  }
  const borne = new Set(rows.map(({ match_key }) => match_key));
  for (const [key, names] of Map.groupBy(former, ({ match_key }) => match_key)) {
    if (borne.has(key)) continue;
    const to = new Set(names.map(({ budget_source_id }) => nowOf(budget_source_id)));
    to.delete(undefined);
    if (to.size > 0) leading.push({ key, why: 'corrected', to: [...to] as string[] });
  }
  return leading;
}

function placeOf({ name, district, province }: Place): Place {
  return { name, district, province };
}
