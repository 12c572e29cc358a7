import { Autocomplete } from '@mantine/core';
import { useLanguage } from '../use-language.ts';
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
    onChange,
  } = props;
  const within = upTo === 'lao' && fixed.lao === undefined;
  const laos = useLaos(
    within ? (fixed.province ?? value.province) : '',
    within ? (fixed.district ?? value.district) : '',
  );
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
      {upTo === 'lao' && (
        <Autocomplete
          label={t('area.lao')}
          placeholder={t('area.laoHint')}
          data={laos}
          limit={20}
          value={fixed.lao ?? value.lao}
          readOnly={fixed.lao !== undefined}
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
