/** The two clocks of a worker (gateway/ARCHITECTURE.md, Clocks). They never meet in one variable. */
export interface Clock {
  /** Since some moment; never set, so waits and limits are measured with it. */
  monotonicMs: () => number;
  /** Unix ms; may be set forward or back at any time. */
  wallMs: () => number;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
