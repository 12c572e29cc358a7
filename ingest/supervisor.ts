import { backOffMs } from './back-off.ts';
import { CameraSession } from './camera-session.ts';
import type { Clock } from './clock.ts';
import { unknownBaseline } from './condition/baseline.ts';
import { CameraCondition } from './condition/camera-condition.ts';
import { entryTail } from './condition/entry-tail.ts';
import type { PictureLook } from './condition/picture-look.ts';
import type { InitSegment, MeasuredPart } from './fmp4/segmenter.ts';
import type { PartTarget } from './fmp4/part-target.ts';
import { usualRules } from './liveness.ts';
import { OpeningHold } from './opening-hold.ts';
import type { ChunkPool } from './memory/chunk-pool.ts';
import type { PartOutbox } from './part-records.ts';
import { TransportChoice } from './rtsp/transport-choice.ts';
import { SiteBudget } from './site-budget.ts';
import type { ReadSchedule } from './read-schedule.ts';
import type { Progress, StreamFailure } from './stream-failure.ts';
import type {
  Assignment,
  BaselineNotice,
  ConditionNotice,
  ConditionSettings,
  CuttingRules,
  InitNotice,
  LookNotice,
  SessionNotice,
  StateNotice,
  WorkerCounters,
} from './worker-protocol.ts';
import type { StreamBaseline } from '#registry/usual-stream.ts';

/** Sessions being opened at once, so that a start of a thousand cameras is not a thousand handshakes in one round. */
const MAX_CONNECTING = 64;
/** Opened in one tick, so that those of a start do not go on to beat as one. */
const MAX_OPENED_A_TICK = 32;
/** A session that lasted this long was a good one: back-off starts anew after it. */
const GOOD_SESSION_MS = 30_000;
/** Before the other way of sending is tried: a small box is given time to take the first session away. */
const OTHER_WAY_MS = 250;
/** What sessions take of their line, and what cameras' clocks say, are looked at this often. */
const MEASURE_MS = 5_000;
/** A camera's condition is stepped this often. */
const CONDITION_MS = 500;
/** A camera's clock that moved less is not told of again. */
const CLOCK_STEP_MS = 500;

interface Entry {
  assignment: Assignment;
  partTarget: PartTarget | undefined;
  transport: TransportChoice;
  condition: CameraCondition;
  conditionMs: number;
  session: CameraSession | undefined;
  /** Of that session. */
  hold: OpeningHold;
  connecting: boolean;
  /** The screens know that it is being connected. */
  toldConnecting: boolean;
  /** It is due, and its site has no place for it; told once. */
  waitsForSite: boolean;
  /** At the last measurement of this session, and when that was. */
  measuredBytes: number;
  measuredMs: number;
  clockOffsetMs: number | undefined;
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
  sessions: SessionNotice[];
  conditions: ConditionNotice[];
  baselines: BaselineNotice[];
  looks: LookNotice[];
}

/**
 * Which cameras run in this worker: opens their sessions within the budgets, and again after a failure, later each
 * time. `tick` is called a few times a second.
 */
export class Supervisor {
  readonly #entries = new Map<number, Entry>();
  readonly #cutting: CuttingRules;
  readonly #condition: ConditionSettings;
  readonly #pool: ChunkPool;
  readonly #outbox: PartOutbox;
  readonly #schedule: ReadSchedule | undefined;
  readonly #isAllowed: (address: string) => boolean;
  readonly #clock: Clock;
  readonly #random: () => number;
  #connecting = 0;
  /** Entries whose first parts are held until their times are known. */
  readonly #opening = new Set<Entry>();
  readonly #sites = new Map<string, SiteBudget>();
  #initNumber = 0;
  #parts = 0;
  /** Of sessions that are over. */
  #droppedUnits = 0;
  #lostPackets = 0;
  #notices = noNotices();

  constructor(options: {
    cutting: CuttingRules;
    /** Default: the usual rules, and nobody who could look at a picture. */
    condition?: ConditionSettings | undefined;
    pool: ChunkPool;
    outbox: PartOutbox;
    schedule?: ReadSchedule | undefined;
    isAllowed: (address: string) => boolean;
    clock: Clock;
    /** In [0, 1). */
    random: () => number;
  }) {
    this.#cutting = options.cutting;
    this.#condition = options.condition ?? { rules: usualRules, canLook: false };
    this.#pool = options.pool;
    this.#outbox = options.outbox;
    this.#schedule = options.schedule;
    this.#isAllowed = options.isAllowed;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  assign(assignment: Assignment): void {
    this.release(assignment.slot);
    const nowMs = this.#clock.monotonicMs();
    const { known } = assignment;
    this.#entries.set(assignment.slot, {
      assignment,
      partTarget: assignment.partTarget,
      transport: new TransportChoice(assignment.source.transport, assignment.transport),
      condition: new CameraCondition({
        ...this.#condition,
        state: known?.state ?? 'unknown',
        reason: known?.reason ?? null,
        baseline: known?.baseline ?? unknownBaseline,
        nowMs,
      }),
      conditionMs: nowMs,
      session: undefined,
      hold: new OpeningHold(),
      connecting: false,
      toldConnecting: false,
      waitsForSite: false,
      measuredBytes: 0,
      measuredMs: 0,
      clockOffsetMs: undefined,
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
    this.#siteOf(entry)?.forget(entry.assignment.source);
  }

  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    const due: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.session !== undefined) {
        entry.session.tick(nowMs);
        if (nowMs - entry.measuredMs >= MEASURE_MS) this.#measure(entry, nowMs);
      } else if (entry.retryAtMs <= nowMs) due.push(entry);
      if (nowMs - entry.conditionMs >= CONDITION_MS) this.#stepCondition(entry, nowMs);
    }
    // Who has waited longest goes first: else cameras that do not answer, which are due again before the budget has
    // come round to all, would keep those behind them from ever being tried.
    due.sort((a, b) => a.retryAtMs - b.retryAtMs);
    let opened = 0;
    for (const entry of due) {
      if (this.#connecting >= MAX_CONNECTING || opened === MAX_OPENED_A_TICK) break;
      const budget = this.#siteOf(entry);
      const place = budget?.place(entry.assignment.source) ?? 'free';
      if (place === 'free') {
        this.#open(entry);
        opened++;
      } else if (place !== 'connecting') {
        this.#waitForSite(entry, place);
      }
    }
  }

  /** What happened since the last call. Parts whose times are known now go to the outbox with it: take those after. */
  takeNotices(): Notices {
    for (const entry of this.#opening) {
      if (entry.session?.isTimed === true) entry.hold.end();
      if (entry.hold.isOver) this.#opening.delete(entry);
    }
    const notices = this.#notices;
    this.#notices = noNotices();
    return notices;
  }

  /** The picture that was asked for with `looks`; null when none could be decoded. */
  looked(slot: number, picture: PictureLook | null): void {
    this.#entries.get(slot)?.condition.looked(picture ?? undefined, this.#clock.monotonicMs());
  }

  /** Somebody corrected what is usual for the stream. */
  setBaseline(slot: number, baseline: StreamBaseline): void {
    const entry = this.#entries.get(slot);
    if (entry !== undefined) entry.condition.baseline = baseline;
  }

  counters(): WorkerCounters {
    const counters = {
      droppedUnits: this.#droppedUnits,
      lostPackets: this.#lostPackets,
      parts: this.#parts,
    };
    for (const { session } of this.#entries.values()) {
      if (session === undefined) continue;
      const { droppedUnits, lostPackets } = session.figures;
      counters.droppedUnits += droppedUnits;
      counters.lostPackets += lostPackets;
    }
    return counters;
  }

  /** Bytes of media in parts that are being written. */
  openBytes(): number {
    let bytes = 0;
    for (const { session } of this.#entries.values()) bytes += session?.openBytes ?? 0;
    return bytes;
  }

  /** Leaves every camera. */
  stop(): void {
    for (const slot of this.#entries.keys()) this.release(slot);
  }

  /** What the entry's site uses of its budgets; undefined for a camera of no site. */
  #siteOf(entry: Entry): SiteBudget | undefined {
    const { site } = entry.assignment.source;
    if (site === null) return undefined;
    let budget = this.#sites.get(site.id);
    if (budget === undefined) this.#sites.set(site.id, (budget = new SiteBudget()));
    budget.limits = site;
    return budget;
  }

  /** Its turn has come, and its site is full: it stays in its turn, and the screens say what it waits for. */
  #waitForSite(entry: Entry, detail: string): void {
    if (entry.waitsForSite) return;
    entry.waitsForSite = true;
    entry.condition.failed('site-budget');
    this.#notices.states.push({
      slot: entry.assignment.slot,
      atMs: this.#clock.wallMs(),
      state: 'down',
      failure: { reason: 'site-budget', detail },
      retryAtMs: null,
    });
  }

  #stepCondition(entry: Entry, nowMs: number): void {
    entry.conditionMs = nowMs;
    const { condition, session, assignment } = entry;
    const { slot } = assignment;
    const wallMs = this.#clock.wallMs();
    const { change, wantsLook, learnt } = condition.step(nowMs, wallMs, session?.figures);
    if (change !== undefined) {
      this.#notices.conditions.push({
        slot,
        atMs: Math.round(wallMs - (nowMs - change.beganMs)),
        state: change.state,
        reason: change.reason,
        measured: condition.measured,
      });
    }
    if (learnt !== undefined) this.#notices.baselines.push({ slot, ...learnt });
    if (wantsLook !== undefined) {
      this.#notices.looks.push({ slot, urgent: wantsLook === 'urgent' });
    }
  }

  #measure(entry: Entry, nowMs: number): void {
    const { session, assignment } = entry;
    if (session === undefined) return;
    const ms = nowMs - entry.measuredMs;
    if (entry.measuredMs > 0) {
      const bits = ((session.bytes - entry.measuredBytes) * 8 * 1000) / ms;
      this.#siteOf(entry)?.measured(assignment.source, bits);
    }
    entry.measuredMs = nowMs;
    entry.measuredBytes = session.bytes;
    const offsetMs = session.cameraClockOffsetMs;
    if (offsetMs === undefined) return;
    if (Math.abs(offsetMs - (entry.clockOffsetMs ?? Infinity)) < CLOCK_STEP_MS) return;
    entry.clockOffsetMs = offsetMs;
    this.#tellSession(entry);
  }

  #tellSession(entry: Entry): void {
    this.#notices.sessions.push({
      slot: entry.assignment.slot,
      transport: entry.transport.next,
      clockOffsetMs: entry.clockOffsetMs ?? null,
    });
  }

  #open(entry: Entry): void {
    const { slot, source } = entry.assignment;
    const startMs = this.#clock.wallMs();
    const runId = startMs.toString(36);
    this.#siteOf(entry)?.opened(source);
    entry.connecting = true;
    this.#connecting++;
    entry.measuredMs = entry.measuredBytes = 0;
    entry.clockOffsetMs = undefined;
    entry.condition.sessionBegan();
    if (!entry.toldConnecting || entry.waitsForSite) {
      entry.toldConnecting = true;
      entry.waitsForSite = false;
      this.#notices.states.push({ slot, atMs: startMs, state: 'connecting' });
    }
    const hold = new OpeningHold();
    entry.hold = hold;
    this.#opening.add(entry);
    const wallMs = (decodeTicks: number): number => session.wallMs(decodeTicks);
    const session = new CameraSession({
      source,
      transport: entry.transport.next,
      cutting: this.#cutting,
      partTarget: entry.partTarget,
      pool: this.#pool,
      schedule: this.#schedule,
      isAllowed: this.#isAllowed,
      clock: this.#clock,
      output: {
        init: (init) => hold.inTurn(() => this.#init(entry, runId, init)),
        partTarget: (target) => {
          entry.partTarget = target;
          this.#notices.partTargets.push({ slot, target });
        },
        part: (part) => {
          this.#parts++;
          this.#showPart(entry, part);
          hold.part(() => this.#outbox.part(slot, entry.initNumber, part, wallMs));
        },
        segmentEnd: () => hold.inTurn(() => this.#outbox.segmentEnd(slot)),
      },
      onPlaying: () => this.#settle(entry),
      onUp: () => {
        entry.upSinceMs = this.#clock.monotonicMs();
        entry.transport.worked();
        this.#tellSession(entry);
        this.#notices.states.push({ slot, atMs: this.#clock.wallMs(), state: 'up' });
      },
      onFailure: (failure, progress) => this.#failed(entry, failure, progress),
    });
    entry.session = session;
  }

  #init(entry: Entry, runId: string, init: InitSegment): void {
    entry.initNumber = this.#initNumber++;
    entry.condition.sized(init.config.width, init.config.height);
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

  /** Before it is handed on, while its bytes are surely there. */
  #showPart({ condition }: Entry, part: MeasuredPart): void {
    const { independent, firstUnitBytes, headerBytes, mediaBytes, samples, discontinuity } = part;
    condition.part({
      entryBytes: independent ? firstUnitBytes : undefined,
      entryTail: independent ? entryTail(this.#pool, part.slices, headerBytes, firstUnitBytes) : 0,
      mediaBytes,
      pictures: samples,
      discontinuity,
    });
  }

  #failed(entry: Entry, failure: StreamFailure, progress: Progress): void {
    const nowMs = this.#clock.monotonicMs();
    this.#settle(entry);
    this.#addUp(entry);
    if (entry.transport.failed(failure.reason, progress)) {
      entry.retryAtMs = nowMs + OTHER_WAY_MS;
      return;
    }
    if (entry.upSinceMs > 0 && nowMs - entry.upSinceMs > GOOD_SESSION_MS) entry.attempt = 0;
    entry.upSinceMs = 0;
    entry.attempt++;
    entry.condition.failed(failure.reason);
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
    this.#siteOf(entry)?.settled();
  }

  /** The entry's session is over. */
  #addUp(entry: Entry): void {
    if (entry.session === undefined) return;
    entry.hold.end();
    this.#opening.delete(entry);
    const { droppedUnits, lostPackets } = entry.session.figures;
    this.#droppedUnits += droppedUnits;
    this.#lostPackets += lostPackets;
    entry.session = undefined;
    this.#siteOf(entry)?.closed(entry.assignment.source);
  }
}

function noNotices(): Notices {
  return {
    inits: [],
    partTargets: [],
    states: [],
    sessions: [],
    conditions: [],
    baselines: [],
    looks: [],
  };
}
