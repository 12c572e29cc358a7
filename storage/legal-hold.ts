import {
  noteFreed,
  noteHeld,
  objectsToFree,
  objectsToHold,
  type HeldObject,
} from './catalogue/held-objects.ts';
import {
  heldFootage,
  holdById,
  HoldNotFound,
  listHolds,
  placeHolds,
  releaseHold,
  type HeldFootage,
  type Hold,
  type HoldFilter,
} from './catalogue/holds.ts';
import type { Catalogue } from './catalogue/tables.ts';
import { ObjectMissing, type ObjectStore } from './objects/object-store.ts';

/** What was recorded or put since the last look is told to the store so soon. */
const LOOK_MS = 60_000;
const BATCH = 200;

/** Who acts, of an account. */
export interface Actor {
  id: string;
  name: string;
  /** False: nobody knows who it is, and it may be whoever began what it ends. */
  isPerson?: boolean;
}

/** The act needs another person than the one who began it. */
export class AnotherPersonNeeded extends Error {
  readonly code = 'another_person_needed';
}

/** Throws AnotherPersonNeeded with these words, unless it is surely another person who acts than the one who began. */
export function requireAnother(
  began: { by: string },
  { id, isPerson = true }: Actor,
  words: string,
): void {
  if (began.by === id || !isPerson) throw new AnotherPersonNeeded(words);
}

export type HoldShown = Hold & HeldFootage;

/**
 * Legal holds: what they keep is not deleted by retention, by the spool's bound or by hand. The catalogue's rows decide;
 * the store is told after them, for as long as it takes (an object lock, where the bucket has one).
 */
export class LegalHolds {
  readonly #catalogue: Catalogue;
  readonly #store: Pick<ObjectStore, 'hold'>;
  readonly #newId: () => string;
  readonly #now: () => number;
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  #looking: Promise<void> | undefined;
  #again = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: {
    catalogue: Catalogue;
    store: Pick<ObjectStore, 'hold'>;
    newId: () => string;
    now: () => number;
    log: (event: string, fields: Record<string, unknown>) => void;
  }) {
    this.#catalogue = options.catalogue;
    this.#store = options.store;
    this.#newId = options.newId;
    this.#now = options.now;
    this.#log = options.log;
  }

  start(): void {
    this.#timer = setInterval(() => void this.tellStore(), LOOK_MS);
    void this.tellStore();
  }

  /** One hold a camera, all of them or none. */
  async place(order: {
    cameraIds: readonly string[];
    fromMs: number;
    toMs: number;
    reason: string;
    by: Actor;
  }): Promise<HoldShown[]> {
    const { fromMs, toMs, reason, by } = order;
    const placed = { by: by.id, name: by.name, ms: this.#now() };
    const holds = order.cameraIds.map((cameraId) => ({
      id: this.#newId(),
      cameraId,
      fromMs,
      toMs,
      reason,
      placed,
    }));
    const found = await placeHolds(this.#catalogue, holds);
    void this.tellStore();
    return holds.map((hold, i) => ({ ...hold, released: null, ...(found[i] as HeldFootage) }));
  }

  /** Throws HoldNotFound when it is not in force, AnotherPersonNeeded for whoever placed it, and for what is no person. */
  async release(id: string, released: { by: Actor; reason: string }): Promise<HoldShown> {
    const hold = await holdById(this.#catalogue, id);
    if (hold === undefined) throw new HoldNotFound(id);
    requireAnother(hold.placed, released.by, 'whoever placed a hold does not release it');
    const { by, reason } = released;
    const after = await releaseHold(this.#catalogue, id, {
      by: by.id,
      name: by.name,
      ms: this.#now(),
      reason,
    });
    void this.tellStore();
    return this.#shown(after);
  }

  async get(id: string): Promise<HoldShown | undefined> {
    const hold = await holdById(this.#catalogue, id);
    return hold === undefined ? undefined : this.#shown(hold);
  }

  /** Newest first. */
  async list(
    filter: HoldFilter,
    page: { before?: string | undefined; limit: number },
  ): Promise<Hold[]> {
    return listHolds(this.#catalogue, filter, page);
  }

  async shown(holds: readonly Hold[]): Promise<HoldShown[]> {
    return Promise.all(holds.map((hold) => this.#shown(hold)));
  }

  async #shown(hold: Hold): Promise<HoldShown> {
    return { ...hold, ...(await heldFootage(this.#catalogue, hold)) };
  }

  /**
   * Brings the store's holds in line with the catalogue's. What fails is tried again with the next look, at most
   * LOOK_MS later; until then the catalogue alone keeps it.
   */
  async tellStore(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#look();
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      do {
        this.#again = false;
        await this.#each(objectsToHold, true);
        await this.#each(objectsToFree, false);
      } while (this.#again);
    } catch (error) {
      this.#log('holds not told to the store', { err: error });
    } finally {
      this.#looking = undefined;
    }
  }

  async #each(
    due: (catalogue: Catalogue, limit: number) => Promise<HeldObject[]>,
    held: boolean,
  ): Promise<void> {
    for (;;) {
      const batch = await due(this.#catalogue, BATCH);
      for (const object of batch) await this.#tell(object, held);
      if (batch.length < BATCH) return;
    }
  }

  async #tell(object: HeldObject, held: boolean): Promise<void> {
    let guarded = false;
    try {
      ({ guarded } = await this.#store.hold(object, held));
    } catch (error) {
      // Gone behind our back: reconcile names it, and there is nothing to hold.
      if (!(error instanceof ObjectMissing)) throw error;
      this.#log('a held object is missing in the store', { recordingId: object.recordingId });
    }
    if (held) await noteHeld(this.#catalogue, object, guarded);
    else await noteFreed(this.#catalogue, object.recordingId);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }
}
