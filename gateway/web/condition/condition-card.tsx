import { Button, SegmentedControl, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { readCondition, readDeclarations } from '../api/condition.ts';
import type { CameraDetail } from '../api/cameras.ts';
import { dateAndTime, dayWords, minuteWords } from '../buddhist-date.ts';
import { Failure } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { declaredWords, observedReasonWords, observedWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';
import { authorName } from './author-name.ts';
import { DeclareDialog } from './declare-dialog.tsx';
import { goodShare, stripParts } from './history-strip.ts';
import { declaredReasonWords } from './reason-words.ts';
import { UsualStreamFields } from './usual-stream.tsx';

const spans = { day: 86_400_000, week: 7 * 86_400_000, month: 30 * 86_400_000 } as const;
type Span = keyof typeof spans;

/** Of one camera: what is seen and what is declared, side by side, and both of before. */
export function ConditionCard(props: { camera: CameraDetail; onDeclared: () => void }) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const { camera, onDeclared } = props;
  const [declaring, setDeclaring] = useState(false);
  const declarations = useLoaded(
    (signal) => readDeclarations(camera.id, signal),
    [camera.id, camera.version],
  );
  return (
    <section className="card condition" aria-label={t('condition.title')}>
      <div className="card-head">
        <Title order={3}>{t('condition.title')}</Title>
        {may('camera.declare', camera.lao) && camera.deleted === null && (
          <Button size="compact-sm" onClick={() => setDeclaring(true)}>
            {t('condition.declare')}
          </Button>
        )}
      </div>
      {camera.stream !== null && (
        <>
          {/* A camera that was deleted is not seen; one that came back is asked about anew. */}
          <Seen key={camera.deleted === null ? 'present' : 'deleted'} cameraId={camera.id} />
          <UsualStreamFields camera={camera} />
        </>
      )}
      <Failure error={declarations.error} onRetry={declarations.reload} />
      <h4>{t('condition.declared')}</h4>
      <ol className="declarations" aria-label={t('condition.history')}>
        {declarations.value?.map((one) => (
          <li key={one.id}>
            <strong data-declared={one.status}>{declaredWords(one.status, language)}</strong>{' '}
            {one.reason === 'other' && one.note !== null
              ? one.note
              : [declaredReasonWords(one.status, one.reason, language), one.note]
                  .filter(Boolean)
                  .join(' · ')}
            <small>
              {t('condition.on', { day: dayWords(one.on, language) })} ·{' '}
              {authorName(one.by, language)}
              {one.by.proxyFor !== null && ` ${t('source.proxy', { lao: one.by.proxyFor })}`} ·{' '}
              {t(`condition.from.${one.source as 'register'}`, { defaultValue: one.source })} ·{' '}
              {dateAndTime(one.at, language)}
            </small>
          </li>
        ))}
      </ol>
      {declaring && (
        <DeclareDialog
          camera={camera}
          onClose={() => setDeclaring(false)}
          onDeclared={() => {
            setDeclaring(false);
            onDeclared();
          }}
        />
      )}
    </section>
  );
}

const READ_EVERY_MS = 10_000;

const STRIP_HEIGHT = 20;
const heights: Readonly<Record<string, number>> = { up: 7, degraded: 13, down: STRIP_HEIGHT };

/** The worse, the higher: never by colour alone. What is not known is a thin line. */
function heightOf(state: string): number {
  return heights[state] ?? 2;
}

function Seen({ cameraId }: { cameraId: string }) {
  const { t, language } = useLanguage();
  const [span, setSpan] = useState<Span>('day');
  const condition = useLoaded(
    async (signal) => {
      const toMs = Date.now();
      const fromMs = toMs - spans[span];
      const read = await readCondition(cameraId, new Date(fromMs).toISOString(), signal);
      return { ...read, fromMs, toMs };
    },
    [cameraId, span],
  );
  const { value, reload } = condition;
  // The picture beside it changes by itself.
  useEffect(() => {
    const timer = setInterval(reload, READ_EVERY_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const observed = value?.observed ?? null;
  const parts =
    value === undefined
      ? []
      : stripParts(value.transitions, observed?.state ?? null, value.fromMs, value.toMs);
  const share = goodShare(parts);
  return (
    <>
      <h4>{t('condition.observed')}</h4>
      <Failure error={condition.error} onRetry={condition.reload} />
      {value !== undefined && (
        <p data-observed={observed?.state ?? 'unknown'}>
          {observed === null ? (
            t('condition.notSeen')
          ) : (
            <>
              <strong>{observedWords(observed.state, language)}</strong>{' '}
              {observedReasonWords(observed.reason, language)}
              {observed.flapping && ` · ${t('condition.flapping')}`}
              <small>{t('condition.since', { time: dateAndTime(observed.since, language) })}</small>
            </>
          )}
        </p>
      )}
      <SegmentedControl
        size="xs"
        aria-label={t('condition.strip')}
        value={span}
        onChange={(chosen) => setSpan(chosen)}
        data={(['day', 'week', 'month'] as const).map((one) => ({
          value: one,
          label: t(`condition.stripOf.${one}`),
        }))}
      />
      {value !== undefined && (
        <>
          <svg
            className="strip"
            viewBox={`0 0 1000 ${STRIP_HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={
              share === null ? t('condition.stripNothing') : t('condition.stripShare', { share })
            }
          >
            {parts.map(({ state, fromMs, toMs }) => (
              <rect
                key={fromMs}
                data-state={state}
                x={((fromMs - value.fromMs) / spans[span]) * 1000}
                width={Math.max(1, ((toMs - fromMs) / spans[span]) * 1000)}
                y={STRIP_HEIGHT - heightOf(state)}
                height={heightOf(state)}
              >
                <title>
                  {t('condition.stripPart', {
                    state: observedWords(state, language),
                    from: minuteWords(new Date(fromMs).toISOString(), language),
                    to: minuteWords(new Date(toMs).toISOString(), language),
                  })}
                </title>
              </rect>
            ))}
          </svg>
          <div className="strip-ends">
            <span>{minuteWords(new Date(value.fromMs).toISOString(), language)}</span>
            <span>{t('condition.now')}</span>
          </div>
          <p>
            <small>
              {share === null ? t('condition.stripNothing') : t('condition.stripShare', { share })}
              {value.nextCursor !== null && ` · ${t('condition.truncated')}`}
            </small>
          </p>
        </>
      )}
    </>
  );
}
