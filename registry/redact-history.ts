import type { FieldChange } from './camera-changes.ts';
import { redactStreamAddress } from './redact-stream-address.ts';

/** `camera_changes.changes` without secrets in the addresses of streams, before and after; the same text where it has none. */
export function redactHistory(changes: string): string {
  if (!changes.includes('"stream.')) return changes;
  const redacted = (JSON.parse(changes) as FieldChange[]).map(([field, ...values]) => [
    field,
    ...values.map((value) =>
      (field === 'stream.url' || field === 'stream.subUrl') && typeof value === 'string'
        ? redactStreamAddress(value)
        : value,
    ),
  ]);
  return JSON.stringify(redacted);
}
