import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { CameraDetail } from '../api/cameras.ts';
import {
  readBaseline,
  setUsual,
  type Light,
  type StreamBaseline,
  type UsualStream,
} from '../api/condition.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { resolutionOf } from '../register/draft.ts';
import { numberOf } from '../typed-number.ts';
import { Failure } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { authorName } from './author-name.ts';

const lights = ['day', 'night'] as const;

/** What is usual for the stream, by which it is found to be degraded: learnt, unless somebody says otherwise. */
export function UsualStreamFields({ camera }: { camera: CameraDetail }) {
  const cameraId = camera.id;
  const { t } = useLanguage();
  const { may } = useSignedIn();
  const baseline = useLoaded((signal) => readBaseline(cameraId, signal), [cameraId]);
  const [changed, setChanged] = useState<StreamBaseline>();
  const [edited, setEdited] = useState<Light>();
  const act = useAct();
  const shown = changed ?? baseline.value;

  async function change(
    light: Light,
    usual: { frameRate: number; width: number; height: number } | null,
  ): Promise<void> {
    const done = await act.run(async () => setChanged(await setUsual(cameraId, light, usual)));
    if (done) setEdited(undefined);
  }

  return (
    <details className="usual">
      <summary>{t('usual.title')}</summary>
      <p>{t('usual.words')}</p>
      <Failure error={baseline.error} onRetry={baseline.reload} />
      <dl>
        {lights.map((light) => (
          <div key={light}>
            <dt>{t(`usual.${light}`)}</dt>
            <dd>
              <Usual usual={shown?.[light] ?? null} />
              {may('camera.edit', camera.lao) && shown !== undefined && edited !== light && (
                <div className="row-actions">
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`${t('usual.set')} ${t(`usual.${light}`)}`}
                    onClick={() => setEdited(light)}
                  >
                    {t('usual.set')}
                  </Button>
                  {shown[light] !== null && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      loading={act.busy}
                      aria-label={`${t('usual.forget')} ${t(`usual.${light}`)}`}
                      onClick={() => void change(light, null)}
                    >
                      {t('usual.forget')}
                    </Button>
                  )}
                </div>
              )}
              {edited === light && (
                <UsualForm
                  start={shown?.[light] ?? null}
                  busy={act.busy}
                  onSave={(usual) => void change(light, usual)}
                  onCancel={() => setEdited(undefined)}
                />
              )}
            </dd>
          </div>
        ))}
      </dl>
      <Failure error={act.error} />
    </details>
  );
}

function Usual({ usual }: { usual: UsualStream | null }) {
  const { t, language } = useLanguage();
  if (usual === null) return <>{t('usual.unknown')}</>;
  const { frameRate, width, height, at, by } = usual;
  return (
    <>
      {t('test.rate', { value: Math.round(frameRate * 10) / 10 })} · {width}×{height}
      <small>
        {by === null ? t('usual.learnt') : authorName(by, language)} · {dateAndTime(at, language)}
      </small>
    </>
  );
}

function UsualForm(props: {
  start: UsualStream | null;
  busy: boolean;
  onSave: (usual: { frameRate: number; width: number; height: number }) => void;
  onCancel: () => void;
}) {
  const { t } = useLanguage();
  const { start, onSave } = props;
  const [rate, setRate] = useState(start === null ? '' : String(start.frameRate));
  const [size, setSize] = useState(start === null ? '' : `${start.width}x${start.height}`);
  const [width, height] = resolutionOf(size)?.split('x').map(Number) ?? [];
  const frameRate = numberOf(rate);
  const isWhole = width !== undefined && height !== undefined && frameRate > 0;
  return (
    <form
      className="narrow-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole) onSave({ frameRate, width, height });
      }}
    >
      <TextInput
        label={t('usual.rate')}
        inputMode="decimal"
        value={rate}
        onChange={({ currentTarget }) => setRate(currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t('usual.size')}
        placeholder="1920x1080"
        value={size}
        onChange={({ currentTarget }) => setSize(currentTarget.value)}
      />
      <div className="row-actions">
        <Button type="submit" size="compact-sm" loading={props.busy} disabled={!isWhole}>
          {t('save')}
        </Button>
        <Button size="compact-sm" variant="default" onClick={props.onCancel}>
          {t('cancel')}
        </Button>
      </div>
    </form>
  );
}
