import type { LiveStateName } from './wire.ts';

/**
 * Which tiles hold a player, decided from facts alone: pure, so that it is tested without a browser.
 * `players.ts` carries the decisions out.
 *
 * A tile plays while it is in view, its camera is up, this browser knows its codec, and the page is looked at. Anything
 * else takes its player away, and with it every request. hls.js gives up for good after its retries, so a player that
 * failed is thrown away and a new one starts on the camera's next `up`, or after a rest if the camera never went down.
 */

export interface PlaybackLimits {
  /** Players at a time. Tiles beyond it wait, and say so. */
  playing: number;
  /** Players that still wait for their first picture. HTTP/1.1 gives a host six connections; one is the event stream's. */
  starting: number;
  /** A player without a first picture after this has failed. */
  startWithinMs: number;
  /** A player whose picture has not moved for this long has failed. */
  frozenAfterMs: number;
  /** The rest after the first failure; doubled by every further one up to `restMaxMs`. */
  restFirstMs: number;
  restMaxMs: number;
  /** A player that ran this long has made its earlier failures good. */
  settledAfterMs: number;
}

export const wallLimits: PlaybackLimits = {
  playing: 25,
  starting: 3,
  startWithinMs: 15_000,
  frozenAfterMs: 12_000,
  restFirstMs: 2_000,
  restMaxMs: 60_000,
  settledAfterMs: 30_000,
};

/** The camera opened large is alone, so nothing waits for it, and a person is looking: it rests less. */
export const largeLimits: PlaybackLimits = {
  ...wallLimits,
  playing: 1,
  starting: 1,
  restMaxMs: 8_000,
};

export type Playback =
  | { phase: 'detached' }
  | { phase: 'starting'; failures: number; sinceMs: number; upSince: string }
  | { phase: 'playing'; failures: number; sinceMs: number; upSince: string; movedAtMs: number }
  | { phase: 'resting'; failures: number; untilMs: number; upSince: string };

export const detached: Playback = { phase: 'detached' };

/** Facts about one tile. `state` and `since` are the camera's own (LiveState). */
export interface Tile {
  inView: boolean;
  state: LiveStateName;
  since: string;
  playable: boolean;
  playback: Playback;
}

export interface Decision {
  /** Players to take away, with what the tile remembers afterwards. */
  detach: { cameraId: string; playback: Playback }[];
  attach: { cameraId: string; playback: Playback }[];
  /** Tiles that would play but for the limit. */
  queued: Set<string>;
  /** Decide again at this time at the latest, even if nothing happens. Null: nothing is pending. */
  againAtMs: number | null;
}

/** `tiles` in wall order: the first ones get the players. `watched`: the page is looked at and no large view covers it. */
export function decidePlayback(
  tiles: ReadonlyMap<string, Tile>,
  watched: boolean,
  limits: PlaybackLimits,
  nowMs: number,
): Decision {
  const decision: Decision = { detach: [], attach: [], queued: new Set(), againAtMs: null };
  const pending = (atMs: number): void => {
    decision.againAtMs = decision.againAtMs === null ? atMs : Math.min(decision.againAtMs, atMs);
  };
  let playing = 0;
  let starting = 0;
  const waiting: { cameraId: string; tile: Tile }[] = [];

  for (const [cameraId, tile] of tiles) {
    const { playback } = tile;
    const wanted = watched && tile.inView && tile.state === 'up' && tile.playable;
    if (playback.phase === 'detached' || playback.phase === 'resting') {
      if (!wanted) continue;
      if (playback.phase === 'resting' && playback.upSince === tile.since) {
        if (nowMs < playback.untilMs) {
          pending(playback.untilMs);
          continue;
        }
      }
      waiting.push({ cameraId, tile });
      continue;
    }
    if (!wanted || playback.upSince !== tile.since) {
      decision.detach.push({ cameraId, playback: detached });
      // A new run of the same camera: the old player's buffer belongs to the old one.
      if (wanted) waiting.push({ cameraId, tile });
      continue;
    }
    const failsAtMs =
      playback.phase === 'starting'
        ? playback.sinceMs + limits.startWithinMs
        : playback.movedAtMs + limits.frozenAfterMs;
    if (nowMs >= failsAtMs) {
      const rest = failed(playback, limits, nowMs);
      decision.detach.push({ cameraId, playback: rest });
      if (rest.phase === 'resting') pending(rest.untilMs);
      continue;
    }
    pending(failsAtMs);
    if (playback.phase === 'starting') starting += 1;
    playing += 1;
  }

  for (const { cameraId, tile } of waiting) {
    if (playing >= limits.playing) {
      decision.queued.add(cameraId);
      continue;
    }
    // No time is pending for these: a first picture or a failure brings the next decision.
    if (starting >= limits.starting) continue;
    const { playback } = tile;
    // A new `up` of the camera makes its player's earlier failures good.
    const failures =
      playback.phase === 'resting' && playback.upSince === tile.since ? playback.failures : 0;
    decision.attach.push({
      cameraId,
      playback: { phase: 'starting', failures, sinceMs: nowMs, upSince: tile.since },
    });
    pending(nowMs + limits.startWithinMs);
    starting += 1;
    playing += 1;
  }
  return decision;
}

/** The first picture came. */
export function pictured(playback: Playback, nowMs: number): Playback {
  if (playback.phase !== 'starting') return playback;
  return { ...playback, phase: 'playing', sinceMs: nowMs, movedAtMs: nowMs };
}

/** The picture moved on. */
export function moved(playback: Playback, nowMs: number): Playback {
  return playback.phase === 'playing' ? { ...playback, movedAtMs: nowMs } : playback;
}

/** The player gave up: rest, then begin anew. */
export function failed(playback: Playback, limits: PlaybackLimits, nowMs: number): Playback {
  if (playback.phase !== 'starting' && playback.phase !== 'playing') return playback;
  const settled = playback.phase === 'playing' && nowMs - playback.sinceMs >= limits.settledAfterMs;
  const failures = settled ? 1 : playback.failures + 1;
  const restMs = Math.min(limits.restFirstMs * 2 ** (failures - 1), limits.restMaxMs);
  return { phase: 'resting', failures, untilMs: nowMs + restMs, upSince: playback.upSince };
}
