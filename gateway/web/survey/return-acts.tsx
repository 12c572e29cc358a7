import { Button } from '@mantine/core';
import { useState } from 'react';
import { actOnReturn, type ReturnDetail } from '../api/survey.ts';
import { ActDialog } from '../shell/act-dialog.tsx';
import { ReasonDialog } from '../shell/reason-dialog.tsx';
import { useLanguage } from '../use-language.ts';
import { SignDialog } from './sign-dialog.tsx';
import type { RowNote } from './typed-notes.ts';

type Open = 'sign' | 'accept' | 'send-back' | 'correct' | undefined;

/** What is still to do before it can be signed, and what whoever looks at it may do. */
export function ReturnActs(props: {
  value: ReturnDetail;
  /** Typed and not yet saved: they go with the signature. */
  notes: readonly RowNote[];
  onChanged: (value: ReturnDetail) => void;
  onStale: () => void;
}) {
  const { t } = useLanguage();
  const { value, notes, onChanged, onStale } = props;
  const [open, setOpen] = useState<Open>();
  const may = (act: string): boolean => value.mayDo.includes(act);
  const done = (changed: ReturnDetail): void => {
    setOpen(undefined);
    onChanged(changed);
  };
  const close = (): void => {
    setOpen(undefined);
    onStale();
  };
  const act = async (name: 'send-back' | 'correct', given: object): Promise<void> =>
    done(await actOnReturn(value.id, name, { version: value.version, ...given }));
  const { awaiting, withoutEvidence } = value.toDo;
  const isZero = value.level === 'lao' && value.totals.total === 0;
  return (
    <>
      {may('sign') && (
        <section className="card" aria-label={t('returns.toDo')}>
          <strong>{t('returns.toDo')}</strong>
          <ul className="plain-list">
            {withoutEvidence > 0 && (
              <li>{t('returns.withoutEvidence', { count: withoutEvidence })}</li>
            )}
            {awaiting > 0 && <li>{t('returns.awaiting', { count: awaiting })}</li>}
            {value.waitingFor.length > 0 && (
              <li>{t('returns.missing', { names: value.waitingFor.join(', ') })}</li>
            )}
            {isZero && <li>{t('returns.zero')}</li>}
            {withoutEvidence === 0 && awaiting === 0 && value.waitingFor.length === 0 && (
              <li>{t('returns.ready')}</li>
            )}
          </ul>
        </section>
      )}
      <div className="row-actions">
        {may('sign') && (
          <Button disabled={withoutEvidence > 0} onClick={() => setOpen('sign')}>
            {t('returns.sign')}
          </Button>
        )}
        {may('accept') && (
          <Button color="green" onClick={() => setOpen('accept')}>
            {t('returns.accept')}
          </Button>
        )}
        {may('send-back') && (
          <Button variant="default" onClick={() => setOpen('send-back')}>
            {t('returns.sendBack')}
          </Button>
        )}
        {may('correct') && (
          <Button variant="default" onClick={() => setOpen('correct')}>
            {t('returns.correct')}
          </Button>
        )}
      </div>
      {open === 'sign' && (
        <SignDialog value={value} notes={notes} onClose={close} onSigned={done} />
      )}
      {open === 'accept' && <AcceptDialog value={value} onClose={close} onDone={done} />}
      {open === 'send-back' && (
        <ReasonDialog
          title={t('returns.sendBack')}
          label={t('returns.sendBackReason')}
          act={t('returns.sendBack')}
          // One that was accepted already is taken back knowingly.
          onAct={(reason) => act('send-back', { reason, state: value.state })}
          onClose={close}
        />
      )}
      {open === 'correct' && (
        <ReasonDialog
          title={t('returns.correct')}
          label={t('returns.correctReason')}
          act={t('returns.correct')}
          onAct={(reason) => act('correct', { reason })}
          onClose={close}
        >
          <p>{t('returns.correctWords')}</p>
        </ReasonDialog>
      )}
    </>
  );
}

function AcceptDialog(props: {
  value: ReturnDetail;
  onClose: () => void;
  onDone: (value: ReturnDetail) => void;
}) {
  const { t } = useLanguage();
  const { value, onClose, onDone } = props;
  return (
    <ActDialog
      title={t('returns.accept')}
      act={t('returns.accept')}
      color="green"
      onAct={async () => onDone(await actOnReturn(value.id, 'accept', { version: value.version }))}
      onClose={onClose}
    >
      <p>{t('returns.acceptWords', { name: value.name, ...value.totals })}</p>
    </ActDialog>
  );
}
