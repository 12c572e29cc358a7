import type { Selectable } from 'kysely';
import * as z from 'zod';
import { agencyName } from './agency-name.ts';
import { findDistrict, findProvince } from './areas/official-areas.ts';
import { authorOf } from './author.ts';
import { authorship } from './camera.ts';
import { managedList } from './managed-list.ts';
import type { LaoTable } from './schema/tables.ts';
import { storedLine, typedLine } from './text.ts';
import { laoTypes, splitLaoName } from './thai-names.ts';

/** A local administration (อปท.) as the master list has it. */

const MAX_NAME_LENGTH = 200;

const name = storedLine(MAX_NAME_LENGTH);
const typedName = agencyName(MAX_NAME_LENGTH);
const typedArea = typedLine(MAX_NAME_LENGTH);
export const laoStatuses = ['listed', 'proposed', 'merged'] as const;
export const reportingParents = ['district', 'province'] as const;

export const lao = z
  .object({
    id: z.string(),
    code: z.string().nullable(),
    type: z.enum(laoTypes).nullable(),
    name,
    district: name,
    province: name,
    districtCode: z
      .string()
      .nullable()
      .meta({ description: 'official; null: there is no such district, somebody should look' }),
    reportingParent: z
      .enum(reportingParents)
      .meta({ description: 'to whom it sends its return: its district, or the province directly' }),
    status: z.enum(laoStatuses),
    mergedInto: z.string().nullable(),
    proposedBy: authorship.nullable().meta({ description: 'null: the Department entered it' }),
    version: z.int().meta({ description: 'for If-Match; each change makes the next' }),
  })
  .meta({ id: 'Lao' });
export type Lao = z.infer<typeof lao>;

const code = z
  .string()
  .trim()
  .regex(/^\d{4,10}$/, 'must be 4 to 10 digits')
  .meta({ examples: ['05810302'] });

export const newLao = z
  .strictObject({
    name: typedName,
    district: typedArea,
    province: typedArea,
    code: code.nullable().default(null),
    type: z.enum(laoTypes).nullable().default(null),
    reportingParent: z.enum(reportingParents).nullable().default(null),
  })
  .meta({
    examples: [{ name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่', type: 'ทต.' }],
  });
export type NewLao = z.output<typeof newLao>;

export const laoChange = z
  .strictObject({
    name: typedName.optional(),
    district: typedArea.optional(),
    province: typedArea.optional(),
    code: code.nullable().optional(),
    type: z.enum(laoTypes).nullable().optional(),
    reportingParent: z.enum(reportingParents).optional(),
    status: z.enum(['listed', 'proposed']).optional(),
  })
  .meta({ examples: [{ status: 'listed', reportingParent: 'province' }] });
export type LaoChange = z.output<typeof laoChange>;

export class LaoNotFound extends Error {
  readonly code = 'lao_not_found';
  constructor(id: string) {
    super(`no LAO ${id}`);
  }
}

/** Another row of the list has this name (by any spelling) or this code. */
export class LaoTwice extends Error {
  readonly code = 'lao_exists';
  readonly details: { lao: Lao };
  constructor(existing: Lao) {
    super(`the list has it already: ${existing.name}, ${existing.district}, ${existing.province}`);
    this.details = { lao: existing };
  }
}

export class LaoNotValid extends Error {
  readonly code = 'lao_not_valid';
}

/** The list's rows, as they are changed. */
export const laoList = managedList<Selectable<LaoTable>>('laos', {
  toldOf: laoOf,
  notFound: (id) => new LaoNotFound(id),
});

/** As columns, officially spelled. A listed LAO lies in a district that there is. Throws LaoNotValid. */
export function placeOf(
  given: { name: string; district: string; province: string; type: Lao['type'] },
  listed: boolean,
) {
  const district = findDistrict(given.province, given.district);
  if (listed && district === undefined) {
    throw new LaoNotValid(`there is no district ${given.district} in ${given.province}`);
  }
  const named = splitLaoName(given.name)?.type ?? null;
  if (given.type !== null && named !== null && given.type !== named) {
    throw new LaoNotValid(`${given.name} is not ${given.type}`);
  }
  return {
    name: given.name,
    district: district?.name ?? given.district,
    province: district?.province ?? findProvince(given.province)?.name ?? given.province,
    district_code: district?.code ?? null,
    type: given.type ?? named,
  };
}

export function laoOf(row: Selectable<LaoTable>): Lao {
  return {
    id: row.id,
    code: row.code,
    type: row.type,
    name: row.name,
    district: row.district,
    province: row.province,
    districtCode: row.district_code,
    reportingParent: row.reporting_parent ?? 'district',
    status: row.status,
    mergedInto: row.merged_into,
    proposedBy: row.proposed_by === null ? null : authorOf(row.proposed_by),
    version: row.version,
  };
}
