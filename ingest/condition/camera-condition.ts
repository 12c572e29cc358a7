import { BaselineLearner, isLowRate, isSmall, lightAt } from './baseline.ts';
import type { PictureLook } from './picture-look.ts';
import { StillSigns } from './still-signs.ts';
import { StreamFigures, type SessionFigures, type Stretch } from './stream-figures.ts';
import {
  beginLiveness,
  ofFailure,
  stepLiveness,
  type LivenessChange,
  type LivenessMemory,
  type LivenessRules,
  type Symptom,
} from '../liveness.ts';
import type { DownReason } from '../stream-failure.ts';
import type {
  DegradedReason,
  ObservedReason,
  ObservedState,
} from '#registry/events/camera-event.ts';
import type { Light, StreamBaseline, UsualStream } from '#registry/usual-stream.ts';

/** Packets, or pictures that could not be shown for want of them, beyond these shares are too many. */
const MAX_LOST_SHARE = 0.02;
const MAX_DROPPED_SHARE = 0.2;
/** Points that are exactly alike in two pictures of a dead sensor; a clock in the picture goes on. */
const SAME_SHARE = 0.96;
/** Light by the picture is believed for so long; then the sun says it. */
const LOOK_VALID_MS = 10 * 60_000;
/** Shares of `degradedAfterMs`: a rate is measured over the first; signs are suspicious after it. */
const STRETCH_SHARE = 2 / 15;
/** Between two looks at what is suspicious; and pictures must have been the same for so long. */
const LOOK_GAP_SHARE = 1 / 5;
const SAME_FOR_SHARE = 1 / 3;
/** An answer that has not come by then will not come. */
const LOOK_PATIENCE_SHARE = 1 / 3;
/** What was looked at and is alive is looked at again after `degradedAfterMs`, each time twice as long, at most: */
const MAX_LOOK_GAP_MS = 30 * 60_000;

/** What of a closed part tells of pictures. */
export interface PartSigns {
  /** Samples begin with a random access picture; its bytes, and the CRC of its end. */
  entryBytes: number | undefined;
  entryTail: number;
  mediaBytes: number;
  pictures: number;
  discontinuity: boolean;
}

/** What one step came to. */
export interface ConditionStep {
  change: LivenessChange | undefined;
  /** A picture should be decoded and looked at: before others where something is suspected. */
  wantsLook: 'urgent' | 'sometime' | undefined;
  learnt: { light: Light; usual: UsualStream } | undefined;
}

/** Figures that go with a change; see the event's `measured`. */
export type MeasuredFigures = Record<string, number | boolean | string | null>;

/**
 * One camera's condition: gathers what its sessions show, over all of them, and steps its liveness. What a compressed
 * stream makes suspicious is looked at by decoding one picture, elsewhere; the answer comes to `looked`.
 *
 * All times are monotonic ms.
 */
export class CameraCondition {
  readonly #rules: LivenessRules;
  /** False: nobody can decode a picture here, and what needs it is not found. */
  readonly #canLook: boolean;
  #memory: LivenessMemory;
  baseline: StreamBaseline;
  readonly #learners: Readonly<Record<Light, BaselineLearner>> = {
    day: new BaselineLearner(),
    night: new BaselineLearner(),
  };
  readonly #figures: StreamFigures;
  readonly #signs = new StillSigns();
  readonly #sinceMs = new Map<DegradedReason, number>();
  #size: { width: number; height: number } | undefined;
  #failure: DownReason | undefined;
  #interrupted = false;
  /** Of the present session, at the last step. */
  #handedOn = 0;
  #begun = 0;
  #lost = 0;
  #group = { entryBytes: 0, entryTail: 0, otherBytes: 0, otherPictures: 0 };
  #groupOpen = false;
  #stretch: Stretch | undefined;
  #stretchMs = 0;

  #look: PictureLook | undefined;
  #lookMs = Number.NEGATIVE_INFINITY;
  #lookAskedMs: number | undefined;
  /** Pictures have been the same for so long, by looks. */
  #sameForMs = 0;
  #lookGapMs = 0;
  #nowMs: number;

  constructor(options: {
    rules: LivenessRules;
    canLook: boolean;
    /** What is known of it from before. */
    state: ObservedState;
    reason: ObservedReason | null;
    baseline: StreamBaseline;
    nowMs: number;
  }) {
    this.#rules = options.rules;
    this.#canLook = options.canLook;
    this.baseline = options.baseline;
    this.#nowMs = options.nowMs;
    this.#memory = beginLiveness(options.state, options.reason, options.nowMs);
    this.#figures = new StreamFigures(this.#stretchLengthMs, options.rules.degradedAfterMs);
  }

  get state(): ObservedState {
    return this.#memory.state;
  }

  /** What the change that was told last goes by. */
  get measured(): MeasuredFigures {
    const measured: MeasuredFigures = {};
    if (this.#memory.flapping) measured['flapping'] = true;
    if (this.#size !== undefined) Object.assign(measured, this.#size);
    const stretch = this.#stretch;
    if (stretch !== undefined) {
      measured['frameRate'] = round(stretch.frameRate);
      if (stretch.lostShare > 0) measured['lostShare'] = round(stretch.lostShare);
      if (stretch.droppedShare > 0) measured['droppedShare'] = round(stretch.droppedShare);
    }
    const { reason } = this.#memory;
    if (reason === 'low-frame-rate' || reason === 'small-picture') {
      const light = this.#lastLight;
      const usual = this.baseline[light];
      measured['light'] = light;
      if (usual !== null) {
        measured['usualFrameRate'] = usual.frameRate;
        measured['usualWidth'] = usual.width;
        measured['usualHeight'] = usual.height;
      }
    }
    if (reason === 'frozen-picture' && this.#look?.sameShare != null) {
      measured['sameShare'] = round(this.#look.sameShare);
    }
    // What the session said, where the condition has one word for several.
    if (this.#memory.state === 'down' && this.#failure !== undefined) {
      measured['failure'] = this.#failure;
    }
    return measured;
  }

  #lastLight: Light = 'day';

  /** A session begins: it counts from nothing. */
  sessionBegan(): void {
    this.#handedOn = this.#begun = this.#lost = 0;
    this.#figures.restart();
    this.#stretch = undefined;
    this.#groupOpen = false;
  }

  /** A session is over, or none may begin. */
  failed(reason: DownReason): void {
    if (this.#handedOn > 0) this.#interrupted = true;
    this.#handedOn = 0;
    this.#failure = reason;
    this.#stretch = undefined;
    this.#signs.forget();
  }

  /** Pictures that follow are of this size. */
  sized(width: number, height: number): void {
    if (this.#size?.width === width && this.#size.height === height) return;
    this.#size = { width, height };
    this.#signs.forget();
    this.#groupOpen = false;
  }

  part({ entryBytes, entryTail, mediaBytes, pictures, discontinuity }: PartSigns): void {
    const group = this.#group;
    // A group that lost pictures has less between its random access pictures than there was.
    if (discontinuity) this.#groupOpen = false;
    let otherBytes = mediaBytes;
    let otherPictures = pictures;
    if (entryBytes !== undefined) {
      if (this.#groupOpen && this.#size !== undefined) {
        this.#signs.group({ ...group, pixels: this.#size.width * this.#size.height }, this.#nowMs);
      }
      this.#groupOpen = true;
      group.entryBytes = entryBytes;
      group.entryTail = entryTail;
      group.otherBytes = group.otherPictures = 0;
      otherBytes -= entryBytes;
      otherPictures--;
    }
    group.otherBytes += otherBytes;
    group.otherPictures += otherPictures;
  }

  /** The picture that was asked for; undefined when it could not be decoded. */
  looked(look: PictureLook | undefined, nowMs: number): void {
    this.#lookAskedMs = undefined;
    const { degradedAfterMs } = this.#rules;
    if (look === undefined) {
      this.#lookGapMs = this.#longerGap();
      this.#lookMs = nowMs;
      return;
    }
    this.#look = look;
    this.#lookMs = nowMs;
    const stillSinceMs = this.#stillSinceMs;
    const isWithinStill =
      stillSinceMs !== undefined && look.apartMs !== null && nowMs - look.apartMs >= stillSinceMs;
    const isSame = look.sameShare !== null && look.sameShare >= SAME_SHARE;
    if (isWithinStill && isSame) this.#sameForMs += look.apartMs ?? 0;
    else if (isWithinStill || stillSinceMs === undefined) this.#sameForMs = 0;
    const nothingFound = !look.black && (stillSinceMs === undefined || (isWithinStill && !isSame));
    if (nothingFound) this.#lookGapMs = this.#longerGap();
    else {
      const found = look.black || this.#sameForMs >= degradedAfterMs * SAME_FOR_SHARE;
      this.#lookGapMs = degradedAfterMs * (found ? 1 : LOOK_GAP_SHARE);
    }
  }

  /** A few times a second. `figures`: of the session that runs. */
  step(nowMs: number, wallMs: number, figures: SessionFigures | undefined): ConditionStep {
    this.#nowMs = nowMs;
    let pictures = false;
    if (figures !== undefined) {
      // Pictures that the network broke were sent all the same: that is loss, and not silence.
      const lost = figures.lostPackets > this.#lost && figures.begunUnits > this.#begun;
      pictures = figures.handedOnUnits > this.#handedOn || (lost && this.#handedOn > 0);
      this.#handedOn = figures.handedOnUnits;
      this.#begun = figures.begunUnits;
      this.#lost = figures.lostPackets;
      this.#stretch = this.#figures.sample(figures, nowMs);
    }
    const symptom = this.#symptom(nowMs, wallMs);
    const { memory, change } = stepLiveness(
      this.#memory,
      {
        nowMs,
        pictures,
        failure: this.#failure,
        interrupted: this.#interrupted,
        symptom,
        doubtful: this.#isDoubtful(nowMs),
      },
      this.#rules,
    );
    this.#memory = memory;
    this.#interrupted = false;
    // Kept through the first seconds of the next session, which may fail as the last one did.
    if (
      memory.steadySinceMs !== undefined &&
      nowMs - memory.steadySinceMs > this.#rules.upAfterMs
    ) {
      this.#failure = undefined;
    }
    return {
      change,
      wantsLook: this.#asksForLook(nowMs),
      learnt: this.#learn(nowMs, wallMs, symptom),
    };
  }

  get #stretchLengthMs(): number {
    return this.#rules.degradedAfterMs * STRETCH_SHARE;
  }

  get #stillSinceMs(): number | undefined {
    return this.#signs.stillSinceMs ?? this.#signs.identicalSinceMs;
  }

  #light(nowMs: number, wallMs: number): Light {
    const look = nowMs - this.#lookMs < LOOK_VALID_MS ? this.#look : undefined;
    this.#lastLight = look?.light ?? lightAt(wallMs);
    return this.#lastLight;
  }

  /** The gravest of what is wrong now; whatever it is, since when. */
  #symptom(nowMs: number, wallMs: number): Symptom | undefined {
    if (this.#memory.steadySinceMs === undefined) {
      this.#sinceMs.clear();
      return undefined;
    }
    const light = this.#light(nowMs, wallMs);
    const usual = this.baseline[light];
    const stretch = this.#stretch;
    const stretchBeganMs = nowMs - this.#stretchLengthMs;
    const wasLow = this.#sinceMs.has('low-frame-rate');
    const isLow = stretch !== undefined && isLowRate(stretch.frameRate, usual, wasLow);
    const { plainSinceMs } = this.#signs;
    const stillSinceMs = this.#stillSinceMs;
    const isFrozen = stillSinceMs !== undefined && this.#isSame();
    const isBlack =
      plainSinceMs !== undefined && this.#look?.black === true && this.#lookMs >= plainSinceMs;
    const found: readonly (readonly [DegradedReason, boolean, number])[] = [
      ['no-signal-picture', isFrozen && this.#look?.plain === true, stillSinceMs ?? nowMs],
      ['black-picture', isBlack, plainSinceMs ?? nowMs],
      ['frozen-picture', isFrozen, stillSinceMs ?? nowMs],
      ['stale-timestamps', stretch?.timeGoesOn === false, stretchBeganMs],
      ['packet-loss', stretch !== undefined && losesTooMuch(stretch), stretchBeganMs],
      [
        'small-picture',
        this.#size !== undefined && isSmall(this.#size.width, this.#size.height, usual),
        nowMs,
      ],
      ['low-frame-rate', isLow, stretchBeganMs],
    ];
    let gravest: Symptom | undefined;
    for (const [reason, holds, beganMs] of found) {
      if (!holds) {
        this.#sinceMs.delete(reason);
        continue;
      }
      const sinceMs = this.#sinceMs.get(reason) ?? Math.min(beganMs, nowMs);
      this.#sinceMs.set(reason, sinceMs);
      gravest ??= { reason, sinceMs };
    }
    // By night it may be the shutter: the picture says whether it is.
    if (gravest?.reason === 'low-frame-rate' && this.#awaitsLook(gravest.sinceMs, nowMs)) {
      return undefined;
    }
    return gravest;
  }

  /** Without looks a sensor is dead when its random access pictures are the same byte by byte. */
  #isSame(): boolean {
    if (!this.#canLook) return this.#signs.identicalSinceMs !== undefined;
    return this.#sameForMs >= this.#rules.degradedAfterMs * SAME_FOR_SHARE;
  }

  /** Nobody has looked since it began, and the answer may still come. */
  #awaitsLook(sinceMs: number, nowMs: number): boolean {
    if (!this.#canLook || this.#lookMs >= sinceMs) return false;
    const detectedMs = sinceMs + this.#stretchLengthMs;
    return nowMs - detectedMs < this.#rules.degradedAfterMs * LOOK_PATIENCE_SHARE;
  }

  /** What is known of it is not enough to call it up; bounded, for looks may be long in coming. */
  #isDoubtful(nowMs: number): boolean {
    const { steadySinceMs } = this.#memory;
    if (steadySinceMs === undefined) return false;
    if (nowMs - steadySinceMs >= this.#rules.degradedAfterMs) return false;
    const isUnmeasured = this.#stretch === undefined && this.baseline[this.#lastLight] !== null;
    const lowSinceMs = this.#sinceMs.get('low-frame-rate');
    const awaitsLook = lowSinceMs !== undefined && this.#awaitsLook(lowSinceMs, nowMs);
    return isUnmeasured || awaitsLook || this.#isSuspicious(nowMs);
  }

  /** Nothing moves, or nothing is in the picture, and nobody has found it alive since. */
  #isSuspicious(nowMs: number): boolean {
    if (!this.#canLook) return false;
    const { plainSinceMs } = this.#signs;
    const suspectMs = Math.min(plainSinceMs ?? Infinity, this.#stillSinceMs ?? Infinity);
    if (suspectMs > nowMs) return false;
    const wasFoundAlive =
      this.#lookMs >= suspectMs &&
      this.#lookGapMs >= this.#rules.degradedAfterMs &&
      !this.#isSame();
    return !wasFoundAlive;
  }

  #asksForLook(nowMs: number): ConditionStep['wantsLook'] {
    if (!this.#canLook || this.#memory.steadySinceMs === undefined) return undefined;
    const patienceMs = this.#rules.degradedAfterMs * LOOK_PATIENCE_SHARE;
    if (this.#lookAskedMs !== undefined && nowMs - this.#lookAskedMs < patienceMs) return undefined;
    const { plainSinceMs } = this.#signs;
    const suspectMs = Math.min(plainSinceMs ?? Infinity, this.#stillSinceMs ?? Infinity);
    const isSuspect = nowMs - suspectMs >= this.#stretchLengthMs;
    if (suspectMs === Infinity) {
      this.#sameForMs = 0;
      this.#lookGapMs = 0;
    }
    const lowSinceMs = this.#sinceMs.get('low-frame-rate');
    const isUrgent =
      (isSuspect && (this.#lookMs < suspectMs || nowMs - this.#lookMs >= this.#lookGapMs)) ||
      (lowSinceMs !== undefined && this.#lookMs < lowSinceMs);
    // What is learnt, is learnt of day or night.
    const isUnknown =
      this.baseline[this.#lastLight] === null && nowMs - this.#lookMs >= LOOK_VALID_MS;
    if (!isUrgent && !isUnknown) return undefined;
    this.#lookAskedMs = nowMs;
    return isUrgent ? 'urgent' : 'sometime';
  }

  #longerGap(): number {
    return Math.min(MAX_LOOK_GAP_MS, Math.max(this.#rules.degradedAfterMs, this.#lookGapMs * 2));
  }

  #learn(nowMs: number, wallMs: number, symptom: Symptom | undefined): ConditionStep['learnt'] {
    const stretch = this.#stretch;
    if (stretch === undefined || this.#size === undefined || symptom !== undefined)
      return undefined;
    if (this.#memory.state !== 'up' || this.#sinceMs.size > 0) return undefined;
    if (nowMs - this.#stretchMs < this.#stretchLengthMs) return undefined;
    this.#stretchMs = nowMs;
    const light = this.#light(nowMs, wallMs);
    const seen = { frameRate: stretch.frameRate, ...this.#size };
    const usual = this.#learners[light].stretch(seen, this.baseline[light]);
    if (usual === undefined) return undefined;
    this.baseline = { ...this.baseline, [light]: usual };
    return { light, usual };
  }
}

function losesTooMuch({ lostShare, droppedShare }: Stretch): boolean {
  return lostShare > MAX_LOST_SHARE || droppedShare > MAX_DROPPED_SHARE;
}

/** To the thousandth. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Whether it is our doing that nothing is seen of the camera. */
export function isOurs(reason: DownReason): boolean {
  return ofFailure(reason).state === 'unknown';
}
