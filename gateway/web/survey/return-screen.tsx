import { Alert, Button, Title } from '@mantine/core';
import { useState } from 'react';
import { readReturn, workbookAddress, type ReturnDetail } from '../api/survey.ts';
import { dateAndTime, dayWords, minuteWords } from '../buddhist-date.ts';
import { authorName } from '../condition/author-name.ts';
import { routeHash } from '../route.ts';
import { Failure, Page, Waiting } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { useUnsaved } from '../use-page-state.ts';
import { FilledForm } from './filled-form.tsx';
import { RetakeCard } from './retake-card.tsx';
import { ReturnActs } from './return-acts.tsx';
import { ReturnCameras } from './return-cameras.tsx';
import { ReturnRows } from './return-rows.tsx';
import { ReturnState, ReturnTable } from './return-table.tsx';
import { unsavedNotes, type TypedNotes } from './typed-notes.ts';
import { versionState } from './version-state.ts';

/**
 * One return, of an LAO, a district or a province: looked at by whoever may read it, filled in and signed by its own level,
 * accepted or sent back by the next. What each may do comes with it (`mayDo`).
 */
export default function ReturnScreen(props: { returnId: string; version: number | null }) {
  const { t } = useLanguage();
  const { returnId, version } = props;
  const read = useLoaded((signal) => readReturn(returnId, version, signal), [returnId, version]);
  const [changed, setChanged] = useState<ReturnDetail>();
  const [typed, setTyped] = useState<TypedNotes>({});
  // What an act answered is newer than what was read, until the next reading.
  const value = changed ?? read.value;
  const reread = (): void => {
    setChanged(undefined);
    read.reload();
  };
  const isNewest = value !== undefined && value.shown.version === value.version;
  const mayFill = isNewest && value.mayDo.includes('fill');
  const notes = value !== undefined && mayFill ? unsavedNotes(value.rows, typed) : [];
  useUnsaved(notes.length > 0);
  const noted = (saved: ReturnDetail): void => {
    setTyped({});
    setChanged(saved);
  };
  return (
    <Page
      title={value === undefined ? t('rounds.title') : t('returns.title', { name: value.name })}
      actions={
        value !== undefined && (
          <>
            <Button
              component="a"
              variant="default"
              href={routeHash({ view: 'round', roundId: value.roundId })}
            >
              {t('returns.toRound')}
            </Button>
            <Button
              component="a"
              variant="default"
              href={routeHash({ view: 'print', returnId, version: value.shown.version })}
            >
              {t('returns.print')}
            </Button>
            <Button
              component="a"
              variant="default"
              href={workbookAddress(returnId, value.shown.version)}
              download
            >
              {t('returns.excel')}
            </Button>
          </>
        )
      }
    >
      <Failure error={read.error} onRetry={reread} />
      {value === undefined && read.loading && <Waiting />}
      {value !== undefined && (
        <>
          <ReturnHead value={value} isNewest={isNewest} />
          {isNewest && (
            <ReturnActs value={value} notes={notes} onChanged={noted} onStale={reread} />
          )}
          <ReturnRows
            key={`${value.shown.version} ${value.state}`}
            value={value}
            mayFill={mayFill}
            typed={typed}
            onTyped={setTyped}
            onChanged={noted}
          />
          {value.children.length > 0 && (
            <section className="card" aria-label={t('returns.parts')}>
              <Title order={3}>{t('returns.parts')}</Title>
              <ReturnTable returns={value.children} />
            </section>
          )}
          {value.level === 'lao' && (
            <ReturnCameras value={value} isNewest={isNewest} onChanged={setChanged} />
          )}
          {mayFill && value.level === 'lao' && value.shown.source === 'registry' && (
            <RetakeCard value={value} onChanged={setChanged} />
          )}
          {mayFill && value.level === 'lao' && <FilledForm value={value} onChanged={setChanged} />}
          <Versions value={value} />
        </>
      )}
    </Page>
  );
}

function ReturnHead({ value, isNewest }: { value: ReturnDetail; isNewest: boolean }) {
  const { t, language } = useLanguage();
  const { shown } = value;
  const late = isNewest && value.late;
  const sentBackReason = isNewest ? value.sentBackReason : shown.reason;
  return (
    <>
      <p className="page-under">
        <ReturnState state={isNewest ? value.state : versionState(shown, value)} />{' '}
        {[value.level === 'lao' ? value.district : null, value.province]
          .filter(Boolean)
          .join(' · ')}{' '}
        · {t('returns.version', { version: value.shown.version })} ·{' '}
        {t(`returns.to.${value.reportsTo as 'district'}`)} ·{' '}
        <span className={late ? 'overdue' : undefined}>
          {t('returns.due', { time: minuteWords(value.dueAt, language) })}
          {late && ` (${t('rounds.late')})`}
        </span>
        <small>{[value.letterNumber, value.contact].filter(Boolean).join(' · ')}</small>
      </p>
      {!isNewest && (
        <Alert color="yellow" variant="light">
          {t('returns.shownOld', { version: value.shown.version })}{' '}
          <a href={routeHash({ view: 'return', returnId: value.id, version: null })}>
            {t('returns.toNewest')}
          </a>
        </Alert>
      )}
      {sentBackReason !== null && !(isNewest && value.state === 'accepted') && (
        <Alert color="red" variant="light">
          {t('returns.sentBackWhy', { reason: sentBackReason })}
          {isNewest && value.state === 'sent-back' && value.mayDo.includes('sign') && (
            <p>{t(value.level === 'lao' ? 'returns.sentBackTodo' : 'returns.sentBackTodoAbove')}</p>
          )}
        </Alert>
      )}
      {value.shown.source === 'form' && (
        <Alert color="blue" variant="light">
          {t('returns.fromForm')}
        </Alert>
      )}
      {value.stale && (
        <Alert color="yellow" variant="light">
          {t('returns.stale')}
        </Alert>
      )}
    </>
  );
}

/** Every version stays readable. */
function Versions({ value }: { value: ReturnDetail }) {
  const { t, language } = useLanguage();
  return (
    <section className="card history" aria-label={t('returns.versions')}>
      <Title order={3}>{t('returns.versions')}</Title>
      <ol>
        {value.versions.map((one) => {
          const version = one.version === value.version ? null : one.version;
          return (
            <li key={one.version}>
              <p>
                <a href={routeHash({ view: 'return', returnId: value.id, version })}>
                  {t('returns.version', { version: one.version })}
                </a>{' '}
                <ReturnState state={versionState(one, value)} />
                <small>
                  {t('returns.madeBy', {
                    name: authorName(one.madeBy, language),
                    time: dateAndTime(one.madeAt, language),
                  })}
                </small>
                {one.correctionReason !== null && (
                  <small>
                    {t('returns.correctReason')}: {one.correctionReason}
                  </small>
                )}
                {one.signature !== null && (
                  <small>
                    {t('returns.signed', {
                      name: one.signature.name,
                      position: one.signature.position,
                      day: dayWords(one.signature.date, language),
                    })}
                  </small>
                )}
                {one.submittedAt !== null && (
                  <small>
                    {t('returns.sentBy', {
                      name: one.submittedBy?.name,
                      time: dateAndTime(one.submittedAt, language),
                    })}
                  </small>
                )}
                {one.retaken !== null && (
                  <small>
                    {t('returns.retake.taken', {
                      ...one.retaken,
                      name: authorName(one.retaken.by, language),
                      time: dateAndTime(one.retaken.at, language),
                    })}
                  </small>
                )}
                {one.incompleteReason !== null && <small>{one.incompleteReason}</small>}
                {one.decidedAt !== null && (
                  <small>
                    {t('returns.decidedBy', {
                      what: t(`returns.state.${one.state as 'accepted'}`),
                      name: one.decidedBy?.name,
                      time: dateAndTime(one.decidedAt, language),
                    })}
                  </small>
                )}
                {one.reason !== null && (
                  <small>{t('returns.sentBackWhy', { reason: one.reason })}</small>
                )}
              </p>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
