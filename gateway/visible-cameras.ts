import type { FastifyRequest } from 'fastify';
import { contains, type Place } from '#registry/area.ts';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import type { Action } from './auth/actions.ts';
import { NotAllowed } from './auth/refusal.ts';

/**
 * Rows of the catalogue name cameras; whose those are the registry knows, in a database of its own. Lists of such rows
 * are narrowed here, a page at a time.
 */
export type ReadPlaces = (cameraIds: readonly string[]) => Promise<Map<string, Place>>;

/** Rows read for one page of a list; whoever sees few of many turns more pages. */
const MAX_READ = 5_000;

/** Of these cameras, those in an area where they may do it. */
export async function visibleCameras(
  request: FastifyRequest,
  action: Action,
  cameraIds: readonly string[],
  readPlaces: ReadPlaces,
): Promise<Set<string>> {
  const areas = request.areasFor(action);
  if (areas.length === 0) return new Set();
  const ids = [...new Set(cameraIds)];
  const places = await readPlaces(ids);
  return new Set(
    ids.filter((id) => {
      const place = places.get(id);
      return place !== undefined && areas.some((area) => contains(area, place));
    }),
  );
}

/**
 * A page of rows, of which only some may be seen. Returns them, and the last row that was read: where the next page
 * begins; undefined when there is none.
 */
export async function visiblePage<Row>(options: {
  limit: number;
  read: (after: Row | undefined, limit: number) => Promise<Row[]>;
  visible: (rows: readonly Row[]) => Promise<Row[]>;
  after?: Row | undefined;
}): Promise<{ rows: Row[]; next: Row | undefined }> {
  const { limit, read, visible } = options;
  const rows: Row[] = [];
  let after = options.after;
  for (let seen = 0; seen < MAX_READ;) {
    const batch = await read(after, limit);
    seen += Math.max(1, batch.length);
    const shown = new Set(await visible(batch));
    for (const row of batch) {
      after = row;
      if (shown.has(row)) rows.push(row);
      if (rows.length === limit) return { rows, next: row };
    }
    if (batch.length < limit) return { rows, next: undefined };
  }
  return { rows, next: after };
}

/** Asks the policy about each; one out of their area does not exist. Throws CameraNotFound, NotAllowed, SecondFactorNeeded. */
export async function permitCameras(
  request: FastifyRequest,
  action: Action,
  cameraIds: readonly string[],
  readPlaces: ReadPlaces,
): Promise<void> {
  const places = await readPlaces(cameraIds);
  for (const id of cameraIds) {
    const lao = places.get(id);
    if (lao === undefined) throw new CameraNotFound(id);
    try {
      await request.permit(action, { kind: 'camera', lao });
    } catch (error) {
      const known = request.areasFor('camera.read').some((area) => contains(area, lao));
      throw error instanceof NotAllowed && !known ? new CameraNotFound(id) : error;
    }
  }
}
