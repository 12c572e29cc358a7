/** Reads one filled form, in a thread of its own: what a file holds can end the thread and nothing else. */
import { parentPort, workerData } from 'node:worker_threads';
import { csvSheet } from '../inventory/csv-sheet.ts';
import { openFile } from '../inventory/workbook-kind.ts';
import { WorkbookRefused } from '../inventory/workbook-refused.ts';
import { xlsxSheets } from '../inventory/xlsx-sheets.ts';
import type { ThreadMessage } from '../thrown-away-threads.ts';
import type { FormOrder } from './filled-form-file.ts';
import { readFilledForm, type FilledForm } from './filled-form.ts';

const { bytes, lao } = workerData as FormOrder;

async function read(): Promise<FilledForm> {
  try {
    const file = openFile(bytes);
    const sheets = file.kind === 'xlsx' ? await xlsxSheets(file.zip) : [csvSheet(file.bytes)];
    return await readFilledForm(sheets, lao);
  } catch (error) {
    if (!(error instanceof WorkbookRefused)) throw error;
    return { problems: [{ cell: null, heading: '', text: '', reason: error.thai }] };
  }
}

parentPort?.postMessage({ answer: await read() } satisfies ThreadMessage<FilledForm>);
