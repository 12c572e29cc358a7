import { dayOf, dayStartMs } from '../thai-day.ts';

/** What the address of the screen holds: which cameras, which day, and from when (pure). */
export interface RecordingsQuery {
  cameraIds: readonly string[];
  day: string;
  /** Unix ms. */
  atMs: number | undefined;
}

export const MAX_CAMERAS = 4;

export function parseQuery(query: string, nowMs: number): RecordingsQuery {
  const given = new URLSearchParams(query);
  const cameraIds = [...new Set((given.get('cameras') ?? '').split(','))]
    .filter((id) => id !== '')
    .slice(0, MAX_CAMERAS);
  const atMs = Date.parse(given.get('at') ?? '');
  const today = dayOf(nowMs);
  const named = given.get('day') ?? (Number.isNaN(atMs) ? today : dayOf(atMs));
  const day = Number.isNaN(dayStartMs(named)) || named > today ? today : named;
  return {
    cameraIds,
    day,
    atMs: Number.isNaN(atMs) || dayOf(atMs) !== day ? undefined : atMs,
  };
}

export function queryText({ cameraIds, day, atMs }: RecordingsQuery): string {
  const query = new URLSearchParams();
  if (cameraIds.length > 0) query.set('cameras', cameraIds.join(','));
  query.set('day', day);
  if (atMs !== undefined) query.set('at', new Date(atMs).toISOString());
  // Ids and days need no percent signs.
  return query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
}
