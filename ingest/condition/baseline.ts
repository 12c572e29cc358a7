import type { Light, StreamBaseline, UsualStream } from '#registry/usual-stream.ts';

/**
 * What is usual for one stream, day and night apart: a sub-stream, a night shutter or a smart codec is not a fault
 * (forms.md 4.2). Learnt from what the stream does, and corrected by a person, whose word is not learnt over.
 */

export const unknownBaseline: StreamBaseline = { day: null, night: null };

/** Below this share of the usual rate it is low; it is low no more above the second one. */
const LOW_RATE_SHARE = 0.6;
const NO_LONGER_LOW_SHARE = 0.75;
/** Pixels below this share of the usual ones are a small picture. */
const SMALL_SHARE = 0.5;

export function isLowRate(frameRate: number, usual: UsualStream | null, wasLow: boolean): boolean {
  if (usual === null) return false;
  return frameRate < usual.frameRate * (wasLow ? NO_LONGER_LOW_SHARE : LOW_RATE_SHARE);
}

export function isSmall(width: number, height: number, usual: UsualStream | null): boolean {
  return usual !== null && width * height < usual.width * usual.height * SMALL_SHARE;
}

/** Stretches of steady pictures that a rate is learnt from. */
const LEARNING_STRETCHES = 6;
/** A learnt rate follows one that is higher by so much, after so many stretches of it: somebody set the camera so. */
const HIGHER_SHARE = 1.25;
const FOLLOWING_STRETCHES = 450;

/**
 * Learns one stream's usual rate and size in one light, a stretch of steady pictures after the other. Once learnt, it goes
 * up when the stream is set higher, and never down by itself: that is what it is there to notice.
 */
export class BaselineLearner {
  #rates: number[] = [];
  #size: { width: number; height: number } | undefined;
  #higher: UsualStream[] = [];

  /** Undefined unless the stretch made it known, or higher. `usual`: what is accepted now. */
  stretch(seen: UsualStream, usual: UsualStream | null): UsualStream | undefined {
    if (usual !== null) return this.#follow(seen, usual);
    const { width, height } = seen;
    if (this.#size?.width !== width || this.#size.height !== height) this.#rates = [];
    this.#size = { width, height };
    this.#rates.push(seen.frameRate);
    if (this.#rates.length < LEARNING_STRETCHES) return undefined;
    const frameRate = median(this.#rates);
    this.#rates = [];
    return { frameRate, width, height };
  }

  #follow(seen: UsualStream, usual: UsualStream): UsualStream | undefined {
    const isHigher =
      seen.frameRate > usual.frameRate * HIGHER_SHARE ||
      seen.width * seen.height > usual.width * usual.height;
    if (!isHigher) {
      this.#higher = [];
      return undefined;
    }
    this.#higher.push(seen);
    if (this.#higher.length < FOLLOWING_STRETCHES) return undefined;
    const frameRate = median(this.#higher.map((stretch) => stretch.frameRate));
    this.#higher = [];
    return { frameRate, width: seen.width, height: seen.height };
  }
}

/** To the hundredth. */
function median(rates: readonly number[]): number {
  const sorted = rates.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] as number) * 100) / 100;
}

/** The middle of Thailand; its edges are 20 minutes of sun away. */
const LATITUDE = 13.75;
const LONGITUDE = 100.5;
/** Civil twilight: cameras see by day until then. */
const DUSK_DEGREES = -6;
const RADIANS = Math.PI / 180;
const DAY_MS = 86_400_000;

/** By the sun over Thailand, for streams whose picture nobody has looked at lately. Good to some minutes. */
export function lightAt(wallMs: number): Light {
  const date = new Date(wallMs);
  const yearDay = (wallMs - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS;
  const declination = -23.44 * Math.cos(((yearDay + 10) / 365.25) * 2 * Math.PI);
  const solarHours = ((wallMs % DAY_MS) / DAY_MS) * 24 + LONGITUDE / 15;
  const hourAngle = (solarHours - 12) * 15;
  const sine =
    Math.sin(LATITUDE * RADIANS) * Math.sin(declination * RADIANS) +
    Math.cos(LATITUDE * RADIANS) * Math.cos(declination * RADIANS) * Math.cos(hourAngle * RADIANS);
  return Math.asin(sine) / RADIANS > DUSK_DEGREES ? 'day' : 'night';
}
