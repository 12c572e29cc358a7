import { guarded } from '../inventory/formula-guard.ts';
import type { FormColumn, SurveyForm } from './form.ts';

const FONT = { name: 'TH Sarabun New', size: 16 };
const A4 = 9;
const SHEET = 'แบบสำรวจ';
const widths: Readonly<Record<FormColumn, number>> = {
  ordinal: 6,
  province: 14,
  district: 16,
  lao: 24,
  budgetSource: 34,
  total: 12,
  working: 14,
  underRepair: 16,
  unrepairable: 16,
  note: 24,
};
const textColumns: ReadonlySet<FormColumn> = new Set([
  'province',
  'district',
  'lao',
  'budgetSource',
  'note',
]);
const LINE = { style: 'thin' as const };
const BORDER = { top: LINE, bottom: LINE, left: LINE, right: LINE };

/** Where the parts of the form stand in the sheet, from 1: for whoever reads it. */
export interface FormPlaces {
  headerRow: number;
  firstRow: number;
  totalRow: number;
}

export function placesOf(form: Pick<SurveyForm, 'above' | 'rows'>): FormPlaces {
  const headerRow = form.above === null ? 2 : 3;
  const firstRow = headerRow + 2;
  return { headerRow, firstRow, totalRow: firstRow + form.rows.length };
}

/** The form as .xlsx, to be printed on A4 landscape. Counts are numbers, not formulas: what was signed stands there. */
export async function formXlsx(form: SurveyForm): Promise<Uint8Array> {
  // When the first form is wanted: it is large, and the thread that serves need not carry it until then.
  const { Workbook } = await import('@cj-tech-master/excelts');
  const workbook = new Workbook();
  const sheet = workbook.addWorksheet(SHEET, {
    pageSetup: {
      paperSize: A4,
      orientation: 'landscape',
      fitToPage: true,
      fitToWidth: 1,
      fitToHeight: 0,
      horizontalCentered: true,
    },
  });
  const columns = form.columns.length;
  const { headerRow, firstRow, totalRow } = placesOf(form);
  for (const [index, column] of form.columns.entries()) {
    sheet.getColumn(index + 1).width = widths[column];
  }
  const line = (row: number, text: string, bold: boolean): void => {
    const cell = sheet.getCell(row, 1);
    cell.value = text;
    cell.font = { ...FONT, bold };
    cell.alignment = { horizontal: 'center', vertical: 'middle', wrapText: true };
    sheet.mergeCells(row, 1, row, columns);
  };
  if (form.above !== null) line(1, form.above, false);
  line(headerRow - 1, form.title, true);

  for (const { text, row, column, rows, columns: over } of form.header) {
    const cell = sheet.getCell(headerRow + row, column + 1);
    cell.value = text;
    if (rows > 1 || over > 1) {
      sheet.mergeCells(headerRow + row, column + 1, headerRow + row + rows - 1, column + over);
    }
  }
  for (let row = headerRow; row < firstRow; row++) {
    for (let column = 1; column <= columns; column++) {
      const cell = sheet.getCell(row, column);
      cell.font = { ...FONT, bold: true };
      cell.alignment = { horizontal: 'center', vertical: 'middle', wrapText: true };
      cell.border = BORDER;
    }
  }

  for (const [index, values] of form.rows.entries()) {
    for (const [at, value] of values.entries()) {
      const column = form.columns[at];
      const cell = sheet.getCell(firstRow + index, at + 1);
      // An empty note is an empty cell.
      if (value !== '') cell.value = typeof value === 'string' ? guarded(value) : value;
      cell.font = FONT;
      cell.border = BORDER;
      cell.alignment =
        column !== undefined && textColumns.has(column)
          ? { vertical: 'middle', wrapText: true }
          : { horizontal: 'center', vertical: 'middle' };
    }
  }

  const { label, labelColumns, values } = form.total;
  sheet.getCell(totalRow, 1).value = label;
  for (const [index, value] of values.entries()) {
    sheet.getCell(totalRow, labelColumns + 1 + index).value = value;
  }
  for (let column = 1; column <= columns; column++) {
    const cell = sheet.getCell(totalRow, column);
    cell.font = { ...FONT, bold: true };
    cell.border = BORDER;
    cell.alignment = { horizontal: 'center', vertical: 'middle' };
  }
  sheet.mergeCells(totalRow, 1, totalRow, labelColumns);

  const signatureRow = totalRow + 2;
  const signatureFrom = Math.ceil(columns / 2) + 1;
  for (const [index, text] of form.signature.entries()) {
    const cell = sheet.getCell(signatureRow + index, signatureFrom);
    cell.value = guarded(text);
    cell.font = FONT;
    cell.alignment = { horizontal: 'center' };
    sheet.mergeCells(signatureRow + index, signatureFrom, signatureRow + index, columns);
  }
  const notesRow = signatureRow + form.signature.length + 1;
  const title = sheet.getCell(notesRow, 1);
  title.value = form.notesTitle;
  title.font = { ...FONT, bold: true, underline: true };
  for (const [index, { text, depth }] of form.notes.entries()) {
    const row = notesRow + 1 + index;
    const cell = sheet.getCell(row, 1);
    // Stored as text, so that the dash before it begins no formula.
    cell.value = text;
    cell.font = FONT;
    cell.alignment = { vertical: 'top', wrapText: true, indent: depth * 2 };
    sheet.mergeCells(row, 1, row, columns);
  }
  return workbook.xlsx.writeBuffer();
}
