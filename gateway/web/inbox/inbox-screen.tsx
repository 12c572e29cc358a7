import { Badge, Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { markNoticesRead, readNotices, type Notice } from '../api/notices.ts';
import { dateAndTime, dayWords } from '../buddhist-date.ts';
import { routeHash } from '../route.ts';
import { Failure, Nothing, Page, Waiting } from '../shell/pieces.tsx';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { observedReasonWords } from '../state-words.ts';
import { useLanguage, type Translate } from '../use-language.ts';
import { InboxSettings } from './inbox-settings.tsx';

/** What one was notified of, newest first, and how one wants to be. */
export default function InboxScreen() {
  const { t } = useLanguage();
  const first = useLoaded(async (signal) => readNotices(null, signal), []);
  const [more, setMore] = useState<{ notices: Notice[]; nextBefore: string | null }>();
  const act = useAct();
  useEffect(() => setMore(undefined), [first.value]);
  const notices = [...(first.value?.notices ?? []), ...(more?.notices ?? [])];
  const next = more === undefined ? (first.value?.nextBefore ?? null) : more.nextBefore;
  const [newest] = notices;

  async function readMore(): Promise<void> {
    await act.run(async () => {
      const page = await readNotices(next, new AbortController().signal);
      setMore({
        notices: [...(more?.notices ?? []), ...page.notices],
        nextBefore: page.nextBefore,
      });
    });
  }

  async function readAll(): Promise<void> {
    if (newest === undefined) return;
    if (await act.run(async () => markNoticesRead(newest.id))) first.reload();
  }

  return (
    <Page
      title={t('inbox.title')}
      actions={
        (first.value?.unread ?? 0) > 0 && (
          <Button variant="default" loading={act.busy} onClick={() => void readAll()}>
            {t('inbox.readAll')}
          </Button>
        )
      }
    >
      <Failure error={first.error ?? act.error} onRetry={first.reload} />
      <div className="camera-columns">
        <div>
          {first.value === undefined && first.loading && <Waiting />}
          {first.value?.notices.length === 0 && (
            <Nothing title={t('inbox.none')}>
              <p>{t('inbox.noneWords')}</p>
            </Nothing>
          )}
          {notices.map((notice) => (
            <NoticeCard key={notice.id} notice={notice} />
          ))}
          {next !== null && (
            <div className="pager">
              <Button variant="default" loading={act.busy} onClick={() => void readMore()}>
                {t('counts.more')}
              </Button>
            </div>
          )}
        </div>
        <div>
          <InboxSettings />
        </div>
      </div>
    </Page>
  );
}

function NoticeCard({ notice }: { notice: Notice }) {
  const { t, language } = useLanguage();
  const { kind, cameras, count, round, approval, at, read } = notice;
  const rest = kind === 'lao-proposed' ? 0 : count - cameras.length;
  return (
    <article className="card inbox-notice" data-read={read}>
      <div className="card-head">
        <strong>{noticeTitle(notice, t)}</strong>
        {!read && <Badge color="yellow">{t('inbox.unread')}</Badge>}
      </div>
      <small>{dateAndTime(at, language)}</small>
      {cameras.length > 0 && (
        <ul className="plain-list">
          {cameras.map(({ id, position, reason }) => (
            <li key={id}>
              <a href={routeHash({ view: 'registered', cameraId: id })}>{position}</a>{' '}
              <small>{observedReasonWords(reason, language)}</small>
            </li>
          ))}
          {rest > 0 && <li>{t('inbox.more', { count: rest })}</li>}
        </ul>
      )}
      {round !== null && (
        <p>
          <a
            href={routeHash(
              round.returnId === null
                ? { view: 'round', roundId: round.id }
                : { view: 'return', returnId: round.returnId, version: null },
            )}
          >
            {t(round.returnId === null ? 'inbox.toRound' : 'inbox.toReturn')}
          </a>{' '}
          {round.dueOn !== null && (
            <small>{t('inbox.due', { day: dayWords(round.dueOn, language) })}</small>
          )}
          {round.reason !== null && (
            <small>{t('returns.sentBackWhy', { reason: round.reason })}</small>
          )}
        </p>
      )}
      {kind === 'lao-proposed' && (
        <p>
          <a href={routeHash({ view: 'lists', query: 'status=proposed' })}>{t('inbox.toLists')}</a>
        </p>
      )}
      {approval !== null && (
        <p>
          <a href={routeHash({ view: 'keeping' })}>{t('inbox.toApproval')}</a>{' '}
          <small>{t('inbox.requested', approval)}</small>
        </p>
      )}
    </article>
  );
}

function noticeTitle(
  { kind, place, count, incident, round, approval }: Notice,
  t: Translate,
): string {
  const values = {
    days: approval?.days ?? 0,
    count,
    place: place.lao ?? place.district ?? place.province,
    key: incident?.key ?? '',
    title: round?.title ?? '',
  };
  switch (kind) {
    case 'cameras-fell':
      return t(incident === null ? 'inbox.fell' : 'inbox.fellTogether', values);
    case 'cameras-returned':
      return t('inbox.returned', values);
    case 'round-opened':
      return t('inbox.roundOpened', values);
    case 'return-waiting':
      return t('inbox.returnWaiting', values);
    case 'approval-waiting':
      return t('inbox.approvalWaiting', values);
    case 'lao-proposed':
      return t('inbox.laoProposed', values);
    case 'round-due':
      return t('inbox.roundDue', values);
    case 'round-late':
      return t('inbox.roundLate', values);
    case 'return-sent-back':
      return t('inbox.sentBack', values);
    default:
      return t('inbox.other', values);
  }
}
