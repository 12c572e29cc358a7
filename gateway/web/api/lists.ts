import * as z from 'zod/mini';
import { call, queryOf } from './call.ts';

/** The lists that cameras are registered under: /api/v1/laos, /budget-sources, /sites. */

const author = z.object({ id: z.string(), name: z.string() });
const kept = {
  id: z.string(),
  name: z.string(),
  status: z.string(),
  proposedBy: z.nullable(author),
  version: z.number(),
};

const laoOnWire = z.object({
  ...kept,
  code: z.nullable(z.string()),
  type: z.nullable(z.string()),
  district: z.string(),
  province: z.string(),
  /** Null: there is no such district. */
  districtCode: z.nullable(z.string()),
  reportingParent: z.string(),
  mergedInto: z.nullable(z.string()),
});
export type Lao = z.infer<typeof laoOnWire>;

const sourceOnWire = z.object(kept);
export type BudgetSource = z.infer<typeof sourceOnWire>;

const siteOnWire = z.object({
  id: z.string(),
  name: z.string(),
  lao: z.object({ name: z.string(), district: z.string(), province: z.string() }),
  networkZone: z.nullable(z.string()),
  maxSessions: z.nullable(z.number()),
  maxSessionsPerBox: z.nullable(z.number()),
  uplinkBitsPerSecond: z.nullable(z.number()),
  version: z.number(),
});
export type Site = z.infer<typeof siteOnWire>;

/** As in the API's paths. */
export type ListName = 'laos' | 'budget-sources' | 'sites';

function pathOf(list: ListName, id?: string): string {
  return `/api/v1/${list}${id === undefined ? '' : `/${encodeURIComponent(id)}`}`;
}

export async function readLaos(
  filter: { province?: string; district?: string; status?: string; q?: string },
  signal: AbortSignal,
): Promise<Lao[]> {
  const answer = z.object({ laos: z.array(laoOnWire) });
  return (await call(answer, `${pathOf('laos')}${queryOf(filter)}`, { signal })).laos;
}

export async function readBudgetSources(signal: AbortSignal): Promise<BudgetSource[]> {
  const answer = z.object({ budgetSources: z.array(sourceOnWire) });
  return (await call(answer, pathOf('budget-sources'), { signal })).budgetSources;
}

export async function readSites(signal: AbortSignal): Promise<Site[]> {
  return (await call(z.object({ sites: z.array(siteOnWire) }), pathOf('sites'), { signal })).sites;
}

const ignored = z.object({ id: z.string() });

/** Listed if the Department adds it, else proposed to it. */
export function addToList(
  list: 'laos' | 'budget-sources',
  given: Readonly<Record<string, unknown>>,
): Promise<{ id: string }> {
  return call(ignored, pathOf(list), { method: 'POST', body: given });
}

/** `row`: as it was read; refused where somebody changed it since. */
export function changeInList(
  list: ListName,
  row: { id: string; version: number },
  change: Readonly<Record<string, unknown>>,
): Promise<{ id: string }> {
  return call(ignored, pathOf(list, row.id), {
    method: 'PATCH',
    body: change,
    ifMatch: `"${row.version}"`,
  });
}

const previewOnWire = z.object({
  cameras: z.number(),
  deletedCameras: z.number(),
  sites: z.array(z.object({ name: z.string(), joins: z.boolean() })),
  people: z.number(),
});
export type MergePreview = z.infer<typeof previewOnWire>;

export type MergedList = ListName;

export function previewMerge(
  list: MergedList,
  id: string,
  into: string,
  signal: AbortSignal,
): Promise<MergePreview> {
  return call(previewOnWire, `${pathOf(list, id)}/merge${queryOf({ into })}`, { signal });
}

/** Cameras go page by page in one transaction: those of a large source take their time. */
const MERGE_WITHIN_MS = 300_000;

export async function mergeInList(list: MergedList, id: string, into: string): Promise<number> {
  const answer = z.object({ cameras: z.number() });
  const options = { method: 'POST', body: { into }, withinMs: MERGE_WITHIN_MS } as const;
  return (await call(answer, `${pathOf(list, id)}/merge`, options)).cameras;
}

const historyOnWire = z.object({
  versions: z.array(
    z.object({
      version: z.number(),
      at: z.string(),
      author,
      changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
    }),
  ),
});
export type ListVersion = z.infer<typeof historyOnWire>['versions'][number];

export async function readListHistory(
  list: ListName,
  id: string,
  signal: AbortSignal,
): Promise<ListVersion[]> {
  return (await call(historyOnWire, `${pathOf(list, id)}/history`, { signal })).versions;
}
