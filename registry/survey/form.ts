import type { FormCounts } from './counts.ts';
import type { ReturnRow } from './return-rows.ts';
import { totalsOf } from './return-rows.ts';
import type { Signature } from './signature.ts';

/**
 * The survey form (แบบสำรวจ) as it is printed and as the workbook holds it: headings, merges, order, totals, signature and notes
 * letter for letter (forms.md §2). One model, drawn twice: form-xlsx.ts, and the print view of the screens.
 */

export const surveyTitle =
  'แบบสำรวจข้อมูลการใช้งานกล้องโทรทัศน์วงจรปิด (CCTV) ที่อยู่ในความรับผิดชอบขององค์กรปกครองส่วนท้องถิ่น';
export const totalLabel = 'รวมทั้งสิ้น';
const damagedHeading = 'จำนวนกล้องที่ชำรุด';
const underRepairHeading = 'อยู่ระหว่างซ่อม';
const unrepairableHeading = 'ไม่สามารถซ่อมได้';

export type FormKind = 'lao' | 'province';

/** What a column holds. */
export type FormColumn =
  'ordinal' | 'province' | 'district' | 'lao' | 'budgetSource' | keyof FormCounts | 'note';

interface ColumnHeading {
  column: FormColumn;
  heading: string;
}

/** Leaf columns in the form's order. The two of damaged cameras stand under one heading. */
export const formColumns: Readonly<Record<FormKind, readonly ColumnHeading[]>> = {
  // §2a
  province: [
    { column: 'ordinal', heading: 'ที่' },
    { column: 'province', heading: 'จังหวัด' },
    { column: 'district', heading: 'อำเภอ' },
    { column: 'lao', heading: 'อปท.' },
    { column: 'budgetSource', heading: 'แหล่งที่มางบประมาณ จากหน่วยงาน' },
    { column: 'total', heading: 'จำนวนกล้อง ทั้งหมด' },
    { column: 'working', heading: 'จำนวนกล้อง ที่ใช้งานได้' },
    { column: 'underRepair', heading: underRepairHeading },
    { column: 'unrepairable', heading: unrepairableHeading },
    { column: 'note', heading: 'หมายเหตุ' },
  ],
  // §2b. It says ที่ใช้การได้ where the province form says ที่ใช้งานได้: both are kept.
  lao: [
    { column: 'ordinal', heading: 'ที่' },
    { column: 'lao', heading: 'อปท.' },
    { column: 'budgetSource', heading: 'แหล่งที่มางบประมาณ จากหน่วยงาน' },
    { column: 'total', heading: 'จำนวนกล้อง ทั้งหมด' },
    { column: 'working', heading: 'จำนวนกล้อง ที่ใช้การได้' },
    { column: 'underRepair', heading: underRepairHeading },
    { column: 'unrepairable', heading: unrepairableHeading },
    { column: 'note', heading: 'หมายเหตุ' },
  ],
};

/** §2c. `depth` 1: indented under the one before. */
export interface FormNote {
  text: string;
  depth: 0 | 1;
}

const formNotes: Readonly<Record<FormKind, readonly FormNote[]>> = {
  province: notes({
    working: 'ใช้งานได้',
    broken: 'ใช้งานไม่ได้',
    last: [
      '- แบบสำรวจดังกล่าวข้างต้น (สำหรับจังหวัด) ขอให้จังหวัดรวบรวมข้อมูลจากทุกอำเภอภายในพื้นที่จังหวัด เพื่อรวบรวมส่งให้กรมส่งเสริมการปกครองท้องถิ่นต่อไป',
    ],
  }),
  lao: notes({
    working: 'ใช้การได้',
    broken: 'ใช้การไม่ได้',
    last: [
      '- แบบสำรวจดังกล่าวข้างต้น (สำหรับ อปท.) ให้ อปท. สำรวจข้อมูลและส่งให้อำเภอรวบรวม เพื่อส่งให้จังหวัดต่อไป',
      '(ขอความกรุณา อย่าส่งข้อมูลมากรมส่งเสริมการปกครองท้องถิ่น โดยตรง)',
    ],
  }),
};

function notes({
  working,
  broken,
  last,
}: {
  working: string;
  broken: string;
  last: readonly string[];
}): FormNote[] {
  return [
    {
      text: '- แหล่งที่มางบประมาณจากหน่วยงาน คือ ชื่อหน่วยงานที่สนับสนุนเงินในการจัดซื้อและติดตั้งกล้อง',
      depth: 0,
    },
    {
      text: '- จำนวนกล้องทั้งหมด คือ ปริมาณกล้องทั้งหมดที่อยู่ในความดูแลขององค์กรปกครองส่วนท้องถิ่น',
      depth: 0,
    },
    {
      text: `- จำนวนกล้องที่${working} คือ ปริมาณกล้องที่มีสภาพการใช้งานเป็นปกติ ใช้งานได้เต็มประสิทธิภาพ`,
      depth: 0,
    },
    {
      text: `- จำนวนกล้องที่ชำรุด คือ ปริมาณกล้องเสีย/${broken}/ทำงานได้ไม่เต็มประสิทธิภาพ`,
      depth: 0,
    },
    {
      text: '- อยู่ระหว่างซ่อม คือ กล้องเสียหรือทำงานได้ไม่เต็มประสิทธิภาพ อยู่ระหว่างรอซ่อมบำรุง',
      depth: 1,
    },
    {
      text: '- ไม่สามารถซ่อมได้ คือ กล้องเสีย ไม่สามารถซ่อมให้กลับมาใช้ได้ปกติ เช่น กล้องเก่าไม่มีอะไหล่ ราคาซ่อมไม่คุ้มค่า ฯลฯ',
      depth: 1,
    },
    ...last.map((text) => ({ text, depth: 0 as const })),
  ];
}

export interface HeadingCell {
  text: string;
  /** From 0. */
  row: number;
  column: number;
  rows: number;
  columns: number;
}

export interface SurveyForm {
  kind: FormKind;
  /** Above the title of the LAO form. */
  above: string | null;
  title: string;
  columns: readonly FormColumn[];
  /** Of two rows. */
  header: HeadingCell[];
  rows: (string | number)[][];
  /** `label` goes over the columns before the counts. */
  total: { label: string; labelColumns: number; values: [number, number, number, number] };
  signature: string[];
  notesTitle: string;
  notes: readonly FormNote[];
  /** Without its ending: the subject that the letter asks for. */
  fileName: string;
}

/** `of`: whose form it is; a district hands in the province's columns. */
export function surveyForm(
  kind: FormKind,
  rows: readonly ReturnRow[],
  of: { province: string; district: string | null; lao: string | null },
  signature: Signature | null,
): SurveyForm {
  const columns = formColumns[kind];
  const totals = totalsOf(rows);
  const labelColumns = columns.findIndex(({ column }) => column === 'total');
  return {
    kind,
    above: kind === 'lao' ? '(สำหรับ อปท.)' : null,
    title: surveyTitle,
    columns: columns.map(({ column }) => column),
    header: headerOf(columns),
    rows: rows.map((row, index) =>
      columns.map(({ column }) => (column === 'ordinal' ? index + 1 : row[column])),
    ),
    total: {
      label: totalLabel,
      labelColumns,
      values: [totals.total, totals.working, totals.underRepair, totals.unrepairable],
    },
    signature: signatureLines(kind, of, signature),
    notesTitle: 'หมายเหตุ',
    notes: formNotes[kind],
    fileName: fileNameOf(of),
  };
}

/** §2: `การสำรวจข้อมูลการใช้งานกล้อง CCTV จังหวัด(ระบุ)....`, and whose it is below the province. */
export function fileNameOf({
  province,
  district,
  lao,
}: {
  province: string;
  district: string | null;
  lao: string | null;
}): string {
  const parts = [`การสำรวจข้อมูลการใช้งานกล้อง CCTV จังหวัด${province}`];
  if (lao !== null) parts.push(lao);
  else if (district !== null) parts.push(`อำเภอ${district}`);
  return parts.join(' ');
}

/** Every heading goes over both rows, but the one over the two kinds of damaged cameras. */
function headerOf(columns: readonly ColumnHeading[]): HeadingCell[] {
  const cells: HeadingCell[] = [];
  for (const [index, { column, heading }] of columns.entries()) {
    if (column === 'underRepair') {
      cells.push({ text: damagedHeading, row: 0, column: index, rows: 1, columns: 2 });
    }
    const leaf = column === 'underRepair' || column === 'unrepairable';
    cells.push({ text: heading, row: leaf ? 1 : 0, column: index, rows: leaf ? 1 : 2, columns: 1 });
  }
  return cells;
}

const DOTS = '.'.repeat(40);

function signatureLines(
  kind: FormKind,
  of: { district: string | null },
  signature: Signature | null,
): string[] {
  const position =
    kind === 'lao' ? 'ผู้บริหาร อปท./ปลัด.....' : of.district === null ? 'ท้องถิ่นจังหวัด' : 'ท้องถิ่นอำเภอ';
  return [
    `ลงชื่อ ${DOTS}`,
    `(${signature?.name ?? DOTS})`,
    signature === null ? position : signature.position,
    `วัน/เดือน/ปี ${signature === null ? DOTS : buddhistDay(signature.date)}`,
  ];
}

const months = [
  'มกราคม',
  'กุมภาพันธ์',
  'มีนาคม',
  'เมษายน',
  'พฤษภาคม',
  'มิถุนายน',
  'กรกฎาคม',
  'สิงหาคม',
  'กันยายน',
  'ตุลาคม',
  'พฤศจิกายน',
  'ธันวาคม',
];

/** `19 เมษายน 2562` */
export function buddhistDay(iso: string): string {
  const [year = 0, month = 0, day = 0] = iso.split('-').map(Number);
  return `${day} ${months[month - 1] ?? ''} ${year + 543}`;
}
