import { Alert, Badge, Button, FileInput, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { importPeople, type ListReport } from '../api/people.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { csvOf, exampleList } from './list-file.ts';

/** Many people at once: a list is looked at line by line, entered, and answered with a one-time link a line. */
export function PeopleList({ onEntered }: { onEntered: () => void }) {
  const { t } = useLanguage();
  const [file, setFile] = useState<File | null>(null);
  const [csv, setCsv] = useState('');
  const [report, setReport] = useState<ListReport>();
  const [entered, setEntered] = useState(false);
  const act = useAct();

  function look(chosen: File | null): void {
    setFile(chosen);
    setReport(undefined);
    setEntered(false);
    act.clear();
    if (chosen === null) return;
    void act.run(async () => {
      const text = await chosen.text();
      setCsv(text);
      setReport(await importPeople(text, true));
    });
  }

  function enter(): void {
    void act.run(async () => {
      setReport(await importPeople(csv, false));
      setEntered(true);
      onEntered();
    });
  }

  const good = report?.rows.filter(({ outcome }) => outcome !== 'refused').length ?? 0;
  return (
    <div className="narrow-form wide">
      <Text size="sm">{t('list.words')}</Text>
      <div className="row-actions">
        <Button
          component="a"
          variant="default"
          size="xs"
          download="people.csv"
          href={blobAddress(exampleList)}
        >
          {t('list.template')}
        </Button>
      </div>
      <FileInput
        label={t('list.file')}
        placeholder={t('list.choose')}
        accept=".csv,text/csv"
        value={file}
        onChange={look}
        clearable
      />
      <Failure error={act.error} />
      {report && (
        <>
          <Text role="status">
            {entered
              ? t('list.entered', { count: report.created, refused: report.refused })
              : t('list.looked', { count: good, refused: report.refused })}
          </Text>
          <ReportTable report={report} />
          {!entered && good > 0 && (
            <Button loading={act.busy} onClick={enter}>
              {t('list.enter', { count: good })}
            </Button>
          )}
          {entered && report.created > 0 && (
            <Alert color="yellow" variant="light" title={t('list.once')}>
              <Button
                component="a"
                variant="default"
                size="xs"
                download="links.csv"
                href={blobAddress(csvOf(report, window.location.origin))}
              >
                {t('list.links')}
              </Button>
            </Alert>
          )}
        </>
      )}
    </div>
  );
}

function ReportTable({ report }: { report: ListReport }) {
  const { t } = useLanguage();
  return (
    <Table className="stacked">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('list.line')}</Table.Th>
          <Table.Th>{t('person.name')}</Table.Th>
          <Table.Th>{t('person.email')}</Table.Th>
          <Table.Th>{t('list.outcome')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {report.rows.map((row) => (
          <Table.Tr key={row.line}>
            <Table.Td data-label={t('list.line')}>{row.line}</Table.Td>
            <Table.Td data-label={t('person.name')}>{row.name}</Table.Td>
            <Table.Td data-label={t('person.email')}>{row.email}</Table.Td>
            <Table.Td data-label={t('list.outcome')}>
              {row.problem === null ? (
                <Badge color="green" variant="light">
                  {row.link === null ? t('list.good') : t('list.created')}
                </Badge>
              ) : (
                <Text c="red.3" size="sm">
                  {t(`list.problem.${row.problem.code as 'email_taken'}`, {
                    defaultValue: row.problem.message,
                  })}
                </Text>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function blobAddress(text: string): string {
  // The mark that makes Excel read UTF-8.
  return URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/csv' }));
}
