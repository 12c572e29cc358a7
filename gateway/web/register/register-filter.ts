/** The register's filter as it stands in the address, so that a view can be bookmarked, saved and sent. Pure. */

/** Names as in the API's query (GET /api/v1/cameras). */
export const filterNames = [
  'q',
  'province',
  'district',
  'lao',
  'purpose',
  'declared',
  'observed',
  'brand',
  'scope',
  'budgetSource',
  'deleted',
] as const;
export type FilterName = (typeof filterNames)[number];
export type RegisterFilter = Readonly<Partial<Record<FilterName, string>>>;

export function filterOf(query: string): RegisterFilter {
  const given = new URLSearchParams(query);
  return Object.fromEntries(
    filterNames.flatMap((name) => {
      const text = given.get(name)?.trim() ?? '';
      return text === '' ? [] : [[name, text]];
    }),
  );
}

export function filterQuery(filter: RegisterFilter): string {
  const query = new URLSearchParams();
  for (const name of filterNames) {
    const text = filter[name]?.trim() ?? '';
    if (text !== '') query.set(name, text);
  }
  return query.toString();
}

/** Narrower places go with the wider one that they lie in. */
export function withFilter(
  filter: RegisterFilter,
  change: Partial<Record<FilterName, string>>,
): RegisterFilter {
  const next = { ...filter, ...change };
  if (change.province !== undefined && change.province !== filter.province) {
    next.district = change.district ?? '';
    next.lao = change.lao ?? '';
  }
  return next;
}
