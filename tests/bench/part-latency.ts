/**
 * From a picture's departure at the feeder to its part at a viewer: a few low-latency clients ask for each
 * part the moment the playlist offers it, and read the send time in its first picture.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { firstSendTimeMs } from './feeder.ts';
import type { HttpClient } from './http-client.ts';
import { parseMediaPlaylist, resolvePath, type MediaPlaylist } from './media-playlist.ts';
import { mediaPlaylistPath } from './playlist-watch.ts';

export interface PartArrival {
  /** From the send of the part's first picture to the first byte of the playlist that offers the part. */
  availableAfterMs: number;
  durationMs: number;
}

export interface LatencySampler {
  /** What came since the last call. */
  take: () => PartArrival[];
  failures: string[];
  stop: () => Promise<void>;
}

const RETRY_MS = 500;
const FAILURES_KEPT = 5;

export function sampleLatency(http: HttpClient, cameraIds: readonly string[]): LatencySampler {
  let arrivals: PartArrival[] = [];
  const failures: string[] = [];
  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;
  const clients = cameraIds.map(async (cameraId) => {
    while (!stopped()) {
      try {
        await follow(http, cameraId, stopped, (arrival) => arrivals.push(arrival));
      } catch (error) {
        if (!stopped() && failures.length < FAILURES_KEPT)
          failures.push(`${cameraId}: ${String(error)}`);
        await sleep(RETRY_MS);
      }
    }
  });
  return {
    take() {
      const taken = arrivals;
      arrivals = [];
      return taken;
    },
    failures,
    stop: async () => {
      stopping.abort();
      await Promise.all(clients);
    },
  };
}

async function follow(
  http: HttpClient,
  cameraId: string,
  stopped: () => boolean,
  arrived: (arrival: PartArrival) => void,
): Promise<void> {
  const path = await mediaPlaylistPath(http, cameraId);
  const known = new Set<string>();
  let next = '';
  while (!stopped()) {
    const answer = await http.get(next === '' ? path : withQuery(path, next));
    if (answer.status !== 200) throw new Error(`${path}: status ${answer.status}`);
    const playlist = parseMediaPlaylist(answer.body.toString('latin1'));
    const fresh = newestParts(playlist).filter((part) => !known.has(part.uri));
    for (const part of fresh) {
      known.add(part.uri);
      if (next === '') continue; // it was there before we asked: nobody knows since when
      const media = await http.get(resolvePath(part.uri, path));
      if (media.status !== 200) throw new Error(`${part.uri}: status ${media.status}`);
      const sentMs = firstSendTimeMs(media.body);
      if (sentMs === undefined) throw new Error(`${part.uri}: no send time in its first picture`);
      arrived({
        availableAfterMs: answer.arrivedMs - sentMs,
        durationMs: part.durationS * 1000,
      });
    }
    next = `_HLS_msn=${playlist.openMediaSequence}&_HLS_part=${playlist.openParts.length}`;
  }
}

/** Parts of the last closed segment and of the open one. */
function newestParts(playlist: MediaPlaylist): MediaPlaylist['openParts'] {
  return [...(playlist.segments.at(-1)?.parts ?? []), ...playlist.openParts];
}

function withQuery(path: string, query: string): string {
  return path + (path.includes('?') ? '&' : '?') + query;
}
