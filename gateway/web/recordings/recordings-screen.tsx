import { Button, VisuallyHidden } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import type { TimeRange } from '../api/footage.ts';
import { routeHash } from '../route.ts';
import { GatewayLost } from '../notices.tsx';
import { Failure, Nothing } from '../shell/pieces.tsx';
import { useLanguage } from '../use-language.ts';
import { goTo, noteRoute } from '../use-page-state.ts';
import { CameraChoice } from './camera-choice.tsx';
import { DAY_MS, dayStartMs } from '../thai-day.ts';
import { DayChoice } from './day-choice.tsx';
import { parseQuery, queryText, type RecordingsQuery } from './query.ts';
import './recordings.css';
import { Review, type Change, type Here } from './review.tsx';
import { useLanes } from './use-lanes.ts';

/** The address follows the clock so often: browsers refuse more than a hundred changes in half a minute. */
const NOTE_MS = 500;

/** Footage of up to four cameras on one day, in step. */
export default function RecordingsScreen({ query }: { query: string }) {
  const { t } = useLanguage();
  const asked = useMemo(() => parseQuery(query, Date.now()), [query]);
  const { cameraIds, day } = asked;
  const range = useMemo<TimeRange>(() => {
    const fromMs = dayStartMs(day);
    return { fromMs, toMs: fromMs + DAY_MS };
  }, [day]);
  const found = useLanes(cameraIds, range);

  const here = useRef<Here>(asked);
  const noted = useRef(query);
  const shown = (): RecordingsQuery =>
    here.current.day === day ? { ...asked, ...here.current } : asked;
  const note = (): void => {
    const text = queryText(shown());
    if (text === noted.current) return;
    noted.current = text;
    noteRoute({ view: 'recordings', query: text });
  };
  useEvery(NOTE_MS, note);

  /** A step of the browser's history: back leads to what is looked at now. */
  const change = (part: Change): void => {
    note();
    const next = { ...shown(), ...part };
    // What is selected stays: it may begin on one day and end on the next.
    const ofAnotherDay = next.day === day ? {} : { atMs: part.atMs };
    goTo({ view: 'recordings', query: queryText({ ...next, ...ofAnotherDay }) });
  };

  return (
    <main className="page recordings">
      <VisuallyHidden component="h2">{t('footage.title')}</VisuallyHidden>
      <div className="footage-choice">
        <CameraChoice
          cameraIds={cameraIds}
          cameras={found.cameras}
          onChange={(ids) => change({ cameraIds: ids })}
        />
        <DayChoice day={day} onChange={(chosen) => change({ day: chosen })} />
        <Button component="a" variant="default" href={routeHash({ view: 'keeping' })}>
          {t('footage.keeping')}
        </Button>
      </div>
      {found.lost && <GatewayLost heardAtMs={found.heardAtMs} onRetry={found.reload} />}
      <Failure error={found.error} onRetry={found.reload} />
      {cameraIds.length === 0 ? (
        <Nothing title={t('footage.choose.title')}>
          <p>{t('footage.choose.words')}</p>
        </Nothing>
      ) : (
        <Review
          key={day}
          asked={asked}
          isNoted={query === noted.current}
          range={range}
          found={found}
          here={here}
          onChange={change}
        />
      )}
    </main>
  );
}

function useEvery(ms: number, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const timer = setInterval(() => latest.current(), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
