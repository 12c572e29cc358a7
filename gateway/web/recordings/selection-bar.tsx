import { Button } from '@mantine/core';
import type { TimeRange } from '../api/footage.ts';
import { useLanguage } from '../use-language.ts';
import type { KeyAct } from './keys.ts';
import type { Selection } from './selection.ts';
import { selectionWords } from './selection-words.ts';

/** What is selected, and what can be done with it. */
export function SelectionBar(props: {
  /** That is looked at: of a selection within it the times say enough. */
  day: string;
  selection: Selection;
  /** The same, once it has both ends. */
  whole: TimeRange | undefined;
  mayHold: boolean;
  mayTakeAway: boolean;
  act: (name: KeyAct) => void;
  /** Its ends are to be typed. */
  onType: () => void;
}) {
  const { t, language } = useLanguage();
  const { day, selection, whole, mayHold, mayTakeAway, act, onType } = props;
  return (
    <div className="footage-selection">
      <div className="footage-group">
        <Button variant="default" onClick={() => act('selectFrom')}>
          {t('footage.selectFrom')} <kbd>I</kbd>
        </Button>
        <Button variant="default" onClick={() => act('selectTo')}>
          {t('footage.selectTo')} <kbd>O</kbd>
        </Button>
        <Button variant="default" onClick={onType}>
          {t('footage.typeSelection')}
        </Button>
        <output aria-label={t('footage.selection')}>
          {whole === undefined ? t('footage.noSelection') : selectionWords(whole, language, day)}
        </output>
        {selection.fromMs !== undefined && (
          <Button variant="subtle" color="gray" onClick={() => act('clearSelection')}>
            {t('footage.clearSelection')}
          </Button>
        )}
      </div>
      <div className="footage-group">
        {mayHold && (
          <Button variant="default" disabled={whole === undefined} onClick={() => act('hold')}>
            {t('footage.hold')}
          </Button>
        )}
        {mayTakeAway && (
          <>
            <Button variant="default" disabled={whole === undefined} onClick={() => act('clip')}>
              {t('footage.clip')}
            </Button>
            <Button variant="default" onClick={() => act('still')}>
              {t('footage.still')}
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
