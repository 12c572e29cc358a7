import type { DownReason, Progress } from '../stream-failure.ts';

/** How packets arrive: on the conversation's connection, or beside it. */
export type Transport = 'tcp' | 'udp';

/** Failures for which the way packets were asked for may be to blame, once the camera has told what it offers. */
const perhapsItsFault: ReadonlySet<DownReason> = new Set([
  'transport-refused',
  'timeout',
  'silent',
  'closed-by-camera',
  'protocol-error',
]);

/**
 * Policy `refuses-tcp`, policy `udp-blocked`. Which way a camera's packets are asked for: TCP first, which firewalls let through and which loses nothing, and UDP
 * when that is refused, is not answered or brings no packet. What worked is remembered and tried first from then on.
 * A camera whose record names one way is asked for that one only.
 */
export class TransportChoice {
  readonly #configured: 'auto' | Transport;
  #worked: Transport | undefined;
  #next: Transport;
  /** The other way was tried at once, and this is the failure after it: now it is time to wait. */
  #bothFailed = false;

  constructor(configured: 'auto' | Transport, remembered: Transport | undefined) {
    this.#configured = configured;
    this.#worked = configured === 'auto' ? remembered : undefined;
    this.#next = configured === 'auto' ? (remembered ?? 'tcp') : configured;
  }

  get next(): Transport {
    return this.#next;
  }

  /** Pictures came. True when that is news. */
  worked(): boolean {
    this.#bothFailed = false;
    if (this.#configured !== 'auto' || this.#worked === this.#next) return false;
    this.#worked = this.#next;
    return true;
  }

  /** A session failed. True: the other way is worth trying at once. */
  failed(reason: DownReason, progress: Progress): boolean {
    if (this.#configured !== 'auto') return false;
    if (progress === 'receiving' || progress === 'asking' || !perhapsItsFault.has(reason)) {
      return false;
    }
    this.#next = this.#next === 'tcp' ? 'udp' : 'tcp';
    this.#bothFailed = !this.#bothFailed;
    return this.#bothFailed;
  }
}
