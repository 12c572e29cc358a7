import * as z from 'zod/mini';
import { call, queryOf } from './call.ts';

/** The repair log, and what is to be repaired: /api/v1/repairs. */

const repairOnWire = z.object({
  id: z.string(),
  cameraId: z.string(),
  version: z.number(),
  state: z.string(),
  reportedOn: z.string(),
  reportedBy: z.string(),
  cause: z.string(),
  note: z.nullable(z.string()),
  contractor: z.nullable(z.string()),
  warrantyUntil: z.nullable(z.string()),
  dueOn: z.nullable(z.string()),
  cost: z.nullable(z.number()),
  backOn: z.nullable(z.string()),
  openedAt: z.string(),
  closedAt: z.nullable(z.string()),
  overdueDays: z.number(),
});
export type Repair = z.infer<typeof repairOnWire>;

const brokenOnWire = z.object({
  cameraId: z.string(),
  position: z.string(),
  lao: z.object({ name: z.string(), district: z.string(), province: z.string() }),
  budgetSource: z.string(),
  declared: z.string(),
  declaredReason: z.nullable(z.string()),
  observed: z.nullable(
    z.object({
      state: z.string(),
      reason: z.nullable(z.string()),
      since: z.string(),
      inIncident: z.boolean(),
    }),
  ),
  since: z.string(),
  repair: z.nullable(repairOnWire),
});
export type BrokenCamera = z.infer<typeof brokenOnWire>;

const totalOnWire = z.object({
  province: z.string(),
  district: z.nullable(z.string()),
  lao: z.nullable(z.string()),
  toRepair: z.number(),
  undeclared: z.number(),
  withoutRepair: z.number(),
  overdue: z.number(),
  unrepairable: z.number(),
  longestSince: z.nullable(z.string()),
});
export type BrokenTotal = z.infer<typeof totalOnWire>;

export type Place = { province?: string; district?: string; lao?: string };

const page = z.object({ cameras: z.array(brokenOnWire), nextCursor: z.nullable(z.string()) });

export function readBroken(
  kind: string,
  place: Place,
  cursor: string | null,
  signal: AbortSignal,
): Promise<z.infer<typeof page>> {
  return call(page, `/api/v1/repairs${queryOf({ kind, ...place, cursor })}`, { signal });
}

export async function readBrokenTotals(
  by: string,
  place: Place,
  signal: AbortSignal,
): Promise<BrokenTotal[]> {
  const answer = z.object({ totals: z.array(totalOnWire) });
  return (await call(answer, `/api/v1/repairs/totals${queryOf({ by, ...place })}`, { signal }))
    .totals;
}

function ofCamera(id: string): string {
  return `/api/v1/cameras/${encodeURIComponent(id)}/repairs`;
}

export async function readRepairs(cameraId: string, signal: AbortSignal): Promise<Repair[]> {
  const answer = z.object({ repairs: z.array(repairOnWire) });
  return (await call(answer, ofCamera(cameraId), { signal })).repairs;
}

export function openRepair(
  cameraId: string,
  given: Readonly<Record<string, unknown>>,
): Promise<Repair> {
  return call(repairOnWire, ofCamera(cameraId), { method: 'POST', body: given });
}

export function changeRepair(
  { id, cameraId, version }: Repair,
  change: Readonly<Record<string, unknown>>,
): Promise<Repair> {
  return call(repairOnWire, `${ofCamera(cameraId)}/${encodeURIComponent(id)}`, {
    method: 'PATCH',
    body: change,
    ifMatch: `"${version}"`,
  });
}
