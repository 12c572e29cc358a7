import type { DownReason } from './stream-failure.ts';

/** What the gateway sees of a camera now. Times in Unix ms. */
export interface LiveState {
  cameraId: string;
  state: 'not-linked' | 'connecting' | 'up' | 'down';
  sinceMs: number;
  reason: DownReason | null;
  detail: string | null;
  /** Next attempt, while down. */
  retryAtMs: number | null;
  /** RFC 6381. */
  codec: string | null;
  width: number | null;
  height: number | null;
  frameRate: number | null;
  bitsPerSecond: number | null;
  /** How packets come, while up. */
  transport: 'tcp' | 'udp' | null;
  /** Camera's clock minus the gateway's, as its sender reports tell it; while up. */
  clockOffsetMs: number | null;
}

export interface LiveStates {
  get(cameraId: string): LiveState | undefined;
  all(): Iterable<LiveState>;
  /** Returns how to end the subscription. */
  subscribe(listener: (state: LiveState) => void): () => void;
}

/** The present state of every camera that this process pulls; changes are told to subscribers at once. */
export class LiveStateBoard implements LiveStates {
  readonly #states = new Map<string, LiveState>();
  readonly #listeners = new Set<(state: LiveState) => void>();

  get(cameraId: string): LiveState | undefined {
    return this.#states.get(cameraId);
  }

  all(): Iterable<LiveState> {
    return this.#states.values();
  }

  subscribe(listener: (state: LiveState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(state: LiveState): void {
    this.#states.set(state.cameraId, state);
    for (const listener of this.#listeners) listener(state);
  }

  remove(cameraId: string): void {
    this.#states.delete(cameraId);
  }
}

export function plainState(
  cameraId: string,
  state: LiveState['state'],
  sinceMs: number,
): LiveState {
  return {
    cameraId,
    state,
    sinceMs,
    reason: null,
    detail: null,
    retryAtMs: null,
    codec: null,
    width: null,
    height: null,
    frameRate: null,
    bitsPerSecond: null,
    transport: null,
    clockOffsetMs: null,
  };
}
