import type { CameraRetention } from '../api/footage.ts';
import { dateAndTime } from '../buddhist-date.ts';
import type { Language } from '../language-name.ts';
import type { Translate } from '../use-language.ts';

/** How long they are kept now, and what it waits for. */
export function keptWords(
  { inventoryDays, days, pending }: CameraRetention,
  t: Translate,
  language: Language,
): string {
  const values = { field: inventoryDays, days, pending: pending?.days ?? inventoryDays };
  if (pending?.state === 'requested') return t('keeping.kept.requested', values);
  if (pending?.state === 'approved' && pending.effectiveAt !== null) {
    return t('keeping.kept.approved', {
      ...values,
      time: dateAndTime(pending.effectiveAt, language),
    });
  }
  return t('keeping.kept.longer', values);
}
