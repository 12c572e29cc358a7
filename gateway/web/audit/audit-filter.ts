import type { AuditFilter } from '../api/audit.ts';

export const everyEntry: AuditFilter = {
  from: '',
  to: '',
  action: '',
  actor: '',
  object: '',
  outcome: '',
};

/**
 * The beginning of a day in Thailand, as the API wants it; empty for an empty field. `daysLater`: 1 for the last day of a
 * range, which is meant whole, and ranges of the API are half-open.
 */
export function startOfDay(date: string, daysLater: 0 | 1): string {
  const atMs = Date.parse(`${date}T00:00:00+07:00`);
  if (Number.isNaN(atMs)) return '';
  return new Date(atMs + daysLater * 86_400_000).toISOString();
}
