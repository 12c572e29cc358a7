import * as z from 'zod/mini';
import { call, callForFile, queryOf } from './call.ts';

/** What was recorded: timelines, holds, clips, and how long it is kept. */

const timelineOnWire = z.object({
  cameraId: z.string(),
  next: z.nullable(z.string()),
  spans: z.array(
    z.object({ from: z.string(), to: z.string(), hoursUntilExpiry: z.nullable(z.number()) }),
  ),
  gaps: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      cause: z.string(),
      detail: z.nullable(z.string()),
    }),
  ),
  /** Of which there was footage that a rule has deleted. */
  deletions: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      retentionDays: z.nullable(z.number()),
      shorteningId: z.nullable(z.string()),
      /** Null: it is being deleted. */
      lastDeletedAt: z.nullable(z.string()),
    }),
  ),
  /** Of it, what plays only on the server that recorded it, until it is stored. */
  elsewhere: z.array(z.object({ from: z.string(), to: z.string() })),
  holds: z.array(
    z.object({
      id: z.string(),
      from: z.string(),
      to: z.string(),
      reason: z.string(),
      placedBy: z.string(),
    }),
  ),
  retentionDays: z.number(),
});
export type TimelineOnWire = z.infer<typeof timelineOnWire>;

export interface TimeRange {
  fromMs: number;
  toMs: number;
}

function cameraAddress(id: string): string {
  return `/api/v1/cameras/${encodeURIComponent(id)}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Of a camera that was up and down every few seconds of a day, and then some. */
const MAX_PAGES = 50;

/** All of a range: an answer that ends before is gone on with. What the pages before `MAX_PAGES` do not tell is left out. */
export async function readTimeline(
  cameraId: string,
  { fromMs, toMs }: TimeRange,
  signal?: AbortSignal,
): Promise<TimelineOnWire> {
  const read = (from: string): Promise<TimelineOnWire> => {
    const query = queryOf({ from, to: iso(toMs) });
    return call(timelineOnWire, `${cameraAddress(cameraId)}/timeline${query}`, { signal });
  };
  const all = await read(iso(fromMs));
  for (let page = 1; page < MAX_PAGES && all.next !== null; page++) {
    const more = await read(all.next);
    all.spans.push(...more.spans);
    all.gaps.push(...more.gaps);
    all.deletions.push(...more.deletions);
    all.elsewhere.push(...more.elsewhere);
    const known = new Set(all.holds.map(({ id }) => id));
    all.holds.push(...more.holds.filter(({ id }) => !known.has(id)));
    all.next = more.next;
  }
  return all;
}

/** Of a VOD playlist; at most two hours. */
export function playlistAddress(cameraId: string, { fromMs, toMs }: TimeRange): string {
  const query = queryOf({ from: iso(fromMs), to: iso(toMs) });
  return `/recorded/${encodeURIComponent(cameraId)}/index.m3u8${query}`;
}

const holdOnWire = z.object({
  id: z.string(),
  cameraId: z.string(),
  from: z.string(),
  to: z.string(),
  reason: z.string(),
  placed: z.object({ id: z.string(), name: z.string(), at: z.string() }),
  recordings: z.number(),
  bytes: z.number(),
  guarded: z.number(),
});
export type HoldOnWire = z.infer<typeof holdOnWire>;
const holdsOnWire = z.object({ holds: z.array(holdOnWire) });

export async function placeHold(
  cameraIds: readonly string[],
  { fromMs, toMs }: TimeRange,
  reason: string,
): Promise<HoldOnWire[]> {
  const body = { cameraIds, from: iso(fromMs), to: iso(toMs), reason };
  return (await call(holdsOnWire, '/api/v1/holds', { method: 'POST', body })).holds;
}

const holdPageOnWire = z.object({
  holds: z.array(holdOnWire),
  nextCursor: z.nullable(z.string()),
});

/** In force, the newest first. */
export function readHolds(
  cursor: string | null,
  signal: AbortSignal,
): Promise<z.infer<typeof holdPageOnWire>> {
  return call(holdPageOnWire, `/api/v1/holds${queryOf({ cursor })}`, { signal });
}

export async function releaseHold(id: string, reason: string): Promise<void> {
  const address = `/api/v1/holds/${encodeURIComponent(id)}/release`;
  await call(holdOnWire, address, { method: 'POST', body: { reason } });
}

const filesOnWire = z.object({
  expiresAt: z.string(),
  files: z.array(
    z.object({
      url: z.string(),
      fileName: z.string(),
      from: z.string(),
      to: z.string(),
      byteLength: z.number(),
    }),
  ),
});
export type ClipFiles = z.infer<typeof filesOnWire>;

export function makeClips(cameraId: string, { fromMs, toMs }: TimeRange): Promise<ClipFiles> {
  return call(filesOnWire, `${cameraAddress(cameraId)}/clips`, {
    method: 'POST',
    body: { from: iso(fromMs), to: iso(toMs) },
    withinMs: 60_000,
  });
}

/** A recorded picture as JPEG. */
export function readStill(
  cameraId: string,
  atMs: number,
): Promise<{ content: Blob; fileName: string }> {
  return callForFile(`${cameraAddress(cameraId)}/still.jpg${queryOf({ at: iso(atMs) })}`);
}

const actOnWire = z.object({ id: z.string(), name: z.string(), at: z.string() });
const shorteningOnWire = z.object({
  id: z.string(),
  state: z.string(),
  days: z.number(),
  reason: z.string(),
  requested: actOnWire,
  decided: z.nullable(z.extend(actOnWire, { reason: z.nullable(z.string()) })),
  effectiveAt: z.nullable(z.string()),
  cameras: z.array(z.object({ id: z.string(), fromDays: z.number() })),
});
export type Shortening = z.infer<typeof shorteningOnWire>;

const previewOnWire = z.object({
  cameraId: z.string(),
  fromDays: z.number(),
  recordings: z.number(),
  bytes: z.number(),
  oldest: z.nullable(z.string()),
  newest: z.nullable(z.string()),
  heldRecordings: z.number(),
});
export type ShorteningPreview = z.infer<typeof previewOnWire>;

const SHORTENINGS = '/api/v1/retention/shortenings';

const retentionOnWire = z.object({
  inventoryDays: z.number(),
  days: z.number(),
  pending: z.nullable(shorteningOnWire),
});
export type CameraRetention = z.infer<typeof retentionOnWire>;

/** How long a camera's recordings are kept: as field ๙ says, or longer while nobody approved fewer. */
export function readRetention(cameraId: string, signal: AbortSignal): Promise<CameraRetention> {
  return call(retentionOnWire, `/api/v1/cameras/${encodeURIComponent(cameraId)}/retention`, {
    signal,
  });
}

export async function previewShortening(
  cameraIds: readonly string[],
  days: number,
): Promise<ShorteningPreview[]> {
  const answer = z.object({ cameras: z.array(previewOnWire) });
  const body = { cameraIds, days };
  return (await call(answer, `${SHORTENINGS}/preview`, { method: 'POST', body })).cameras;
}

export async function requestShortening(
  cameraIds: readonly string[],
  days: number,
  reason: string,
): Promise<void> {
  const answer = z.object({ shortening: shorteningOnWire });
  await call(answer, SHORTENINGS, { method: 'POST', body: { cameraIds, days, reason } });
}

const shorteningPage = z.object({
  shortenings: z.array(shorteningOnWire),
  nextCursor: z.nullable(z.string()),
});

export function readShortenings(
  cursor: string | null,
  signal: AbortSignal,
): Promise<z.infer<typeof shorteningPage>> {
  return call(shorteningPage, `${SHORTENINGS}${queryOf({ cursor })}`, { signal });
}

const shorteningDetail = z.object({
  shortening: shorteningOnWire,
  preview: z.array(previewOnWire),
});

export function readShortening(
  id: string,
  signal: AbortSignal,
): Promise<z.infer<typeof shorteningDetail>> {
  return call(shorteningDetail, `${SHORTENINGS}/${encodeURIComponent(id)}`, { signal });
}

export type ShorteningAct = 'approve' | 'reject' | 'cancel';

export async function decideShortening(
  id: string,
  act: ShorteningAct,
  reason: string,
): Promise<void> {
  const address = `${SHORTENINGS}/${encodeURIComponent(id)}/${act}`;
  await call(shorteningOnWire, address, { method: 'POST', body: { reason } });
}

/** A CSV file, which the browser downloads by itself. */
export const deletionsAddress = '/api/v1/deletions.csv';
