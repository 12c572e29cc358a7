import type { FieldChange } from './camera-changes.ts';
import { redactStreamAddress } from './redact-stream-address.ts';

const addressFields: ReadonlySet<string> = new Set([
  'stream.url',
  'stream.subUrl',
  'stream.snapshotUrl',
]);

/** `camera_changes.changes` without secrets in the addresses of streams, before and after; the same text where it has none. */
export function redactHistory(changes: string): string {
  if (!changes.includes('"stream.')) return changes;
  const redacted = (JSON.parse(changes) as FieldChange[]).map(([field, ...values]) => [
    field,
    ...values.map((value) =>
      addressFields.has(field) && typeof value === 'string' ? redactStreamAddress(value) : value,
    ),
  ]);
  return JSON.stringify(redacted);
}
