import { Title } from '@mantine/core';
import type { CameraDetail } from '../api/cameras.ts';
import { dateAndTime } from '../buddhist-date.ts';
import { numbered } from '../camera-fields.tsx';
import { KeptDays } from '../keeping/kept-days.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useLanguage } from '../use-language.ts';
import { fieldLabel, fieldValueWords } from './field-words.ts';

/** By group, as on the form; the first eleven carry the letter's numbers. */
const groups = [
  ['place', ['owningAgency', 'position']],
  ['purpose', ['purposes']],
  ['link', ['linkedAgencies', 'linkNetwork']],
  [
    'recording',
    [
      'brand',
      'recordedResolution',
      'highestResolution',
      'retentionDays',
      'frameRate',
      'fileFormat',
    ],
  ],
  [
    'register',
    ['model', 'lao', 'budgetSource', 'scope', 'declared', 'declaredReason', 'site', 'stream'],
  ],
] as const;

/** Every field with where its value comes from. */
export function RegisteredFields({ camera }: { camera: CameraDetail }) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  // Of one that is not linked nothing is recorded here.
  const isRecorded = camera.stream !== null && may('footage.list', camera.lao);
  const values: Readonly<Record<string, unknown>> = camera;
  let number = 0;
  return (
    <>
      {groups.map(([group, fields]) => (
        <section key={group} className="card fields">
          <Title order={3}>{t(`group.${group}`)}</Title>
          <dl>
            {fields.map((field) => {
              number += 1;
              const label = fieldLabel(field, language);
              const origin = camera.provenance[field];
              const ofSnapshot = camera.provenance['stream.snapshotUrl'];
              return (
                <div key={field}>
                  <dt>{group === 'register' ? label : numbered(number, label)}</dt>
                  <dd>
                    {fieldValueWords(field, values[field], language)}
                    {field === 'retentionDays' && isRecorded && (
                      <KeptDays cameraId={camera.id} fieldDays={camera.retentionDays} />
                    )}
                    {origin !== undefined && <Origin origin={origin} />}
                    {field === 'stream' &&
                      camera.stream?.snapshotUrl != null &&
                      ofSnapshot !== undefined && (
                        <Origin
                          origin={ofSnapshot}
                          of={fieldLabel('stream.snapshotUrl', language)}
                        />
                      )}
                  </dd>
                </div>
              );
            })}
            {group === 'register' && (
              <>
                {camera.scopeAttested !== null && (
                  <div>
                    <dt>{t('camera.attested')}</dt>
                    <dd>
                      {camera.scopeAttested.by.name} ·{' '}
                      {dateAndTime(camera.scopeAttested.at, language)}
                    </dd>
                  </div>
                )}
                <div>
                  <dt>{t('field.id')}</dt>
                  <dd>{camera.id}</dd>
                </div>
              </>
            )}
          </dl>
        </section>
      ))}
    </>
  );
}

/** How a value came, by whom and when. `of`: of a part of the field alone. */
function Origin({ origin, of }: { origin: CameraDetail['provenance'][string]; of?: string }) {
  const { t, language } = useLanguage();
  return (
    <small>
      {of !== undefined && `${of}: `}
      {t(`source.${origin.source as 'declared'}`, { defaultValue: origin.source })}
      {' · '}
      {origin.by.name}
      {origin.by.proxyFor !== null && ` ${t('source.proxy', { lao: origin.by.proxyFor })}`}
      {' · '}
      {dateAndTime(origin.at, language)}
    </small>
  );
}
