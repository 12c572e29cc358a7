import { FRAME_SAMPLES, type AudioConfig } from '../aac/audio-config.ts';
import { TIMESCALE } from './init.ts';

/** Frames that one part carries, at most: two seconds of 32 kHz. */
export const MAX_SOUND_FRAMES = 64;
/** Frames that wait for the part that is open to close; beyond it the oldest go. */
const MAX_WAITING_FRAMES = 256;
const MAX_WAITING_BYTES = 256 * 1024;
/** Sound that lies so far from where the last frame ended did not follow on it. */
const MAX_UNEVEN_SECONDS = 0.12;
/** Without a frame for so long there is no sound. */
const SILENT_TICKS = 3 * TIMESCALE;

/**
 * AAC frames of a run that wait for the part that they will stand in. Times in samples of the track, which begin
 * where the ticks of the picture's track begin.
 */
export class SoundSamples {
  readonly config: AudioConfig;
  dropped = 0;
  readonly #bytes = Buffer.allocUnsafe(MAX_WAITING_BYTES);
  #end = 0;
  readonly #sizes = new Uint16Array(MAX_WAITING_FRAMES);
  /** Decode time of each, samples. */
  readonly #times = new Float64Array(MAX_WAITING_FRAMES);
  #count = 0;
  #next = Number.NaN;
  /** When the last frame came, or the run began; ticks of the picture's track. */
  #lastTicks = Number.NaN;

  constructor(config: AudioConfig) {
    this.config = config;
  }

  /** A frame that is heard at `ticks` of the picture's track. */
  add(bytes: Buffer, start: number, end: number, ticks: number): void {
    this.#lastTicks = ticks;
    const { sampleRate } = this.config;
    let time = Math.round((ticks * sampleRate) / TIMESCALE);
    const off = time - this.#next;
    if (Math.abs(off) <= MAX_UNEVEN_SECONDS * sampleRate) time = this.#next;
    // What would be heard before the frame before it has ended, or before the run began, is not heard.
    if (off < -MAX_UNEVEN_SECONDS * sampleRate || time < 0) {
      this.dropped++;
      return;
    }
    this.#next = time + FRAME_SAMPLES;
    if (this.#count === MAX_WAITING_FRAMES || this.#end + end - start > MAX_WAITING_BYTES) {
      this.dropped += this.#count;
      this.#count = 0;
      this.#end = 0;
    }
    bytes.copy(this.#bytes, this.#end, start, end);
    this.#end += end - start;
    this.#sizes[this.#count] = end - start;
    this.#times[this.#count++] = time;
  }

  /** Frames still come, at this time of the picture's track. */
  isHeard(ticks: number): boolean {
    if (Number.isNaN(this.#lastTicks)) this.#lastTicks = ticks;
    return ticks - this.#lastTicks < SILENT_TICKS;
  }

  /** Frames that follow on one another, from the oldest: as many as one part may carry. */
  get ready(): number {
    let count = Math.min(1, this.#count);
    while (
      count < Math.min(this.#count, MAX_SOUND_FRAMES) &&
      this.#times[count] === (this.#times[count - 1] as number) + FRAME_SAMPLES
    ) {
      count++;
    }
    return count;
  }

  get decodeTime(): number {
    return this.#times[0] as number;
  }

  size(frame: number): number {
    return this.#sizes[frame] as number;
  }

  /** The bytes of the oldest frames, until `forget`. */
  bytes(frames: number): Buffer {
    let end = 0;
    for (let i = 0; i < frames; i++) end += this.size(i);
    return this.#bytes.subarray(0, end);
  }

  /** The oldest frames stand in a part. */
  forget(frames: number): void {
    const start = this.bytes(frames).length;
    this.#bytes.copyWithin(0, start, this.#end);
    this.#end -= start;
    this.#sizes.copyWithin(0, frames, this.#count);
    this.#times.copyWithin(0, frames, this.#count);
    this.#count -= frames;
  }

  clear(): void {
    this.forget(this.#count);
  }
}
