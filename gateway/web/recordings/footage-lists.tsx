import type { ReactNode } from 'react';
import { clockTime } from '../thai-day.ts';
import { useLanguage } from '../use-language.ts';
import { causeWords, deletedWords, gapWords } from './gap-words.ts';
import { at, type Lane } from './lane.ts';

interface ListedLane {
  id: string;
  name: string;
  /** Undefined: it was not read yet. */
  lane: Lane | undefined;
}

/** What the timeline draws, in words, of each camera: how long it is kept, what is held, what was deleted, what is missing and why. */
export function FootageLists(props: {
  lanes: readonly ListedLane[];
  wallMs: number;
  onSeek: (ms: number) => void;
}) {
  const { t, language } = useLanguage();
  const { lanes, wallMs, onSeek } = props;
  /** Whose it is, where it can be another's. */
  const ofCamera = (name: string): string => (lanes.length > 1 ? name : '');
  const told = <Each,>(of: (lane: Lane) => readonly Each[]): (Each & { camera: string })[] =>
    lanes.flatMap(({ name, lane }) =>
      lane === undefined ? [] : of(lane).map((each) => ({ ...each, camera: name })),
    );
  const link = (ms: number, words: string): ReactNode => (
    <button type="button" className="link" onClick={() => onSeek(ms)}>
      {words}
    </button>
  );

  const holds = told(({ holds: held }) => held).map((hold) => (
    <li key={hold.id}>
      {link(hold.fromMs, `${clockTime(hold.fromMs)}–${clockTime(hold.toMs)}`)} {hold.camera} ·{' '}
      {t('footage.holdOf', { reason: hold.reason, name: hold.placedBy })}
    </li>
  ));
  const deletions = told((lane) => lane.deletions).map((gone) => (
    <li key={`${gone.camera} ${gone.fromMs}`}>
      {deletedWords(gone, language)} {ofCamera(gone.camera)}
    </li>
  ));
  const gaps = told((lane) => lane.gaps.filter(({ cause }) => cause !== 'unknown')).map((gap) => (
    <li key={`${gap.camera} ${gap.fromMs}`}>
      {link(gap.fromMs, gapWords(gap, language))} {ofCamera(gap.camera)}
    </li>
  ));
  return (
    <div className="footage-lists">
      <ul className="plain-list footage-expiry">
        {lanes.map(({ id, name, lane }) => (
          <Expiry key={id} name={ofCamera(name)} lane={lane} wallMs={wallMs} />
        ))}
      </ul>
      {list(t('footage.holds', { count: holds.length }), holds, true)}
      {list(t('footage.deletions', { count: deletions.length }), deletions)}
      {list(t('footage.gaps', { count: gaps.length }), gaps)}
    </div>
  );
}

/** Nothing at all where there are no items. */
function list(words: string, items: readonly ReactNode[], isOpen = false): ReactNode {
  return (
    items.length > 0 && (
      <details open={isOpen}>
        <summary>{words}</summary>
        <ul className="plain-list">{items}</ul>
      </details>
    )
  );
}

/** How long what is shown of a camera will still be there. */
function Expiry(props: { name: string; lane: Lane | undefined; wallMs: number }) {
  const { t } = useLanguage();
  const { name, lane, wallMs } = props;
  const span = lane && at(lane.spans, wallMs);
  if (lane === undefined || span === undefined) return null;
  const { hoursUntilExpiry: hours } = span;
  return (
    <li>
      {name !== '' && `${name} · `}
      {hours === null
        ? t('footage.held')
        : hours > 72
          ? t('footage.expiresInDays', { days: Math.floor(hours / 24) })
          : t('footage.expiresIn', { hours: Math.floor(hours) })}{' '}
      ({t('footage.kept', { days: lane.retentionDays })})
    </li>
  );
}

/** What the timeline's patterns mean; those that are seldom, where there are any. */
export function Legend({ lanes }: { lanes: readonly Lane[] }) {
  const { t, language } = useLanguage();
  return (
    <ul className="footage-legend">
      <li>
        <i className="span" /> {t('footage.recorded')}
      </li>
      {(['camera', 'network', 'gateway', 'storage', 'not-scheduled'] as const).map((cause) => (
        <li key={cause}>
          <i className={`gap-${cause}`} /> {causeWords(cause, language)}
        </li>
      ))}
      {lanes.some(({ deletions }) => deletions.length > 0) && (
        <li>
          <i className="deleted" /> {t('footage.deleted')}
        </li>
      )}
      <li>
        <i className="held" /> {t('footage.held')}
      </li>
      {lanes.some(({ elsewhere }) => elsewhere.length > 0) && (
        <li>
          <i className="elsewhere" /> {t('footage.elsewhere')}
        </li>
      )}
    </ul>
  );
}
