import * as z from 'zod/mini';
import { cameraOnWire } from '../wire.ts';
import { ApiError, call, callWithEtag, order, queryOf, type Answer } from './call.ts';
import { deviceStillOnWire, type DeviceStill } from './onvif.ts';

/** The register: /api/v1/cameras. */

const author = z.object({ id: z.string(), name: z.string(), proxyFor: z.nullable(z.string()) });
export type Author = z.infer<typeof author>;
const value = z.union([z.string(), z.number()]);

const streamOnWire = z.object({
  url: z.string(),
  subUrl: z.nullable(z.string()),
  snapshotUrl: z.nullable(z.string()),
  username: z.nullable(z.string()),
  transport: z.string(),
  sound: z.boolean(),
  record: z.boolean(),
});

export const registeredOnWire = z.extend(cameraOnWire, {
  model: z.nullable(z.string()),
  declaredReason: z.nullable(z.string()),
  declaredAt: z.string(),
  latitude: z.nullable(z.number()),
  longitude: z.nullable(z.number()),
  stream: z.nullable(streamOnWire),
  site: z.nullable(z.string()),
  version: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
  scopeAttested: z.nullable(z.object({ by: author, at: z.string() })),
});
export type Registered = z.infer<typeof registeredOnWire>;

export const detailOnWire = z.extend(registeredOnWire, {
  provenance: z.record(z.string(), z.object({ source: z.string(), by: author, at: z.string() })),
  observed: z.array(z.object({ field: z.string(), source: z.string(), value, at: z.string() })),
  findings: z.array(
    z.object({ field: z.string(), code: z.string(), registered: value, observed: value }),
  ),
  deleted: z.nullable(z.object({ by: author, at: z.string(), reason: z.string() })),
  /** Saved, and does not work as the gateway is set up now. */
  warnings: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
});
export type CameraDetail = z.infer<typeof detailOnWire>;

const page = z.object({
  cameras: z.array(registeredOnWire),
  nextCursor: z.nullable(z.string()),
});
export type RegisterPage = z.infer<typeof page>;

const historyOnWire = z.object({
  versions: z.array(
    z.object({
      version: z.number(),
      at: z.string(),
      action: z.string(),
      source: z.string(),
      author,
      reason: z.nullable(z.string()),
      changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
    }),
  ),
});
export type CameraVersion = z.infer<typeof historyOnWire>['versions'][number];

/** Somebody else was faster: `details` of the answer `camera_changed_meanwhile`. */
const staleOnWire = z.object({
  current: registeredOnWire,
  yours: z.nullable(registeredOnWire),
  changedSince: z.array(z.string()),
});
export type Stale = z.infer<typeof staleOnWire>;

export function staleOf(error: unknown): Stale | undefined {
  if (!(error instanceof ApiError) || error.code !== 'camera_changed_meanwhile') return undefined;
  return staleOnWire.safeParse(error.details).data;
}

/** Of `camera_twice`. */
export const twiceOnWire = z.object({
  cameras: z.array(z.object({ id: z.string(), position: z.string() })),
  elsewhere: z.boolean(),
});
export type Twice = z.infer<typeof twiceOnWire>;

const CAMERAS = '/api/v1/cameras';
const LISTED = 50;

function addressOf(id: string): string {
  return `${CAMERAS}/${encodeURIComponent(id)}`;
}

/** `filter`: by the names of the API's query. */
export function readRegister(
  filter: Readonly<Record<string, string>>,
  cursor: string | null,
  signal: AbortSignal,
): Promise<RegisterPage> {
  return call(page, `${CAMERAS}${queryOf({ ...filter, cursor, limit: LISTED })}`, { signal });
}

const totalsOnWire = z.object({ matching: z.number(), isMore: z.boolean(), all: z.number() });
export type Totals = z.infer<typeof totalsOnWire>;

export function readTotals(
  filter: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Totals> {
  return call(totalsOnWire, `${CAMERAS}/totals${queryOf(filter)}`, { signal });
}

export function readCamera(id: string, signal: AbortSignal): Promise<CameraDetail> {
  return call(detailOnWire, addressOf(id), { signal });
}

export async function readHistory(id: string, signal: AbortSignal): Promise<CameraVersion[]> {
  return (await call(historyOnWire, `${addressOf(id)}/history`, { signal })).versions;
}

export interface ChangeOptions {
  /** Of the camera as it was read. */
  version: number;
  /** How the values came: typed (`declared`), or accepted from what was read of the camera. */
  source?: string;
  duplicateConfirmed?: boolean;
}

export function changeCamera(
  id: string,
  change: Readonly<Record<string, unknown>>,
  { version, source, duplicateConfirmed }: ChangeOptions,
): Promise<Answer<Registered>> {
  const query = queryOf({ source, confirm: duplicateConfirmed === true ? 'duplicate' : null });
  return callWithEtag(registeredOnWire, `${addressOf(id)}${query}`, {
    method: 'PATCH',
    body: change,
    ifMatch: `"${version}"`,
  });
}

export function createCamera(
  given: Readonly<Record<string, unknown>>,
  duplicateConfirmed: boolean,
): Promise<Registered> {
  return call(registeredOnWire, `${CAMERAS}${duplicateConfirmed ? '?confirm=duplicate' : ''}`, {
    method: 'POST',
    body: given,
  });
}

export function deleteCamera(id: string, version: number, reason: string): Promise<void> {
  return order(addressOf(id), { method: 'DELETE', body: { reason }, ifMatch: `"${version}"` });
}

/** `duplicateConfirmed`: though another one has its position and its stream meanwhile. */
export function restoreCamera(
  id: string,
  version: number,
  duplicateConfirmed: boolean,
): Promise<void> {
  const confirm = duplicateConfirmed ? '?confirm=duplicate' : '';
  const path = `${addressOf(id)}/restore${confirm}`;
  return order(path, { method: 'POST', ifMatch: `"${version}"` });
}

/** What the camera shows by its snapshot address. */
export function readSnapshot(id: string): Promise<DeviceStill> {
  return call(deviceStillOnWire, `${addressOf(id)}/snapshot`, { method: 'POST' });
}

const testOnWire = z.object({
  /** `ok`, or a reason as of a live state. */
  result: z.string(),
  detail: z.string(),
  transport: z.string(),
  codec: z.nullable(z.string()),
  width: z.nullable(z.number()),
  height: z.nullable(z.number()),
  frameRate: z.nullable(z.number()),
  firstPictureMs: z.nullable(z.number()),
  /** JPEG in base64. */
  still: z.nullable(z.string()),
  stillOutcome: z.string(),
});
export type ConnectionTest = z.infer<typeof testOnWire>;

/** Whether an address that is being typed could not be connected as the gateway is set up now. */
export async function isOutsideNetworks(url: string, signal: AbortSignal): Promise<boolean> {
  const answer = z.object({ outsideNetworks: z.boolean() });
  const options = { method: 'POST', body: { url }, signal } as const;
  return (await call(answer, `${CAMERAS}/address-check`, options)).outsideNetworks;
}

const TEST_WITHIN_MS = 60_000;

export function testConnection(stream: {
  url: string;
  username: string | null;
  password: string | null;
  transport: string;
}): Promise<ConnectionTest> {
  return call(testOnWire, `${CAMERAS}/test`, {
    method: 'POST',
    body: { stream },
    withinMs: TEST_WITHIN_MS,
  });
}
