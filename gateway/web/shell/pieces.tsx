import { Alert, Button, CopyButton, Loader, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ApiError } from '../api/call.ts';
import { useLanguage } from '../use-language.ts';
import { errorWords } from './error-words.ts';

/** A screen beside the wall: its name, what can be done, and the rest. */
export function Page(props: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <main className="page">
      <div className="page-head">
        <Title order={2}>{props.title}</Title>
        <div className="page-actions">{props.actions}</div>
      </div>
      {props.children}
    </main>
  );
}

export function Failure(props: { error: ApiError | undefined; onRetry?: () => void }) {
  const { t, language } = useLanguage();
  const { error, onRetry } = props;
  if (error === undefined) return null;
  return (
    <Alert color="red" variant="light" role="alert" className="failure">
      <div className="failure-line">
        <span>{errorWords(error, language)}</span>
        {onRetry !== undefined && (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            {t('tryAgain')}
          </Button>
        )}
      </div>
    </Alert>
  );
}

export function Waiting({ words }: { words?: string }) {
  const { t } = useLanguage();
  return (
    <div className="waiting" role="status">
      <Loader size="sm" color="gray" />
      <Text>{words ?? t('reading')}</Text>
    </div>
  );
}

/** Nothing is here, why, and what to do about it. */
export function Nothing(props: { title: string; children?: ReactNode }) {
  return (
    <div className="nothing" role="status">
      <Title order={3}>{props.title}</Title>
      {props.children}
    </div>
  );
}

/** A text that is shown once, to be taken away: a link, a token, codes. */
export function ToTakeAway({ label, text }: { label: string; text: string }) {
  const { t } = useLanguage();
  return (
    <div className="take-away">
      <code aria-label={label} tabIndex={0}>
        {text}
      </code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button size="compact-sm" variant="default" onClick={copy}>
            {copied ? t('copied') : t('copy')}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
