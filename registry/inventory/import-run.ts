import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import type { Transaction } from 'kysely';
import type { Area } from '../area.ts';
import type { Author } from '../author.ts';
import type { Camera, NewCamera } from '../camera.ts';
import type { CameraBatch, Cameras } from '../cameras.ts';
import type { VersionedChange } from '../change-cameras.ts';
import type { ComparedReading, WantedCameras } from '../compared-cameras.ts';
import { TransactionsCrossed } from '../database/database.ts';
import type { RegistryTables } from '../schema/tables.ts';
import type { FromImportThread, ReadTable, ToImportThread } from './import-protocol.ts';
import type { FateCounts, RowFate, RowFilter } from './fates.ts';
import type { RefusalCode } from './workbook-refused.ts';

/** One file on its way in: read, compared, looked at by a person, and then written or thrown away. */
export interface ImportState {
  phase: 'reading' | 'comparing' | 'ready' | 'applying' | 'applied' | 'refused' | 'failed';
  /** Of the phase: rows read, cameras compared, rows written. `of` is null where nobody knows yet. */
  progress: { done: number; of: number | null };
  table: ReadTable | null;
  rows: number | null;
  counts: FateCounts | null;
  /** How many plans were told so far: who accepts says which one was seen. */
  plan: number;
  /** The registry was changed since the plan was seen: what is told now is another plan, to be accepted anew. */
  changedMeanwhile: boolean;
  refusal: { code: RefusalCode | 'import_failed'; thai: string } | null;
}

/** The registry as an import needs it. */
export type ImportedCameras = Pick<Cameras, 'compared' | 'apply'>;

/** Tells whoever asks later whether it was saved. */
export interface AcceptanceRecord {
  begin(counts: FateCounts): Promise<void>;
  save(transaction: Transaction<RegistryTables>): Promise<void>;
}

/** Accepting is not possible now. */
export class ImportNotReady extends Error {
  readonly code:
    | 'import_not_ready'
    | 'import_plan_is_another'
    | 'import_has_refused_rows'
    | 'import_changes_nothing';
  constructor(code: ImportNotReady['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** It was thrown away. */
class ImportClosed extends Error {}

/** There is nothing left to do. */
class ImportOver extends Error {}

/** Their rows are made in one go: more would hold the serving thread up. */
const OPERATIONS_PAGE = 500;
/** Refused rows that are told of after the others were written; of more, the first. Some kilobyte each. */
export const MAX_KEPT_REFUSED = 2_000;
/** Where another transaction and its own waited for each other, and its own was given up. */
const MAX_TRIES = 3;
/** JavaScript objects of the thread; what it inflates is bounded apart (zip-parts.ts). */
const MAX_THREAD_HEAP_MB = 1_024;
/** Of them, those that are new. */
const MAX_THREAD_YOUNG_MB = 24;

const failedThai = 'ระบบอ่านไฟล์นี้ไม่สำเร็จ ไม่มีข้อมูลใดถูกบันทึก กรุณาลองใหม่หรือแจ้งผู้ดูแลระบบ';

export class ImportRun {
  readonly #cameras: ImportedCameras;
  readonly #areas: readonly Area[];
  readonly #record: AcceptanceRecord | undefined;
  readonly #worker: Worker;
  readonly #questions = new Map<number, (answer: FromImportThread | undefined) => void>();
  #wanted: WantedCameras = { ids: [], districts: [], districtsOfIds: [] };
  #someLaos: readonly Camera['lao'][] = [];
  #operations = 0;
  /** Kept when the others are written: somebody has to put them right. */
  #refused: readonly RowFate[] = [];
  #fingerprint = '';
  /** What the plan was made upon (`Cameras.compared`). */
  #compared = '';
  #question = 0;
  /** Set once the thread is gone, and the rest of its rows with it: nobody waits for it from then on, and nothing is written. */
  readonly #ended = new AbortController();
  #applying: Promise<void> = Promise.resolve();
  #settled: Promise<void> = Promise.resolve();
  #planned: ((answer: FromImportThread | undefined) => void) | undefined;
  #state: ImportState = {
    phase: 'reading',
    progress: { done: 0, of: null },
    table: null,
    rows: null,
    counts: null,
    plan: 0,
    changedMeanwhile: false,
    refusal: null,
  };
  /** Why it failed, for the log. */
  readonly #onFailure: (error: unknown) => void;

  /** `bytes` are handed over: the caller has them no longer. */
  constructor(options: {
    bytes: Uint8Array<ArrayBuffer>;
    cameras: ImportedCameras;
    areas: readonly Area[];
    cameraNetworks?: readonly string[] | undefined;
    onFailure: (error: unknown) => void;
    record?: AcceptanceRecord | undefined;
  }) {
    this.#cameras = options.cameras;
    this.#areas = options.areas;
    this.#record = options.record;
    this.#onFailure = options.onFailure;
    this.#worker = new Worker(new URL('import-thread.ts', import.meta.url), {
      resourceLimits: {
        maxOldGenerationSizeMb: MAX_THREAD_HEAP_MB,
        maxYoungGenerationSizeMb: MAX_THREAD_YOUNG_MB,
      },
    });
    this.#worker.on('message', (message: FromImportThread) => this.#take(message));
    this.#worker.on('error', (error) => this.#threadEnded(error));
    this.#worker.on('exit', () => this.#threadEnded(new Error('the import thread ended')));
    const { bytes, areas, cameraNetworks } = options;
    this.#post({ type: 'file', bytes, areas, cameraNetworks }, [bytes.buffer]);
  }

  get state(): ImportState {
    return this.#state;
  }

  /** LAOs that the file names, at most two; none before there is a plan. */
  get someLaos(): readonly Camera['lao'][] {
    return this.#someLaos;
  }

  /**
   * Fates of rows behind the row `after`, at most `limit`. Empty until the plan is made, and from when it is over, but for those
   * that were refused when the others were written.
   */
  async rows(page: {
    show: RowFilter | undefined;
    after: number;
    limit: number;
  }): Promise<readonly RowFate[]> {
    if (this.#state.counts === null) return [];
    if (this.#state.phase === 'applied') {
      if (page.show !== undefined && page.show !== 'refused') return [];
      return this.#refused.filter(({ row }) => row > page.after).slice(0, page.limit);
    }
    const answer = await this.#ask((question) => ({ type: 'rows', question, ...page }));
    return answer?.type === 'rows' ? answer.rows : [];
  }

  /**
   * Writes what the plan says, in one transaction, unless the registry has changed since: then there is a new plan, and
   * nothing is written. Goes on by itself once it is begun; `state` tells. Throws ImportNotReady.
   */
  accept(options: { author: Author; plan: number; skipRefused: boolean }): void {
    const { phase, counts, plan } = this.#state;
    if (phase !== 'ready' || counts === null) {
      throw new ImportNotReady('import_not_ready', `the import is ${phase}`);
    }
    // Two who accept at once saw one plan; the other came to be in between.
    if (options.plan !== plan) {
      throw new ImportNotReady(
        'import_plan_is_another',
        `what it would do now is plan ${plan}: look at its rows, then accept that one`,
      );
    }
    if (counts.refused > 0 && !options.skipRefused) {
      throw new ImportNotReady(
        'import_has_refused_rows',
        `${counts.refused} rows are refused: mend them, or say that they are to be left out`,
      );
    }
    if (this.#operations === 0) {
      throw new ImportNotReady('import_changes_nothing', 'no row is new or changed');
    }
    this.#set({
      phase: 'applying',
      progress: { done: 0, of: this.#operations },
      changedMeanwhile: false,
    });
    this.#applying = this.#apply(options.author).catch((error: unknown) => this.#fail(error));
  }

  /** Ends the thread. What is being written is not written then, unless it is being committed already. */
  async close(): Promise<void> {
    this.#end(new ImportClosed('the import was thrown away'));
    await this.#worker.terminate();
    await this.#applying;
  }

  /** Settles when listeners were told of all that was written, and searches index it; that goes on after the import is closed. */
  async settled(): Promise<void> {
    await this.#settled.catch(() => {});
  }

  async #firstPlan(): Promise<void> {
    await this.#compare('comparing');
    this.#set({ phase: 'ready', plan: 1 });
  }

  async #apply(author: Author): Promise<void> {
    const accepted = this.#fingerprint;
    if (this.#state.counts !== null) await this.#record?.begin(this.#state.counts);
    for (let tries = 1; ; tries++) {
      // Versions alone tell whether there is anything to compare again.
      const now = await this.#cameras.compared(this.#wanted, this.#reading(undefined));
      this.#ended.signal.throwIfAborted();
      if (now !== this.#compared) {
        await this.#compare('applying');
        if (this.#fingerprint !== accepted) {
          this.#set({ phase: 'ready', plan: this.#state.plan + 1, changedMeanwhile: true });
          return;
        }
      }
      this.#refused = await this.#refusedRows();
      try {
        await this.#write(author);
        break;
      } catch (error) {
        // Given up for another one's sake, which has changed the registry, or will have.
        if (error instanceof TransactionsCrossed && tries < MAX_TRIES) continue;
        if (!isStale(error)) throw error;
        await this.#compare('applying');
        this.#set({ phase: 'ready', plan: this.#state.plan + 1, changedMeanwhile: true });
        return;
      }
    }
    this.#set({ phase: 'applied', progress: { done: this.#operations, of: this.#operations } });
  }

  async #write(author: Author): Promise<void> {
    const record = this.#record;
    const { settled } = await this.#cameras.apply(
      this.#pages(),
      {
        author,
        source: 'import',
        duplicateConfirmed: true,
        signal: this.#ended.signal,
        beside: record && (async (transaction) => record.save(transaction)),
      },
      (done) => this.#set({ progress: { done, of: this.#operations } }),
    );
    this.#settled = settled;
    settled.catch((error: unknown) => this.#onFailure(error));
  }

  async #refusedRows(): Promise<readonly RowFate[]> {
    if (this.#state.counts?.refused === 0) return [];
    const wanted = { show: 'refused', after: 0, limit: MAX_KEPT_REFUSED } as const;
    const answer = await this.#ask((question) => ({ type: 'rows', question, ...wanted }));
    this.#ended.signal.throwIfAborted();
    return answer?.type === 'rows' ? answer.rows : [];
  }

  /** What the plan says, page by page; the next one is asked for while one is being written. Throws why it ended. */
  async *#pages(): AsyncGenerator<CameraBatch> {
    const ask = async (from: number) =>
      this.#ask((question) => ({ type: 'operations', question, from, limit: OPERATIONS_PAGE }));
    let next = ask(0);
    for (let from = 0; from < this.#operations; from += OPERATIONS_PAGE) {
      const answer = await next;
      this.#ended.signal.throwIfAborted();
      assert(answer?.type === 'operations');
      next = ask(from + OPERATIONS_PAGE);
      const create: NewCamera[] = [];
      const change: VersionedChange[] = [];
      for (const operation of answer.operations) {
        if (operation.kind === 'create') create.push(operation.camera);
        else
          change.push({ id: operation.id, version: operation.version, change: operation.change });
      }
      yield { create, change };
    }
  }

  /** Gives the thread what the registry holds now, and waits for its plan. Throws why it ended. */
  async #compare(phase: 'comparing' | 'applying'): Promise<void> {
    const planned = new Promise<FromImportThread | undefined>((resolve) => {
      this.#planned = resolve;
    });
    let done = 0;
    this.#compared = await this.#cameras.compared(this.#wanted, {
      ...this.#reading((cameras) => {
        done += cameras.length;
        if (phase === 'comparing') this.#set({ progress: { done, of: null } });
        if (!this.#ended.signal.aborted) this.#post({ type: 'existing', cameras });
      }),
      tellNames: (names) => {
        if (!this.#ended.signal.aborted) this.#post({ type: 'names', names });
      },
      tellDeleted: (cameras) => {
        if (!this.#ended.signal.aborted) this.#post({ type: 'deleted', cameras });
      },
    });
    this.#ended.signal.throwIfAborted();
    this.#post({ type: 'existing-over' });
    await planned;
    this.#ended.signal.throwIfAborted();
  }

  #reading(tell: ComparedReading['tell']): ComparedReading {
    return { within: this.#areas, tell, goesOn: () => !this.#ended.signal.aborted };
  }

  #take(message: FromImportThread): void {
    switch (message.type) {
      case 'progress':
        this.#set({ progress: { done: message.rows, of: null } });
        break;
      case 'refused':
        this.#set({ phase: 'refused', refusal: { code: message.reason, thai: message.thai } });
        break;
      case 'read':
        this.#wanted = message.wanted;
        this.#set({
          phase: 'comparing',
          rows: message.rows,
          table: message.table,
          progress: { done: 0, of: null },
        });
        this.#firstPlan().catch((error: unknown) => this.#fail(error));
        break;
      case 'planned':
        this.#operations = message.operations;
        this.#fingerprint = message.fingerprint;
        this.#someLaos = message.someLaos;
        this.#set({ counts: message.counts });
        this.#planned?.(message);
        break;
      case 'rows':
      case 'operations':
        this.#questions.get(message.question)?.(message);
        this.#questions.delete(message.question);
        break;
    }
  }

  #fail(error: unknown): void {
    const { phase } = this.#state;
    if (phase === 'refused' || phase === 'failed' || phase === 'applied') return;
    // Nobody looks at it any more.
    if (this.#ended.signal.reason instanceof ImportClosed) return;
    this.#set({ phase: 'failed', refusal: { code: 'import_failed', thai: failedThai } });
    this.#onFailure(error);
  }

  /** What is being written says by itself that it failed: when nothing of it is written. */
  #threadEnded(error: unknown): void {
    this.#end(error);
    if (this.#state.phase !== 'applying') this.#fail(error);
  }

  /** Whoever waits for the thread is answered. What it ended by first stays. */
  #end(reason: unknown): void {
    this.#ended.abort(reason);
    for (const answer of this.#questions.values()) answer(undefined);
    this.#questions.clear();
    this.#planned?.(undefined);
  }

  /** Undefined: the thread is gone, which says so to nobody who asks. */
  #ask(message: (question: number) => ToImportThread): Promise<FromImportThread | undefined> {
    if (this.#ended.signal.aborted) return Promise.resolve(undefined);
    const question = ++this.#question;
    return new Promise((resolve) => {
      this.#questions.set(question, resolve);
      this.#post(message(question));
    });
  }

  #post(message: ToImportThread, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #set(change: Partial<ImportState>): void {
    this.#state = { ...this.#state, ...change };
    if (!overPhases.has(this.#state.phase)) return;
    // Its rows are of no use any more, and take the memory of others' rows.
    this.#end(new ImportOver(`the import is ${this.#state.phase}`));
    void this.#worker.terminate();
  }
}

const overPhases: ReadonlySet<ImportState['phase']> = new Set(['applied', 'refused', 'failed']);

/** Others changed what the plan was made upon. */
const staleCodes: ReadonlySet<unknown> = new Set([
  'camera_changed_meanwhile',
  'camera_not_found',
  'place_merged_meanwhile',
]);

function isStale(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return staleCodes.has(error.code);
}
