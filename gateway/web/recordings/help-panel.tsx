import { Dialog } from '../shell/dialog.tsx';
import { useLanguage } from '../use-language.ts';
import { keyTable } from './keys.ts';

/** Which key does what. */
export function HelpPanel({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  return (
    <Dialog onClose={onClose} size="lg" title={t('footage.helpTitle')}>
      <dl className="key-list">
        {keyTable.map(({ act, shown }) => (
          <div key={act}>
            <dt>
              <kbd>{shown}</kbd>
            </dt>
            <dd>{t(`footage.keys.${act}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
