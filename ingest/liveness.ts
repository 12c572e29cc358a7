import type { DownReason } from './stream-failure.ts';
import type {
  DegradedReason,
  ObservedDownReason,
  ObservedReason,
  ObservedState,
} from '#registry/events/camera-event.ts';

/**
 * What state a camera is in, from what its stream shows: a pure state machine (forms.md 4.2: up is not yet working). It is
 * told a few times a second what was seen since, and answers with the next memory and, seldom, a change.
 *
 * Times are monotonic ms, so that nobody who sets a clock makes a camera fall. What begins and ends within the waits below
 * changes nothing; a camera that does so again and again is found to be flapping.
 */

/** How long something must last to be believed, ms. */
export interface LivenessRules {
  /** Without a picture for so long, it is down. */
  downAfterMs: number;
  /** With good pictures for so long, it is up. */
  upAfterMs: number;
  /** Below full efficiency for so long, it is degraded; and other words for why it is down are believed after as long. */
  degradedAfterMs: number;
}

export const usualRules: LivenessRules = {
  downAfterMs: 15_000,
  upAfterMs: 10_000,
  degradedAfterMs: 60_000,
};

/** Below full efficiency, and since when. */
export interface Symptom {
  reason: DegradedReason;
  sinceMs: number;
}

/** What was seen since the last step. */
export interface Sight {
  nowMs: number;
  /** Whole pictures came. */
  pictures: boolean;
  /** Of the last session that failed since pictures came last. */
  failure: DownReason | undefined;
  /** A session ended that had given pictures. */
  interrupted: boolean;
  symptom: Symptom | undefined;
  /** Something is suspected, or not measured yet: pictures may turn out not to be good, and it is not called up before that is known. */
  doubtful?: boolean;
}

export interface LivenessMemory {
  state: ObservedState;
  reason: ObservedReason | null;
  /** When it was seen last; at first, when looking began. */
  pictureMs: number;
  /** Since when pictures have come without a pause; undefined while they do not. */
  steadySinceMs: number | undefined;
  /** Since when they have been good as well. */
  goodSinceMs: number | undefined;
  /** Another reason than that of the state, and since when it has been given. */
  otherReason: { reason: ObservedReason; sinceMs: number } | undefined;
  /** When pictures stopped coming, at most FLAPS of them. */
  interruptionsMs: readonly number[];
  flapping: boolean;
  /** Share of the last half minute or so in which pictures came, 0 to 1. */
  presence: number;
  stepMs: number;
}

/** A change of state, of its reason, or of whether it flaps. */
export interface LivenessChange {
  state: ObservedState;
  previous: ObservedState;
  reason: ObservedReason | null;
  flapping: boolean;
  /** When what it tells of began. */
  beganMs: number;
}

/** Pictures further apart than this are a pause. The slowest cameras give one in a few seconds. */
const PAUSE_MS = 5_000;
/** Without a picture and without an error for so many times `downAfterMs`, it is silent. */
const PATIENCE = 2;
/** So many interruptions within this time are flapping; without one for as long, it is over. */
export const FLAPS = 3;
export const FLAP_WINDOW_MS = 10 * 60_000;
/** While it flaps, it is down when pictures came in less than this share of the last half minute or so. */
const LEAST_PRESENCE = 0.5;
const PRESENCE_MS = 30_000;

/** A camera that begins to be watched, of which this was known before. */
export function beginLiveness(
  state: ObservedState,
  reason: ObservedReason | null,
  nowMs: number,
): LivenessMemory {
  return {
    state,
    reason,
    pictureMs: nowMs,
    steadySinceMs: undefined,
    goodSinceMs: undefined,
    otherReason: undefined,
    interruptionsMs: [],
    flapping: false,
    presence: 1,
    stepMs: nowMs,
  };
}

export function stepLiveness(
  before: LivenessMemory,
  sight: Sight,
  rules: LivenessRules,
): { memory: LivenessMemory; change: LivenessChange | undefined } {
  const memory = look(before, sight);
  const next = decide(memory, sight, rules);
  if (next === undefined && memory.flapping === before.flapping) {
    return { memory, change: undefined };
  }
  const { state, reason, beganMs } = next ?? {
    state: memory.state,
    reason: memory.reason,
    beganMs: sight.nowMs,
  };
  return {
    memory: { ...memory, state, reason, otherReason: undefined },
    change: { state, previous: memory.state, reason, flapping: memory.flapping, beganMs },
  };
}

/** What was seen, taken into memory; the state stays. */
function look(before: LivenessMemory, sight: Sight): LivenessMemory {
  const { nowMs, pictures, symptom } = sight;
  const paused = nowMs - before.pictureMs > PAUSE_MS || sight.interrupted;
  const stopped = before.steadySinceMs !== undefined && paused;
  const steadySinceMs = pictures
    ? stopped
      ? nowMs
      : (before.steadySinceMs ?? nowMs)
    : paused
      ? undefined
      : before.steadySinceMs;
  const isGood = steadySinceMs !== undefined && symptom === undefined;
  const wasGood = before.goodSinceMs !== undefined && !stopped;
  const interruptionsMs = before.interruptionsMs.filter((at) => nowMs - at < FLAP_WINDOW_MS);
  if (stopped) interruptionsMs.push(before.pictureMs);
  const elapsedMs = Math.max(0, nowMs - before.stepMs);
  const present = pictures || steadySinceMs !== undefined ? 1 : 0;
  return {
    ...before,
    pictureMs: pictures ? nowMs : before.pictureMs,
    steadySinceMs,
    goodSinceMs: isGood ? (wasGood ? before.goodSinceMs : nowMs) : undefined,
    interruptionsMs: interruptionsMs.slice(-FLAPS),
    flapping: before.flapping ? interruptionsMs.length > 0 : interruptionsMs.length >= FLAPS,
    presence:
      before.presence + (present - before.presence) * (1 - Math.exp(-elapsedMs / PRESENCE_MS)),
    stepMs: nowMs,
    otherReason: otherReason(before, sight),
  };
}

interface Next {
  state: ObservedState;
  reason: ObservedReason | null;
  beganMs: number;
}

function decide(memory: LivenessMemory, sight: Sight, rules: LivenessRules): Next | undefined {
  const { nowMs, symptom } = sight;
  const absent = absence(memory, sight, rules);
  if (absent !== undefined) {
    if (absent.state !== memory.state) return { ...absent, beganMs: memory.pictureMs };
    return believedReason(memory, absent.reason, nowMs, rules);
  }
  if (memory.steadySinceMs === undefined) return undefined;
  if (symptom !== undefined && nowMs - symptom.sinceMs >= rules.degradedAfterMs) {
    if (memory.state === 'degraded' && memory.reason === symptom.reason) return undefined;
    return { state: 'degraded', reason: symptom.reason, beganMs: symptom.sinceMs };
  }
  // Whoever comes and goes must stay for longer to be believed.
  const upAfterMs = memory.flapping ? rules.degradedAfterMs : rules.upAfterMs;
  if (memory.state !== 'up' && memory.goodSinceMs !== undefined && sight.doubtful !== true) {
    if (nowMs - memory.goodSinceMs >= upAfterMs) {
      return { state: 'up', reason: null, beganMs: memory.goodSinceMs };
    }
  }
  return undefined;
}

/** The state that goes with no pictures, once they have not come for long enough. */
function absence(
  { pictureMs, flapping, presence, steadySinceMs }: LivenessMemory,
  { nowMs, failure }: Sight,
  rules: LivenessRules,
): { state: 'down' | 'unknown'; reason: ObservedReason } | undefined {
  const silentMs = nowMs - pictureMs;
  const tooOften = flapping && presence < LEAST_PRESENCE && steadySinceMs === undefined;
  if (silentMs < rules.downAfterMs && !tooOften) return undefined;
  if (failure !== undefined) return ofFailure(failure);
  const silent = { state: 'down', reason: 'silent' } as const;
  return tooOften || silentMs >= rules.downAfterMs * PATIENCE ? silent : undefined;
}

function otherReason(
  { state, reason, otherReason: before }: LivenessMemory,
  { nowMs, failure }: Sight,
): LivenessMemory['otherReason'] {
  if (failure === undefined) return before;
  const given = ofFailure(failure);
  if (given.state !== state || given.reason === reason) return undefined;
  return before?.reason === given.reason ? before : { reason: given.reason, sinceMs: nowMs };
}

/** A box that starts refuses first, then asks for a password, then has no stream yet: only what lasts is told. */
function believedReason(
  memory: LivenessMemory,
  reason: ObservedReason,
  nowMs: number,
  rules: LivenessRules,
): Next | undefined {
  const { otherReason: other } = memory;
  if (reason === memory.reason || other?.reason !== reason) return undefined;
  if (nowMs - other.sinceMs < rules.degradedAfterMs) return undefined;
  return { state: memory.state, reason, beganMs: other.sinceMs };
}

/** The condition that a session's failure tells of. What we refuse or have no room for says nothing of the camera. */
export function ofFailure(
  failure: DownReason,
): { state: 'down'; reason: ObservedDownReason } | { state: 'unknown'; reason: 'gateway' } {
  switch (failure) {
    case 'unreachable':
    case 'timeout':
      return { state: 'down', reason: 'unreachable' };
    case 'refused':
    case 'transport-refused':
    case 'tls':
    case 'closed-by-camera':
      return { state: 'down', reason: 'refused' };
    case 'unauthorised':
    case 'not-found':
    case 'no-video':
    case 'silent':
      return { state: 'down', reason: failure };
    case 'no-whole-picture':
    case 'codec-not-supported':
    case 'protocol-error':
      return { state: 'down', reason: 'undecodable' };
    case 'address-not-allowed':
    case 'site-budget':
    case 'worker-restarted':
    case 'memory-full':
      return { state: 'unknown', reason: 'gateway' };
  }
}
