import { Title } from '@mantine/core';
import { readHistory, type CameraVersion } from '../api/cameras.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { fieldLabel, fieldValueWords } from './field-words.ts';

/** Every change: who, when, what stood there before and what after. Read anew with each `version`. */
export function CameraHistory({ cameraId, version }: { cameraId: string; version: number }) {
  const { t, language } = useLanguage();
  const history = useLoaded((signal) => readHistory(cameraId, signal), [cameraId, version]);
  return (
    <section className="card history" aria-label={t('history.title')}>
      <Title order={3}>{t('history.title')}</Title>
      <Failure error={history.error} onRetry={history.reload} />
      {history.value === undefined && history.loading && <Waiting />}
      {history.value?.length === 0 && <p>{t('history.none')}</p>}
      <ol>
        {history.value?.map((entry) => (
          <li key={entry.version}>
            <p>
              <strong>
                {t(`history.${entry.action as 'created'}`, { defaultValue: entry.action })}
              </strong>{' '}
              {entry.author.name === '' ? t('history.nobody') : entry.author.name}
              {entry.author.proxyFor !== null &&
                ` ${t('source.proxy', { lao: entry.author.proxyFor })}`}
              <small>
                {dateAndTime(entry.at, language)} ·{' '}
                {t(`source.${entry.source as 'declared'}`, { defaultValue: entry.source })}
              </small>
            </p>
            {entry.reason !== null && <p>{t('history.reason', { reason: entry.reason })}</p>}
            {entry.action === 'changed' && <FieldChanges changes={entry.changes} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What stood in each field before, and what after. */
export function FieldChanges({ changes }: Pick<CameraVersion, 'changes'>) {
  const { t, language } = useLanguage();
  return (
    <dl>
      {changes.map(({ field, before, after }) => (
        <div key={field}>
          <dt>{fieldLabel(field, language)}</dt>
          <dd>
            <del aria-label={t('history.before')}>{fieldValueWords(field, before, language)}</del> →{' '}
            <ins aria-label={t('history.after')}>{fieldValueWords(field, after, language)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}
