import { Alert, Button } from '@mantine/core';
import { changeCamera, type CameraDetail } from '../api/cameras.ts';
import { Failure } from '../shell/pieces.tsx';
import { useSignedIn } from '../shell/signed-in.ts';
import { useAct } from '../shell/use-loaded.ts';
import { useLanguage } from '../use-language.ts';
import { fieldLabel, fieldValueWords } from './field-words.ts';

/**
 * Where what is registered and what was read of the camera disagree, or where a field is empty that was read: for the owner
 * to look at and accept. Nothing is written by itself, and none of it is damage.
 */
export function Findings(props: { camera: CameraDetail; onAccepted: () => void }) {
  const { t, language } = useLanguage();
  const { may } = useSignedIn();
  const { camera } = props;
  const act = useAct();
  const registered: Readonly<Record<string, unknown>> = camera;
  const proposals = camera.observed.filter(({ field }) => registered[field] === null);
  if (camera.findings.length === 0 && proposals.length === 0) return null;

  const accept = (field: string, value: string | number, source: string) =>
    may('camera.edit', camera.lao) && (
      <Button
        size="compact-sm"
        variant="default"
        disabled={act.busy}
        onClick={() =>
          void act
            .run(() =>
              changeCamera(camera.id, { [field]: value }, { version: camera.version, source }),
            )
            .then((done) => done && props.onAccepted())
        }
      >
        {t('finding.accept')}
      </Button>
    );

  return (
    <Alert color="yellow" variant="light" title={t('finding.title')} className="findings">
      <Failure error={act.error} />
      <ul className="plain-list">
        {camera.findings.map((finding) => {
          const source = finding.code.replace('differs_from_', '');
          return (
            <li key={`${finding.field} ${finding.code}`}>
              <span>
                {fieldLabel(finding.field, language)}:{' '}
                {t(`finding.${finding.code as 'recorded_above_highest'}`, {
                  registered: fieldValueWords(finding.field, finding.registered, language),
                  observed: fieldValueWords(finding.field, finding.observed, language),
                  defaultValue: finding.code,
                })}
              </span>
              {finding.code.startsWith('differs_from_') &&
                accept(finding.field, finding.observed, source)}
            </li>
          );
        })}
        {proposals.map((seen) => (
          <li key={`${seen.field} ${seen.source}`}>
            <span>
              {fieldLabel(seen.field, language)}:{' '}
              {t('finding.empty', { observed: fieldValueWords(seen.field, seen.value, language) })}
            </span>
            {accept(seen.field, seen.value, seen.source)}
          </li>
        ))}
      </ul>
    </Alert>
  );
}
