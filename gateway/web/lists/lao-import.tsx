import { Alert, Button, FileInput, Table } from '@mantine/core';
import { useState } from 'react';
import { ApiError } from '../api/call.ts';
import {
  dryRunLaos,
  importLaos,
  laoFileRefused,
  laoTemplateAddress,
  type LaoDryRow,
  type LaoDryRun,
  type LaoFate,
  type LaosImported,
} from '../api/lao-import.ts';
import { FateBadge, FateChoice, RowDifferences, RowProblems } from '../register/row-remarks.tsx';
import { Dialog } from '../shell/dialog.tsx';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { Pages } from './list-pieces.tsx';
import { listFieldLabel, listValueWords } from './list-words.ts';
import { pageOf } from './lists-query.ts';

const fates = ['refused', 'new', 'changed', 'unchanged'] as const;

/** The Department's list comes in: a file, what would become of each of its rows, and then all at once or nothing. */
export function LaoImport(props: { onClose: () => void; onImported: () => void }) {
  const { t } = useLanguage();
  const { onClose, onImported } = props;
  const [file, setFile] = useState<File | null>(null);
  const [seen, setSeen] = useState<LaoDryRun>();
  const [isAnother, setIsAnother] = useState(false);
  const [done, setDone] = useState<LaosImported>();
  const act = useAct();
  const refused = laoFileRefused.safeParse(act.error?.details).data;

  function choose(chosen: File | null): void {
    setFile(chosen);
    setSeen(undefined);
    setIsAnother(false);
    act.clear();
    if (chosen !== null) void act.run(async () => setSeen(await dryRunLaos(chosen)));
  }

  async function accept(chosen: File, plan: LaoDryRun): Promise<void> {
    try {
      setDone(await importLaos(plan));
      onImported();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'lao_plan_is_another') throw error;
      // Somebody changed the list meanwhile: here is what the file would do now.
      setSeen(await dryRunLaos(chosen));
      setIsAnother(true);
    }
  }

  if (done !== undefined) {
    return (
      <Dialog title={t('lists.import')} onClose={onClose}>
        <p role="status">{t('lists.imported', { ...done })}</p>
        <div className="row-actions">
          <Button onClick={onClose} data-autofocus>
            {t('dismiss')}
          </Button>
        </div>
      </Dialog>
    );
  }
  const written = (seen?.counts.new ?? 0) + (seen?.counts.changed ?? 0);
  return (
    <Dialog title={t('lists.import')} size="xl" onClose={onClose} nothingToLose busy={act.busy}>
      <div className="wizard">
        <p>{t('lists.importWords')}</p>
        <div className="row-actions">
          <Button component="a" variant="default" href={laoTemplateAddress} download>
            {t('lists.template')}
          </Button>
        </div>
        <FileInput
          label={t('lists.file')}
          placeholder={t('import.choose')}
          accept=".xlsx,.csv"
          value={file}
          onChange={choose}
          disabled={act.busy}
          clearable
          data-autofocus
        />
        {refused === undefined ? (
          <Failure error={act.error} />
        ) : (
          <Alert color="red" variant="light" role="alert" title={t('import.refusedFile')}>
            {refused.thai}
          </Alert>
        )}
        {act.busy && <Waiting />}
        {isAnother && (
          <Alert color="yellow" variant="light" role="alert">
            {t('import.changedMeanwhile')}
          </Alert>
        )}
        {seen !== undefined && file !== null && (
          <>
            <DryRows key={seen.plan} seen={seen} />
            <p>
              {seen.counts.refused > 0
                ? t('import.hasRefused', { count: seen.counts.refused })
                : written === 0
                  ? t('lists.importNothing')
                  : t('import.allAtOnce')}
            </p>
            {written > 0 && (
              <div className="row-actions">
                <Button
                  loading={act.busy}
                  color={seen.counts.refused > 0 ? 'yellow' : 'blue'}
                  variant={seen.counts.refused > 0 ? 'light' : 'filled'}
                  onClick={() => void act.run(async () => accept(file, seen))}
                >
                  {t(seen.counts.refused > 0 ? 'import.acceptRest' : 'import.accept', {
                    count: written,
                  })}
                </Button>
              </div>
            )}
          </>
        )}
      </div>
    </Dialog>
  );
}

/** Those that need somebody come first. */
function DryRows({ seen }: { seen: LaoDryRun }) {
  const { t } = useLanguage();
  const [show, setShow] = useState<LaoFate>(
    () => fates.find((fate) => seen.counts[fate] > 0) ?? 'new',
  );
  const [at, setAt] = useState(0);
  const { rows, pages } = pageOf(
    seen.rows.filter(({ fate }) => fate === show),
    at,
  );
  return (
    <section aria-label={t('import.rows')}>
      <FateChoice
        fates={fates}
        counts={seen.counts}
        value={show}
        onChange={(fate) => {
          setShow(fate);
          setAt(0);
        }}
      />
      {rows.length === 0 ? (
        <p>{t('import.noRows')}</p>
      ) : (
        <Table className="stacked">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('import.row')}</Table.Th>
              <Table.Th>{t('import.fateOf')}</Table.Th>
              <Table.Th>{t('lists.laoName')}</Table.Th>
              <Table.Th>{t('import.details')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.row} data-fate={row.fate}>
                <Table.Td data-label={t('import.row')}>{row.row}</Table.Td>
                <Table.Td data-label={t('import.fateOf')}>
                  <FateBadge fate={row.fate} />
                </Table.Td>
                <Table.Td data-label={t('lists.laoName')}>
                  {row.name}
                  {row.lao !== null && (
                    <small>
                      {row.lao.district} · {row.lao.province}
                    </small>
                  )}
                </Table.Td>
                <Table.Td data-label={t('import.details')}>
                  <DryDetails row={row} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Pages page={at} pages={pages} onPage={setAt} />
    </section>
  );
}

function DryDetails({ row }: { row: LaoDryRow }) {
  const { t, language } = useLanguage();
  const words = (field: string, value: unknown): string =>
    value === null ? '' : listValueWords(field, value, language);
  return (
    <ul className="plain-list">
      <RowProblems problems={row.problems} />
      {row.refusal !== null && (
        <li className="import-problem">
          {t(`lists.refusal.${row.refusal as 'twice_in_file'}`, { defaultValue: row.refusal })}
        </li>
      )}
      <RowDifferences
        differences={row.changes.map(({ field, before, after }) => ({
          heading: listFieldLabel(field, language),
          before: words(field, before),
          after: words(field, after),
        }))}
      />
    </ul>
  );
}
