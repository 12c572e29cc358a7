import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { readStorageState, type StorageState } from '../api/storage.ts';
import { moment } from '../buddhist-date.ts';
import { useLanguage } from '../use-language.ts';
import { useRoute } from '../use-page-state.ts';
import { useSignedIn } from './signed-in.ts';
import { isLosing, sizeWords, storageWords, waitingShare } from './storage-words.ts';

const ASK_EVERY_MS = 30_000;
/** As in shell.css. Several notices with what to do about each would leave a telephone no room for its screen. */
const NARROW = '(max-width: 48em)';

/** What is wrong with recording and its store, above every screen of those who watch over the system; until it is mended. */
export function StorageAlarm() {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const { view } = useRoute();
  const [state, setState] = useState<StorageState>();
  const mayAsk = may('metrics.read');
  const folded = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false });

  // Also when another screen is opened.
  useEffect(() => {
    if (!mayAsk) return undefined;
    const asking = new AbortController();
    const ask = (): void => {
      if (document.hidden) return;
      readStorageState(asking.signal).then(setState, () => {
        // What was told last stays until the gateway says otherwise; that it is out of reach, the screen itself tells.
      });
    };
    ask();
    const timer = setInterval(ask, ASK_EVERY_MS);
    document.addEventListener('visibilitychange', ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
      asking.abort();
    };
  }, [mayAsk, view]);

  if (!mayAsk || state === undefined || state.notices.length === 0) return null;
  const { notices, waiting } = state;
  return (
    <aside
      className="storage-alarm"
      data-losing={notices.some(({ code }) => isLosing(code))}
      aria-label={t('storageAlarm.label')}
    >
      <ul role="alert">
        {notices.map(({ code, since, files, where }) => {
          const { title, todo } = storageWords(code, language);
          const what = (
            <>
              <strong>{title}</strong>{' '}
              {files && (
                <span>
                  {t('storageAlarm.files', {
                    count: files.count.toLocaleString('en'),
                    size: sizeWords(files.bytes),
                  })}{' '}
                </span>
              )}
              {where && <span>{where.join(', ')} </span>}
              <span className="storage-alarm-since">
                {t('since', { time: moment(since, Date.now(), language) })}
              </span>
            </>
          );
          return (
            <li key={code}>
              {folded ? (
                <details>
                  <summary>{what}</summary>
                  {todo}
                </details>
              ) : (
                <>
                  {what}
                  <span>{todo}</span>
                </>
              )}
            </li>
          );
        })}
      </ul>
      {waiting.recordings > 0 && (
        <small>
          {t('storageAlarm.waiting', {
            recordings: waiting.recordings.toLocaleString('en'),
            share: waitingShare(state, Date.now()),
          })}
        </small>
      )}
    </aside>
  );
}
