import { backOffMs } from './back-off.ts';
import { CameraSession } from './camera-session.ts';
import type { Clock } from './clock.ts';
import type { InitSegment } from './fmp4/segmenter.ts';
import type { PartTarget } from './fmp4/part-target.ts';
import type { ChunkPool } from './memory/chunk-pool.ts';
import type { PartOutbox } from './part-records.ts';
import type { StreamFailure } from './stream-failure.ts';
import type {
  Assignment,
  CuttingRules,
  InitNotice,
  StateNotice,
  WorkerCounters,
} from './worker-protocol.ts';

/** Sessions being opened at once, so that a start of a thousand cameras is not a thousand handshakes in one round. */
const MAX_CONNECTING = 64;
/** The same for the cameras of one site, which share a line, and its sessions altogether. */
const MAX_CONNECTING_PER_SITE = 4;
const MAX_SESSIONS_PER_SITE = 128;
/** A session that lasted this long was a good one: back-off starts anew after it. */
const GOOD_SESSION_MS = 30_000;

interface Entry {
  assignment: Assignment;
  partTarget: PartTarget | undefined;
  session: CameraSession | undefined;
  connecting: boolean;
  upSinceMs: number;
  attempt: number;
  retryAtMs: number;
  initNumber: number;
}

/** What happened in a round besides parts. */
export interface Notices {
  inits: InitNotice[];
  partTargets: { slot: number; target: PartTarget }[];
  states: StateNotice[];
}

/**
 * Which cameras run in this worker: opens their sessions within the budgets, and again after a failure, later each
 * time. `tick` is called a few times a second.
 */
export class Supervisor {
  readonly #entries = new Map<number, Entry>();
  readonly #cutting: CuttingRules;
  readonly #pool: ChunkPool;
  readonly #outbox: PartOutbox;
  readonly #isAllowed: (address: string) => boolean;
  readonly #clock: Clock;
  readonly #random: () => number;
  #connecting = 0;
  readonly #sites = new Map<string, { connecting: number; sessions: number }>();
  #initNumber = 0;
  #parts = 0;
  /** Of sessions that are over. */
  #droppedUnits = 0;
  #lostPackets = 0;
  #notices: Notices = { inits: [], partTargets: [], states: [] };

  constructor(options: {
    cutting: CuttingRules;
    pool: ChunkPool;
    outbox: PartOutbox;
    isAllowed: (address: string) => boolean;
    clock: Clock;
    /** In [0, 1). */
    random: () => number;
  }) {
    this.#cutting = options.cutting;
    this.#pool = options.pool;
    this.#outbox = options.outbox;
    this.#isAllowed = options.isAllowed;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  assign(assignment: Assignment): void {
    this.release(assignment.slot);
    this.#entries.set(assignment.slot, {
      assignment,
      partTarget: assignment.partTarget,
      session: undefined,
      connecting: false,
      upSinceMs: 0,
      attempt: 0,
      retryAtMs: 0,
      initNumber: -1,
    });
  }

  release(slot: number): void {
    const entry = this.#entries.get(slot);
    if (entry === undefined) return;
    this.#entries.delete(slot);
    this.#settle(entry);
    entry.session?.close();
    this.#addUp(entry);
  }

  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    const due: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.session !== undefined) entry.session.tick(nowMs);
      else if (entry.retryAtMs <= nowMs) due.push(entry);
    }
    // Who has waited longest goes first: else cameras that do not answer, which are due again before the budget has
    // come round to all, would keep those behind them from ever being tried.
    due.sort((a, b) => a.retryAtMs - b.retryAtMs);
    for (const entry of due) if (this.#mayConnect(entry)) this.#open(entry);
  }

  takeNotices(): Notices {
    const notices = this.#notices;
    this.#notices = { inits: [], partTargets: [], states: [] };
    return notices;
  }

  counters(): WorkerCounters {
    const counters = {
      droppedUnits: this.#droppedUnits,
      lostPackets: this.#lostPackets,
      parts: this.#parts,
    };
    for (const { session } of this.#entries.values()) {
      counters.droppedUnits += session?.counters.droppedUnits ?? 0;
      counters.lostPackets += session?.counters.lostPackets ?? 0;
    }
    return counters;
  }

  /** Leaves every camera. */
  stop(): void {
    for (const slot of this.#entries.keys()) this.release(slot);
  }

  #mayConnect(entry: Entry): boolean {
    if (this.#connecting >= MAX_CONNECTING) return false;
    const site = this.#siteOf(entry);
    return (
      site === undefined ||
      (site.connecting < MAX_CONNECTING_PER_SITE && site.sessions < MAX_SESSIONS_PER_SITE)
    );
  }

  /** What the entry's site uses of its budgets; undefined for a camera of no site. */
  #siteOf(entry: Entry): { connecting: number; sessions: number } | undefined {
    const name = entry.assignment.source.site?.name;
    if (name === undefined) return undefined;
    let site = this.#sites.get(name);
    if (site === undefined) this.#sites.set(name, (site = { connecting: 0, sessions: 0 }));
    return site;
  }

  #open(entry: Entry): void {
    const { slot, source } = entry.assignment;
    const startMs = this.#clock.wallMs();
    const runId = startMs.toString(36);
    const site = this.#siteOf(entry);
    if (site !== undefined) {
      site.connecting++;
      site.sessions++;
    }
    entry.connecting = true;
    this.#connecting++;
    if (entry.attempt === 0) {
      this.#notices.states.push({ slot, atMs: startMs, state: 'connecting' });
    }
    const wallMs = (decodeTicks: number): number => session.wallMs(decodeTicks);
    const session = new CameraSession({
      source,
      cutting: this.#cutting,
      partTarget: entry.partTarget,
      pool: this.#pool,
      isAllowed: this.#isAllowed,
      clock: this.#clock,
      output: {
        init: (init) => this.#init(entry, runId, init),
        partTarget: (target) => {
          entry.partTarget = target;
          this.#notices.partTargets.push({ slot, target });
        },
        part: (part) => {
          this.#parts++;
          this.#outbox.part(slot, entry.initNumber, part, wallMs);
        },
        segmentEnd: () => this.#outbox.segmentEnd(slot),
      },
      onPlaying: () => this.#settle(entry),
      onUp: () => {
        entry.upSinceMs = this.#clock.monotonicMs();
        this.#notices.states.push({ slot, atMs: this.#clock.wallMs(), state: 'up' });
      },
      onFailure: (failure) => this.#failed(entry, failure),
    });
    entry.session = session;
  }

  #init(entry: Entry, runId: string, init: InitSegment): void {
    entry.initNumber = this.#initNumber++;
    this.#notices.inits.push({
      slot: entry.assignment.slot,
      initNumber: entry.initNumber,
      runId,
      index: init.index,
      bytes: init.bytes,
      codec: init.config.codec,
      width: init.config.width,
      height: init.config.height,
    });
  }

  #failed(entry: Entry, failure: StreamFailure): void {
    const nowMs = this.#clock.monotonicMs();
    this.#settle(entry);
    this.#addUp(entry);
    if (entry.upSinceMs > 0 && nowMs - entry.upSinceMs > GOOD_SESSION_MS) entry.attempt = 0;
    entry.upSinceMs = 0;
    entry.attempt++;
    const delayMs = backOffMs(entry.attempt, failure.reason, this.#random());
    entry.retryAtMs = nowMs + delayMs;
    const atMs = this.#clock.wallMs();
    this.#notices.states.push({
      slot: entry.assignment.slot,
      atMs,
      state: 'down',
      failure,
      retryAtMs: atMs + delayMs,
    });
  }

  #settle(entry: Entry): void {
    if (!entry.connecting) return;
    entry.connecting = false;
    this.#connecting--;
    const site = this.#siteOf(entry);
    if (site !== undefined) site.connecting--;
  }

  /** The entry's session is over. */
  #addUp(entry: Entry): void {
    if (entry.session === undefined) return;
    this.#droppedUnits += entry.session.counters.droppedUnits;
    this.#lostPackets += entry.session.counters.lostPackets;
    entry.session = undefined;
    const site = this.#siteOf(entry);
    if (site !== undefined && --site.sessions === 0) {
      this.#sites.delete(entry.assignment.source.site?.name ?? '');
    }
  }
}
