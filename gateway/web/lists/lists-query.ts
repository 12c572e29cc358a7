import type { ListName } from '../api/lists.ts';

/** Which list, and what of it, as it stands in the address. Pure. */
export interface ListsQuery {
  list: ListName;
  q: string;
  province: string;
  district: string;
  /** Empty: all that cameras can be registered under. */
  status: string;
}

export const listNames = ['laos', 'budget-sources', 'sites'] as const satisfies ListName[];
const filters = ['q', 'province', 'district', 'status'] as const;

export function listsQueryOf(query: string): ListsQuery {
  const given = new URLSearchParams(query);
  const [q, province, district, status] = filters.map((name) => given.get(name)?.trim() ?? '');
  return {
    list: listNames.find((name) => name === given.get('list')) ?? 'laos',
    q: q ?? '',
    province: province ?? '',
    district: district ?? '',
    status: status ?? '',
  };
}

export function listsQueryText(wanted: ListsQuery): string {
  const query = new URLSearchParams(wanted.list === 'laos' ? {} : { list: wanted.list });
  for (const name of filters) {
    if (wanted[name].trim() !== '') query.set(name, wanted[name].trim());
  }
  return query.toString();
}

/** Of what was read at once, a page is drawn. */
export const PAGE_ROWS = 50;

export function pageOf<Row>(rows: readonly Row[], page: number): { rows: Row[]; pages: number } {
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_ROWS));
  const at = Math.min(page, pages - 1) * PAGE_ROWS;
  return { rows: rows.slice(at, at + PAGE_ROWS), pages };
}
