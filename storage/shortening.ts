import { retentionOf } from './catalogue/retentions.ts';
import {
  decideShortening,
  insertShortening,
  listShortenings,
  pendingShortening,
  previewShortening,
  requireShorter,
  shorteningById,
  type Shortening,
  type ShorteningPreview,
} from './catalogue/shortenings.ts';
import type { Catalogue, ShorteningState } from './catalogue/tables.ts';
import { requireAnother, type Actor } from './legal-hold.ts';

const DAY_MS = 86_400_000;

/** How long a camera's recordings are kept, and what will change that. */
export interface CameraRetention {
  /** Field ๙, or the gateway's own where it says nothing. */
  inventoryDays: number;
  /** In force. */
  days: number;
  /** Null when nothing waits. */
  pending: Shortening | null;
}

/**
 * Keeping a camera's recordings for fewer days is an act of its own: somebody asks, sees what would go, another person
 * approves, and after a time of grace, in which it can be cancelled, the sweep does it.
 */
export class Shortenings {
  readonly #catalogue: Catalogue;
  readonly #inventoryDays: (cameraId: string) => Promise<number>;
  readonly #graceMs: number;
  readonly #newId: () => string;
  readonly #now: () => number;

  constructor(options: {
    catalogue: Catalogue;
    inventoryDays: (cameraId: string) => Promise<number>;
    graceMs: number;
    newId: () => string;
    now: () => number;
  }) {
    this.#catalogue = options.catalogue;
    this.#inventoryDays = options.inventoryDays;
    this.#graceMs = options.graceMs;
    this.#newId = options.newId;
    this.#now = options.now;
  }

  async retention(cameraId: string): Promise<CameraRetention> {
    const inventoryDays = await this.#inventoryDays(cameraId);
    const known = await retentionOf(this.#catalogue, cameraId);
    return {
      inventoryDays,
      days: Math.max(inventoryDays, known?.days ?? 0),
      pending: (await pendingShortening(this.#catalogue, cameraId)) ?? null,
    };
  }

  /** As of the end of the grace, were it approved now. Throws NoShortening. */
  async preview(cameraIds: readonly string[], days: number): Promise<ShorteningPreview[]> {
    const cameras = await this.#fromDays(cameraIds, days);
    return this.#preview(cameras, days, this.#now() + this.#graceMs);
  }

  /** What would go by one that is asked for or approved. */
  async previewOf(shortening: Shortening): Promise<ShorteningPreview[]> {
    const { cameras, days, effectiveMs } = shortening;
    return this.#preview(cameras, days, effectiveMs ?? this.#now() + this.#graceMs);
  }

  /** Throws NoShortening, ShorteningPending: by what is kept when it is entered, whatever a preview said before. */
  async request(order: {
    cameraIds: readonly string[];
    days: number;
    reason: string;
    by: Actor;
  }): Promise<Shortening> {
    const { cameraIds, days, reason, by } = order;
    const cameras: { cameraId: string; inventoryDays: number }[] = [];
    for (const cameraId of cameraIds) {
      cameras.push({ cameraId, inventoryDays: await this.#inventoryDays(cameraId) });
    }
    const id = this.#newId();
    const requested = { by: by.id, name: by.name, ms: this.#now() };
    await insertShortening(this.#catalogue, { id, days, reason, requested, cameras });
    return shorteningById(this.#catalogue, id);
  }

  /** Throws ShorteningNotFound, ShorteningDecided, and AnotherPersonNeeded for whoever asked for it, and for what is no person. */
  async approve(id: string, decision: { by: Actor; reason: string | null }): Promise<Shortening> {
    const asked = await shorteningById(this.#catalogue, id);
    requireAnother(
      asked.requested,
      decision.by,
      'whoever asks for a shortening does not approve it',
    );
    const atMs = this.#now();
    return this.#decide(id, ['requested'], 'approved', decision, atMs + this.#graceMs);
  }

  async reject(id: string, decision: { by: Actor; reason: string }): Promise<Shortening> {
    return this.#decide(id, ['requested'], 'rejected', decision, null);
  }

  /** Also after the approval, until it is done. */
  async cancel(id: string, decision: { by: Actor; reason: string }): Promise<Shortening> {
    return this.#decide(id, ['requested', 'approved'], 'cancelled', decision, null);
  }

  async get(id: string): Promise<Shortening> {
    return shorteningById(this.#catalogue, id);
  }

  async list(
    filter: { state?: ShorteningState | undefined },
    page: { before?: string | undefined; limit: number },
  ): Promise<Shortening[]> {
    return listShortenings(this.#catalogue, filter, page);
  }

  async #decide(
    id: string,
    from: readonly ShorteningState[],
    to: ShorteningState,
    { by, reason }: { by: Actor; reason: string | null },
    effectiveMs: number | null,
  ): Promise<Shortening> {
    const decided = { by: by.id, name: by.name, ms: this.#now(), reason };
    return decideShortening(this.#catalogue, id, { from, to, decided, effectiveMs });
  }

  async #fromDays(
    cameraIds: readonly string[],
    days: number,
  ): Promise<{ cameraId: string; fromDays: number }[]> {
    const cameras: { cameraId: string; fromDays: number }[] = [];
    for (const cameraId of cameraIds) {
      const retention = await this.retention(cameraId);
      requireShorter({ cameraId, ...retention }, days);
      cameras.push({ cameraId, fromDays: retention.days });
    }
    return cameras;
  }

  async #preview(
    cameras: readonly { cameraId: string; fromDays: number }[],
    toDays: number,
    atMs: number,
  ): Promise<ShorteningPreview[]> {
    const previews: ShorteningPreview[] = [];
    for (const camera of cameras) {
      previews.push(await previewShortening(this.#catalogue, camera, { toDays, atMs }));
    }
    return previews;
  }
}

/** Past this moment a picture recorded at `atMs` is deleted, unless it is held. Unix ms. */
export function expiryMs(atMs: number, { inventoryDays, days, pending }: CameraRetention): number {
  const present = atMs + days * DAY_MS;
  if (pending?.state !== 'approved' || pending.effectiveMs === null) return present;
  // Field ๙ may have been raised since, and lengthens what a shortening has shortened.
  const keptDays = Math.max(pending.days, inventoryDays);
  return Math.min(present, Math.max(pending.effectiveMs, atMs + keptDays * DAY_MS));
}
