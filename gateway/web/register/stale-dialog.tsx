import { Button, Table } from '@mantine/core';
import type { Stale } from '../api/cameras.ts';
import { Dialog } from '../shell/dialog.tsx';
import { useLanguage } from '../use-language.ts';
import { changeOf, disputedFields, draftOf, type Draft } from './draft.ts';
import { fieldLabel, fieldValueWords } from './field-words.ts';

/**
 * Somebody else saved first: what was typed here beside what is saved, and nothing is lost until one is chosen. What only
 * the other changed stays as the other saved it. `mine`: what was typed, on top of theirs.
 */
export function StaleDialog(props: {
  stale: Stale;
  mine: Draft;
  onKeepMine: (mine: Draft) => void;
  onTakeTheirs: () => void;
  onClose: () => void;
}) {
  const { t, language } = useLanguage();
  const { stale, mine } = props;
  const theirs = stale.current;
  const different = changeOf(draftOf(theirs), mine);
  const disputed = disputedFields(different, stale.changedSince);
  return (
    <Dialog onClose={props.onClose} size="xl" title={t('stale.title')}>
      <p>{t(disputed.size > 0 ? 'stale.words' : 'stale.apart')}</p>
      <Table className="stacked" withTableBorder>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('stale.field')}</Table.Th>
            <Table.Th>{t('stale.theirs')}</Table.Th>
            <Table.Th>{t('stale.mine')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(different).map(([field, value]) => (
            <Table.Tr key={field}>
              <Table.Th scope="row">
                {fieldLabel(field, language)}
                {disputed.has(field) && <small>{t('stale.changedSince')}</small>}
              </Table.Th>
              <Table.Td data-label={t('stale.theirs')}>
                {fieldValueWords(field, theirs[field as keyof typeof theirs], language)}
              </Table.Td>
              <Table.Td data-label={t('stale.mine')}>
                {fieldValueWords(field, value, language)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <div className="row-actions">
        <Button onClick={() => props.onKeepMine(mine)}>{t('stale.keepMine')}</Button>
        <Button variant="default" onClick={props.onTakeTheirs}>
          {t('stale.takeTheirs')}
        </Button>
        <Button variant="subtle" color="gray" onClick={props.onClose}>
          {t('stale.back')}
        </Button>
      </div>
    </Dialog>
  );
}
