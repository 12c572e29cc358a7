import type { Place } from './area.ts';
import type { FormerName } from './former-names.ts';

/** A name that the rows of an inventory may use, though the list calls nothing so any more. */
export interface LeadingName {
  /** `laoKey` */
  key: string;
  why: 'merged' | 'corrected';
  /** LAOs as they are called now. Several: each was called so, and the name leads to none of them. */
  to: readonly Place[];
}

/** A budget source that was merged into another. */
export interface LeadingSource {
  /** `budgetSourceKey` */
  key: string;
  to: string;
}

/** Of both lists, all that there are. */
export interface LeadingNames {
  laos: readonly LeadingName[];
  budgetSources: readonly LeadingSource[];
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

/** Of all rows of the list. */
export function leadingSources(
  rows: readonly {
    id: string;
    name: string;
    match_key: string | null;
    merged_into: string | null;
  }[],
): LeadingSource[] {
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return rows.flatMap(({ match_key: key, merged_into }) => {
    const to = merged_into === null ? undefined : names.get(merged_into);
    return key === null || to === undefined ? [] : [{ key, to }];
  });
}

function placeOf({ name, district, province }: Place): Place {
  return { name, district, province };
}
