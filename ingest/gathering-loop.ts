/**
 * The loop of a camera worker: once in `periodMs` it wakes, takes what came, and sleeps.
 *
 * Reading a socket whenever a packet comes costs a system call and a wake-up per packet; what gathers in the kernel
 * is read in one (tests/bench/results.md: the plain reader beside the gathering one). The thread really sleeps, so it
 * must serve nobody.
 */
export interface GatheringLoop {
  stop(): void;
  /** Seconds from one round to the next, over about the last half minute. */
  lag(): { p50: number; p99: number };
}

const LAG_SAMPLES = 1200;

export function startGatheringLoop(options: {
  periodMs: number;
  /** After the event loop has looked at its sockets. */
  afterRound: () => void;
}): GatheringLoop {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const gaps = new Float64Array(LAG_SAMPLES);
  let rounds = 0;
  let running = true;
  let lastMs = performance.now();
  let nextMs = lastMs + options.periodMs;

  // Runs after the poll phase, that is after all reads of this round.
  const round = (): void => {
    if (!running) return;
    options.afterRound();
    const nowMs = performance.now();
    if (nextMs > nowMs) Atomics.wait(sleeper, 0, 0, nextMs - nowMs);
    // A round that took too long is not made up for: two looks at once would read nothing.
    nextMs = Math.max(nextMs + options.periodMs, performance.now());
    const wokenMs = performance.now();
    gaps[rounds++ % LAG_SAMPLES] = (wokenMs - lastMs) / 1000;
    lastMs = wokenMs;
    setImmediate(round);
  };
  setImmediate(round);

  return {
    stop() {
      running = false;
    },
    lag() {
      const sorted = gaps.slice(0, Math.min(rounds, LAG_SAMPLES)).toSorted();
      const at = (share: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return { p50: at(0.5), p99: at(0.99) };
    },
  };
}
