import { Button, Table, TextInput } from '@mantine/core';
import { saveNotes, type ReturnDetail } from '../api/survey.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { unsavedNotes, type TypedNotes } from './typed-notes.ts';

/** The rows of the form with their totals; its own level writes notes into them, which are saved here or with the signature. */
export function ReturnRows(props: {
  value: ReturnDetail;
  mayFill: boolean;
  typed: TypedNotes;
  onTyped: (typed: TypedNotes) => void;
  onChanged: (value: ReturnDetail) => void;
}) {
  const { t } = useLanguage();
  const { value, mayFill, typed, onTyped, onChanged } = props;
  const act = useAct();
  const ofOthers = value.level !== 'lao';
  const unsaved = mayFill ? unsavedNotes(value.rows, typed) : [];

  async function save(): Promise<void> {
    await act.run(async () => onChanged(await saveNotes(value.id, value.version, unsaved)));
  }

  return (
    <section className="card">
      <div className="scroll-x">
        <Table className="figures counts" withTableBorder withColumnBorders>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('returns.row')}</Table.Th>
              {ofOthers && <Table.Th>{t('field.lao')}</Table.Th>}
              <Table.Th>{t('counts.budgetSource')}</Table.Th>
              <Table.Th>{t('counts.total')}</Table.Th>
              <Table.Th>{t('counts.working')}</Table.Th>
              <Table.Th>{t('counts.underRepair')}</Table.Th>
              <Table.Th>{t('counts.unrepairable')}</Table.Th>
              <Table.Th>{t('counts.awaiting')}</Table.Th>
              <Table.Th>{t('returns.note')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {value.rows.map((row) => (
              <Table.Tr key={row.ordinal}>
                <Table.Td>{row.ordinal}</Table.Td>
                {ofOthers && (
                  <Table.Th scope="row">
                    {row.lao}
                    {value.level === 'province' && <small>{row.district}</small>}
                  </Table.Th>
                )}
                <Table.Th scope="row">{row.budgetSource}</Table.Th>
                <Table.Td>{row.total}</Table.Td>
                <Table.Td>{row.working}</Table.Td>
                <Table.Td>{row.underRepair}</Table.Td>
                <Table.Td>{row.unrepairable}</Table.Td>
                <Table.Td>{row.awaiting}</Table.Td>
                <Table.Td className="note-cell">
                  {mayFill ? (
                    <TextInput
                      size="xs"
                      aria-label={`${t('returns.note')} ${row.budgetSource}`}
                      maxLength={200}
                      value={typed[row.budgetSource] ?? row.note}
                      onChange={({ currentTarget }) =>
                        onTyped({ ...typed, [row.budgetSource]: currentTarget.value })
                      }
                    />
                  ) : (
                    row.note
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr data-totals>
              <Table.Th colSpan={ofOthers ? 3 : 2}>{t('counts.sum')}</Table.Th>
              <Table.Td>{value.totals.total}</Table.Td>
              <Table.Td>{value.totals.working}</Table.Td>
              <Table.Td>{value.totals.underRepair}</Table.Td>
              <Table.Td>{value.totals.unrepairable}</Table.Td>
              <Table.Td>{value.totals.awaiting}</Table.Td>
              <Table.Td />
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </div>
      <Failure error={act.error} />
      {unsaved.length > 0 && (
        <Button variant="default" loading={act.busy} onClick={() => void save()}>
          {t('returns.saveNotes')}
        </Button>
      )}
    </section>
  );
}
