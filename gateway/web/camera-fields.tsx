import { Title } from '@mantine/core';
import { declaredWords, purposeWords, scopeWords } from './state-words.ts';
import { useLanguage } from './use-language.ts';
import type { Camera } from './wire.ts';

/** The 11 fields of the inventory in the four groups of its letter, and below them what the register keeps beside them. */
export function CameraFields({ camera }: { camera: Camera }) {
  const { t, language } = useLanguage();
  const given = (value: string | null): string =>
    value === null || value === '' ? t('notGiven') : value;
  const list = (values: string[]): string => given(values.join('\n'));
  return (
    <>
      <FieldGroup
        title={t('group.place')}
        rows={[
          [numbered(1, t('field.owningAgency')), camera.owningAgency],
          [numbered(2, t('field.position')), camera.position],
        ]}
      />
      <FieldGroup
        title={t('group.purpose')}
        rows={[
          [
            numbered(3, t('field.purposes')),
            list(camera.purposes.map((purpose) => purposeWords(purpose, language))),
          ],
        ]}
      />
      <FieldGroup
        title={t('group.link')}
        rows={[
          [numbered(4, t('field.linkedAgencies')), list(camera.linkedAgencies)],
          [numbered(5, t('field.linkNetwork')), given(camera.linkNetwork)],
        ]}
      />
      <FieldGroup
        title={t('group.recording')}
        rows={[
          [numbered(6, t('field.brand')), given(camera.brand)],
          [numbered(7, t('field.recordedResolution')), given(camera.recordedResolution)],
          [numbered(8, t('field.highestResolution')), given(camera.highestResolution)],
          [
            numbered(9, t('field.retentionDays')),
            camera.retentionDays === null
              ? t('notGiven')
              : t('days', { count: camera.retentionDays }),
          ],
          [numbered(10, t('field.frameRate')), given(camera.frameRate?.toString() ?? null)],
          [numbered(11, t('field.fileFormat')), given(camera.fileFormat)],
        ]}
      />
      <FieldGroup
        title={t('group.register')}
        rows={[
          [t('field.lao'), camera.lao.name],
          [t('field.budgetSource'), given(camera.budgetSource)],
          [
            t('field.scope'),
            camera.scope === null ? t('notGiven') : scopeWords(camera.scope, language),
          ],
          [
            t('field.declared'),
            camera.declared === null ? t('notGiven') : declaredWords(camera.declared, language),
          ],
          [t('field.id'), camera.id],
        ]}
      />
    </>
  );
}

export function FieldGroup(props: { title: string; rows: [label: string, value: string][] }) {
  return (
    <section className="fields">
      <Title order={3}>{props.title}</Title>
      <dl>
        {props.rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** ๑ to ๑๑, as the letter numbers the fields. */
export function numbered(number: number, label: string): string {
  const thai = String(number).replace(/\d/gu, (digit) =>
    String.fromCharCode(0x0e50 + Number(digit)),
  );
  return `${thai} ${label}`;
}
