import { Button } from '@mantine/core';
import { useState } from 'react';
import { readSnapshot } from '../api/cameras.ts';
import type { DeviceStill } from '../api/onvif.ts';
import { Failure } from '../shell/pieces.tsx';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { stillResultOf } from './device-still.tsx';
import { Still } from './still.tsx';

/** A still by the camera's snapshot address, when it is asked for: each is a view, and is recorded as one. */
export function CameraStill({ cameraId, position }: { cameraId: string; position: string }) {
  const { t } = useLanguage();
  const [fetched, setFetched] = useState<DeviceStill>();
  const act = useAct();
  return (
    <div className="camera-still">
      <Button
        variant="default"
        loading={act.busy}
        onClick={() => void act.run(async () => setFetched(await readSnapshot(cameraId)))}
      >
        {t('camera.still.show')}
      </Button>
      <Failure error={act.error} />
      {fetched !== undefined && !act.busy && (
        <div role="status">
          {fetched.still === null ? (
            <p className="still-missing">{t(`onvif.still.${stillResultOf(fetched)}`)}</p>
          ) : (
            <Still base64={fetched.still} label={t('camera.still.of', { position })} />
          )}
        </div>
      )}
    </div>
  );
}
