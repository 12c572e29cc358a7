import { parse } from 'csv-parse/sync';
import type { Area, Place } from '#registry/area.ts';
import { contains } from '#registry/area.ts';
import { findDistrict, findProvince } from '#registry/areas/official-areas.ts';
import { levelsOf, roles, type Grant, type Role } from './actor.ts';
import { email, grant, personName } from './person-json.ts';

/**
 * A list of people as a province keeps it in Excel and saves as CSV: name, e-mail, LAO, role. District and province may stand
 * beside the LAO; where they do not, the LAO is looked up among those that the registry knows in the area.
 */

/** Rows of one list. */
export const MAX_PEOPLE_ROWS = 1_000;

export interface ListedPerson {
  name: string;
  email: string;
  grants: [Grant];
}

export interface ListRow {
  /** As a spreadsheet numbers it; the headings are line 1. */
  line: number;
  given: { name: string; email: string };
  person: ListedPerson | undefined;
  problem: ListProblem | undefined;
}

export interface ListProblem {
  code:
    | 'name_not_valid'
    | 'email_not_valid'
    | 'email_twice'
    | 'role_unknown'
    | 'lao_unknown'
    | 'lao_ambiguous'
    | 'area_not_of_role'
    | 'area_unknown';
  message: string;
}

/** The file as a whole cannot be read. */
export class PeopleListNotReadable extends Error {
  readonly code = 'people_list_not_readable';
}

type Column = 'name' | 'email' | 'role' | 'lao' | 'district' | 'province';

/** Headings, compared without blanks and case. */
const headings: Readonly<Record<Column, readonly string[]>> = {
  name: ['ชื่อ', 'ชื่อ-สกุล', 'ชื่อ-นามสกุล', 'ชื่อสกุล', 'ชื่อและนามสกุล', 'name'],
  email: ['อีเมล', 'อีเมล์', 'e-mail', 'email'],
  role: ['บทบาท', 'สิทธิ', 'สิทธิ์', 'หน้าที่', 'role'],
  lao: ['อปท.', 'อปท', 'องค์กรปกครองส่วนท้องถิ่น', 'หน่วยงาน', 'lao'],
  district: ['อำเภอ', 'district'],
  province: ['จังหวัด', 'province'],
};

export const roleWords: Readonly<Record<Role, readonly string[]>> = {
  owner: ['เจ้าของกล้อง', 'อปท.', 'อปท'],
  district: ['อำเภอ', 'ท้องถิ่นอำเภอ'],
  province: ['จังหวัด', 'ท้องถิ่นจังหวัด', 'คณะกรรมการ'],
  dla: ['กรม', 'สถ.', 'กรมส่งเสริมการปกครองท้องถิ่น'],
  operator: ['ศูนย์ปฏิบัติการ', 'เจ้าหน้าที่ศูนย์', 'เฝ้าระวัง'],
  investigator: ['พนักงานสอบสวน', 'ผู้ขอภาพ', 'สืบสวน'],
  approver: ['ผู้อนุมัติ', 'อนุมัติ'],
  auditor: ['ผู้ตรวจสอบ', 'ตรวจสอบ'],
  administrator: ['ผู้ดูแลระบบ', 'ผู้ดูแล'],
};

/** `findLaos`: LAOs of that name. Throws PeopleListNotReadable. Whether the roles may be given is the policy's question. */
export async function readPeopleList(
  csv: string,
  within: readonly Area[],
  findLaos: (name: string) => Promise<Place[]>,
): Promise<ListRow[]> {
  const { columns, records } = tableOf(csv);
  const seen = new Set<string>();
  const rows: ListRow[] = [];
  for (const { line, cells } of records) {
    const cell = (column: Column): string => {
      const at = columns.get(column);
      return (at === undefined ? '' : (cells[at] ?? '')).trim().normalize('NFC');
    };
    const given = { name: cell('name'), email: cell('email') };
    const found = await personOf(cell, within, findLaos, seen);
    rows.push(
      'code' in found
        ? { line, given, person: undefined, problem: found }
        : { line, given, person: found, problem: undefined },
    );
  }
  return rows;
}

function tableOf(csv: string): {
  columns: Map<Column, number>;
  records: { line: number; cells: string[] }[];
} {
  let parsed: { record: string[]; info: { lines: number } }[];
  try {
    parsed = parse(csv, {
      bom: true,
      info: true,
      // Excel writes what the country separates lists by.
      delimiter: [',', ';', '\t'],
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: 10_000,
      to: MAX_PEOPLE_ROWS + 2,
    }) as unknown as typeof parsed;
  } catch (cause) {
    throw new PeopleListNotReadable('this is no CSV: save the sheet as "CSV UTF-8"', { cause });
  }
  const [head, ...rest] = parsed;
  if (head === undefined) throw new PeopleListNotReadable('the list is empty');
  if (rest.length > MAX_PEOPLE_ROWS) {
    throw new PeopleListNotReadable(`a list has ${MAX_PEOPLE_ROWS} people at most: split it`);
  }
  const columns = new Map<Column, number>();
  head.record.forEach((heading, at) => {
    const column = columnOf(heading);
    if (column !== undefined && !columns.has(column)) columns.set(column, at);
  });
  const missing = (['name', 'email', 'role'] as const).filter((column) => !columns.has(column));
  if (missing.length > 0) {
    const names = missing.map((column) => headings[column][0]).join(', ');
    throw new PeopleListNotReadable(`the first line has no heading ${names}`);
  }
  return {
    columns,
    records: rest
      .filter(({ record }) => record.some((cell) => cell.trim() !== ''))
      .map(({ record, info }) => ({ line: info.lines, cells: record })),
  };
}

function columnOf(heading: string): Column | undefined {
  const text = heading.normalize('NFC').replace(/\s/g, '').toLowerCase();
  return (Object.keys(headings) as Column[]).find((column) => headings[column].includes(text));
}

async function personOf(
  cell: (column: Column) => string,
  within: readonly Area[],
  findLaos: (name: string) => Promise<Place[]>,
  seen: Set<string>,
): Promise<ListedPerson | ListProblem> {
  const name = personName.safeParse(cell('name'));
  if (!name.success) return problem('name_not_valid', 'the name is missing or too long');
  const address = email.safeParse(cell('email'));
  if (!address.success) return problem('email_not_valid', 'this is no e-mail address');
  const key = address.data.toLowerCase();
  if (seen.has(key)) return problem('email_twice', 'the address stands in a line above already');
  const role = roleOf(cell('role'));
  if (role === undefined) {
    return problem('role_unknown', `the role is one of ${roles.map(wordOf).join(', ')}`);
  }
  const place = await placeOf(cell, within, findLaos);
  if ('code' in place) return place;
  const area = areaFor(role, place);
  const checked = grant.safeParse({ role, area });
  const unknown = checked.error?.issues.find(
    (issue) => issue.code === 'custom' && issue.params?.['code'] === 'area_unknown',
  );
  if (unknown !== undefined) return problem('area_unknown', unknown.message);
  if (!checked.success) {
    return problem('area_not_of_role', `the role needs ${levelsOf[role].join(' or ')}`);
  }
  seen.add(key);
  return { name: name.data, email: address.data, grants: [checked.data] };
}

type PartOfPlace = { province: string; district: string; lao: string };

async function placeOf(
  cell: (column: Column) => string,
  within: readonly Area[],
  findLaos: (name: string) => Promise<Place[]>,
): Promise<PartOfPlace | ListProblem> {
  const province = findProvince(cell('province'))?.name ?? cell('province');
  const district = findDistrict(province, cell('district'))?.name ?? cell('district');
  const given = { province, district, lao: cell('lao') };
  if (given.lao === '' || (given.province !== '' && given.district !== '')) return given;
  const all = await findLaos(given.lao);
  const fitting = all.filter(
    (place) =>
      within.some((area) => contains(area, place)) &&
      (given.province === '' || given.province === place.province) &&
      (given.district === '' || given.district === place.district),
  );
  const [only] = fitting;
  if (only === undefined) {
    return problem(
      'lao_unknown',
      'no such LAO is known in your area: give its district and province',
    );
  }
  if (fitting.length > 1) {
    return problem('lao_ambiguous', 'several LAOs have this name: give its district and province');
  }
  return { province: only.province, district: only.district, lao: only.name };
}

/** The narrowest area that the role is given for, of what stands in the line. */
function areaFor(role: Role, { province, district, lao }: PartOfPlace): Area {
  const levels = levelsOf[role];
  if (lao !== '' && levels.includes('lao')) return { level: 'lao', province, district, lao };
  if (district !== '' && levels.includes('district')) {
    return { level: 'district', province, district };
  }
  if (province !== '' && levels.includes('province')) return { level: 'province', province };
  return { level: 'country' };
}

function roleOf(text: string): Role | undefined {
  const word = text.toLowerCase();
  return roles.find((role) => role === word || roleWords[role].includes(word));
}

function wordOf(role: Role): string {
  return `${roleWords[role][0] ?? role} (${role})`;
}

function problem(code: ListProblem['code'], message: string): ListProblem {
  return { code, message };
}
