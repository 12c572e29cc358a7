import { Button, Select } from '@mantine/core';
import { useState } from 'react';
import { makeClips, placeHold, type ClipFiles, type TimeRange } from '../api/footage.ts';
import { timeOfDay } from '../buddhist-date.ts';
import { Dialog } from '../shell/dialog.tsx';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { LineArea } from '../shell/line-area.tsx';
import { useLanguage } from '../use-language.ts';
import { clockTime } from '../thai-day.ts';
import { isClip, LONGEST_CLIP_HOURS } from './selection.ts';
import { selectionWords } from './selection-words.ts';

export interface ChosenCamera {
  id: string;
  name: string;
}

/** Footage in the selected range, held from deletion: of all the cameras on the page that somebody may hold. */
export function HoldDialog(props: {
  cameras: readonly ChosenCamera[];
  /** On the page, and not theirs to hold. */
  others: readonly ChosenCamera[];
  range: TimeRange;
  onClose: () => void;
  onHeld: () => void;
}) {
  const { t, language } = useLanguage();
  const { cameras, others, range, onClose } = props;
  const [reason, setReason] = useState('');
  const [held, setHeld] = useState<number>();
  const act = useAct();
  return (
    <Dialog
      onClose={onClose}
      title={t('footage.holdDialog.title')}
      nothingToLose={held !== undefined}
      busy={act.busy}
    >
      <form
        className="narrow-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.run(async () => {
            const ids = cameras.map(({ id }) => id);
            const holds = await placeHold(ids, range, reason.trim());
            setHeld(holds.reduce((sum, { recordings }) => sum + recordings, 0));
            props.onHeld();
          });
        }}
      >
        <p>
          <strong>{selectionWords(range, language)}</strong>
        </p>
        <ul className="plain-list">
          {cameras.map(({ id, name }) => (
            <li key={id}>{name}</li>
          ))}
        </ul>
        {others.length > 0 && (
          <p>
            {t('footage.holdDialog.others', {
              names: others.map(({ name }) => name).join(', '),
            })}
          </p>
        )}
        {held === undefined ? (
          <>
            <p>{t('footage.holdDialog.words')}</p>
            <LineArea
              label={t('footage.holdDialog.reason')}
              required
              withAsterisk={false}
              maxLength={500}
              value={reason}
              onChange={setReason}
              data-autofocus
            />
            <Failure error={act.error} />
            <div className="row-actions">
              <Button type="submit" loading={act.busy} disabled={reason.trim() === ''}>
                {t('footage.holdDialog.place')}
              </Button>
              <Button variant="default" onClick={onClose}>
                {t('cancel')}
              </Button>
            </div>
          </>
        ) : (
          <>
            <p role="status">
              {held === 0
                ? t('footage.holdDialog.none')
                : t('footage.holdDialog.done', { recordings: held })}
            </p>
            <div className="row-actions">
              <Button onClick={onClose} data-autofocus>
                {t('dismiss')}
              </Button>
            </div>
          </>
        )}
      </form>
    </Dialog>
  );
}

/** Files of one camera in the selected range, to take away. */
export function ClipDialog(props: {
  cameras: readonly ChosenCamera[];
  range: TimeRange;
  onClose: () => void;
}) {
  const { t, language } = useLanguage();
  const { cameras, range, onClose } = props;
  const [cameraId, setCameraId] = useState(cameras[0]?.id ?? '');
  const [files, setFiles] = useState<ClipFiles>();
  const act = useAct();
  return (
    <Dialog onClose={onClose} title={t('footage.clipDialog.title')} nothingToLose>
      <div className="narrow-form">
        <p>
          <strong>{selectionWords(range, language)}</strong>
        </p>
        <Select
          label={t('footage.clipDialog.which')}
          data={cameras.map(({ id, name }) => ({ value: id, label: name }))}
          value={cameraId}
          onChange={(id) => {
            setCameraId(id ?? cameraId);
            setFiles(undefined);
          }}
          allowDeselect={false}
        />
        <Failure error={act.error} />
        {!isClip(range) && (
          <p role="alert">{t('footage.clipDialog.tooLong', { hours: LONGEST_CLIP_HOURS })}</p>
        )}
        {files === undefined ? (
          <div className="row-actions">
            <Button
              loading={act.busy}
              disabled={!isClip(range)}
              data-autofocus
              onClick={() => void act.run(async () => setFiles(await makeClips(cameraId, range)))}
            >
              {t('footage.clipDialog.make')}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t('cancel')}
            </Button>
          </div>
        ) : (
          <>
            {files.files.length > 1 && <p>{t('footage.clipDialog.several')}</p>}
            <ul className="plain-list clip-files">
              {files.files.map(({ url, fileName, from, to, byteLength }) => (
                <li key={url}>
                  <span>
                    {clockTime(Date.parse(from))}–{clockTime(Date.parse(to))} ·{' '}
                    {t('footage.clipDialog.size', { size: (byteLength / 1e6).toFixed(1) })}
                  </span>
                  <Button component="a" href={url} download={fileName} size="compact-sm">
                    {t('footage.clipDialog.download')}
                  </Button>
                </li>
              ))}
            </ul>
            <p>{t('footage.clipDialog.words', { time: timeOfDay(files.expiresAt, language) })}</p>
          </>
        )}
      </div>
    </Dialog>
  );
}
