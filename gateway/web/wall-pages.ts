/** Tiles in the page at a time: what 1,000 cameras may cost in DOM nodes. */
export const tilesPerPage = 48;

export interface WallPage<T> {
  tiles: T[];
  /** From 1, moved back when the filter left fewer pages. */
  page: number;
  pages: number;
  /** Position of the first and last tile in the whole list, from 1; both 0 when it is empty. */
  first: number;
  last: number;
}

export function wallPage<T>(all: readonly T[], wantedPage: number): WallPage<T> {
  const pages = Math.max(1, Math.ceil(all.length / tilesPerPage));
  const page = Math.min(Math.max(1, Math.trunc(wantedPage)), pages);
  const start = (page - 1) * tilesPerPage;
  const tiles = all.slice(start, start + tilesPerPage);
  return {
    tiles,
    page,
    pages,
    first: tiles.length === 0 ? 0 : start + 1,
    last: start + tiles.length,
  };
}
