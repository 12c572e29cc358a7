/**
 * Asks for every camera's media playlist once in WATCH_PERIOD_MS, the modest load of a wall that is watched, and
 * checks that each goes on without a gap: media sequences contiguous, no discontinuity, as much media as time went by.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from './http-client.ts';
import {
  firstVariant,
  liveEdgeMs,
  parseMediaPlaylist,
  type MediaPlaylist,
} from './media-playlist.ts';

export const WATCH_PERIOD_MS = 5000;
/** An edge older than a part and this is late. */
export const LATE_BEYOND_PART_MS = 150;

export interface WatchReport {
  polls: number;
  /** Answers that were not a playlist. */
  failures: number;
  /** Media sequences that were never seen although newer ones were. */
  missingSegments: number;
  discontinuities: number;
  /** Polls at which the newest part ended more than a PART-TARGET + LATE_BEYOND_PART_MS ago. */
  lateEdges: number;
  oldestEdgeMs: number;
  /** The largest difference between the media that a playlist grew by and the wall time that passed, in ms. */
  worstDriftMs: number;
  /** Mean duration of the closed segments' parts. */
  meanPartS: number;
  examples: string[];
}

export interface PlaylistWatch {
  stop: () => Promise<WatchReport>;
}

const EXAMPLES_KEPT = 5;

export function watchPlaylists(http: HttpClient, cameraIds: readonly string[]): PlaylistWatch {
  const report: WatchReport = {
    polls: 0,
    failures: 0,
    missingSegments: 0,
    discontinuities: 0,
    lateEdges: 0,
    oldestEdgeMs: 0,
    worstDriftMs: 0,
    meanPartS: 0,
    examples: [],
  };
  const note = (words: string): void => {
    if (report.examples.length < EXAMPLES_KEPT) report.examples.push(words);
  };
  const parts = { count: 0, seconds: 0 };
  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;
  const watched = cameraIds.map(async (cameraId, index) => {
    const state = watchOne(cameraId, report, parts, note);
    await sleep((index / cameraIds.length) * WATCH_PERIOD_MS);
    let path: string | undefined;
    while (!stopped()) {
      try {
        path ??= await mediaPlaylistPath(http, cameraId);
        const answer = await http.get(path);
        if (answer.status !== 200) throw new Error(`status ${answer.status}`);
        report.polls++;
        state(parseMediaPlaylist(answer.body.toString('latin1')), answer.arrivedMs);
      } catch (error) {
        if (stopped()) return;
        report.failures++;
        note(`${cameraId}: ${String(error)}`);
      }
      if (!stopped()) await sleep(WATCH_PERIOD_MS, undefined, { ref: false });
    }
  });
  return {
    stop: async () => {
      stopping.abort();
      // The last sleeps are not waited for.
      await Promise.race([Promise.all(watched), sleep(100)]);
      report.meanPartS = parts.count === 0 ? 0 : parts.seconds / parts.count;
      return report;
    },
  };
}

/** The address of a camera's first media playlist. Throws when the camera has none yet. */
export async function mediaPlaylistPath(http: HttpClient, cameraId: string): Promise<string> {
  const path = `/live/${cameraId}/index.m3u8`;
  const answer = await http.get(path);
  if (answer.status !== 200) throw new Error(`${path}: status ${answer.status}`);
  return firstVariant(answer.body.toString('latin1'), path);
}

function watchOne(
  cameraId: string,
  report: WatchReport,
  parts: { count: number; seconds: number },
  note: (words: string) => void,
): (playlist: MediaPlaylist, arrivedMs: number) => void {
  let seenTo: number | undefined;
  let grownS = 0;
  /** The first playlist: growth is counted from there. */
  let first: { arrivedMs: number; openS: number } | undefined;
  return (playlist, arrivedMs) => {
    for (const segment of playlist.segments) {
      if (seenTo !== undefined && segment.mediaSequence <= seenTo) continue;
      if (seenTo !== undefined) {
        if (segment.mediaSequence > seenTo + 1) {
          report.missingSegments += segment.mediaSequence - seenTo - 1;
          note(`${cameraId}: from media sequence ${seenTo} to ${segment.mediaSequence}`);
        }
        if (segment.discontinuity) {
          report.discontinuities++;
          note(`${cameraId}: discontinuity at ${segment.mediaSequence}`);
        }
        if (first) grownS += segment.durationS;
      }
      seenTo = segment.mediaSequence;
      for (const part of segment.parts) {
        parts.count++;
        parts.seconds += part.durationS;
      }
    }
    const openS = playlist.openParts.reduce((sum, part) => sum + part.durationS, 0);
    const edgeMs = liveEdgeMs(playlist);
    if (edgeMs !== undefined) {
      const ageMs = arrivedMs - edgeMs;
      report.oldestEdgeMs = Math.max(report.oldestEdgeMs, ageMs);
      if (ageMs > playlist.partTargetS * 1000 + LATE_BEYOND_PART_MS) {
        report.lateEdges++;
        note(`${cameraId}: the newest part ended ${Math.round(ageMs)} ms ago`);
      }
    }
    first ??= { arrivedMs, openS };
    const mediaMs = (grownS + openS - first.openS) * 1000;
    const driftMs = Math.abs(mediaMs - (arrivedMs - first.arrivedMs));
    report.worstDriftMs = Math.max(report.worstDriftMs, driftMs);
  };
}
