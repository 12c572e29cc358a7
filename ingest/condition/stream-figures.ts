/** What a session has counted since it began; see CameraSession. */
export interface SessionFigures {
  /** Pictures begun, handed on whole, and left out. */
  begunUnits: number;
  handedOnUnits: number;
  droppedUnits: number;
  packets: number;
  lostPackets: number;
  /** RTP timestamp of the latest picture, 32 bits; undefined before the first. */
  timestamp: number | undefined;
}

/** Figures of a stretch of a stream. Shares are 0 to 1. */
export interface Stretch {
  /** As the camera sent them, pictures a second, lost ones among them. */
  frameRate: number;
  lostShare: number;
  droppedShare: number;
  /** The camera's time goes on. */
  timeGoesOn: boolean;
}

interface Sample extends SessionFigures {
  ms: number;
}

/** What a camera has kept comes in one burst at first, and is no rate. */
const BURST_MS = 2_000;
const TICKS_PER_MS = 90;
/** Camera time that passes in less than this share of the time is standing still. */
const STANDING_SHARE = 0.2;
/** Fewer pictures say nothing of it. */
const LEAST_PICTURES = 3;
/** Samples kept of the longer stretch; a bound of memory, for there are thousands of cameras. */
const SAMPLES = 64;

/**
 * Rates of one session over the last `rateMs`, loss over the last `lossMs`: from counters that are kept anyway, so that no
 * packet and no picture costs anything here.
 */
export class StreamFigures {
  readonly #rateMs: number;
  readonly #lossMs: number;
  #samples: Sample[] = [];
  #beganMs: number | undefined;

  constructor(rateMs: number, lossMs: number) {
    this.#rateMs = rateMs;
    this.#lossMs = lossMs;
  }

  /** Another session began, or what came was interrupted. */
  restart(): void {
    this.#samples = [];
    this.#beganMs = undefined;
  }

  /** Undefined until there is a whole stretch. */
  sample(figures: SessionFigures, ms: number): Stretch | undefined {
    if (figures.handedOnUnits === 0) return undefined;
    this.#beganMs ??= ms;
    if (ms - this.#beganMs < Math.min(BURST_MS, this.#rateMs)) return undefined;
    const samples = this.#samples;
    const last = samples.at(-1);
    if (last === undefined || ms - last.ms >= this.#lossMs / SAMPLES) {
      samples.push({ ...figures, ms });
    }
    while (samples.length > 1 && ms - (samples[1] as Sample).ms >= this.#lossMs) samples.shift();
    const from = samples.findLast((sample) => ms - sample.ms >= this.#rateMs);
    const oldest = samples[0];
    if (from === undefined || oldest === undefined) return undefined;
    const packets = figures.packets - oldest.packets;
    const lost = figures.lostPackets - oldest.lostPackets;
    const handedOn = figures.handedOnUnits - oldest.handedOnUnits;
    const dropped = figures.droppedUnits - oldest.droppedUnits;
    return {
      frameRate: ((figures.begunUnits - from.begunUnits) * 1000) / (ms - from.ms),
      lostShare: lost / Math.max(1, packets + lost),
      droppedShare: dropped / Math.max(1, handedOn + dropped),
      timeGoesOn: goesOn(from, figures, ms),
    };
  }
}

function goesOn(from: Sample, figures: SessionFigures, ms: number): boolean {
  if (from.timestamp === undefined || figures.timestamp === undefined) return true;
  if (figures.handedOnUnits - from.handedOnUnits < LEAST_PICTURES) return true;
  // Modulo 2^32, signed: it wraps every 13 hours.
  const passedMs = ((figures.timestamp - from.timestamp) | 0) / TICKS_PER_MS;
  return Math.abs(passedMs) >= (ms - from.ms) * STANDING_SHARE;
}
