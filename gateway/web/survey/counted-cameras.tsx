import { Button, Table } from '@mantine/core';
import { useEffect, useState } from 'react';
import { readCounted, type CountedPage, type SurveyPlace } from '../api/survey.ts';
import { routeHash } from '../route.ts';
import { RepairDialog } from '../repairs/repair-dialog.tsx';
import { Dialog } from '../shell/dialog.tsx';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct } from '../shell/use-loaded.ts';
import { declaredWords, observedReasonWords, observedWords, ruleWords } from '../state-words.ts';
import { useLanguage } from '../use-language.ts';

/** A number of the counts that somebody opened. */
export interface Counted {
  kind: 'now' | 'survey';
  status: string;
  column: 'total' | 'working' | 'underRepair' | 'unrepairable' | 'awaiting';
  /** Of the row. */
  name: string;
  place: SurveyPlace;
  budgetSourceId: string | null;
}

/** The cameras behind one number, with why each counts so. */
export function CountedCameras({ counted, onClose }: { counted: Counted; onClose: () => void }) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const act = useAct();
  const [reported, setReported] = useState<CountedPage['cameras'][number]>();
  const [cameras, setCameras] = useState<CountedPage['cameras']>();
  const [next, setNext] = useState<string | null>(null);
  const { kind, status, column, place, budgetSourceId, name } = counted;

  async function read(after: string | null, signal: AbortSignal): Promise<void> {
    await act.run(async () => {
      const page = await readCounted(
        {
          count: kind,
          status,
          ...place,
          budgetSourceId: budgetSourceId ?? undefined,
          after: after ?? undefined,
        },
        signal,
      );
      setCameras((before) => [...(after === null ? [] : (before ?? [])), ...page.cameras]);
      setNext(page.nextAfter);
    });
  }
  useEffect(() => {
    const reading = new AbortController();
    void read(null, reading.signal);
    return () => reading.abort();
    // One dialog shows one number.
  }, []);

  return (
    <Dialog
      onClose={onClose}
      size="xl"
      title={`${t('counts.cameras', { what: t(`counts.${kind}`), column: t(`counts.${column}`) })} · ${name}`}
    >
      <Failure error={act.error} />
      {cameras === undefined && act.busy && <Waiting />}
      {cameras !== undefined && (
        <Table className="stacked">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('field.position')}</Table.Th>
              <Table.Th>{t('repairs.seen')}</Table.Th>
              <Table.Th>{t('repairs.declared')}</Table.Th>
              <Table.Th>{t('counts.why')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {cameras.map((camera) => (
              <Table.Tr key={camera.id}>
                <Table.Td data-label={t('field.position')}>
                  <a href={routeHash({ view: 'registered', cameraId: camera.id })}>
                    {camera.position}
                  </a>
                  <small>
                    {camera.lao.name} · {camera.budgetSource}
                  </small>
                </Table.Td>
                <Table.Td data-label={t('repairs.seen')}>
                  {camera.observed === null
                    ? t(camera.linked ? 'observedState.unknown' : 'observedState.not-linked')
                    : observedWords(camera.observed.state, language)}
                  <small>{observedReasonWords(camera.observed?.reason ?? null, language)}</small>
                </Table.Td>
                <Table.Td data-label={t('repairs.declared')}>
                  {declaredWords(camera.declared, language)}
                </Table.Td>
                <Table.Td data-label={t('counts.why')}>
                  {kind === 'survey'
                    ? ruleWords(camera.survey.rule, language)
                    : camera.now.awaitingClassification
                      ? observedWords(camera.observed?.state ?? 'unknown', language)
                      : declaredWords(camera.now.status, language)}
                  {camera[kind].awaitingClassification && may('repair.keep', camera.lao) && (
                    <div>
                      <Button
                        size="compact-xs"
                        aria-label={`${t('repairs.report')} ${camera.position}`}
                        onClick={() => setReported(camera)}
                      >
                        {t('repairs.report')}
                      </Button>
                    </div>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {next !== null && (
        <div className="pager">
          <Button
            variant="default"
            loading={act.busy}
            onClick={() => void read(next, new AbortController().signal)}
          >
            {t('counts.more')}
          </Button>
        </div>
      )}
      {reported !== undefined && (
        <RepairDialog
          camera={reported}
          repair={null}
          onClose={() => setReported(undefined)}
          onSaved={() => {
            setReported(undefined);
            void read(null, new AbortController().signal);
          }}
        />
      )}
    </Dialog>
  );
}
