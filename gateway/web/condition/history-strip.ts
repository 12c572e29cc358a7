/** Transitions as pieces of a strip, and the share of good pictures in it: pure. */

export interface SeenTransition {
  at: string;
  state: string;
  previous: string;
}

export interface StripPart {
  state: string;
  fromMs: number;
  toMs: number;
}

/**
 * From `fromMs` to `toMs`, without holes. `transitions`: newest first, as the API tells them; what was before the first is
 * its `previous`. `present`: the state now, for a time without any.
 */
export function stripParts(
  transitions: readonly SeenTransition[],
  present: string | null,
  fromMs: number,
  toMs: number,
): StripPart[] {
  const parts: StripPart[] = [];
  let state = transitions.at(-1)?.previous ?? present ?? 'unknown';
  let sinceMs = fromMs;
  const push = (untilMs: number): void => {
    if (untilMs <= sinceMs) return;
    const last = parts.at(-1);
    if (last?.state === state) last.toMs = untilMs;
    else parts.push({ state, fromMs: sinceMs, toMs: untilMs });
    sinceMs = untilMs;
  };
  for (const transition of transitions.toReversed()) {
    push(Math.min(Math.max(Date.parse(transition.at), fromMs), toMs));
    ({ state } = transition);
  }
  push(toMs);
  return parts;
}

/** Of the time in which somebody could look: whole percent, rounded down, so that 100 is all of it; null: nobody could. */
export function goodShare(parts: readonly StripPart[]): number | null {
  let good = 0;
  let all = 0;
  for (const { state, fromMs, toMs } of parts) {
    if (state === 'unknown' || state === 'not-linked') continue;
    all += toMs - fromMs;
    if (state === 'up') good += toMs - fromMs;
  }
  return all === 0 ? null : Math.floor((good * 100) / all);
}
