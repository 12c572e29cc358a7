import { csvSheet } from './csv-sheet.ts';
import type { Sheet } from './sheet-row.ts';
import { openFile } from './workbook-kind.ts';
import { xlsxSheets } from './xlsx-sheets.ts';

/** The sheets of a file, whatever wrote it; for threads that may be thrown away. Throws WorkbookRefused, also while rows are read. */
export async function sheetsOf(bytes: Uint8Array): Promise<readonly Sheet[]> {
  const file = openFile(bytes);
  return file.kind === 'xlsx' ? xlsxSheets(file.zip) : [csvSheet(file.bytes)];
}
