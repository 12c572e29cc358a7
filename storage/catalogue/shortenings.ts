import { sql } from 'kysely';
import { takeLock } from '#registry/database/database.ts';
import type { Act } from './holds.ts';
import { LONGEST_RECORDING_MS } from './recordings.ts';
import { lengthenRetention, shortenRetention } from './retentions.ts';
import type { Catalogue, ShorteningState, ShorteningTable } from './tables.ts';

/** An act by which recordings of some cameras will be kept for fewer days. */
export interface Shortening {
  id: string;
  state: ShorteningState;
  days: number;
  reason: string;
  requested: Act;
  /** Who approved, rejected or cancelled it last; null while it waits. */
  decided: (Act & { reason: string | null }) | null;
  /** When it is done, unless it is cancelled before; null until it is approved. */
  effectiveMs: number | null;
  cameras: { cameraId: string; fromDays: number }[];
}

/** Of a camera, one may wait or be approved at a time. */
export class ShorteningPending extends Error {
  readonly code = 'shortening_pending';
  constructor(cameraId: string) {
    super(`a shortening of ${cameraId} waits already: decide or cancel it first`);
  }
}

export class ShorteningNotFound extends Error {
  readonly code = 'shortening_not_found';
  constructor(id: string) {
    super(`no shortening ${id}`);
  }
}

/** It has gone on meanwhile: what was to be done to it cannot be done any more. */
export class ShorteningDecided extends Error {
  readonly code = 'shortening_decided';
  constructor(state: ShorteningState) {
    super(`it is ${state} already`);
  }
}

/** What is asked for would not shorten, or would keep less than the inventory says. */
export class NoShortening extends Error {
  readonly code: 'not_shorter' | 'shorter_than_inventory';
  readonly details: { cameraId: string; days: number };
  constructor(code: NoShortening['code'], cameraId: string, days: number) {
    super(
      code === 'not_shorter'
        ? `${cameraId} is kept for ${days} days already`
        : `the inventory of ${cameraId} says ${days} days: change field ๙ first`,
    );
    this.code = code;
    this.details = { cameraId, days };
  }
}

/** Whether `toDays` is an act at all, for what is kept and what the inventory says. Throws NoShortening. */
export function requireShorter(
  { cameraId, days, inventoryDays }: { cameraId: string; days: number; inventoryDays: number },
  toDays: number,
): void {
  if (days <= toDays) throw new NoShortening('not_shorter', cameraId, days);
  if (inventoryDays > toDays) {
    throw new NoShortening('shorter_than_inventory', cameraId, inventoryDays);
  }
}

/**
 * Of a camera one act waits at a time, however many ask at once, and it says what is kept at that very moment: another that was done
 * since somebody looked is known here. Throws ShorteningPending, NoShortening.
 */
export async function insertShortening(
  catalogue: Catalogue,
  given: Pick<Shortening, 'id' | 'days' | 'reason' | 'requested'> & {
    cameras: readonly { cameraId: string; inventoryDays: number }[];
  },
): Promise<void> {
  await catalogue.transaction().execute(async (transaction) => {
    await takeLock(transaction, 'shortenings');
    const pending = await transaction
      .selectFrom('shortening_cameras')
      .innerJoin('shortenings', 'shortenings.id', 'shortening_cameras.shortening_id')
      .select('camera_id')
      .where(
        'camera_id',
        'in',
        given.cameras.map(({ cameraId }) => cameraId),
      )
      .where('state', 'in', ['requested', 'approved'])
      .executeTakeFirst();
    if (pending !== undefined) throw new ShorteningPending(pending.camera_id);
    const cameras: Shortening['cameras'] = [];
    // In the order in which applyShortenings writes them, or each could wait for the other.
    const inOrder = given.cameras.toSorted((a, b) => (a.cameraId < b.cameraId ? -1 : 1));
    for (const { cameraId, inventoryDays } of inOrder) {
      // What is kept now is known from now on, whatever the inventory says tomorrow.
      const { days } = await lengthenRetention(transaction, cameraId, inventoryDays);
      requireShorter({ cameraId, days, inventoryDays }, given.days);
      cameras.push({ cameraId, fromDays: days });
    }
    await transaction
      .insertInto('shortenings')
      .values({
        id: given.id,
        state: 'requested',
        days: given.days,
        reason: given.reason,
        requested_by: given.requested.by,
        requested_by_name: given.requested.name,
        requested_ms: given.requested.ms,
        decided_by: null,
        decided_by_name: null,
        decided_ms: null,
        decision_reason: null,
        effective_ms: null,
      })
      .execute();
    for (const { cameraId, fromDays } of cameras) {
      await transaction
        .insertInto('shortening_cameras')
        .values({ shortening_id: given.id, camera_id: cameraId, from_days: fromDays })
        .execute();
    }
  });
}

/** From one of `from` to `to`. Throws ShorteningNotFound, ShorteningDecided. */
export async function decideShortening(
  catalogue: Catalogue,
  id: string,
  change: {
    from: readonly ShorteningState[];
    to: ShorteningState;
    decided: Act & { reason: string | null };
    effectiveMs: number | null;
  },
): Promise<Shortening> {
  const { decided } = change;
  const { numUpdatedRows } = await catalogue
    .updateTable('shortenings')
    .set({
      state: change.to,
      decided_by: decided.by,
      decided_by_name: decided.name,
      decided_ms: decided.ms,
      decision_reason: decided.reason,
      effective_ms: change.effectiveMs,
    })
    .where('id', '=', id)
    .where('state', 'in', [...change.from])
    .executeTakeFirstOrThrow();
  const after = await shorteningById(catalogue, id);
  if (numUpdatedRows === 0n) throw new ShorteningDecided(after.state);
  return after;
}

/** Throws ShorteningNotFound. */
export async function shorteningById(catalogue: Catalogue, id: string): Promise<Shortening> {
  const row = await catalogue
    .selectFrom('shortenings')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  const [found] = row === undefined ? [] : await withCameras(catalogue, [row]);
  if (found === undefined) throw new ShorteningNotFound(id);
  return found;
}

/** Newest first; `before`: the id of the last of the page before. */
export async function listShortenings(
  catalogue: Catalogue,
  { state }: { state?: ShorteningState | undefined },
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<Shortening[]> {
  let query = catalogue.selectFrom('shortenings').selectAll().orderBy('id', 'desc').limit(limit);
  if (before !== undefined) query = query.where('id', '<', before);
  if (state !== undefined) query = query.where('state', '=', state);
  return withCameras(catalogue, await query.execute());
}

/** What waits or is approved for a camera. */
export async function pendingShortening(
  catalogue: Catalogue,
  cameraId: string,
): Promise<Shortening | undefined> {
  const row = await catalogue
    .selectFrom('shortenings')
    .innerJoin('shortening_cameras', 'shortening_cameras.shortening_id', 'shortenings.id')
    .selectAll('shortenings')
    .where('camera_id', '=', cameraId)
    .where('state', 'in', ['requested', 'approved'])
    .executeTakeFirst();
  const [found] = row === undefined ? [] : await withCameras(catalogue, [row]);
  return found;
}

/**
 * Does what was approved and whose grace is over. A camera whose days were lengthened since it was asked for keeps them:
 * nobody approved that. Returns how many were done.
 */
export async function applyShortenings(catalogue: Catalogue, nowMs: number): Promise<number> {
  const due = await catalogue
    .selectFrom('shortenings')
    .select('id')
    .where('state', '=', 'approved')
    .where('effective_ms', '<=', nowMs)
    .orderBy('effective_ms')
    .execute();
  for (const { id } of due) {
    await catalogue.transaction().execute(async (transaction) => {
      // Under the row's lock: a cancellation that comes now waits, and finds it done.
      const [row] = await transaction
        .updateTable('shortenings')
        .set({ state: 'done' })
        .where('id', '=', id)
        .where('state', '=', 'approved')
        .returningAll()
        .execute();
      if (row === undefined) return;
      const cameras = await transaction
        .selectFrom('shortening_cameras')
        .select(['camera_id', 'from_days'])
        .where('shortening_id', '=', id)
        .orderBy('camera_id')
        .execute();
      for (const { camera_id, from_days } of cameras) {
        const shorter = { camera_id, days: row.days, shortening_id: id };
        await shortenRetention(transaction, shorter, from_days);
      }
    });
  }
  return due.length;
}

/** What would go from a camera that is kept for fewer days. */
export interface ShorteningPreview {
  cameraId: string;
  fromDays: number;
  recordings: number;
  byteLength: number;
  /** Null when nothing goes. */
  oldestMs: number | null;
  newestMs: number | null;
  /** Recordings of that age that a hold keeps. */
  heldRecordings: number;
}

/** Recordings that `fromDays` would still keep at `atMs`, and `toDays` would not. */
export async function previewShortening(
  catalogue: Catalogue,
  { cameraId, fromDays }: { cameraId: string; fromDays: number },
  { toDays, atMs }: { toDays: number; atMs: number },
): Promise<ShorteningPreview> {
  const dayMs = 86_400_000;
  // The predicate of isHeld (holds.ts), as a number to be summed.
  const held = sql<number>`case when exists (
    select 1 from holds
    where holds.camera_id = recordings.camera_id and holds.released_ms is null
      and holds.from_ms < recordings.end_ms and holds.to_ms > recordings.start_ms
  ) then 1 else 0 end`;
  const row = await catalogue
    .selectFrom((from) =>
      from
        .selectFrom('recordings')
        .select(['start_ms', 'end_ms', 'byte_length', held.as('held')])
        .where('camera_id', '=', cameraId)
        .where('state', '<>', 'garbage')
        .where('start_ms', '>', atMs - fromDays * dayMs - LONGEST_RECORDING_MS)
        .where('start_ms', '<', atMs - toDays * dayMs)
        .where('end_ms', '<=', atMs - toDays * dayMs)
        .where('end_ms', '>', atMs - fromDays * dayMs)
        .as('due'),
    )
    .select(({ fn }) => [
      fn.countAll<number>().as('all'),
      // PostgreSQL's sum of bigints is a numeric, which comes as text.
      sql<number | string>`coalesce(sum(held), 0)`.as('held'),
      sql<number | string>`coalesce(sum(case when held = 0 then byte_length else 0 end), 0)`.as(
        'bytes',
      ),
      sql<number | null>`min(case when held = 0 then start_ms end)`.as('oldest'),
      sql<number | null>`max(case when held = 0 then end_ms end)`.as('newest'),
    ])
    .executeTakeFirstOrThrow();
  const heldRecordings = Number(row.held);
  return {
    cameraId,
    fromDays,
    recordings: row.all - heldRecordings,
    byteLength: Number(row.bytes),
    oldestMs: row.oldest,
    newestMs: row.newest,
    heldRecordings,
  };
}

async function withCameras(
  catalogue: Catalogue,
  rows: readonly ShorteningTable[],
): Promise<Shortening[]> {
  if (rows.length === 0) return [];
  const cameras = await catalogue
    .selectFrom('shortening_cameras')
    .selectAll()
    .where(
      'shortening_id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('camera_id')
    .execute();
  return rows.map((row) => {
    const { decided_by: by, decided_ms: ms } = row;
    return {
      id: row.id,
      state: row.state,
      days: row.days,
      reason: row.reason,
      requested: { by: row.requested_by, name: row.requested_by_name, ms: row.requested_ms },
      decided:
        by === null || ms === null
          ? null
          : { by, name: row.decided_by_name ?? by, ms, reason: row.decision_reason },
      effectiveMs: row.effective_ms,
      cameras: cameras
        .filter(({ shortening_id }) => shortening_id === row.id)
        .map(({ camera_id, from_days }) => ({ cameraId: camera_id, fromDays: from_days })),
    };
  });
}
