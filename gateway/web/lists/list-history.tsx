import { readListHistory, type ListName } from '../api/lists.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { authorName } from '../condition/author-name.ts';
import { Dialog } from '../shell/dialog.tsx';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { listFieldLabel, listValueWords } from './list-words.ts';

/** What became of a row: by whom, when, from what to what. */
export function ListHistory(props: {
  list: ListName;
  row: { id: string; name: string };
  onClose: () => void;
}) {
  const { t, language } = useLanguage();
  const { list, row, onClose } = props;
  const history = useLoaded((signal) => readListHistory(list, row.id, signal), [list, row.id]);
  return (
    <Dialog title={t('lists.historyOf', { name: row.name })} size="lg" onClose={onClose}>
      <section className="history" aria-label={t('lists.history')}>
        <Failure error={history.error} onRetry={history.reload} />
        {history.value === undefined && history.loading && <Waiting />}
        {history.value?.length === 0 && <p>{t('lists.noHistory')}</p>}
        <ol>
          {history.value?.map((entry) => (
            <li key={entry.version}>
              <p>
                <strong>{authorName(entry.author, language)}</strong>
                <small>{dateAndTime(entry.at, language)}</small>
              </p>
              <dl>
                {entry.changes.map(({ field, before, after }) => (
                  <div key={field}>
                    <dt>{listFieldLabel(field, language)}</dt>
                    <dd>
                      <del aria-label={t('history.before')}>
                        {listValueWords(field, before, language)}
                      </del>{' '}
                      →{' '}
                      <ins aria-label={t('history.after')}>
                        {listValueWords(field, after, language)}
                      </ins>
                    </dd>
                  </div>
                ))}
              </dl>
            </li>
          ))}
        </ol>
      </section>
    </Dialog>
  );
}
