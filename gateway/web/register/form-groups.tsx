import { Autocomplete, Checkbox, Radio, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { numbered } from '../camera-fields.tsx';
import { useLanguage } from '../use-language.ts';
import { AreaFields } from './area-fields.tsx';
import type { FormPart } from './form-part.ts';
import { declarations, purposes, scopes } from './choices.ts';
import { numberOf } from '../typed-number.ts';
import { isLinked, type Draft } from './draft.ts';
import { isNotListed } from './not-listed.ts';
import { PositionMap } from './position-map.tsx';
import { useBudgetSources } from './use-budget-sources.ts';
import { useNeighbourhood } from './use-neighbourhood.ts';
import { LineArea } from '../shell/line-area.tsx';

export function Group(props: { title: string; children: ReactNode }) {
  return (
    <fieldset className="form-group">
      <legend>{props.title}</legend>
      {props.children}
    </fieldset>
  );
}

type TextField = {
  [Name in keyof Draft]: Draft[Name] extends string ? Name : never;
}[keyof Draft];

/** One line of text, under the label of its field. */
export function Line(
  props: FormPart & {
    field: TextField;
    label: string;
    hint?: string;
    required?: boolean;
    choices?: string[];
    inputMode?: 'numeric' | 'decimal' | 'url';
  },
) {
  const { draft, set, errorOf, field, label, hint, required = false, choices, inputMode } = props;
  const shared = {
    label,
    description: hint,
    value: draft[field],
    error: errorOf(field),
    required,
    withAsterisk: required,
    'data-field': field,
    ...(inputMode === undefined ? {} : { inputMode }),
  };
  return choices === undefined ? (
    <TextInput
      {...shared}
      onChange={({ currentTarget }) => set({ [field]: currentTarget.value })}
    />
  ) : (
    <Autocomplete {...shared} data={choices} onChange={(value) => set({ [field]: value })} />
  );
}

/** What is recorded already is kept as long as before until two people have said otherwise. */
function keepsLess({ base, draft }: FormPart): boolean {
  return isLinked(base) && numberOf(draft.retentionDays) < numberOf(base.retentionDays);
}

/** Fields 1 and 2, and where that is. */
export function PlaceGroup(
  props: FormPart & { fixed: { province?: string; district?: string; lao?: string } },
) {
  const { t } = useLanguage();
  const { fixed, ...part } = props;
  const { draft, set, errorOf } = part;
  const hasPin = draft.latitude.trim() !== '' && draft.longitude.trim() !== '';
  const near = useNeighbourhood(draft.lao, !hasPin);
  return (
    <Group title={t('group.place')}>
      <Line {...part} field="owningAgency" label={numbered(1, t('field.owningAgency'))} required />
      <Line
        {...part}
        field="position"
        label={numbered(2, t('field.position'))}
        hint={t('form.positionHint')}
        required
      />
      <div className="form-row">
        <AreaFields
          upTo="lao"
          value={{
            province: draft.lao.province,
            district: draft.lao.district,
            lao: draft.lao.name,
          }}
          fixed={fixed}
          errors={{
            province: errorOf('lao.province'),
            district: errorOf('lao.district'),
            lao: errorOf('lao.name'),
          }}
          required
          marked
          onChange={({ province, district, lao }) =>
            set({ lao: { name: lao, district, province } })
          }
        />
      </div>
      <Radio.Group
        label={t('field.scope')}
        value={draft.scope}
        onChange={(scope) => set({ scope })}
      >
        <div className="checks">
          {scopes.map((scope) => (
            <Radio key={scope} value={scope} label={t(`scope.${scope}`)} />
          ))}
        </div>
      </Radio.Group>
      <div className="form-row">
        <Line
          {...part}
          field="latitude"
          label={t('form.latitude')}
          hint={t('form.latitudeHint')}
          inputMode="decimal"
        />
        <Line
          {...part}
          field="longitude"
          label={t('form.longitude')}
          hint={t('form.longitudeHint')}
          inputMode="decimal"
        />
      </div>
      <PositionMap
        latitude={draft.latitude}
        longitude={draft.longitude}
        near={near}
        onMove={(latitude, longitude) =>
          set({ latitude: String(latitude), longitude: String(longitude) })
        }
      />
    </Group>
  );
}

/** Field 3: one or more of three. */
export function PurposeGroup({ draft, set, errorOf }: FormPart) {
  const { t } = useLanguage();
  return (
    <Group title={t('group.purpose')}>
      <Checkbox.Group
        label={numbered(3, t('field.purposes'))}
        value={draft.purposes}
        error={errorOf('purposes')}
        onChange={(chosen) =>
          set({ purposes: purposes.filter((purpose) => chosen.includes(purpose)) })
        }
      >
        <div className="checks">
          {purposes.map((purpose, index) => (
            <Checkbox
              key={purpose}
              value={purpose}
              label={t(`purpose.${purpose}`)}
              {...(index === 0 ? { 'data-field': 'purposes' } : {})}
            />
          ))}
        </div>
      </Checkbox.Group>
    </Group>
  );
}

const resolutions = ['1280x720', '1920x1080', '2560x1440', '3840x2160', '704x576', '640x480'];
const fileFormats = ['H.264', 'H.265', 'MP4', 'AVI', 'MJPEG'];

/** Fields 6 to 11. */
export function RecordingGroup(part: FormPart) {
  const { t } = useLanguage();
  return (
    <Group title={t('group.recording')}>
      <div className="form-row">
        <Line {...part} field="brand" label={numbered(6, t('field.brand'))} />
        <Line {...part} field="model" label={t('form.model')} />
      </div>
      <div className="form-row">
        <Line
          {...part}
          field="recordedResolution"
          label={numbered(7, t('field.recordedResolution'))}
          hint={t('form.resolutionHint')}
          choices={resolutions}
        />
        <Line
          {...part}
          field="highestResolution"
          label={numbered(8, t('field.highestResolution'))}
          hint={t('form.resolutionHint')}
          choices={resolutions}
        />
      </div>
      <div className="form-row">
        <Line
          {...part}
          field="retentionDays"
          label={numbered(9, t('field.retentionDays'))}
          inputMode="numeric"
          {...(keepsLess(part) && { hint: t('form.keepsLess') })}
        />
        <Line
          {...part}
          field="frameRate"
          label={numbered(10, t('field.frameRate'))}
          inputMode="decimal"
        />
        <Line
          {...part}
          field="fileFormat"
          label={numbered(11, t('field.fileFormat'))}
          choices={fileFormats}
        />
      </div>
    </Group>
  );
}

/** What the register keeps beside the 11 fields: who paid, and what the owner declares. */
export function RegisterGroup(part: FormPart) {
  const { t } = useLanguage();
  const { draft, set, errorOf } = part;
  const sources = useBudgetSources();
  return (
    <Group title={t('group.register')}>
      <Line
        {...part}
        field="budgetSource"
        label={t('field.budgetSource')}
        hint={t('form.budgetHint')}
        choices={sources ?? []}
        required
      />
      {isNotListed(draft.budgetSource, sources) && (
        <p className="import-warning" role="status">
          {t('form.sourceNotListed', { name: draft.budgetSource.trim() })}
        </p>
      )}
      <Radio.Group
        label={t('field.declared')}
        value={draft.declared}
        onChange={(declared) => set({ declared })}
      >
        <div className="checks">
          {declarations.map((declared) => (
            <Radio
              key={declared}
              value={declared}
              label={t(`declared.${declared}`)}
              description={t(`form.declaredHint.${declared}`)}
            />
          ))}
        </div>
      </Radio.Group>
      {draft.declared !== 'working' && (
        <LineArea
          label={t('form.declaredReason')}
          value={draft.declaredReason}
          error={errorOf('declaredReason')}
          data-field="declaredReason"
          onChange={(declaredReason) => set({ declaredReason })}
        />
      )}
    </Group>
  );
}
