import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { spoolPath } from '../catalogue/object-key.ts';
import type { Catalogue } from '../catalogue/tables.ts';
import { gapsBetween, insertGap } from '../catalogue/gaps.ts';
import { recordingsBetween } from '../catalogue/recordings.ts';
import type { LeftFile } from './recover-spool.ts';

/** Of the gap that a spool file leaves which could not be entered. */
const REFUSED = 'spool-file-refused';
/** Named in the log, so many of them; `reconcile` names all. */
const NAMED = 20;

/**
 * What there are pictures of, and cannot be found, is missing for want of the storage, up to what was recorded next; once, however
 * often it is tried.
 */
export async function accountForRefused(
  catalogue: Catalogue,
  left: readonly LeftFile[],
  newId: () => string,
): Promise<void> {
  for (const { cameraId, why } of left) {
    if (why.kind !== 'refused' || why.span === undefined) continue;
    const { startMs } = why.span;
    const among = await recordingsBetween(catalogue, cameraId, startMs, why.span.endMs);
    const next = among.find((recording) => recording.startMs > startMs);
    const endMs = Math.min(why.span.endMs, next?.startMs ?? why.span.endMs);
    const known = await gapsBetween(catalogue, cameraId, startMs, endMs);
    if (known.some((gap) => gap.startMs <= startMs)) continue;
    const gap = { cameraId, startMs, endMs, cause: 'storage' as const, detail: REFUSED };
    await insertGap(catalogue, newId(), gap);
  }
}

/** For the log. */
export function leftInWords(left: readonly LeftFile[]): Record<string, unknown> {
  const files = left.slice(0, NAMED).map(({ recordingId, cameraId, why }) => ({
    cameraId,
    recordingId,
    reason: why.kind,
    ...(why.kind === 'refused' && { err: String(why.error) }),
  }));
  return { count: left.length, files };
}

export interface LeftUse {
  count: number;
  byteLength: number;
  /** Since when there is one, as far as this process knows, Unix ms. */
  sinceMs: number;
}

/** Whole files of the spool that go no further by themselves, until somebody has taken them away or they are taken after all. */
export class LeftFiles {
  readonly #spoolFolder: string;
  readonly #now: () => number;
  /** By path, bytes: not entered, and not stored. */
  #notEntered = new Map<string, number>();
  readonly #notStored = new Map<string, number>();
  #sinceMs: number | undefined;

  constructor({ spoolFolder, now }: { spoolFolder: string; now: () => number }) {
    this.#spoolFolder = spoolFolder;
    this.#now = now;
  }

  /** What a recovery has left: it has looked at all that there are. */
  notEntered(left: readonly LeftFile[]): void {
    this.#notEntered = new Map(left.map((file) => [this.#pathOf(file), file.byteLength]));
  }

  notStored(file: Pick<LeftFile, 'cameraId' | 'recordingId' | 'byteLength'>): void {
    this.#notStored.set(this.#pathOf(file), file.byteLength);
  }

  /** Forgets those that are gone. */
  async look(): Promise<void> {
    for (const files of [this.#notEntered, this.#notStored]) {
      for (const path of files.keys()) if (await isGone(path)) files.delete(path);
    }
  }

  get use(): LeftUse | undefined {
    const lengths = [...this.#notEntered.values(), ...this.#notStored.values()];
    this.#sinceMs = lengths.length === 0 ? undefined : (this.#sinceMs ?? this.#now());
    if (this.#sinceMs === undefined) return undefined;
    const byteLength = lengths.reduce((sum, bytes) => sum + bytes, 0);
    return { count: lengths.length, byteLength, sinceMs: this.#sinceMs };
  }

  #pathOf(file: Pick<LeftFile, 'cameraId' | 'recordingId'>): string {
    return join(this.#spoolFolder, spoolPath(file));
  }
}

async function isGone(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}
