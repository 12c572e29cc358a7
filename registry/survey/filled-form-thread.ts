/** Reads one filled form, in a thread of its own: what a file holds can end the thread and nothing else. */
import { parentPort, workerData } from 'node:worker_threads';
import { sheetsOf } from '../inventory/file-sheets.ts';
import { WorkbookRefused } from '../inventory/workbook-refused.ts';
import type { ThreadMessage } from '../thrown-away-threads.ts';
import type { FormOrder } from './filled-form-file.ts';
import { readFilledForm, type FilledForm } from './filled-form.ts';

const { bytes, lao } = workerData as FormOrder;

async function read(): Promise<FilledForm> {
  try {
    return await readFilledForm(await sheetsOf(bytes), lao);
  } catch (error) {
    if (!(error instanceof WorkbookRefused)) throw error;
    return { problems: [{ cell: null, heading: '', text: '', reason: error.thai }] };
  }
}

parentPort?.postMessage({ answer: await read() } satisfies ThreadMessage<FilledForm>);
