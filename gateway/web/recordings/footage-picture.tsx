import { ActionIcon, Loader } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { ApiError } from '../api/call.ts';
import { useLanguage } from '../use-language.ts';
import type { WordKey } from '../word-key.ts';
import { gapWords } from './gap-words.ts';
import { at, type Lane } from './lane.ts';
import type { LaneView, Stage } from './stage.ts';

/** One camera's picture at the moment of the clock, or why there is none. */
export function FootagePicture(props: {
  stage: Stage;
  cameraId: string;
  name: string;
  number: number;
  lane: Lane | undefined;
  /** Why its timeline could not be read the last time. */
  failed: ApiError | undefined;
  view: LaneView;
  wallMs: number;
  /** Undefined: it is not known yet whose camera it is. */
  mayPlay: boolean | undefined;
  onRemove: () => void;
}) {
  const { t, language } = useLanguage();
  const { stage, cameraId, lane, failed, view, wallMs, mayPlay } = props;
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
  const gap = lane === undefined ? undefined : at(lane.gaps, wallMs);
  // All time that was read is footage or a gap: of another moment nothing is known while the timeline cannot be read.
  const isKnown = gap !== undefined || failed === undefined;
  const words =
    mayPlay === false
      ? 'footage.notPlayed'
      : view === 'unknown' || (view === 'gap' && !isKnown)
        ? notReadWords(failed)
        : wordsOf(view);

  return (
    <figure className="footage-picture" data-camera-id={cameraId} data-view={view}>
      <video ref={video} muted playsInline data-camera-id={cameraId} />
      {view === 'gap' && isKnown && (
        <div className="footage-over">
          <strong>{t('footage.noPicture')}</strong>
          {gap !== undefined && <span>{gapWords(gap, language)}</span>}
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
