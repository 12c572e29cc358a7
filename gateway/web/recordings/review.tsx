import { useEffect, useRef, useState, useSyncExternalStore, type RefObject } from 'react';
import type { TimeRange } from '../api/footage.ts';
import { Failure, Nothing, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { dayOf, shiftedDay } from '../thai-day.ts';
import { useLanguage } from '../use-language.ts';
import { ControlBar } from './control-bar.tsx';
import { FootagePicture } from './footage-picture.tsx';
import { FootageLists, Legend } from './footage-lists.tsx';
import { gapWords } from './gap-words.ts';
import { HelpPanel } from './help-panel.tsx';
import type { KeyAct } from './keys.ts';
import {
  fitting,
  moved,
  nextFootageMs,
  showing,
  withMissing,
  zoomed,
  type Lane,
  type View,
} from './lane.ts';
import type { RecordingsQuery } from './query.ts';
import { RangeDialog } from './range-dialog.tsx';
import { begunAt, endedAt, wholeOf } from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';
import { ClipDialog, HoldDialog, type ChosenCamera } from './selection-dialogs.tsx';
import { Stage } from './stage.ts';
import { nextRate } from './step.ts';
import type { StillCamera } from './stills.ts';
import { TimelineView } from './timeline-view.tsx';
import { useKeys } from './use-keys.ts';
import type { useLanes } from './use-lanes.ts';
import { useStills } from './use-stills.ts';

const BACK_MS = 5_000;
const MINUTE_MS = 60_000;
/** Of what could not be read, above the timeline; the list of gaps has all. */
const SHOWN_LOST = 3;

type Dialog = 'hold' | 'clip' | 'range' | 'help';

/** What of a day is looked at: for the address, which a reload and the browser's Back come to. */
export type Here = Pick<RecordingsQuery, 'day' | 'atMs' | 'selection'>;

/** Of what the address holds. */
export type Change = Partial<Pick<RecordingsQuery, 'cameraIds' | 'day' | 'atMs'>>;

/** The pictures of a day, what is recorded of it, and what can be done with it. */
export function Review(props: {
  asked: RecordingsQuery;
  /** The address was written by this screen, and asks for nothing. */
  isNoted: boolean;
  range: TimeRange;
  found: ReturnType<typeof useLanes>;
  /** Where what is looked at is told. */
  here: RefObject<Here>;
  onChange: (part: Change) => void;
}) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const { asked, isNoted, range, found, here, onChange } = props;
  const { cameraIds, day } = asked;
  const { lanes, cameras, failed } = found;
  /** Undefined: not known yet whose camera it is. */
  const mayOn = (action: string, id: string): boolean | undefined => {
    const camera = cameras.get(id);
    const isShown = action === 'footage.play' || action === 'footage.download';
    return camera && !(isShown && camera.isClosed) && may(action, camera.lao);
  };
  const thoseWith = (action: string): string[] => cameraIds.filter((id) => mayOn(action, id));
  const mayPlay = thoseWith('footage.play').length > 0;
  const downloaded = thoseWith('footage.download');
  const held = thoseWith('footage.hold');
  const stage = useStage(range, asked.atMs ?? range.fromMs);
  const state = useSyncExternalStore(stage.subscribe, stage.state);
  const [view, setView] = useState<View>(range);
  const [selection, setSelection] = useState(asked.selection);
  const [dialog, setDialog] = useState<Dialog>();
  const stills = useStills();
  const goToInput = useRef<HTMLInputElement>(null);
  const placed = useRef(false);

  // A link, or the browser's Back, to another moment of the same day.
  useEffect(() => {
    if (isNoted) return;
    if (asked.atMs !== undefined) stage.seek(asked.atMs);
    setSelection(asked.selection);
  }, [stage, asked, isNoted]);
  // Where it begins by itself needs no words: the day's first footage is found anew.
  here.current = {
    day,
    atMs: state.wallMs === range.fromMs ? undefined : Math.round(state.wallMs),
    selection,
  };

  /** Without what could not be read of its footage. */
  const readable = (id: string): Lane | undefined => {
    const lane = lanes.get(id);
    return lane && withMissing(lane, state.missing.get(id) ?? []);
  };
  const read = cameraIds.every((id) => lanes.has(id) || failed.has(id));
  const all = cameraIds.flatMap((id) => lanes.get(id) ?? []);
  useEffect(() => {
    // Where there is something to see, once that is known.
    if (!read || all.length === 0 || placed.current) return;
    placed.current = true;
    setView(fitting(all, range));
    const first = nextFootageMs(all, range.fromMs);
    if (first !== undefined && asked.atMs === undefined) stage.seek(first);
  });
  useEffect(() => {
    setView((now) => (state.playing ? showing(now, state.wallMs, range) : now));
  }, [state.wallMs, state.playing, range]);

  const nameOf = (id: string): string => cameras.get(id)?.position ?? id;
  const named = (those: readonly string[]): ChosenCamera[] =>
    those.map((id) => ({ id, name: nameOf(id) }));
  const stillOf = (id: string): StillCamera => ({
    id,
    name: nameOf(id),
    view: stage.state().lanes.get(id) ?? 'unknown',
    lane: readable(id),
    mayDownload: downloaded.includes(id),
  });
  const saveStills = (those: readonly string[]): void =>
    void stills.save(those.map(stillOf), stage.state().wallMs);
  const whole = wholeOf(selection);

  const seek = (ms: number): void => {
    stage.seek(ms);
    setView((now) => showing(now, stage.state().wallMs, range));
  };
  const act = (name: KeyAct): void => {
    const { wallMs, playing, rate } = stage.state();
    switch (name) {
      case 'playPause':
        if (!mayPlay) return;
        if (playing) stage.pause();
        else stage.play();
        return;
      case 'back':
        return seek(wallMs - BACK_MS);
      case 'forward':
        return seek(wallMs + BACK_MS);
      case 'backMinute':
        return seek(wallMs - MINUTE_MS);
      case 'forwardMinute':
        return seek(wallMs + MINUTE_MS);
      case 'pictureBack':
        return stage.step(-1);
      case 'pictureForward':
        return stage.step(1);
      case 'slower':
      case 'faster':
        return stage.setRate(nextRate(rate, name === 'faster'));
      case 'previousStretch':
      case 'nextStretch':
        stage.toStretch(name === 'nextStretch');
        return setView((now) => showing(now, stage.state().wallMs, range));
      case 'dayStart':
        return seek(range.fromMs);
      case 'dayEnd':
        return seek(
          Math.max(
            ...all.flatMap(({ spans }) => spans.map((span) => span.toMs - BACK_MS)),
            range.fromMs,
          ),
        );
      case 'previousDay':
      case 'nextDay': {
        const next = shiftedDay(day, name === 'nextDay' ? 1 : -1);
        if (next <= dayOf(Date.now())) onChange({ day: next });
        return;
      }
      case 'closer':
      case 'further':
        return setView((now) => zoomed(now, name === 'closer', wallMs, range));
      case 'selectFrom':
        return setSelection((now) => begunAt(now, wallMs));
      case 'selectTo':
        return setSelection((now) =>
          endedAt(now, wallMs, { usualMs: BACK_MS, earliestMs: range.fromMs }),
        );
      case 'clearSelection':
        return setSelection({});
      case 'hold':
        if (held.length > 0 && whole !== undefined) setDialog('hold');
        return;
      case 'clip':
        if (downloaded.length > 0 && whole !== undefined) setDialog('clip');
        return;
      case 'still':
        saveStills(cameraIds);
        return;
      case 'goTo':
        goToInput.current?.focus();
        return;
      case 'help':
        setDialog('help');
    }
  };
  useKeys(act, dialog === undefined);

  const lost = cameraIds.flatMap((id) =>
    (state.missing.get(id) ?? []).map((gap) => ({ ...gap, id })),
  );
  const empty = read && all.length > 0 && all.every(({ spans }) => spans.length === 0);

  return (
    <>
      <div className="footage-stage" data-count={cameraIds.length} data-playing={state.playing}>
        {cameraIds.map((id, index) => (
          <FootagePicture
            key={id}
            stage={stage}
            cameraId={id}
            name={nameOf(id)}
            number={index + 1}
            lane={lanes.get(id)}
            missing={state.missing.get(id) ?? []}
            failed={failed.get(id)}
            view={state.lanes.get(id) ?? 'unknown'}
            wallMs={state.wallMs}
            mayPlay={mayOn('footage.play', id)}
            isClosed={cameras.get(id)?.isClosed === true}
            onStill={downloaded.includes(id) ? () => saveStills([id]) : undefined}
            onRemove={() => onChange({ cameraIds: cameraIds.filter((other) => other !== id) })}
          />
        ))}
      </div>
      <ControlBar
        state={state}
        act={act}
        onRate={(rate) => stage.setRate(rate)}
        mayPlay={mayPlay}
        day={day}
        goToInput={goToInput}
        onGo={(typedDay, atMs) => {
          if (typedDay !== day) onChange({ day: typedDay, atMs });
          else if (atMs !== undefined) seek(atMs);
          goToInput.current?.blur();
        }}
      />
      {lost.length > 0 && (
        <ul className="plain-list footage-lost" role="status">
          {lost.slice(-SHOWN_LOST).map((gap) => (
            <li key={`${gap.id} ${gap.fromMs}`}>
              {t('footage.passedOver')} {gapWords(gap, language)}{' '}
              {cameraIds.length > 1 && nameOf(gap.id)}
            </li>
          ))}
        </ul>
      )}
      <div
        className="footage-timeline"
        onWheel={(event) => {
          const width = view.toMs - view.fromMs;
          if (event.deltaX !== 0) setView(moved(view, (event.deltaX / 800) * width, range));
        }}
      >
        <TimelineView
          lanes={cameraIds.map((id) => ({ cameraId: id, name: nameOf(id), lane: readable(id) }))}
          view={view}
          wallMs={state.wallMs}
          selection={selection}
          onSeek={(ms) => stage.seek(ms)}
          onSelect={setSelection}
        />
      </div>
      {!read && <Waiting />}
      {empty && (
        <Nothing title={t('footage.nothing.title')}>
          <p>{t('footage.nothing.words')}</p>
        </Nothing>
      )}
      <SelectionBar
        day={day}
        selection={selection}
        whole={whole}
        mayHold={held.length > 0}
        mayTakeAway={downloaded.length > 0}
        act={act}
        onType={() => setDialog('range')}
      />
      {stills.said.length > 0 && (
        <ul className="plain-list footage-stills" role="status">
          {stills.said.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
      <Failure error={stills.error} />
      <Legend lanes={all} />
      <FootageLists
        lanes={cameraIds.map((id) => ({ id, name: nameOf(id), lane: readable(id) }))}
        wallMs={state.wallMs}
        onSeek={seek}
      />
      {dialog === 'help' && <HelpPanel onClose={() => setDialog(undefined)} />}
      {dialog === 'range' && (
        <RangeDialog
          day={day}
          selection={selection}
          wallMs={state.wallMs}
          onSelect={setSelection}
          onClose={() => setDialog(undefined)}
        />
      )}
      {dialog === 'hold' && whole !== undefined && (
        <HoldDialog
          cameras={named(held)}
          others={named(cameraIds.filter((id) => !held.includes(id)))}
          range={whole}
          onClose={() => setDialog(undefined)}
          onHeld={found.reload}
        />
      )}
      {dialog === 'clip' && whole !== undefined && (
        <ClipDialog
          cameras={named(downloaded)}
          range={whole}
          onClose={() => setDialog(undefined)}
        />
      )}
    </>
  );
}

/** One for each day: the clock belongs to it. */
function useStage(range: TimeRange, atMs: number): Stage {
  const [stage] = useState(() => new Stage(range, atMs));
  useEffect(() => {
    stage.start();
    return () => stage.close();
  }, [stage]);
  return stage;
}
