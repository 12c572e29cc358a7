import { Alert, Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { testConnection, type ConnectionTest } from '../api/cameras.ts';
import { codecName } from '../codec.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { adviceWords, reasonWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';
import { Still } from './still.tsx';

/** Tries the address as it stands in the form: the first picture, or why there is none and what to do. */
export function ConnectionTester(props: {
  stream: { url: string; username: string | null; password: string | null; transport: string };
}) {
  const { t, language } = useLanguage();
  const { url, username, password, transport } = props.stream;
  const [test, setTest] = useState<ConnectionTest>();
  const act = useAct();
  // A result is of the address that was tried, and of no other.
  useEffect(() => setTest(undefined), [url, username, password, transport]);
  const advice = test === undefined ? undefined : adviceWords(test.result, language);
  return (
    <div className="tester">
      <Button
        variant="default"
        loading={act.busy}
        disabled={url === ''}
        onClick={() =>
          void act.run(async () =>
            setTest(await testConnection({ url, username, password, transport })),
          )
        }
      >
        {t('test.run')}
      </Button>
      {act.busy && <Waiting words={t('test.running')} />}
      {act.error !== undefined && act.error.issues.length > 0 ? (
        <Alert variant="light" color="red" role="alert">
          {t('check.address')}
        </Alert>
      ) : (
        <Failure error={act.error} />
      )}
      {test !== undefined && !act.busy && (
        <Alert
          variant="light"
          role="status"
          color={test.result === 'ok' ? 'green' : 'red'}
          title={test.result === 'ok' ? t('test.ok') : reasonWords(test.result, language)}
        >
          {test.result === 'ok' ? (
            <>
              <p>
                {[
                  test.codec === null ? null : codecName(test.codec),
                  test.width === null ? null : `${test.width}×${test.height}`,
                  test.frameRate === null
                    ? null
                    : t('test.rate', { value: Math.round(test.frameRate * 10) / 10 }),
                  test.transport.toUpperCase(),
                ]
                  .filter((words) => words !== null)
                  .join(' · ')}
              </p>
              {test.still === null ? (
                <p>{t('test.noStill')}</p>
              ) : (
                <Still base64={test.still} label={t('test.still')} />
              )}
            </>
          ) : (
            <>
              {advice !== undefined && <p>{advice}</p>}
              <code>{test.detail}</code>
            </>
          )}
        </Alert>
      )}
    </div>
  );
}
