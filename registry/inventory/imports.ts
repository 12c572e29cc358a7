import type { Transaction } from 'kysely';
import { containsArea, type Area } from '../area.ts';
import type { AcceptedImport, AcceptedImports } from './accepted-imports.ts';
import { uuidV7Source } from '../uuid-v7.ts';
import { ImportRun, type ImportedCameras, type ImportState } from './import-run.ts';
import type { RegistryTables } from '../schema/tables.ts';
import type { FateCounts } from './fates.ts';
import { MAX_ROWS } from './table.ts';

/**
 * Imports that are being looked at. They are kept in memory: a restart of the gateway throws them away, unwritten. Of those that were
 * accepted it is told for 90 days whether they were saved.
 */
export interface Imports {
  /** An account's earlier import is thrown away. Throws TooManyImports. */
  begin(file: {
    actorId: string;
    fileName: string;
    bytes: Uint8Array<ArrayBuffer>;
    areas: readonly Area[];
  }): Promise<KeptImport>;
  /**
   * Only of the same account, and only while it may import in all of the areas that the file was compared for: `areas`
   * are those in which it may now. Throws ImportNotFound.
   */
  get(id: string, actorId: string, areas: readonly Area[]): KeptImport;
  /** One that is here no more, of the same account and areas; undefined: it was never accepted. */
  earlier(id: string, actorId: string, areas: readonly Area[]): Promise<AcceptedImport | undefined>;
  /**
   * Wherever the account may import now. What is being written is not written then; what was committed already stays, and the
   * import is told as `applied`. Throws ImportNotFound, ImportAlreadyWritten.
   */
  discard(id: string, actorId: string): Promise<void>;
  close(): Promise<void>;
}

export interface KeptImport {
  id: string;
  actorId: string;
  fileName: string;
  /** Where the account might import when the file came: its rows were compared within them, and may be written there. */
  areas: readonly Area[];
  /** Unix ms. Looking at it puts it off, until `endsAtMs`. */
  expiresAtMs: number;
  endsAtMs: number;
  /** Last, Unix ms. */
  lookedAtMs: number;
  run: ImportRun;
}

export class ImportNotFound extends Error {
  readonly code = 'import_not_found';
  constructor(id: string) {
    super(
      `no import ${id}: it is over, was thrown away, is somebody else's, or of where they may not import now`,
    );
  }
}

/** It was to be thrown away, and was being committed. */
export class ImportAlreadyWritten extends Error {
  readonly code = 'import_already_written';
  constructor(id: string) {
    super(`the import ${id} was being committed: all of its rows are written`);
  }
}

export class TooManyImports extends Error {
  readonly code = 'too_many_imports';
  constructor() {
    super('as many imports are being read, written or looked at as there is room for');
  }
}

/** Being read or written at once. */
export const MAX_WORKING_IMPORTS = 4;
/** Read, and waiting for somebody to accept them: each has a thread, which takes some 15 MB. */
export const MAX_WAITING_IMPORTS = 16;
/** Of all of these, kept in memory: 100,000 take some 200 MB. What is over keeps none. */
export const MAX_HELD_ROWS = 4 * MAX_ROWS;
/** One that waits gives its place to another's when nobody has looked at it for so long; until then the other one is refused. */
export const WAITING_PLACE_MS = 5 * 60_000;
/** After the last look. */
export const IMPORT_KEPT_MS = 30 * 60_000;
/** However often it is looked at: half a working day for 100,000 rows. A screen that stays open keeps no place of others. */
export const IMPORT_LIFE_MS = 4 * 3_600_000;
const SWEEP_MS = 60_000;

const defaultBounds = {
  working: MAX_WORKING_IMPORTS,
  waiting: MAX_WAITING_IMPORTS,
  heldRows: MAX_HELD_ROWS,
};

const workingPhases: ReadonlySet<ImportState['phase']> = new Set([
  'reading',
  'comparing',
  'applying',
]);

export function openImports(
  cameras: ImportedCameras,
  options: {
    now: () => number;
    onFailure: (error: unknown) => void;
    /** Rows of addresses outside of these CIDRs are warned of; without them none is. */
    cameraNetworks?: readonly string[];
    /** Without it nothing is known of imports of before. */
    accepted?: AcceptedImports;
    bounds?: { working: number; waiting: number; heldRows: number };
  },
): Imports {
  const { now, onFailure, cameraNetworks, accepted, bounds = defaultBounds } = options;
  const nextId = uuidV7Source(now);
  const kept = new Map<string, KeptImport>();
  /** Of imports that are over, those whose listeners are still being told, or whose texts are being indexed. */
  const settling = new Set<ImportRun>();
  let closed = false;

  async function drop(one: KeptImport): Promise<void> {
    kept.delete(one.id);
    settling.add(one.run);
    await one.run.close();
    void one.run.settled().then(() => settling.delete(one.run));
  }
  function expire(): void {
    for (const one of kept.values()) {
      // What is being written is never thrown away.
      if (one.expiresAtMs > now() || one.run.state.phase === 'applying') continue;
      drop(one).catch(onFailure);
    }
  }
  const sweep = setInterval(expire, SWEEP_MS);
  sweep.unref();

  /** What waits longest without a look, where there is no room for one more beside it. Throws TooManyImports. */
  function inTheWay(): KeptImport | undefined {
    const all = [...kept.values()];
    const working = all.filter(({ run }) => workingPhases.has(run.state.phase));
    if (working.length >= bounds.working) throw new TooManyImports();
    const waiting = all.filter(({ run }) => run.state.phase === 'ready');
    const held = [...working, ...waiting].map(({ run }) => run.state.rows ?? MAX_ROWS);
    const rows = held.reduce((sum, each) => sum + each, MAX_ROWS);
    if (waiting.length < bounds.waiting && rows <= bounds.heldRows) return undefined;
    const [longest] = waiting.toSorted((a, b) => a.lookedAtMs - b.lookedAtMs);
    if (longest === undefined || longest.lookedAtMs > now() - WAITING_PLACE_MS) {
      throw new TooManyImports();
    }
    return longest;
  }

  function own(id: string, actorId: string): KeptImport {
    expire();
    const one = kept.get(id);
    if (one === undefined || one.actorId !== actorId) throw new ImportNotFound(id);
    return one;
  }

  return {
    async begin({ actorId, fileName, bytes, areas }) {
      expire();
      const earlier = Array.from(kept.values()).filter(
        (one) => one.actorId === actorId && one.run.state.phase !== 'applying',
      );
      for (const one of earlier) await drop(one);
      for (let one = inTheWay(); one !== undefined; one = inTheWay()) await drop(one);
      if (closed) throw new TooManyImports();
      const id = nextId();
      const record = accepted && {
        begin: async (counts: FateCounts) =>
          accepted.begin({ id, actorId, fileName, areas, counts }),
        save: async (transaction: Transaction<RegistryTables>) => accepted.save(transaction, id),
      };
      const one: KeptImport = {
        id,
        actorId,
        fileName,
        areas,
        expiresAtMs: now() + IMPORT_KEPT_MS,
        endsAtMs: now() + IMPORT_LIFE_MS,
        lookedAtMs: now(),
        run: new ImportRun({ bytes, cameras, areas, onFailure, cameraNetworks, record }),
      };
      kept.set(one.id, one);
      return one;
    },
    get(id, actorId, areas) {
      const one = own(id, actorId);
      if (!areWithin(one.areas, areas)) throw new ImportNotFound(id);
      one.lookedAtMs = now();
      one.expiresAtMs = Math.min(now() + IMPORT_KEPT_MS, one.endsAtMs);
      return one;
    },
    async earlier(id, actorId, areas) {
      if (kept.has(id)) return undefined;
      return accepted?.find(id, actorId, (own) => areWithin(own, areas));
    },
    async discard(id, actorId) {
      const one = own(id, actorId);
      const phase = (): ImportState['phase'] => one.run.state.phase;
      if (phase() === 'applying') {
        // Until it is known, whoever looks at it is told that it is being written.
        await one.run.close();
      }
      // Also where whoever stops it has not seen yet that it is written.
      if (phase() === 'applied') throw new ImportAlreadyWritten(id);
      await drop(one);
      await accepted?.forget(id);
    },
    async close() {
      closed = true;
      clearInterval(sweep);
      await Promise.all([...kept.values()].map(drop));
      await Promise.all(Array.from(settling, async (run) => run.settled()));
    },
  };
}

function areWithin(areas: readonly Area[], outer: readonly Area[]): boolean {
  return areas.every((area) => outer.some((one) => containsArea(one, area)));
}
