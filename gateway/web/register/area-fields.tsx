import { Autocomplete, Select } from '@mantine/core';
import { useLanguage } from '../use-language.ts';
import { isNotListed } from './not-listed.ts';
import { useAreaNames } from './official-areas.ts';
import { useLaos } from './use-laos.ts';

export interface PlaceGiven {
  province: string;
  district: string;
  lao: string;
}

/** Province, district and LAO, as far as `upTo` asks; what lies fixed in one's own area is shown, and not changed. */
export function AreaFields(props: {
  upTo: 'province' | 'district' | 'lao';
  value: PlaceGiven;
  fixed?: {
    province?: string | undefined;
    district?: string | undefined;
    lao?: string | undefined;
  };
  errors?: Partial<Record<keyof PlaceGiven, string | undefined>>;
  required?: boolean;
  /** Required ones have their star. */
  marked?: boolean;
  /** The LAO is one of the list, and no other: whose cameras somebody sees hangs on it. */
  listed?: boolean;
  onChange: (value: PlaceGiven) => void;
}) {
  const { t } = useLanguage();
  const names = useAreaNames();
  const {
    upTo,
    value,
    fixed = {},
    errors = {},
    required = false,
    marked = false,
    listed = false,
    onChange,
  } = props;
  const within = upTo === 'lao' && fixed.lao === undefined;
  const laos = useLaos(
    within ? (fixed.province ?? value.province) : '',
    within ? (fixed.district ?? value.district) : '',
  );
  // A district of which the list has none is new to the system: all of its names are.
  const isUnknown = laos.length > 0 && isNotListed(value.lao, laos);
  return (
    <>
      <Autocomplete
        label={t('area.province')}
        data={names?.provinces ?? []}
        limit={20}
        value={fixed.province ?? value.province}
        readOnly={fixed.province !== undefined}
        error={errors.province}
        required={required}
        withAsterisk={marked}
        onChange={(province) => onChange({ ...value, province })}
        data-field="lao.province"
      />
      {upTo !== 'province' && (
        <Autocomplete
          label={t('area.district')}
          data={names?.districtsOf(fixed.province ?? value.province) ?? []}
          limit={30}
          value={fixed.district ?? value.district}
          readOnly={fixed.district !== undefined}
          error={errors.district}
          required={required}
          withAsterisk={marked}
          onChange={(district) => onChange({ ...value, district })}
          data-field="lao.district"
        />
      )}
      {upTo === 'lao' && listed && fixed.lao === undefined && (
        <ListedLao
          laos={laos}
          value={value}
          required={required}
          onChange={(lao) => onChange({ ...value, lao })}
        />
      )}
      {upTo === 'lao' && !(listed && fixed.lao === undefined) && (
        <Autocomplete
          label={t('area.lao')}
          placeholder={t('area.laoHint')}
          data={laos}
          limit={20}
          value={fixed.lao ?? value.lao}
          readOnly={fixed.lao !== undefined}
          description={isUnknown ? t('area.laoNotListed') : undefined}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          error={errors.lao}
          required={required}
          withAsterisk={marked}
          onChange={(lao) => onChange({ ...value, lao })}
          data-field="lao.name"
        />
      )}
    </>
  );
}

/** One that was chosen before the list had it otherwise stays choosable. */
function ListedLao(props: {
  laos: readonly string[];
  value: PlaceGiven;
  required: boolean;
  onChange: (lao: string) => void;
}) {
  const { t } = useLanguage();
  const { laos, value, required, onChange } = props;
  const named = value.province !== '' && value.district !== '';
  return (
    <Select
      label={t('area.lao')}
      placeholder={t(named ? 'area.laoChoose' : 'area.laoAfterDistrict')}
      description={named && laos.length === 0 ? t('area.laoNone') : undefined}
      data={[...new Set([...laos, ...(value.lao === '' ? [] : [value.lao])])]}
      value={value.lao === '' ? null : value.lao}
      disabled={!named}
      required={required}
      withAsterisk={false}
      searchable
      nothingFoundMessage={t('area.laoNotFound')}
      onChange={(lao) => onChange(lao ?? '')}
    />
  );
}
