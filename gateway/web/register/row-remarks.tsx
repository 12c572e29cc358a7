import { Badge, SegmentedControl } from '@mantine/core';
import { useLanguage } from '../use-language.ts';

/** What the dry runs of files have in common: of a camera's inventory, and of the list of LAOs. */

const colours: Readonly<Record<string, string>> = {
  new: 'green',
  changed: 'blue',
  unchanged: 'gray',
  refused: 'red',
};

/** What becomes of a row. A fate of a newer gateway shows as it is. */
export function FateBadge({ fate }: { fate: string }) {
  const { t } = useLanguage();
  return (
    <Badge variant="light" color={colours[fate] ?? 'gray'}>
      {t(`import.fate.${fate as 'new'}`, { defaultValue: fate })}
    </Badge>
  );
}

/** Which rows are shown, with how many there are of each. */
export function FateChoice<
  Fate extends 'refused' | 'new' | 'changed' | 'unchanged' | 'warned',
>(props: {
  fates: readonly Fate[];
  counts: Readonly<Record<Fate, number>>;
  value: Fate;
  onChange: (fate: Fate) => void;
}) {
  const { t } = useLanguage();
  return (
    <SegmentedControl
      aria-label={t('import.show')}
      className="import-fates"
      value={props.value}
      onChange={(chosen) => {
        const fate = props.fates.find((one) => one === chosen);
        if (fate !== undefined) props.onChange(fate);
      }}
      data={props.fates.map((fate) => ({
        value: fate,
        label: `${t(`import.fate.${fate as 'new'}`)} ${props.counts[fate].toLocaleString()}`,
      }))}
    />
  );
}

export interface RowRemark {
  cell: string | null;
  heading: string;
  text: string;
  reason: string;
}

/** Why a row is not taken, by its cells. */
export function RowProblems({ problems }: { problems: readonly RowRemark[] }) {
  return problems.map((problem) => (
    <li key={`${problem.cell} ${problem.heading} ${problem.reason}`} className="import-problem">
      <strong>
        {problem.cell} {problem.heading}
      </strong>
      {problem.text !== '' && ` “${problem.text}”`}: {problem.reason}
    </li>
  ));
}

/** What a row would make of what stands there. */
export function RowDifferences(props: {
  differences: readonly { heading: string; before: string; after: string }[];
}) {
  const { t } = useLanguage();
  return props.differences.map((difference) => (
    <li key={difference.heading}>
      {difference.heading}: <del>{difference.before || '–'}</del> →{' '}
      {difference.after === '' ? (
        <strong className="import-problem">{t('import.emptied')}</strong>
      ) : (
        <ins>{difference.after}</ins>
      )}
    </li>
  ));
}
