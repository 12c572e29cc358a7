import { dayOf, dayStartMs } from '../thai-day.ts';
import { wholeOf, type Selection } from './selection.ts';

/** What the address of the screen holds: which cameras, which day, what moment of it, and what is selected (pure). */
export interface RecordingsQuery {
  cameraIds: readonly string[];
  day: string;
  /** Unix ms, of the day. */
  atMs: number | undefined;
  /** Of this day or others. */
  selection: Selection;
}

export const MAX_CAMERAS = 4;

/** What an address says that cannot be is left out: a moment of another day, a selection that ends before it begins or is longer than any. */
export function parseQuery(query: string, nowMs: number): RecordingsQuery {
  const given = new URLSearchParams(query);
  const cameraIds = [...new Set((given.get('cameras') ?? '').split(','))]
    .filter((id) => id !== '')
    .slice(0, MAX_CAMERAS);
  const at = timeOf(given.get('at'));
  const today = dayOf(nowMs);
  const named = given.get('day') ?? (at === undefined ? today : dayOf(at));
  const day = Number.isNaN(dayStartMs(named)) || named > today ? today : named;
  return {
    cameraIds,
    day,
    atMs: at === undefined || dayOf(at) !== day ? undefined : at,
    selection: selectionOf(timeOf(given.get('from')), timeOf(given.get('to'))),
  };
}

export function queryText({ cameraIds, day, atMs, selection }: RecordingsQuery): string {
  const query = new URLSearchParams();
  if (cameraIds.length > 0) query.set('cameras', cameraIds.join(','));
  query.set('day', day);
  for (const [name, ms] of [
    ['at', atMs],
    ['from', selection.fromMs],
    ['to', selection.toMs],
  ] as const) {
    if (ms !== undefined) query.set(name, new Date(ms).toISOString());
  }
  // Ids and days need no percent signs.
  return query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
}

function timeOf(text: string | null): number | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

function selectionOf(fromMs: number | undefined, toMs: number | undefined): Selection {
  if (fromMs === undefined) return {};
  return toMs === undefined ? { fromMs } : (wholeOf({ fromMs, toMs }) ?? {});
}
