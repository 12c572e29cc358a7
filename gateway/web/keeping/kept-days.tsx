import { readRetention } from '../api/footage.ts';
import { routeHash } from '../route.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { keptWords } from './kept-words.ts';

/**
 * Beside field ๙ of a camera whose recordings are kept for longer than it says: a field that was lowered deletes nothing, and
 * whoever reads 7 there is told of the 30.
 */
export function KeptDays({ cameraId, fieldDays }: { cameraId: string; fieldDays: number | null }) {
  const { t, language } = useLanguage();
  const { value } = useLoaded((signal) => readRetention(cameraId, signal), [cameraId, fieldDays]);
  if (value === undefined || value.days <= value.inventoryDays) return null;
  return (
    <small>
      {keptWords(value, t, language)}{' '}
      <a href={routeHash({ view: 'keeping' })}>{t('keeping.kept.toKeeping')}</a>
    </small>
  );
}
