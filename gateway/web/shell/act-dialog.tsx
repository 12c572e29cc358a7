import { Button } from '@mantine/core';
import { useId, type ReactNode } from 'react';
import { useLanguage } from '../use-language.ts';
import { Dialog } from './dialog.tsx';
import { Failure } from './pieces.tsx';
import { useAct } from './use-loaded.ts';

/** One act, with what must be said for it: the fields, why it failed if it did, the act, and the way back. */
export function ActDialog(props: {
  title: string;
  /** What the button says. */
  act: string;
  color?: 'red' | 'green' | 'blue';
  /** Labels of what it still wants (missing.ts): it cannot be done yet, and says why. */
  missing?: readonly string[];
  /** Fields stand side by side in the wider two. */
  size?: 'lg' | 'xl';
  /** A field of its own says what is wrong with it, not the browser. */
  noValidate?: boolean;
  children: ReactNode;
  /** Whoever asked closes the dialog when it is done; what it throws is shown here, and the fields stay as they are. */
  onAct: () => Promise<void>;
  onClose: () => void;
}) {
  const { t } = useLanguage();
  const {
    title,
    act,
    color = 'blue',
    missing = [],
    size,
    noValidate,
    children,
    onAct,
    onClose,
  } = props;
  const doing = useAct();
  const missingId = useId();
  return (
    // What it comes to is told here, so it stays until that is known.
    <Dialog title={title} busy={doing.busy} onClose={onClose} {...(size && { size })}>
      <form
        className={size === undefined ? 'narrow-form' : 'narrow-form wide'}
        noValidate={noValidate}
        onSubmit={(event) => {
          event.preventDefault();
          void doing.run(onAct);
        }}
      >
        {children}
        <Failure error={doing.error} />
        {missing.length > 0 && (
          <small id={missingId}>{t('stillMissing', { fields: missing.join(', ') })}</small>
        )}
        <div className="row-actions">
          <Button
            type="submit"
            color={color}
            loading={doing.busy}
            disabled={missing.length > 0}
            aria-describedby={missing.length > 0 ? missingId : undefined}
          >
            {act}
          </Button>
          <Button variant="default" disabled={doing.busy} onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
