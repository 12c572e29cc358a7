import { ActionIcon, Loader } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { ApiError } from '../api/call.ts';
import { useLanguage } from '../use-language.ts';
import type { WordKey } from '../word-key.ts';
import { withMissing, type Lane, type LaneGap, type LaneView } from './lane.ts';
import type { Stage } from './stage.ts';
import { emptyWords } from './stills.ts';

/** One camera's picture at the moment of the clock, or why there is none. */
export function FootagePicture(props: {
  stage: Stage;
  cameraId: string;
  name: string;
  number: number;
  lane: Lane | undefined;
  /** What of it could not be read. */
  missing: readonly LaneGap[];
  /** Why its timeline could not be read the last time. */
  failed: ApiError | undefined;
  view: LaneView;
  wallMs: number;
  /** Undefined: it is not known yet whose camera it is. */
  mayPlay: boolean | undefined;
  /** Nobody may: it is counted only. */
  isClosed: boolean;
  /** Undefined: nobody may, or it is known to be of no use. */
  onStill: (() => void) | undefined;
  onRemove: () => void;
}) {
  const { t, language } = useLanguage();
  const { stage, cameraId, lane, missing, failed, view, wallMs, mayPlay, onStill } = props;
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (element === null || mayPlay !== true) return undefined;
    return stage.add(cameraId, element);
  }, [stage, cameraId, mayPlay]);
  useEffect(() => {
    stage.setLane(cameraId, lane);
    return () => stage.setLane(cameraId, undefined);
  }, [stage, cameraId, lane]);
  const read = lane && withMissing(lane, missing);
  const empty = emptyWords(read, wallMs, language);
  // All time that was read is footage, a gap, or deleted: of another moment nothing is known while the timeline cannot be read.
  const isKnown = empty !== '' || failed === undefined;
  const words =
    mayPlay === false
      ? props.isClosed
        ? 'footage.closedArea'
        : 'footage.notPlayed'
      : view === 'unknown' || (view === 'gap' && !isKnown)
        ? notReadWords(failed)
        : wordsOf(view);

  return (
    <figure className="footage-picture" data-camera-id={cameraId} data-view={view}>
      <video ref={video} muted playsInline data-camera-id={cameraId} />
      {view === 'gap' && isKnown && (
        <div className="footage-over">
          <strong>{t('footage.noPicture')}</strong>
          {empty !== '' && <span>{empty}</span>}
        </div>
      )}
      {view === 'loading' && (
        <div className="footage-corner" role="status">
          <Loader size="xs" color="gray" /> {t('footage.loading')}
        </div>
      )}
      {words !== undefined && <div className="footage-over">{t(words)}</div>}
      <figcaption>
        <b>{props.number}</b>
        <span>{props.name}</span>
        {onStill !== undefined && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={`${t('footage.still')}: ${props.name}`}
            title={t('footage.still')}
            onClick={onStill}
          >
            <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
              <path
                d="M2 5h3l1.2-2h3.6L11 5h3v8H2z M8 11.2a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8z"
                fill="none"
                stroke="currentColor"
                strokeWidth="1.3"
              />
            </svg>
          </ActionIcon>
        )}
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={`${t('footage.remove')}: ${props.name}`}
          title={t('footage.remove')}
          onClick={props.onRemove}
        >
          ✕
        </ActionIcon>
      </figcaption>
    </figure>
  );
}

function notReadWords(failed: ApiError | undefined): WordKey | undefined {
  if (failed === undefined) return undefined;
  return failed.code === 'no_answer' ? 'lost.title' : 'footage.notRead';
}

function wordsOf(view: LaneView): WordKey | undefined {
  if (view === 'failed') return 'footage.failed';
  return view === 'unplayable' ? 'footage.unplayable' : undefined;
}
