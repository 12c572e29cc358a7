import { useState, type ReactNode } from 'react';
import { ActDialog } from './act-dialog.tsx';
import { LineArea } from './line-area.tsx';
import { missingOf } from './missing.ts';

/** An act that is recorded with its reason. */
export function ReasonDialog(props: {
  title: string;
  label: string;
  /** What the button says. */
  act: string;
  color?: 'red';
  children?: ReactNode;
  onAct: (reason: string) => Promise<void>;
  onClose: () => void;
}) {
  const { title, label, act, color, children, onAct, onClose } = props;
  const [reason, setReason] = useState('');
  return (
    <ActDialog
      title={title}
      act={act}
      {...(color && { color })}
      missing={missingOf([reason.trim() !== '', label])}
      onAct={() => onAct(reason.trim())}
      onClose={onClose}
    >
      {children}
      <LineArea
        label={label}
        required
        withAsterisk={false}
        maxLength={500}
        value={reason}
        onChange={setReason}
        data-autofocus
      />
    </ActDialog>
  );
}
