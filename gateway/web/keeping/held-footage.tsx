import { Button, Table, Title } from '@mantine/core';
import { useState } from 'react';
import { readHolds, releaseHold, type HoldOnWire } from '../api/footage.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { queryText } from '../recordings/query.ts';
import { dayOf } from '../thai-day.ts';
import { routeHash } from '../route.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { Pager, usePages } from '../shell/pager.tsx';
import { ReasonDialog } from '../shell/reason-dialog.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { useCameraNames } from './use-camera-names.ts';

/** Holds in force; whoever may release them does it here. */
export function HeldFootage() {
  const { t, language } = useLanguage();
  const { may, person } = useSignedIn();
  const pages = usePages();
  const page = useLoaded((signal) => readHolds(pages.cursor, signal), [pages.cursor]);
  const [releasing, setReleasing] = useState<HoldOnWire>();
  const holds = page.value?.holds;
  const nameOf = useCameraNames(holds?.map(({ cameraId }) => cameraId) ?? []);

  return (
    <section className="card">
      <Title order={3}>{t('keeping.holds.title')}</Title>
      <Failure error={page.error} onRetry={page.reload} />
      {holds === undefined && page.loading && <Waiting />}
      {holds?.length === 0 && <p role="status">{t('keeping.holds.none')}</p>}
      {holds !== undefined && holds.length > 0 && (
        <Table className="stacked">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('keeping.holds.camera')}</Table.Th>
              <Table.Th>{t('keeping.holds.range')}</Table.Th>
              <Table.Th>{t('keeping.holds.reason')}</Table.Th>
              <Table.Th>{t('keeping.holds.placed')}</Table.Th>
              <Table.Th>{t('keeping.holds.files')}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {holds.map((hold) => (
              <Table.Tr key={hold.id}>
                <Table.Td data-label={t('keeping.holds.camera')}>
                  <a href={footageOf(hold)}>{nameOf(hold.cameraId)}</a>
                </Table.Td>
                <Table.Td data-label={t('keeping.holds.range')}>
                  {dateAndTime(hold.from, language)} – {dateAndTime(hold.to, language)}
                </Table.Td>
                <Table.Td data-label={t('keeping.holds.reason')}>{hold.reason}</Table.Td>
                <Table.Td data-label={t('keeping.holds.placed')}>
                  {hold.placed.name}
                  <small>{dateAndTime(hold.placed.at, language)}</small>
                </Table.Td>
                <Table.Td data-label={t('keeping.holds.files')}>
                  {t('keeping.holds.guarded', {
                    recordings: hold.recordings,
                    guarded: hold.guarded,
                  })}
                </Table.Td>
                <Table.Td>
                  {may('footage.release') && hold.placed.id !== person.id && (
                    <Button variant="default" size="xs" onClick={() => setReleasing(hold)}>
                      {t('keeping.holds.release')}
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Pager pages={pages} nextCursor={page.value?.nextCursor} />
      {releasing !== undefined && (
        <ReasonDialog
          title={t('keeping.holds.releaseTitle')}
          label={t('keeping.holds.reason')}
          act={t('keeping.holds.release')}
          color="red"
          onAct={async (reason) => {
            await releaseHold(releasing.id, reason);
            setReleasing(undefined);
            page.reload();
          }}
          onClose={() => setReleasing(undefined)}
        >
          <p>
            <strong>{nameOf(releasing.cameraId)}</strong>
          </p>
          <p>{t('keeping.holds.releaseWords')}</p>
        </ReasonDialog>
      )}
    </section>
  );
}

function footageOf({ cameraId, from }: HoldOnWire): string {
  const atMs = Date.parse(from);
  const query = queryText({ cameraIds: [cameraId], day: dayOf(atMs), atMs, selection: {} });
  return routeHash({ view: 'recordings', query });
}
