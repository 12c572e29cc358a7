/** Reads one list of LAOs, in a thread of its own: what a file holds can end the thread and nothing else. */
import { parentPort, workerData } from 'node:worker_threads';
import { sheetsOf } from '../inventory/file-sheets.ts';
import { WorkbookRefused } from '../inventory/workbook-refused.ts';
import type { ThreadMessage } from '../thrown-away-threads.ts';
import type { LaoFileOrder, ReadLaoFile } from './lao-file.ts';
import { readLaoRows } from './read-lao-rows.ts';

const { bytes } = workerData as LaoFileOrder;

async function read(): Promise<ReadLaoFile> {
  try {
    return { rows: await readLaoRows(await sheetsOf(bytes)) };
  } catch (error) {
    if (!(error instanceof WorkbookRefused)) throw error;
    return { refused: { reason: error.reason, thai: error.thai } };
  }
}

parentPort?.postMessage({ answer: await read() } satisfies ThreadMessage<ReadLaoFile>);
