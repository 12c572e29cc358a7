import { guarded } from '../inventory/formula-guard.ts';
import type { Lao } from '../lao.ts';
import { laoTypes } from '../thai-names.ts';
import { laoColumns, parentWords, type LaoColumnKey } from './lao-columns.ts';

export const LAO_SHEET = 'รายชื่อ อปท.';
const FONT = { name: 'TH Sarabun New', size: 14 };
/** Drop-downs reach so far beyond the rows that are there. */
const OFFERED_ROWS = 2_000;

const choices: Partial<Record<LaoColumnKey, readonly string[]>> = {
  type: laoTypes,
  reportingParent: Object.values(parentWords),
};

/**
 * The list as it stands, as a workbook to be corrected and sent back: with no rows it is the empty form. Each cell is text, or Excel
 * takes the zero off a code. Read again it changes nothing.
 */
export async function laoWorkbook(laos: readonly Lao[]): Promise<Uint8Array> {
  // When the first is wanted: it is large, and the thread that serves need not carry it until then.
  const { Workbook } = await import('@cj-tech-master/excelts');
  const workbook = new Workbook();
  const sheet = workbook.addWorksheet(LAO_SHEET, { views: [{ state: 'frozen', ySplit: 1 }] });
  for (const [index, { key, width }] of laoColumns.entries()) {
    const column = sheet.getColumn(index + 1);
    column.width = width;
    column.font = FONT;
    column.numFmt = '@';
    const offered = choices[key];
    if (offered === undefined) continue;
    sheet.dataValidations.add(
      `${column.letter}2:${column.letter}${laos.length + 1 + OFFERED_ROWS}`,
      { type: 'list', allowBlank: true, formulae: [`"${offered.join(',')}"`] },
    );
  }
  sheet.addRow(laoColumns.map(({ heading, required }) => (required ? `${heading} *` : heading)));
  sheet.getRow(1).font = { ...FONT, bold: true };
  for (const lao of laos) {
    sheet.addRow(laoColumns.map(({ key }) => guarded(textOfColumn(lao, key))));
  }
  return workbook.xlsx.writeBuffer();
}

function textOfColumn(lao: Lao, key: LaoColumnKey): string {
  return key === 'reportingParent' ? parentWords[lao.reportingParent] : (lao[key] ?? '');
}
