import { Badge, Button, Table, Title } from '@mantine/core';
import { endOtherSessions, endOwnSession, readOwnSessions } from '../api/profile.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { browserName } from './browser-name.ts';

/** Where somebody is signed in, and the end of it. */
export function OwnSessions() {
  const { t, language } = useLanguage();
  const sessions = useLoaded(readOwnSessions, []);
  const act = useAct();
  const end = (work: () => Promise<void>): void => {
    void act.run(work).then(sessions.reload);
  };
  return (
    <section className="card">
      <div className="card-head">
        <Title order={3}>{t('profile.sessions')}</Title>
        {(sessions.value?.length ?? 0) > 1 && (
          <Button
            variant="default"
            size="xs"
            disabled={act.busy}
            onClick={() => end(endOtherSessions)}
          >
            {t('profile.endOthers')}
          </Button>
        )}
      </div>
      <Failure error={act.error ?? sessions.error} onRetry={sessions.reload} />
      {sessions.value === undefined && sessions.loading && <Waiting />}
      {sessions.value && (
        <Table.ScrollContainer minWidth={560}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('profile.device')}</Table.Th>
                <Table.Th>{t('profile.address')}</Table.Th>
                <Table.Th>{t('profile.begun')}</Table.Th>
                <Table.Th>{t('profile.seen')}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {sessions.value.map((session) => (
                <Table.Tr key={session.id}>
                  <Table.Td title={session.userAgent ?? ''}>
                    {browserName(session.userAgent) ?? t('profile.unknownDevice')}{' '}
                    {session.current && (
                      <Badge variant="light" color="green">
                        {t('profile.here')}
                      </Badge>
                    )}
                  </Table.Td>
                  <Table.Td>{session.address ?? '–'}</Table.Td>
                  <Table.Td>{dateAndTime(session.createdAt, language)}</Table.Td>
                  <Table.Td>{dateAndTime(session.seenAt, language)}</Table.Td>
                  <Table.Td>
                    {!session.current && (
                      <Button
                        variant="default"
                        size="xs"
                        disabled={act.busy}
                        onClick={() => end(() => endOwnSession(session.id))}
                      >
                        {t('profile.end')}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </section>
  );
}
