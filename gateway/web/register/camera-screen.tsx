import { Alert, Button, Title } from '@mantine/core';
import { useState } from 'react';
import {
  deleteCamera,
  readCamera,
  restoreCamera,
  staleOf,
  type CameraDetail,
  type Stale,
} from '../api/cameras.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { recordingsOf, routeHash } from '../route.ts';
import { Failure, Page, Waiting } from '../shell/pieces.tsx';
import { ReasonDialog } from '../shell/reason-dialog.tsx';
import { Section, SectionJumps } from '../shell/section-jumps.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct, useLoaded } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { ConditionCard } from '../condition/condition-card.tsx';
import { RepairLog } from '../repairs/repair-log.tsx';
import { CameraHistory } from './camera-history.tsx';
import { fieldLabel } from './field-words.ts';
import { Findings } from './findings.tsx';
import { LivePane } from './live-pane.tsx';
import { PositionMap } from './position-map.tsx';
import { useNeighbours } from './use-neighbourhood.ts';
import { RegisteredFields } from './registered-fields.tsx';

/** One camera of the register: what is registered and by whom, what disagrees, its picture, its history. */
export default function CameraScreen({ cameraId }: { cameraId: string }) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const camera = useLoaded((signal) => readCamera(cameraId, signal), [cameraId]);
  const [deleting, setDeleting] = useState(false);
  const { value } = camera;
  const present = value !== undefined && value.deleted === null;
  const hasPicture = present && value.stream !== null && may('camera.watch', value.lao);
  const hasPlace = value != null && value.latitude !== null && value.longitude !== null;
  const sections = [
    { id: 'picture', shown: hasPicture },
    { id: 'condition', shown: true },
    { id: 'fields', shown: true },
    { id: 'map', shown: hasPlace },
    { id: 'repairs', shown: value !== undefined && may('repair.list', value.lao) },
    { id: 'history', shown: true },
  ] as const;
  return (
    <Page
      title={value?.position ?? t('camera.title')}
      actions={
        present && (
          <>
            {hasPicture && (
              <Button
                component="a"
                variant="default"
                href={routeHash({ view: 'camera', cameraId })}
              >
                {t('openLarge')}
              </Button>
            )}
            {may('footage.list', value.lao) && value.stream !== null && (
              <Button component="a" variant="default" href={recordingsOf(cameraId)}>
                {t('footage.toRecordings')}
              </Button>
            )}
            {may('camera.delete', value.lao) && (
              <Button variant="default" onClick={() => setDeleting(true)}>
                {t('camera.delete')}
              </Button>
            )}
            {may('camera.edit', value.lao) && (
              <Button component="a" href={routeHash({ view: 'edit', cameraId })}>
                {t('form.edit')}
              </Button>
            )}
          </>
        )
      }
    >
      <Failure error={camera.error} onRetry={camera.reload} />
      {value === undefined && camera.error !== undefined && (
        <p>
          <a href={routeHash({ view: 'register', query: '' })}>{t('camera.toRegister')}</a>
        </p>
      )}
      {value === undefined && camera.loading && <Waiting />}
      {value !== undefined && (
        <>
          <p className="page-under">
            {value.lao.name} · {value.lao.district} · {value.lao.province}
          </p>
          <Deleted camera={value} onRestored={camera.reload} />
          {present &&
            value.warnings.map(({ path, code, message }) => (
              <Alert
                key={path}
                color="yellow"
                variant="light"
                title={fieldLabel(path.slice('/stream/'.length), language)}
              >
                {code === 'address_outside_networks' ? t('camera.outsideNetworks') : message}
              </Alert>
            ))}
          <SectionJumps
            sections={sections
              .filter(({ shown }) => shown)
              .map(({ id }) => ({
                id: `camera-${id}`,
                label: t(`camera.section.${id}`),
              }))}
          />
          <div className="camera-columns">
            <div>
              {hasPicture && (
                <Section id="camera-picture">
                  <LivePane camera={value} />
                </Section>
              )}
              <Section id="camera-condition">
                <ConditionCard camera={value} onDeclared={camera.reload} />
              </Section>
              <Findings camera={value} onAccepted={camera.reload} />
              <Section id="camera-fields">
                <RegisteredFields camera={value} />
              </Section>
            </div>
            <div>
              {hasPlace && (
                <Section id="camera-map">
                  <section className="card">
                    <Title order={3}>{t('camera.place')}</Title>
                    <PlaceMap camera={value} />
                    <p>
                      {value.latitude}, {value.longitude}
                    </p>
                  </section>
                </Section>
              )}
              {may('repair.list', value.lao) && (
                <Section id="camera-repairs">
                  <RepairLog camera={value} onChanged={camera.reload} />
                </Section>
              )}
              <Section id="camera-history">
                <CameraHistory cameraId={cameraId} version={value.version} />
              </Section>
            </div>
          </div>
          {deleting && (
            <DeleteDialog
              camera={value}
              onClose={() => setDeleting(false)}
              onDeleted={() => {
                setDeleting(false);
                camera.reload();
              }}
            />
          )}
        </>
      )}
    </Page>
  );
}

/** Where it is, among the other cameras of its LAO. */
function PlaceMap({ camera }: { camera: CameraDetail }) {
  const others = useNeighbours(camera);
  return (
    <PositionMap
      latitude={String(camera.latitude)}
      longitude={String(camera.longitude)}
      others={others}
    />
  );
}

/** A camera that was deleted is still told, and comes back by one press. */
function Deleted(props: { camera: CameraDetail; onRestored: () => void }) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const { deleted, id, lao, version } = props.camera;
  const act = useAct();
  const isTwice = act.error?.code === 'camera_twice';
  if (deleted === null) return null;
  return (
    <Alert color="red" variant="light" role="status" title={t('camera.deleted')}>
      <p>
        {t('camera.deletedBy', {
          name: deleted.by.name,
          time: dateAndTime(deleted.at, language),
          reason: deleted.reason,
        })}
      </p>
      <Failure error={act.error} />
      {may('camera.delete', lao) && (
        <Button
          variant="default"
          loading={act.busy}
          onClick={() =>
            void act
              .run(() => restoreCamera(id, version, isTwice))
              .then((done) => done && props.onRestored())
          }
        >
          {isTwice ? t('form.twice.both') : t('camera.restore')}
        </Button>
      )}
    </Alert>
  );
}

function DeleteDialog(props: { camera: CameraDetail; onClose: () => void; onDeleted: () => void }) {
  const { t, language } = useLanguage();
  const { camera, onClose, onDeleted } = props;
  const [version, setVersion] = useState(camera.version);
  const [stale, setStale] = useState<Stale>();

  async function remove(reason: string): Promise<void> {
    try {
      await deleteCamera(camera.id, version, reason);
    } catch (error) {
      const changed = staleOf(error);
      if (changed === undefined) throw error;
      // The reason stays; whoever deletes it has been told what they had not seen.
      setStale(changed);
      setVersion(changed.current.version);
      return;
    }
    onDeleted();
  }

  return (
    <ReasonDialog
      title={t('camera.delete')}
      label={t('camera.reason')}
      act={t('camera.delete')}
      color="red"
      onAct={remove}
      onClose={onClose}
    >
      <p>{t('camera.deleteWords', { position: camera.position })}</p>
      {stale !== undefined && (
        <Alert color="yellow" variant="light" role="alert" title={t('stale.title')}>
          {t('camera.deleteStale', {
            fields: stale.changedSince.map((field) => fieldLabel(field, language)).join(', '),
          })}
        </Alert>
      )}
    </ReasonDialog>
  );
}
