import { Button } from '@mantine/core';
import { letGo, stay } from '../page-address.ts';
import { useLanguage } from '../use-language.ts';
import { useWantsToLeave } from '../use-page-state.ts';
import { Dialog } from './dialog.tsx';

/** Asks whoever leaves a form in which something is not saved. */
export function LeaveDialog() {
  const { t } = useLanguage();
  return (
    <Dialog opened={useWantsToLeave()} title={t('leave.title')} onClose={stay}>
      <div className="narrow-form">
        <p>{t('leave.words')}</p>
        <div className="row-actions">
          <Button onClick={stay} data-autofocus>
            {t('leave.stay')}
          </Button>
          <Button variant="default" color="red" onClick={letGo}>
            {t('leave.go')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
