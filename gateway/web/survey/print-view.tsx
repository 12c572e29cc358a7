import { Button } from '@mantine/core';
import { readForm, type PrintedForm } from '../api/survey.ts';
import { routeHash } from '../route.ts';
import { Failure, Waiting } from '../shell/pieces.tsx';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import './print.css';

/** The signed page (forms.md §2): A4 landscape, printed or saved as PDF by the browser. All words come from the gateway. */
export default function PrintView(props: { returnId: string; version: number | null }) {
  const { t } = useLanguage();
  const { returnId, version } = props;
  const form = useLoaded((signal) => readForm(returnId, version, signal), [returnId, version]);
  return (
    <main className="print-page">
      <div className="row-actions print-actions">
        <Button onClick={() => window.print()} disabled={form.value === undefined}>
          {t('print.print')}
        </Button>
        <Button
          component="a"
          variant="default"
          href={routeHash({ view: 'return', returnId, version })}
        >
          {t('print.back')}
        </Button>
      </div>
      <Failure error={form.error} onRetry={form.reload} />
      {form.value === undefined && form.loading && <Waiting />}
      {form.value !== undefined && (
        <div className="sheet-frame">
          <Sheet form={form.value} />
        </div>
      )}
    </main>
  );
}

function Sheet({ form }: { form: PrintedForm }) {
  const { t } = useLanguage();
  const headRows = [...new Set(form.header.map(({ row }) => row))].toSorted((a, b) => a - b);
  return (
    <article className="sheet" lang="th" data-kind={form.kind}>
      {!form.signed && <p className="sheet-draft">{t('print.unsigned')}</p>}
      {form.above !== null && <p className="sheet-above">{form.above}</p>}
      <h1>{form.title}</h1>
      <table>
        <thead>
          {headRows.map((row) => (
            <tr key={row}>
              {form.header
                .filter((cell) => cell.row === row)
                .toSorted((a, b) => a.column - b.column)
                .map((cell) => (
                  <th
                    key={cell.column}
                    rowSpan={cell.rows}
                    colSpan={cell.columns}
                    scope={cell.columns > 1 ? 'colgroup' : 'col'}
                  >
                    {cell.text}
                  </th>
                ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {form.rows.map((cells) => (
            <tr key={String(cells[0])}>
              {cells.map((cell, column) => (
                <td
                  key={form.columns[column]}
                  data-number={typeof cell === 'number' ? true : undefined}
                >
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th colSpan={form.total.labelColumns} scope="row">
              {form.total.label}
            </th>
            {form.total.values.map((value, index) => (
              <td key={form.columns[form.total.labelColumns + index]} data-number>
                {value}
              </td>
            ))}
            {Array.from(
              {
                length: form.columns.length - form.total.labelColumns - form.total.values.length,
              },
              (_, index) => (
                <td key={`rest-${index}`} />
              ),
            )}
          </tr>
        </tfoot>
      </table>
      <div className="sheet-signature">
        {form.signature.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
      <div className="sheet-notes">
        <p>
          <strong>{form.notesTitle}</strong>
        </p>
        {form.notes.map(({ text, depth }) => (
          <p key={text} data-depth={depth}>
            {text}
          </p>
        ))}
      </div>
    </article>
  );
}
