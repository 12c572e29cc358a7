import type { Area, Place } from '../area.ts';
import type { RegistryDatabase } from '../schema/tables.ts';
import { isWithinAreas } from '../within-areas.ts';

/** What a template offers whoever fills it in: where they are, and the names that the lists have for it. */
export interface TemplateFor {
  /** What all areas of whoever asked have in common: it is filled in already. */
  place: { province?: string; district?: string; lao?: string };
  /** Names of the LAOs in `place`, where that is one district; else none. */
  laos: readonly string[];
  /** Those that cameras of the areas have first, then the others of the list. */
  budgetSources: readonly string[];
}

/** A drop-down of more is no help. */
const MAX_OFFERED = 200;

/** `areas`: where whoever asks may import. */
export async function templateFor(
  database: RegistryDatabase,
  areas: readonly Area[],
): Promise<TemplateFor> {
  const place = commonPlace(areas);
  const { province, district, lao } = place;
  const laos =
    province === undefined || district === undefined || lao !== undefined
      ? []
      : await database
          .selectFrom('laos')
          .select('name')
          .where('province', '=', province)
          .where('district', '=', district)
          .where('status', '!=', 'merged')
          .orderBy('name')
          .limit(MAX_OFFERED)
          .execute();
  const own = areas.some(({ level }) => level === 'country')
    ? []
    : await database
        .selectFrom('cameras')
        .innerJoin('laos', 'laos.id', 'cameras.lao_id')
        .innerJoin('budget_sources', 'budget_sources.id', 'cameras.budget_source_id')
        .select('budget_sources.name')
        .distinct()
        .where('cameras.deleted_at_ms', 'is', null)
        .where(isWithinAreas(areas))
        .orderBy('budget_sources.name')
        .limit(MAX_OFFERED)
        .execute();
  const listed = await database
    .selectFrom('budget_sources')
    .select('name')
    .where('status', '=', 'listed')
    .orderBy('name')
    .limit(MAX_OFFERED)
    .execute();
  const sources = new Set([...own, ...listed].map(({ name }) => name));
  return {
    place,
    laos: laos.map(({ name }) => name),
    budgetSources: [...sources].slice(0, MAX_OFFERED),
  };
}

/** The parts that all areas have, and have alike. */
function commonPlace(areas: readonly Area[]): TemplateFor['place'] {
  const [first, ...others] = areas.map((area): Partial<Place> & { lao?: string } => {
    const { level: _level, ...parts } = area;
    return parts;
  });
  const common: TemplateFor['place'] = {};
  for (const part of ['province', 'district', 'lao'] as const) {
    const value = first?.[part];
    if (value === undefined || others.some((other) => other[part] !== value)) break;
    common[part] = value;
  }
  return common;
}
