import { rmSync } from 'node:fs';
import {
  changeGap,
  endGap,
  gapsBetween,
  insertGap,
  lastingGaps,
  type Gap,
} from '../catalogue/gaps.ts';
import type { Catalogue } from '../catalogue/tables.ts';
import { MissedGaps, overAt } from '../missed-gaps.ts';
import { readNoted } from './noted-gaps.ts';

/**
 * What a process before this one knew of gaps and could not enter (noted-gaps.ts): gaps that it ended, and those that were over, or lasted until it
 * did. Some may be entered already, and another gateway may have told of later ones: only time that no gap tells of gets one. Returns until when
 * that process is known to have run, Unix ms; undefined: it left nothing. Repeating it is harmless. Throws what the catalogue and the file system throw.
 */
export async function enterNotedGaps(
  catalogue: Catalogue,
  path: string,
  newId: () => string,
): Promise<number | undefined> {
  const noted = readNoted(path);
  if (noted === undefined) return undefined;
  const { aliveMs } = noted;
  const missed = new MissedGaps();
  missed.miss(noted.steps, noted.over);
  const { cameras, over } = missed.take();
  const lasting = await lastingGaps(catalogue);
  for (const [cameraId, { endMs, gap }] of cameras) {
    if (endMs !== undefined) await endGap(catalogue, cameraId, endMs);
    if (gap === undefined) continue;
    const last = lasting.get(cameraId);
    if (gap.follows && endMs === undefined && last !== undefined && last.startMs <= gap.startMs) {
      await changeGap(catalogue, newId(), { cameraId, startMs: gap.startMs, ...gap.why });
    } else over.push(overAt(gap, aliveMs));
  }
  for (const gap of over) {
    // Its beginning was entered, and its end was not.
    const isBegun = lasting.get(gap.cameraId)?.startMs === gap.startMs;
    if (isBegun && gap.endMs !== null) await endGap(catalogue, gap.cameraId, gap.endMs);
    await enterUntold(catalogue, gap, newId);
  }
  rmSync(path, { force: true });
  return aliveMs;
}

/** Where no other gap is told of. */
async function enterUntold(catalogue: Catalogue, gap: Gap, newId: () => string): Promise<void> {
  const toMs = gap.endMs ?? gap.startMs;
  let at = gap.startMs;
  const pieces: Gap[] = [];
  for (const { startMs, endMs } of await gapsBetween(catalogue, gap.cameraId, at, toMs)) {
    if (startMs > at) pieces.push({ ...gap, startMs: at, endMs: startMs });
    at = Math.max(at, endMs ?? toMs);
  }
  if (at < toMs) pieces.push({ ...gap, startMs: at });
  for (const piece of pieces) await insertGap(catalogue, newId(), piece);
}
