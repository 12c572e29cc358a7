import { Button, Table } from '@mantine/core';
import { useState } from 'react';
import {
  readImportRows,
  type ImportRowPage,
  type InventoryImport,
  type RowFate,
  type ShownRows,
} from '../api/inventory.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { csvOfRefused } from './refused-file.ts';
import { FateBadge, FateChoice, RowDifferences, RowProblems } from './row-remarks.tsx';

const PAGE_ROWS = 100;
/** As many as the gateway gives at once. */
const REFUSED_PAGE_ROWS = 500;
const shownFates = ['refused', 'new', 'changed', 'unchanged', 'warned'] as const;

/** What would become of each row; those that need somebody come first, then those that write over what there is. */
export function ImportRows(props: {
  id: string;
  counts: NonNullable<InventoryImport['counts']>;
  /** The others are written, and told of no more. */
  onlyRefused?: boolean;
}) {
  const { t } = useLanguage();
  const { id, counts, onlyRefused = false } = props;
  const taking = useAct();
  const [show, setShow] = useState<ShownRows>(
    counts.refused > 0 ? 'refused' : counts.changed > 0 ? 'changed' : 'new',
  );
  // The last row of each page before: back is the one before.
  const [afters, setAfters] = useState([0]);
  const after = afters.at(-1) ?? 0;
  const rows = useLoaded(
    (signal) => readImportRows(id, { show, after, limit: PAGE_ROWS }, signal),
    [id, show, after],
  );
  const shown = rows.value?.rows;
  const nextAfter = rows.value?.nextAfter ?? null;
  return (
    <section aria-label={t('import.rows')}>
      {!onlyRefused && (
        <FateChoice
          fates={shownFates}
          counts={counts}
          value={show}
          onChange={(chosen) => {
            setShow(chosen);
            setAfters([0]);
          }}
        />
      )}
      {show === 'refused' && counts.refused > 0 && (
        <div className="row-actions">
          <Button
            variant="default"
            size="xs"
            loading={taking.busy}
            onClick={() => void taking.run(async () => takeAway(id, t('import.refusedFileName')))}
          >
            {t('import.takeRefused')}
          </Button>
        </div>
      )}
      <Failure error={taking.error} />
      <Failure error={rows.error} onRetry={rows.reload} />
      {rows.value === undefined && rows.loading && <Waiting />}
      {shown?.length === 0 && <p>{t('import.noRows')}</p>}
      {shown !== undefined && shown.length > 0 && (
        <Table className="stacked">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('import.row')}</Table.Th>
              <Table.Th>{t('import.fateOf')}</Table.Th>
              <Table.Th>{t('field.position')}</Table.Th>
              <Table.Th>{t('field.lao')}</Table.Th>
              <Table.Th>{t('import.details')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((row) => (
              <Table.Tr key={row.row} data-fate={row.fate}>
                <Table.Td data-label={t('import.row')}>{row.row}</Table.Td>
                <Table.Td data-label={t('import.fateOf')}>
                  <FateBadge fate={row.fate} />
                </Table.Td>
                <Table.Td data-label={t('field.position')}>{row.position}</Table.Td>
                <Table.Td data-label={t('field.lao')}>{row.lao}</Table.Td>
                <Table.Td data-label={t('import.details')}>
                  <Details row={row} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <div className="pager">
        {afters.length > 1 && (
          <Button variant="default" onClick={() => setAfters(afters.slice(0, -1))}>
            {t('previousPage')}
          </Button>
        )}
        {nextAfter !== null && (
          <Button variant="default" onClick={() => setAfters([...afters, nextAfter])}>
            {t('nextPage')}
          </Button>
        )}
      </div>
    </section>
  );
}

function Details({ row }: { row: RowFate }) {
  const { t } = useLanguage();
  return (
    <>
      <ul className="plain-list">
        <RowProblems problems={row.problems} />
        <RowDifferences differences={row.differences} />
        {row.warnings.map((warning) => (
          <li key={`${warning.cell} ${warning.reason}`} className="import-warning">
            {warning.cell} {warning.heading}: {warning.reason}
          </li>
        ))}
      </ul>
      {row.values.length > 0 && (
        <details className="import-values">
          <summary>{t('import.asStored')}</summary>
          <dl>
            {row.values.map(({ field, heading, value }) => (
              <div key={field}>
                <dt>{heading}</dt>
                <dd>{value === '' ? '–' : value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}

/** All refused rows as one file, page by page. */
async function takeAway(id: string, fileName: string): Promise<void> {
  const rows: RowFate[] = [];
  const page = { show: 'refused', limit: REFUSED_PAGE_ROWS } as const;
  for (let after: number | null = 0; after !== null;) {
    const read: ImportRowPage = await readImportRows(id, { ...page, after });
    rows.push(...read.rows);
    after = read.nextAfter;
  }
  // The mark that makes Excel read UTF-8.
  const file = new Blob(['\uFEFF', csvOfRefused(rows)], { type: 'text/csv' });
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(address);
}
