import { useEffect, useState } from 'react';
import { readCamera } from '../api/cameras.ts';
import { Failure, Page, Waiting } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { CameraForm } from './camera-form.tsx';
import { emptyDraft, draftOf } from './draft.ts';
import { ownPlace } from './own-place.ts';

/** A new camera, or another state of one. Null: new. */
export default function FormScreen({ cameraId }: { cameraId: string | null }) {
  return cameraId === null ? <NewCamera /> : <EditCamera cameraId={cameraId} />;
}

function NewCamera() {
  const { t } = useLanguage();
  const { person } = useSignedIn();
  const place = ownPlace(person.grants);
  const [start] = useState(() => ({
    ...emptyDraft,
    owningAgency: place.lao ?? '',
    lao: {
      name: place.lao ?? '',
      district: place.district ?? '',
      province: place.province ?? '',
    },
  }));
  return (
    <Page title={t('form.new')}>
      <CameraForm before={null} start={start} fixed={place} onReload={() => {}} />
    </Page>
  );
}

function EditCamera({ cameraId }: { cameraId: string }) {
  const { t } = useLanguage();
  const { person } = useSignedIn();
  const camera = useLoaded((signal) => readCamera(cameraId, signal), [cameraId]);
  const { value } = camera;
  useEffect(() => {
    // A long form: whoever comes from the list begins at its top.
    window.scrollTo({ top: 0 });
  }, []);
  return (
    <Page title={t('form.edit')}>
      <Failure error={camera.error} onRetry={camera.reload} />
      {value === undefined && camera.loading && <Waiting />}
      {value && (
        <CameraForm
          key={value.version}
          before={value}
          start={draftOf(value)}
          fixed={ownPlace(person.grants)}
          onReload={camera.reload}
        />
      )}
    </Page>
  );
}
