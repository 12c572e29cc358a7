/**
 * Reads one file, in a thread of its own: it may take as long and as much memory as its bounds allow without holding
 * anybody up, and is ended with its dry run. It keeps the rows and their fates, and gives them out by the page.
 */
import { parentPort } from 'node:worker_threads';
import { createHash } from 'node:crypto';
import type { Area } from '../area.ts';
import type { Camera } from '../camera.ts';
import { csvSheet } from './csv-sheet.ts';
import { laoKey } from '../managed-keys.ts';
import type {
  FromImportThread,
  RowFilter,
  ToImportThread,
  WantedCameras,
} from './import-protocol.ts';
import { makePlan, type Plan } from './plan.ts';
import { rowReader, type RowReading } from './row-reading.ts';
import { findTable, type TableHeading } from './table.ts';
import { openFile } from './workbook-kind.ts';
import { WorkbookRefused } from './workbook-refused.ts';
import { xlsxSheets } from './xlsx-sheets.ts';

const PROGRESS_ROWS = 2_000;
const MAX_UNKNOWN_HEADINGS = 50;

if (parentPort === null) throw new Error('import-thread.ts runs as a worker thread');
const port = parentPort;

let readings: RowReading[] = [];
let heading: TableHeading | undefined;
let areas: readonly Area[] = [];
let existing: Camera[] = [];
let plan: Plan = { rows: [], operations: [], fingerprint: '' };

port.on('message', (message: ToImportThread) => {
  switch (message.type) {
    case 'file':
      areas = message.areas;
      read(message.bytes).catch((error: unknown) => {
        if (error instanceof WorkbookRefused) {
          tell({ type: 'refused', reason: error.reason, thai: error.thai });
        } else {
          // Ends the thread; whoever started it is told.
          queueMicrotask(() => {
            throw error;
          });
        }
      });
      break;
    case 'existing':
      existing.push(...message.cameras);
      break;
    case 'existing-over':
      makeThePlan();
      break;
    case 'rows': {
      const { show, after, limit, question } = message;
      const from = plan.rows.findIndex(({ row }) => row > after);
      const rows = from < 0 ? [] : page(from, limit, show);
      tell({ type: 'rows', question, rows });
      break;
    }
    case 'operations': {
      const { from, limit, question } = message;
      const operations = plan.operations.slice(from, from + limit);
      tell({ type: 'operations', question, operations });
      break;
    }
  }
});

async function read(bytes: Uint8Array): Promise<void> {
  const file = openFile(bytes);
  const sheets = file.kind === 'xlsx' ? await xlsxSheets(file.zip) : [csvSheet(file.bytes)];
  const table = await findTable(sheets);
  heading = table.heading;
  const reader = rowReader(heading);
  const found: RowReading[] = [];
  let told = 0;
  for await (const rows of table.rows) {
    for (const row of rows) found.push(reader(row));
    if (found.length - told >= PROGRESS_ROWS) {
      told = found.length;
      tell({ type: 'progress', rows: told });
    }
  }
  if (found.length === 0) throw new WorkbookRefused('no_rows');
  readings = found;
  tell({
    type: 'read',
    rows: found.length,
    table: {
      format: file.kind,
      sheet: heading.sheet,
      headings: [...heading.columns.values()].map((column) => column.heading),
      unknownHeadings: [...new Set(heading.unknown)].slice(0, MAX_UNKNOWN_HEADINGS),
    },
    wanted: wantedBy(found),
  });
}

function wantedBy(found: readonly RowReading[]): WantedCameras {
  const ids = new Set<string>();
  const districts = new Map<string, { province: string; district: string }>();
  const someLaos = new Map<string, Camera['lao']>();
  for (const { given } of found) {
    if (given === undefined) continue;
    if (given.id !== undefined) ids.add(given.id);
    const { province, district } = given.lao;
    districts.set(JSON.stringify([province, district]), { province, district });
    if (someLaos.size < 2) someLaos.set(laoKey(given.lao), given.lao);
  }
  return {
    ids: [...ids].toSorted(),
    districts: [...districts.values()],
    someLaos: [...someLaos.values()],
  };
}

function makeThePlan(): void {
  if (heading === undefined) return;
  plan = makePlan(readings, existing, heading, areas);
  existing = [];
  const counts = { new: 0, changed: 0, unchanged: 0, refused: 0, warned: 0 };
  for (const { fate, warnings } of plan.rows) {
    counts[fate]++;
    if (warnings.length > 0) counts.warned++;
  }
  tell({
    type: 'planned',
    counts,
    operations: plan.operations.length,
    fingerprint: createHash('sha256').update(plan.fingerprint).digest('hex'),
  });
}

function page(from: number, limit: number, show: RowFilter | undefined): Plan['rows'] {
  const rows: Plan['rows'] = [];
  for (let i = from; i < plan.rows.length && rows.length < limit; i++) {
    const row = plan.rows[i];
    if (row === undefined) break;
    const wanted =
      show === undefined || row.fate === show || (show === 'warned' && row.warnings.length > 0);
    if (wanted) rows.push(row);
  }
  return rows;
}

function tell(message: FromImportThread): void {
  port.postMessage(message);
}
