import { Button, Modal, Textarea } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';

/** An act that is recorded with its reason. */
export function ReasonDialog(props: {
  title: string;
  label: string;
  /** What the button says. */
  act: string;
  danger?: boolean;
  children?: ReactNode;
  onAct: (reason: string) => Promise<void>;
  onClose: () => void;
}) {
  const { t } = useLanguage();
  const [reason, setReason] = useState('');
  const doing = useAct();
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
    >
      <form
        className="narrow-form"
        onSubmit={(event) => {
          event.preventDefault();
          void doing.run(() => props.onAct(reason.trim())).then((done) => done && props.onClose());
        }}
      >
        {props.children}
        <Textarea
          label={props.label}
          required
          withAsterisk={false}
          maxLength={500}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          data-autofocus
        />
        <Failure error={doing.error} />
        <div className="row-actions">
          <Button
            type="submit"
            color={props.danger === true ? 'red' : 'blue'}
            loading={doing.busy}
            disabled={reason.trim() === ''}
          >
            {props.act}
          </Button>
          <Button variant="default" onClick={props.onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
