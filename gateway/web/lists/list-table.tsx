import { Table } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Failure, Waiting } from '../shell/pieces.tsx';
import type { Loaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { NothingListed, Pages } from './list-pieces.tsx';
import { pageOf } from './lists-query.ts';

export interface ListColumn<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
}

/** The rows of a list, a page at a time, with what can be done to each; or why there are none. A key of its own for what is asked for begins at the first page. */
export function ListTable<Row extends { id: string }>(props: {
  loaded: Pick<Loaded<unknown>, 'error' | 'loading' | 'reload'>;
  /** Undefined until it was read. */
  found: readonly Row[] | undefined;
  /** There may be rows that are not asked for. */
  narrowed: boolean;
  columns: readonly ListColumn<Row>[];
  acts: (row: Row) => ReactNode;
}) {
  const { t } = useLanguage();
  const { loaded, found, narrowed, columns, acts } = props;
  const [page, setPage] = useState(0);
  const { rows, pages } = pageOf(found ?? [], page);
  return (
    <>
      <Failure error={loaded.error} onRetry={loaded.reload} />
      {found === undefined && loaded.loading && <Waiting />}
      {found?.length === 0 && <NothingListed narrowed={narrowed} />}
      {found !== undefined && found.length > 0 && (
        <div aria-busy={loaded.loading}>
          <p role="status">{t('lists.count', { count: found.length })}</p>
          <Table className="stacked" highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                {columns.map(({ head }) => (
                  <Table.Th key={head}>{head}</Table.Th>
                ))}
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.id}>
                  {columns.map(({ head, cell }) => (
                    <Table.Td key={head} data-label={head}>
                      {cell(row)}
                    </Table.Td>
                  ))}
                  <Table.Td>{acts(row)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Pages page={page} pages={pages} onPage={setPage} />
        </div>
      )}
    </>
  );
}
