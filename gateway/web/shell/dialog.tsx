import { Alert, Button, Modal, type ModalProps } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLanguage } from '../use-language.ts';

/**
 * A window above the page, open for as long as it is drawn. Esc, the cross and a click beside it close it; once something was
 * typed into it they ask first. Its own buttons close it as they say.
 */
export function Dialog(
  props: Pick<ModalProps, 'title' | 'size' | 'onClose' | 'closeOnClickOutside' | 'children'> & {
    /** False: it is not shown, though drawn; what opened it is given the focus when it closes. */
    opened?: boolean;
    /** What was typed was done with, or only looked for something: it closes without a question. */
    nothingToLose?: boolean;
    /** What it does is not known to have come out yet: it stays. */
    busy?: boolean;
  },
) {
  const { t } = useLanguage();
  const { onClose, children, nothingToLose = false, busy = false, ...modal } = props;
  const { opened = true, title } = modal;
  const [typed, setTyped] = useState(false);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    setTyped(false);
    setAsking(false);
    // Under another title it is another one.
  }, [opened, title]);

  function leave(): void {
    if (busy) return;
    // Who leaves the question is back at the fields.
    if (typed && !nothingToLose) setAsking(!asking);
    else onClose();
  }

  return (
    <Modal
      opened
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
      {...modal}
      onClose={leave}
    >
      {asking && (
        <Alert
          className="leave-question"
          color="yellow"
          role="alertdialog"
          title={t('leave.title')}
        >
          <p>{t('leave.dialogWords')}</p>
          <div className="row-actions">
            {/* eslint-disable-next-line jsx-a11y/no-autofocus -- the question is what was asked for */}
            <Button size="xs" autoFocus onClick={() => setAsking(false)}>
              {t('leave.stay')}
            </Button>
            <Button size="xs" variant="default" color="red" onClick={onClose}>
              {t('leave.close')}
            </Button>
          </div>
        </Alert>
      )}
      {/* Typing anywhere within, also in what is drawn elsewhere by a field: React has it come by here. */}
      <div onInput={() => setTyped(true)}>{children}</div>
    </Modal>
  );
}
