import { matchKey } from '../thai-names.ts';

/** The columns of the Department's list of LAOs as a file: what the list has of each, in its words. */

export type LaoColumnKey = 'code' | 'type' | 'name' | 'district' | 'province' | 'reportingParent';

export interface LaoColumn {
  key: LaoColumnKey;
  heading: string;
  /** Other headings that are this one. */
  aliases: readonly string[];
  /** A file without it is refused. */
  required: boolean;
  /** In characters. */
  width: number;
}

export const laoColumns: readonly LaoColumn[] = [
  { key: 'code', heading: 'รหัส อปท.', aliases: ['รหัส', 'code'], required: false, width: 14 },
  { key: 'type', heading: 'ประเภท', aliases: ['ประเภท อปท.', 'type'], required: false, width: 10 },
  {
    key: 'name',
    heading: 'ชื่อ อปท.',
    aliases: ['อปท.', 'องค์กรปกครองส่วนท้องถิ่น', 'name'],
    required: true,
    width: 36,
  },
  { key: 'district', heading: 'อำเภอ', aliases: ['อำเภอ/เขต'], required: true, width: 22 },
  { key: 'province', heading: 'จังหวัด', aliases: [], required: true, width: 18 },
  {
    key: 'reportingParent',
    heading: 'ส่งแบบสำรวจให้',
    aliases: ['ส่งให้'],
    required: false,
    width: 18,
  },
];

/** To whom an LAO sends its return. */
export const parentWords = { district: 'อำเภอ', province: 'จังหวัด' } as const;

/** By key (`matchKey`) of what people write. */
export const parents: ReadonlyMap<string, keyof typeof parentWords> = new Map([
  [matchKey('อำเภอ'), 'district'],
  [matchKey('จังหวัด'), 'province'],
  [matchKey('จังหวัดโดยตรง'), 'province'],
]);

export const laoHeadings: ReadonlyMap<string, LaoColumn> = new Map(
  laoColumns.flatMap((column) =>
    [column.heading, ...column.aliases].map((heading) => [matchKey(heading), column] as const),
  ),
);
