import { Button, Select } from '@mantine/core';
import type { Area, Grant } from '../api/areas.ts';
import { AreaFields, type PlaceGiven } from '../register/area-fields.tsx';
import { useLanguage } from '../use-language.ts';
import { roleLevels, roleWords } from './grant-words.ts';
import { administered, atLevel, levelsOf, withRole } from './grants.ts';

/** One role and its area. */
export function GrantFields(props: {
  number: number;
  grant: Grant;
  /** What the giver holds: they give within it. */
  within: readonly Grant[];
  onChange: (grant: Grant) => void;
  onRemove: (() => void) | null;
}) {
  const { t, language } = useLanguage();
  const { number, grant, within, onChange } = props;
  const { area } = grant;
  const levels = levelsOf(grant.role);
  const outer = administered(within);
  const given = {
    province: 'province' in area ? area.province : '',
    district: 'district' in area ? area.district : '',
    lao: 'lao' in area ? area.lao : '',
  };
  return (
    <fieldset className="grant">
      <legend>{t('person.grantNumber', { number })}</legend>
      <div className="grant-fields">
        <Select
          label={t('person.role')}
          allowDeselect={false}
          value={grant.role}
          data={Object.keys(roleLevels).map((role) => ({
            value: role,
            label: roleWords(role, language),
          }))}
          onChange={(role) => role !== null && onChange(withRole(grant, role))}
        />
        {levels.length > 1 && (
          <Select
            label={t('area.level')}
            allowDeselect={false}
            value={area.level}
            data={levels.map((level) => ({ value: level, label: t(`area.${level}`) }))}
            onChange={(level) =>
              level !== null && onChange({ ...grant, area: filled(atLevel(area, level), outer) })
            }
          />
        )}
        {area.level !== 'country' && (
          <AreaFields
            upTo={area.level}
            listed
            value={given}
            fixed={{
              province: 'province' in outer ? outer.province : undefined,
              district: 'district' in outer ? outer.district : undefined,
              lao: 'lao' in outer ? outer.lao : undefined,
            }}
            onChange={(place) =>
              onChange({ ...grant, area: atLevel(withPlace(given, place), area.level) })
            }
          />
        )}
      </div>
      {props.onRemove !== null && (
        <Button variant="subtle" color="red" size="xs" onClick={props.onRemove}>
          {t('person.removeGrant')}
        </Button>
      )}
    </fieldset>
  );
}

/** Parts that are still empty come from the giver's own area. */
function filled(area: Area, outer: Area): Area {
  return Object.fromEntries(
    Object.entries(area).map(([part, value]) => [
      part,
      value === '' && part in outer ? (outer as Record<string, string>)[part] : value,
    ]),
  ) as Area;
}

/** In another district it is another LAO. */
function withPlace(before: PlaceGiven, place: PlaceGiven): Area {
  const isElsewhere = place.province !== before.province || place.district !== before.district;
  return { level: 'lao', ...place, ...(isElsewhere && { lao: '' }) };
}
