import { Button, Modal, Textarea } from '@mantine/core';
import { useState } from 'react';
import { actOnReturn, type ReturnDetail } from '../api/survey.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { SignDialog } from './sign-dialog.tsx';

type Open = 'sign' | 'accept' | 'send-back' | 'correct' | undefined;

/** What is still to do before it can be signed, and what whoever looks at it may do. */
export function ReturnActs(props: {
  value: ReturnDetail;
  onChanged: (value: ReturnDetail) => void;
  onStale: () => void;
}) {
  const { t } = useLanguage();
  const { value, onChanged, onStale } = props;
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
  const { awaiting, withoutEvidence } = value.toDo;
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
      {open === 'sign' && <SignDialog value={value} onClose={close} onSigned={done} />}
      {open === 'accept' && <AcceptDialog value={value} onClose={close} onDone={done} />}
      {open === 'send-back' && (
        <ReasonDialog
          value={value}
          act="send-back"
          title={t('returns.sendBack')}
          label={t('returns.sendBackReason')}
          onClose={close}
          onDone={done}
        />
      )}
      {open === 'correct' && (
        <ReasonDialog
          value={value}
          act="correct"
          title={t('returns.correct')}
          label={t('returns.correctReason')}
          words={t('returns.correctWords')}
          onClose={close}
          onDone={done}
        />
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
  const act = useAct();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('returns.accept')}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
    >
      <div className="narrow-form">
        <p>{t('returns.acceptWords', { name: value.name, ...value.totals })}</p>
        <Failure error={act.error} />
        <div className="row-actions">
          <Button
            color="green"
            loading={act.busy}
            onClick={() =>
              void act.run(async () =>
                onDone(await actOnReturn(value.id, 'accept', { version: value.version })),
              )
            }
          >
            {t('returns.accept')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** What is done with a reason: sent back, or corrected. */
function ReasonDialog(props: {
  value: ReturnDetail;
  act: 'send-back' | 'correct';
  title: string;
  label: string;
  words?: string;
  onClose: () => void;
  onDone: (value: ReturnDetail) => void;
}) {
  const { t } = useLanguage();
  const { value, act: name, title, label, words, onClose, onDone } = props;
  // One that was accepted already is taken back knowingly.
  const more = name === 'send-back' ? { state: value.state } : {};
  const act = useAct();
  const [reason, setReason] = useState('');
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': t('dismiss') }}
    >
      <form
        className="narrow-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () =>
            onDone(await actOnReturn(value.id, name, { version: value.version, reason, ...more })),
          );
        }}
      >
        {words !== undefined && <p>{words}</p>}
        <Textarea
          label={label}
          required
          withAsterisk={false}
          maxLength={500}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          data-autofocus
        />
        <Failure error={act.error} />
        <div className="row-actions">
          <Button type="submit" loading={act.busy} disabled={reason.trim() === ''}>
            {title}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
