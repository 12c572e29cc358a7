import type { StreamSite, StreamSource } from '#registry/cameras.ts';
import { hostOf } from '#registry/stream-host.ts';

/** Sessions of one site being opened at once: they share a line. */
const MAX_CONNECTING = 4;
/** Its sessions altogether, where nobody set a budget. */
const DEFAULT_MAX_SESSIONS = 128;
/** What a stream is taken to need of the line before it was measured: a common setting of cameras. */
const ASSUMED_BITS_PER_SECOND = 2_000_000;

type Asking = Pick<StreamSource, 'cameraId' | 'url'>;

/**
 * Policy `two-sessions`. What the cameras of one site use of its line and its recorder boxes, and whether one more may. A recorder box is a host
 * that several addresses name: many give two streams at once and no third.
 */
export class SiteBudget {
  limits: StreamSite | undefined;
  #connecting = 0;
  /** By host and nothing else: a box's channels differ in path, and some in port. */
  readonly #boxes = new Map<string, number>();
  /** Of the open sessions, bit/s. */
  readonly #open = new Map<string, number>();
  /** Of every camera as last measured. Bound: the cameras of the site. */
  readonly #known = new Map<string, number>();

  /** Whether a session may be opened now; `connecting`: in a moment; else, in words, what is used up. */
  place({ cameraId, url }: Asking): 'free' | 'connecting' | (string & {}) {
    const maxSessions = this.limits?.maxSessions ?? DEFAULT_MAX_SESSIONS;
    if (this.#open.size >= maxSessions) return `the site has all of its ${maxSessions} sessions`;
    const maxPerBox = this.limits?.maxSessionsPerBox ?? null;
    const box = hostOf(url);
    if (maxPerBox !== null && (this.#boxes.get(box) ?? 0) >= maxPerBox) {
      return `the recorder ${box} has all of its ${maxPerBox} sessions`;
    }
    const uplink = this.limits?.uplinkBitsPerSecond ?? null;
    if (uplink !== null && this.#open.size > 0) {
      const used = this.#open.values().reduce((sum, bits) => sum + bits, 0);
      if (used + this.#needs(cameraId) > uplink) {
        return `the site's line of ${uplink} bit/s has no room for another stream`;
      }
    }
    return this.#connecting >= MAX_CONNECTING ? 'connecting' : 'free';
  }

  opened({ cameraId, url }: Asking): void {
    this.#connecting++;
    this.#open.set(cameraId, this.#needs(cameraId));
    const box = hostOf(url);
    this.#boxes.set(box, (this.#boxes.get(box) ?? 0) + 1);
  }

  /** The handshake is over, one way or the other. */
  settled(): void {
    this.#connecting--;
  }

  measured({ cameraId }: Asking, bitsPerSecond: number): void {
    this.#known.set(cameraId, bitsPerSecond);
    if (this.#open.has(cameraId)) this.#open.set(cameraId, bitsPerSecond);
  }

  closed({ cameraId, url }: Asking): void {
    this.#open.delete(cameraId);
    const box = hostOf(url);
    const left = (this.#boxes.get(box) ?? 0) - 1;
    if (left > 0) this.#boxes.set(box, left);
    else this.#boxes.delete(box);
  }

  /** The camera is no longer of this site. */
  forget({ cameraId }: Asking): void {
    this.#known.delete(cameraId);
  }

  #needs(cameraId: string): number {
    return this.#known.get(cameraId) ?? ASSUMED_BITS_PER_SECOND;
  }
}
