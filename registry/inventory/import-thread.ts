/**
 * Reads one file, in a thread of its own: it may take as long and as much memory as its bounds allow without holding
 * anybody up, and is ended with its dry run. It keeps the rows and their fates, and gives them out by the page.
 */
import { parentPort } from 'node:worker_threads';
import type { Area } from '../area.ts';
import type { Camera } from '../camera.ts';
import { parseCameraNetworks, type CameraNetworks } from '../camera-networks.ts';
import type {
  ComparedCamera,
  ComparedRow,
  NamedDistrict,
  WantedCameras,
} from '../compared-cameras.ts';
import { csvSheet } from './csv-sheet.ts';
import type { FromImportThread, ToImportThread } from './import-protocol.ts';
import { Planner } from './plan.ts';
import { rowReader, saysOnlyWhere, type RowReading } from './row-reading.ts';
import { SharedTexts } from './shared-texts.ts';
import { findTable } from './table.ts';
import { openFile } from './workbook-kind.ts';
import { WorkbookRefused } from './workbook-refused.ts';
import { xlsxSheets } from './xlsx-sheets.ts';

const PROGRESS_ROWS = 2_000;
const MAX_UNKNOWN_HEADINGS = 50;

if (parentPort === null) throw new Error('import-thread.ts runs as a worker thread');
const port = parentPort;

let areas: readonly Area[] = [];
let networks: CameraNetworks | undefined;
let planner: Planner | undefined;
let existing: ComparedCamera[] = [];
/** When they were deleted, by id; Unix ms. */
let deleted = new Map<string, number>();
/** Of readings and of registered cameras alike. */
const texts = new SharedTexts();

port.on('message', (message: ToImportThread) => {
  switch (message.type) {
    case 'file':
      areas = message.areas;
      networks = message.cameraNetworks && parseCameraNetworks(message.cameraNetworks);
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
    case 'names':
      planner?.follow(message.names);
      break;
    case 'existing':
      for (const row of message.cameras) {
        const camera = comparedCamera(row);
        if (planner?.isNamed(camera) === true) existing.push(camera);
      }
      break;
    case 'deleted':
      for (const { id, deletedAtMs } of message.cameras) deleted.set(id, deletedAtMs);
      break;
    case 'existing-over':
      makeThePlan();
      break;
    case 'rows': {
      const { show, after, limit, question } = message;
      tell({ type: 'rows', question, rows: planner?.fates(after, limit, show) ?? [] });
      break;
    }
    case 'operations': {
      const { from, limit, question } = message;
      tell({ type: 'operations', question, operations: planner?.operations(from, limit) ?? [] });
      break;
    }
  }
});

async function read(bytes: Uint8Array): Promise<void> {
  const file = openFile(bytes);
  const sheets = file.kind === 'xlsx' ? await xlsxSheets(file.zip) : [csvSheet(file.bytes)];
  const table = await findTable(sheets);
  const { heading } = table;
  const reader = rowReader(heading, texts, networks);
  const found: RowReading[] = [];
  let told = 0;
  for await (const rows of table.rows) {
    for (const row of rows) if (!saysOnlyWhere(row, heading)) found.push(reader(row));
    if (found.length - told >= PROGRESS_ROWS) {
      told = found.length;
      tell({ type: 'progress', rows: told });
    }
  }
  if (found.length === 0) throw new WorkbookRefused('no_rows');
  planner = new Planner(found, heading, areas);
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
  // Rows of one spelling have one.
  const laos = new Set<Camera['lao']>();
  const laosOfIds = new Set<Camera['lao']>();
  for (const { given } of found) {
    if (given === undefined) continue;
    if (given.id !== undefined) ids.add(given.id);
    const named = given.id === undefined ? laos : laosOfIds;
    named.add(given.lao);
  }
  const [districts, districtsOfIds] = [districtsIn(laos), districtsIn(laosOfIds)];
  for (const key of districts.keys()) districtsOfIds.delete(key);
  return {
    ids: [...ids].toSorted(),
    districts: [...districts.values()],
    districtsOfIds: [...districtsOfIds.values()],
  };
}

function districtsIn(laos: Iterable<Camera['lao']>): Map<string, NamedDistrict> {
  const districts = new Map<string, NamedDistrict>();
  for (const { province, district } of laos) {
    districts.set(`${province}\n${district}`, { province, district });
  }
  return districts;
}

/** With the texts that the file has of it. */
function comparedCamera([
  id,
  version,
  owningAgency,
  position,
  purposes,
  linkedAgencies,
  linkNetwork,
  brand,
  model,
  recordedResolution,
  highestResolution,
  retentionDays,
  frameRate,
  fileFormat,
  laoName,
  laoDistrict,
  laoProvince,
  budgetSource,
  scope,
  declared,
  declaredReason,
  latitude,
  longitude,
  site,
  url,
  subUrl,
  username,
  hasPassword,
  transport,
  sound,
  record,
]: ComparedRow): ComparedCamera {
  return {
    id,
    version,
    owningAgency: texts.own(owningAgency),
    position: texts.own(position),
    purposes: texts.list(purposes),
    linkedAgencies: texts.list(linkedAgencies),
    linkNetwork: texts.ownOrNull(linkNetwork),
    brand: texts.ownOrNull(brand),
    model: texts.ownOrNull(model),
    recordedResolution: texts.ownOrNull(recordedResolution),
    highestResolution: texts.ownOrNull(highestResolution),
    retentionDays,
    frameRate,
    fileFormat: texts.ownOrNull(fileFormat),
    lao: texts.lao(laoName, laoDistrict, laoProvince),
    budgetSource: texts.own(budgetSource),
    scope: texts.own(scope) as Camera['scope'],
    declared: texts.own(declared) as Camera['declared'],
    declaredReason: texts.ownOrNull(declaredReason),
    latitude,
    longitude,
    site: texts.ownOrNull(site),
    stream:
      url === null || transport === null
        ? null
        : {
            url: texts.own(url),
            subUrl: texts.ownOrNull(subUrl),
            username: texts.ownOrNull(username),
            hasPassword,
            transport: texts.own(transport) as typeof transport,
            sound,
            record,
          },
  };
}

function makeThePlan(): void {
  if (planner === undefined) return;
  const plan = planner.plan(existing, deleted);
  existing = [];
  deleted = new Map();
  tell({ type: 'planned', ...plan });
}

function tell(message: FromImportThread): void {
  port.postMessage(message);
}
