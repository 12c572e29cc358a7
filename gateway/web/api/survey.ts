import * as z from 'zod/mini';
import { call, order, queryOf } from './call.ts';

/** The survey: /api/v1/survey. Words of a newer gateway pass as text; the screens say what they do not know as it is. */

const counts = {
  total: z.number(),
  working: z.number(),
  underRepair: z.number(),
  unrepairable: z.number(),
};
export const formCounts = z.object(counts);
export type FormCounts = z.infer<typeof formCounts>;
const withAwaiting = z.object({ ...counts, awaiting: z.number() });
export type AwaitingCounts = z.infer<typeof withAwaiting>;

const surveyCounts = z.object({ ...counts, awaiting: z.number(), inIncident: z.number() });
const nowCounts = z.object({
  ...counts,
  awaiting: z.number(),
  unknown: z.number(),
  inIncident: z.number(),
});
const both = { survey: surveyCounts, now: nowCounts };

const countRow = z.object({
  province: z.nullable(z.string()),
  district: z.nullable(z.string()),
  lao: z.nullable(z.string()),
  laoId: z.nullable(z.string()),
  budgetSource: z.nullable(z.string()),
  budgetSourceId: z.nullable(z.string()),
  ...both,
});
export type CountRow = z.infer<typeof countRow>;

const countsOnWire = z.object({
  at: z.string(),
  windowHours: z.number(),
  rows: z.array(countRow),
  total: z.object(both),
});
export type SurveyCounts = z.infer<typeof countsOnWire>;

export interface SurveyPlace {
  province?: string | undefined;
  district?: string | undefined;
  lao?: string | undefined;
}

export function readCounts(
  by: string,
  place: SurveyPlace,
  signal: AbortSignal,
): Promise<SurveyCounts> {
  return call(countsOnWire, `/api/v1/survey/counts${queryOf({ by, ...place })}`, { signal });
}

const countedPage = z.object({
  cameras: z.array(
    z.object({
      id: z.string(),
      position: z.string(),
      lao: z.object({ name: z.string(), district: z.string(), province: z.string() }),
      budgetSource: z.string(),
      linked: z.boolean(),
      declared: z.string(),
      declaredAt: z.string(),
      observed: z.nullable(
        z.object({ state: z.string(), reason: z.nullable(z.string()), since: z.string() }),
      ),
      now: z.object({ status: z.string(), awaitingClassification: z.boolean() }),
      survey: z.object({
        status: z.string(),
        awaitingClassification: z.boolean(),
        rule: z.string(),
      }),
    }),
  ),
  nextAfter: z.nullable(z.string()),
});
export type CountedPage = z.infer<typeof countedPage>;

export function readCounted(
  query: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<CountedPage> {
  return call(countedPage, `/api/v1/survey/cameras${queryOf(query)}`, { signal });
}

const author = z.object({ id: z.string(), name: z.string(), proxyFor: z.nullable(z.string()) });
const deadline = z.object({
  dueAt: z.string(),
  letterNumber: z.nullable(z.string()),
  contact: z.nullable(z.string()),
});
export type Deadline = z.infer<typeof deadline>;
const progress = z.object({
  waiting: z.number(),
  submitted: z.number(),
  accepted: z.number(),
  late: z.number(),
});

const roundOnWire = z.object({
  id: z.string(),
  title: z.string(),
  reference: z.string(),
  cutOffAt: z.string(),
  windowHours: z.number(),
  scope: z.array(z.looseObject({ level: z.string() })),
  countsClosedAreas: z.boolean(),
  state: z.string(),
  cancelledReason: z.nullable(z.string()),
  openedBy: author,
  openedAt: z.string(),
  frozenAt: z.nullable(z.string()),
  closedAt: z.nullable(z.string()),
  cameras: z.nullable(z.number()),
  deadlines: z.object({ lao: deadline, district: deadline, province: deadline }),
  provinceDeadlines: z.array(
    z.object({
      province: z.string(),
      lao: z.nullable(deadline),
      district: z.nullable(deadline),
    }),
  ),
  progress: z.object({ lao: progress, district: progress, province: progress }),
});
export type Round = z.infer<typeof roundOnWire>;

const ROUNDS = '/api/v1/survey/rounds';
const RETURNS = '/api/v1/survey/returns';
/** Freezing a snapshot of 300,000 cameras takes a while. */
const ROUND_WITHIN_MS = 120_000;
const MAX_RETURNS = 500;

function roundAddress(id: string): string {
  return `${ROUNDS}/${encodeURIComponent(id)}`;
}

export async function readRounds(signal: AbortSignal): Promise<Round[]> {
  return (await call(z.object({ rounds: z.array(roundOnWire) }), ROUNDS, { signal })).rounds;
}

export function readRound(id: string, signal: AbortSignal): Promise<Round> {
  return call(roundOnWire, roundAddress(id), { signal });
}

export interface DeadlineGiven {
  dueAt: string;
  letterNumber: string | null;
  contact: string | null;
}

const askedOnWire = z.object({ listed: z.number(), proposed: z.number() });
export type AskedLaos = z.infer<typeof askedOnWire>;

/** How many LAOs a round in these provinces would ask; none: in the whole country. */
export function readAskedLaos(
  provinces: readonly string[],
  signal?: AbortSignal,
): Promise<AskedLaos> {
  const query = new URLSearchParams(provinces.map((province) => ['province', province]));
  return call(askedOnWire, `/api/v1/survey/asked?${query.toString()}`, { signal });
}

export function openRound(given: Readonly<Record<string, unknown>>): Promise<Round> {
  return call(roundOnWire, ROUNDS, { method: 'POST', body: given, withinMs: ROUND_WITHIN_MS });
}

export function closeRound(id: string): Promise<Round> {
  return call(roundOnWire, `${roundAddress(id)}/close`, { method: 'POST' });
}

export function cancelRound(id: string, reason: string): Promise<Round> {
  return call(roundOnWire, `${roundAddress(id)}/cancel`, { method: 'POST', body: { reason } });
}

export function bringForward(
  id: string,
  province: string,
  given: { lao: DeadlineGiven | null; district: DeadlineGiven | null },
): Promise<Round> {
  const address = `${roundAddress(id)}/deadlines/${encodeURIComponent(province)}`;
  return call(roundOnWire, address, { method: 'PUT', body: given });
}

const returnFields = {
  id: z.string(),
  roundId: z.string(),
  level: z.enum(['lao', 'district', 'province']),
  name: z.string(),
  district: z.nullable(z.string()),
  province: z.string(),
  reportsTo: z.string(),
  state: z.string(),
  version: z.number(),
  sentBackReason: z.nullable(z.string()),
  dueAt: z.string(),
  late: z.boolean(),
  letterNumber: z.nullable(z.string()),
  contact: z.nullable(z.string()),
  counts: withAwaiting,
  mayDo: z.array(z.string()),
};
const returnOnWire = z.object(returnFields);
export type SurveyReturn = z.infer<typeof returnOnWire>;

const versionOnWire = z.object({
  version: z.number(),
  state: z.string(),
  source: z.string(),
  madeAt: z.string(),
  madeBy: author,
  correctionReason: z.nullable(z.string()),
  signature: z.nullable(z.object({ name: z.string(), position: z.string(), date: z.string() })),
  submittedAt: z.nullable(z.string()),
  submittedBy: z.nullable(author),
  incompleteReason: z.nullable(z.string()),
  decidedAt: z.nullable(z.string()),
  decidedBy: z.nullable(author),
  reason: z.nullable(z.string()),
  retaken: z.nullable(
    z.object({
      at: z.string(),
      by: author,
      reason: z.string(),
      added: z.number(),
      removed: z.number(),
      changed: z.number(),
    }),
  ),
});
export type ReturnVersion = z.infer<typeof versionOnWire>;

const detailOnWire = z.object({
  ...returnFields,
  shown: versionOnWire,
  rows: z.array(
    z.object({
      ordinal: z.number(),
      district: z.string(),
      lao: z.string(),
      budgetSource: z.string(),
      ...counts,
      awaiting: z.number(),
      note: z.string(),
    }),
  ),
  totals: withAwaiting,
  toDo: z.object({ awaiting: z.number(), withoutEvidence: z.number() }),
  children: z.array(returnOnWire),
  waitingFor: z.array(z.string()),
  stale: z.boolean(),
  versions: z.array(versionOnWire),
});
export type ReturnDetail = z.infer<typeof detailOnWire>;

const returnList = z.object({ returns: z.array(returnOnWire), nextAfter: z.nullable(z.string()) });

export function readReturns(
  roundId: string,
  filter: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<z.infer<typeof returnList>> {
  const query = queryOf({ ...filter, limit: MAX_RETURNS });
  return call(returnList, `${roundAddress(roundId)}/returns${query}`, { signal });
}

export function remindOf(roundId: string, returns: readonly string[]): Promise<void> {
  return order(`${roundAddress(roundId)}/reminders`, { method: 'POST', body: { returns } });
}

const remindersOnWire = z.object({
  reminders: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: z.string(),
      at: z.string(),
      by: z.nullable(author),
    }),
  ),
});
export type Reminder = z.infer<typeof remindersOnWire>['reminders'][number];

export async function readReminders(roundId: string, signal: AbortSignal): Promise<Reminder[]> {
  return (await call(remindersOnWire, `${roundAddress(roundId)}/reminders`, { signal })).reminders;
}

const reasons = z.object({
  new: z.number(),
  removed: z.number(),
  repaired: z.number(),
  fell: z.number(),
  reclassified: z.number(),
  moved: z.number(),
});
const reconciliationOnWire = z.object({
  previousRoundId: z.nullable(z.string()),
  agreements: z.array(
    z.object({
      level: z.string(),
      province: z.string(),
      district: z.nullable(z.string()),
      sent: z.nullable(formCounts),
      laos: formCounts,
      missing: z.array(z.string()),
      agrees: z.boolean(),
    }),
  ),
  differences: z.array(
    z.object({
      province: z.string(),
      district: z.string(),
      lao: z.string(),
      budgetSource: z.string(),
      before: z.nullable(formCounts),
      after: z.nullable(formCounts),
      reasons,
    }),
  ),
});
export type Reconciliation = z.infer<typeof reconciliationOnWire>;

export function readReconciliation(roundId: string, signal: AbortSignal): Promise<Reconciliation> {
  return call(reconciliationOnWire, `${roundAddress(roundId)}/reconciliation`, { signal });
}

function returnAddress(id: string): string {
  return `${RETURNS}/${encodeURIComponent(id)}`;
}

/** `version`: an earlier one, as it was. */
export function readReturn(
  id: string,
  version: number | null,
  signal: AbortSignal,
): Promise<ReturnDetail> {
  const of = version === null ? '' : `/versions/${version}`;
  return call(detailOnWire, `${returnAddress(id)}${of}`, { signal });
}

const camerasOnWire = z.object({
  cameras: z.array(
    z.object({
      id: z.string(),
      position: z.string(),
      budgetSource: z.string(),
      linked: z.boolean(),
      declared: z.string(),
      observed: z.nullable(z.string()),
      snapshot: z.object({
        status: z.string(),
        awaitingClassification: z.boolean(),
        rule: z.string(),
        proposal: z.nullable(z.string()),
      }),
      status: z.string(),
      classified: z.nullable(
        z.object({
          status: z.string(),
          reason: z.nullable(z.string()),
          note: z.nullable(z.string()),
          inspectedOn: z.nullable(z.string()),
          by: author,
          at: z.string(),
        }),
      ),
      hasEvidence: z.boolean(),
    }),
  ),
  nextAfter: z.nullable(z.string()),
});
export type ReturnCamera = z.infer<typeof camerasOnWire>['cameras'][number];

export function readReturnCameras(
  id: string,
  query: Readonly<Record<string, string | number | undefined>>,
  signal: AbortSignal,
): Promise<z.infer<typeof camerasOnWire>> {
  return call(camerasOnWire, `${returnAddress(id)}/cameras${queryOf(query)}`, { signal });
}

const namedCamera = z.object({ id: z.string(), position: z.string(), budgetSource: z.string() });
const namedCameras = z.object({ count: z.number(), cameras: z.array(namedCamera) });
const differencesOnWire = z.object({
  added: namedCameras,
  removed: namedCameras,
  moved: z.object({
    count: z.number(),
    cameras: z.array(z.extend(namedCamera, { budgetSourceBefore: z.string() })),
  }),
  elsewhere: z.object({
    count: z.number(),
    cameras: z.array(z.extend(namedCamera, { countedBy: z.string() })),
  }),
});
export type SnapshotDifferences = z.infer<typeof differencesOnWire>;

/** What taking the return's cameras anew from the registry would change. */
export function readSnapshotDifferences(
  id: string,
  signal: AbortSignal,
): Promise<SnapshotDifferences> {
  return call(differencesOnWire, `${returnAddress(id)}/snapshot-differences`, { signal });
}

export type ReturnOrder =
  'classify' | 'inspected' | 'retake' | 'submit' | 'accept' | 'send-back' | 'correct';

/** `body` with the version that was looked at. */
export function actOnReturn(
  id: string,
  act: ReturnOrder,
  body: Readonly<Record<string, unknown>>,
): Promise<ReturnDetail> {
  return call(detailOnWire, `${returnAddress(id)}/${act}`, { method: 'POST', body });
}

export function saveNotes(
  id: string,
  version: number,
  notes: readonly { budgetSource: string; note: string }[],
): Promise<ReturnDetail> {
  const body = { version, notes };
  return call(detailOnWire, `${returnAddress(id)}/notes`, { method: 'PUT', body });
}

export function sendFilledForm(id: string, version: number, file: File): Promise<ReturnDetail> {
  return call(detailOnWire, `${returnAddress(id)}/form?version=${version}`, {
    method: 'POST',
    raw: { content: file, type: 'application/octet-stream' },
  });
}

/** The registry's counts again. */
export function dropFilledForm(id: string, version: number): Promise<ReturnDetail> {
  return call(detailOnWire, `${returnAddress(id)}/form?version=${version}`, { method: 'DELETE' });
}

const formOnWire = z.object({
  kind: z.string(),
  above: z.nullable(z.string()),
  title: z.string(),
  columns: z.array(z.string()),
  header: z.array(
    z.object({
      text: z.string(),
      row: z.number(),
      column: z.number(),
      rows: z.number(),
      columns: z.number(),
    }),
  ),
  rows: z.array(z.array(z.union([z.string(), z.number()]))),
  total: z.object({ label: z.string(), labelColumns: z.number(), values: z.array(z.number()) }),
  signature: z.array(z.string()),
  notesTitle: z.string(),
  notes: z.array(z.object({ text: z.string(), depth: z.number() })),
  fileName: z.string(),
  version: z.number(),
  signed: z.boolean(),
});
export type PrintedForm = z.infer<typeof formOnWire>;

export function readForm(
  id: string,
  version: number | null,
  signal: AbortSignal,
): Promise<PrintedForm> {
  return call(formOnWire, `${returnAddress(id)}/form${queryOf({ version })}`, { signal });
}

export function workbookAddress(id: string, version: number | null): string {
  return `${returnAddress(id)}/form.xlsx${queryOf({ version })}`;
}
