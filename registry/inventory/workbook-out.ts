import type { Writable } from 'node:stream';
import { WorkbookWriter } from '@cj-tech-master/excelts';
import { inventoryFields, type Camera } from '../camera.ts';
import { cellsOf } from './camera-cells.ts';
import { columnOf, columns, purposesHeading, type Column, type ColumnKey } from './columns.ts';
import { guarded } from './formula-guard.ts';
import type { TemplateFor } from './template-for.ts';

/** Sheets of the workbook. */
export const INVENTORY_SHEET = 'บัญชีกล้อง';
export const HELP_SHEET = 'วิธีกรอก';

const HEADING_ROWS = 2;
/** Drop-downs reach so far beyond the rows that are there. */
const OFFERED_ROWS = 5_000;
const FONT = { name: 'TH Sarabun New', size: 14 };
const REQUIRED_FILL = 'FFFCE8B2';
const OPTIONAL_FILL = 'FFE3EDF7';
const numberColumns: readonly string[] = ['retentionDays', 'frameRate', 'latitude', 'longitude'];
const purposeColumns = columns.flatMap(({ field }, index) => (field === 'purposes' ? [index] : []));

/** Choices that are too many for a drop-down's own 255 letters; read by nobody. */
const CHOICES_SHEET = 'ตัวเลือก';
/** Rows of the template in which the place stands already; a row with nothing more is no camera (`saysOnlyWhere`). */
const FILLED_ROWS = 200;

/** The inventory, or, without cameras, the template to fill in. Written to `out` as it is made. */
export interface WorkbookOut {
  add(cameras: readonly Camera[]): void;
  /** Of a template: whose it is. Before `end`, and without cameras. */
  offer(template: TemplateFor): void;
  end(): Promise<void>;
}

export function openWorkbookOut(out: Writable): WorkbookOut {
  const workbook = new WorkbookWriter({ stream: out, useStyles: true, useSharedStrings: false });
  addHelp(workbook);
  const sheet = workbook.addWorksheet(INVENTORY_SHEET, {
    views: [{ state: 'frozen', xSplit: 3, ySplit: HEADING_ROWS }],
  });
  for (const [index, { key, width }] of columns.entries()) {
    const column = sheet.getColumn(index + 1);
    column.width = width;
    column.font = FONT;
    // As text, or Excel makes dates of what looks like one.
    if (!numberColumns.includes(key)) column.numFmt = '@';
  }
  addHeadings(sheet);
  let rows = HEADING_ROWS;
  const offered = new Map<ColumnKey, readonly string[]>();
  return {
    add(cameras) {
      for (const camera of cameras) {
        rows++;
        sheet.addRow(cellsOf(camera).map(unlikeEscapes)).commit();
      }
    },
    offer({ place, laos, budgetSources }) {
      offered.set('laoName', laos);
      offered.set('budgetSource', budgetSources);
      const given = new Map<ColumnKey, string | undefined>([
        ['laoName', place.lao],
        ['laoDistrict', place.district],
        ['laoProvince', place.province],
      ]);
      if (place.province === undefined) return;
      const row = columns.map(({ key }) => unlikeEscapes(given.get(key) ?? null));
      for (let at = 0; at < FILLED_ROWS; at++) sheet.addRow(row).commit();
    },
    async end() {
      for (const [index, { key, choices: own }] of columns.entries()) {
        const choices = offered.get(key) ?? own ?? [];
        if (choices.length === 0) continue;
        const letter = sheet.getColumn(index + 1).letter;
        sheet.dataValidations.add(`${letter}${HEADING_ROWS + 1}:${letter}${rows + OFFERED_ROWS}`, {
          type: 'list',
          allowBlank: true,
          formulae: [own === undefined ? choicesOf(key, choices.length) : `"${own.join(',')}"`],
          // Other spellings are read too; the dry run says what is wrong.
          showErrorMessage: false,
        });
      }
      sheet.commit();
      addChoices(workbook, offered);
      await workbook.commit();
    },
  };
}

/** In columns of a sheet of their own, each under the heading of its column. */
const offeredColumns: readonly ColumnKey[] = ['laoName', 'budgetSource'];

function choicesOf(key: ColumnKey, count: number): string {
  const letter = String.fromCharCode(65 + offeredColumns.indexOf(key));
  return `'${CHOICES_SHEET}'!$${letter}$2:$${letter}$${count + 1}`;
}

function addChoices(
  workbook: WorkbookWriter,
  offered: ReadonlyMap<ColumnKey, readonly string[]>,
): void {
  if (offered.size === 0) return;
  const sheet = workbook.addWorksheet(CHOICES_SHEET);
  const lists = offeredColumns.map((key) => offered.get(key) ?? []);
  sheet.addRow(offeredColumns.map((key) => columnOf(key).heading)).commit();
  for (let at = 0; at < Math.max(...lists.map(({ length }) => length)); at++) {
    sheet.addRow(lists.map((names) => unlikeEscapes(guarded(names[at] ?? '')))).commit();
  }
  sheet.commit();
}

/** ISO/IEC 29500-1 §22.9.2.19: _x0041_ would be read as A; its first underscore is escaped then. */
function unlikeEscapes<Value>(cell: Value): Value | string {
  return typeof cell === 'string' ? cell.replace(/_(?=x[\da-f]{4}_)/gi, '_x005F_') : cell;
}

type Sheet = ReturnType<WorkbookWriter['addWorksheet']>;

/** Field ๓ goes over its three purposes; every other heading over both rows. */
function addHeadings(sheet: Sheet): void {
  const [first = 0] = purposeColumns;
  const last = purposeColumns.at(-1) ?? first;
  for (const [index, column] of columns.entries()) {
    const isPurpose = purposeColumns.includes(index);
    const top = sheet.getCell(1, index + 1);
    const bottom = sheet.getCell(2, index + 1);
    if (isPurpose) {
      if (index === first) top.value = purposesHeading;
      bottom.value = column.heading;
    } else top.value = column.heading;
    for (const cell of [top, bottom]) styleHeading(cell, column.required || isPurpose);
    if (!isPurpose) sheet.mergeCells(1, index + 1, 2, index + 1);
  }
  sheet.mergeCells(1, first + 1, 1, last + 1);
  sheet.getRow(1).height = 48;
  sheet.getRow(2).height = 60;
  sheet.getRow(2).commit();
}

function styleHeading(cell: ReturnType<Sheet['getCell']>, required: boolean): void {
  cell.font = { ...FONT, bold: true };
  cell.alignment = { wrapText: true, vertical: 'middle', horizontal: 'center' };
  cell.fill = {
    type: 'pattern',
    pattern: 'solid',
    fgColor: { argb: required ? REQUIRED_FILL : OPTIONAL_FILL },
  };
  const line = { style: 'thin' as const };
  cell.border = { top: line, bottom: line, left: line, right: line };
}

const helpLines = [
  'กรอกข้อมูลในแผ่นงาน “บัญชีกล้อง” หนึ่งแถวต่อกล้องหนึ่งตัว อย่าแก้หรือสลับชื่อหัวตาราง',
  'ช่องหัวตารางสีเหลืองต้องกรอก ช่องสีฟ้าเว้นว่างได้ ใช้เลขไทยหรือเลขอารบิกก็ได้',
  'ระบบจะแสดงผลตรวจทุกแถวให้ดูก่อน ยังไม่บันทึกจนกว่าท่านจะกดยืนยัน',
  'ถ้าลบคอลัมน์ใดออกจากไฟล์ ระบบจะไม่แตะต้องข้อมูลช่องนั้น แต่ถ้าเว้นว่างไว้ ระบบถือว่าลบข้อมูลช่องนั้น',
  'กล้องในพื้นที่ปิดเฉพาะ (เขตพื้นที่ทำงาน เขตหวงห้าม) นับจำนวนอย่างเดียว ให้เว้นว่างข้อมูลการเชื่อมโยง โครงข่าย และที่อยู่สัญญาณภาพ',
  'แถวที่มีแต่ชื่อ อปท. อำเภอ จังหวัด ไม่นับเป็นกล้อง ลบทิ้งหรือปล่อยไว้ก็ได้',
  'กล้องที่มีอยู่แล้วจับคู่ด้วยรหัสกล้องในระบบ ถ้าไม่มีรหัส จับคู่ด้วย อปท. ตำแหน่ง และที่อยู่สัญญาณภาพ',
];

function addHelp(workbook: WorkbookWriter): void {
  const sheet = workbook.addWorksheet(HELP_SHEET);
  for (const [index, width] of [8, 44, 12, 70, 40].entries()) {
    const column = sheet.getColumn(index + 1);
    column.width = width;
    column.font = FONT;
    column.alignment = { wrapText: true, vertical: 'top' };
  }
  for (const text of helpLines) {
    const row = sheet.addRow([text]);
    row.getCell(1).alignment = { wrapText: false };
    row.commit();
  }
  sheet.addRow([]).commit();
  const head = sheet.addRow(['ข้อ', 'หัวตาราง', 'ต้องกรอก', 'วิธีกรอก', 'ตัวอย่าง']);
  head.eachCell((cell) => styleHeading(cell, false));
  head.commit();
  for (const column of columns) {
    const { heading, required, note, example, field } = column;
    const must = required || field === 'purposes' ? 'ต้องกรอก' : '';
    sheet.addRow([numberOf(column), heading, must, note, example]).commit();
  }
  sheet.commit();
}

function numberOf({ field }: Column): string {
  return inventoryFields.find((one) => one.field === field)?.number ?? '';
}
