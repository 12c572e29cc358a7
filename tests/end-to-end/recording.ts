import { setTimeout as wait } from 'node:timers/promises';

/** A playlist lists three target durations; asking this often misses none. */
const POLL_MS = 300;

export interface RecordedSegment {
  mediaSequence: number;
  discontinuity: boolean;
  initUri: string;
  bytes: Buffer;
}

/** Segments that one init segment opens and no discontinuity divides. */
export interface RecordedRun {
  initUri: string;
  /** Init and segments: a fragmented MP4 file. */
  file: Buffer;
  segments: number;
}

export interface Recording {
  segments: readonly RecordedSegment[];
  runs: () => RecordedRun[];
  /** Takes what is still in the playlist and ends. */
  stop: () => Promise<void>;
}

/**
 * Records a live stream without a player's heuristics: every whole segment that the playlist names, once, in order.
 * A segment that could not be had, or a numbering with a hole or a step back, is an error that `stop` throws.
 */
export function recordLive(address: string): Recording {
  const segments: RecordedSegment[] = [];
  const inits = new Map<string, Buffer>();
  const stopping = new AbortController();

  const pass = async (): Promise<void> => {
    const reply = await fetch(address);
    if (reply.status === 503) {
      await reply.body?.cancel();
      return;
    }
    if (!reply.ok) throw new Error(`${address}: ${reply.status}`);
    for (const entry of readPlaylist(await reply.text())) {
      const last = segments.at(-1)?.mediaSequence;
      if (last !== undefined && entry.mediaSequence <= last) continue;
      if (last !== undefined && entry.mediaSequence !== last + 1) {
        throw new Error(`segment ${entry.mediaSequence} came after ${last}`);
      }
      if (!inits.has(entry.initUri)) {
        inits.set(entry.initUri, await bytesOf(new URL(entry.initUri, address)));
      }
      const bytes = await bytesOf(new URL(entry.uri, address));
      const { mediaSequence, discontinuity, initUri } = entry;
      segments.push({ mediaSequence, discontinuity, initUri, bytes });
    }
  };
  const recording = (async () => {
    while (!stopping.signal.aborted) {
      await pass();
      await wait(POLL_MS);
    }
    await pass();
  })();
  // Thrown again by `stop`.
  recording.catch(() => undefined);

  return {
    segments,
    runs() {
      const parts: { initUri: string; media: Buffer[] }[] = [];
      for (const { discontinuity, initUri, bytes } of segments) {
        const last = parts.at(-1);
        if (last === undefined || discontinuity || last.initUri !== initUri) {
          parts.push({ initUri, media: [bytes] });
        } else {
          last.media.push(bytes);
        }
      }
      return parts.map(({ initUri, media }) => ({
        initUri,
        file: Buffer.concat([inits.get(initUri) as Buffer, ...media]),
        segments: media.length,
      }));
    },
    async stop() {
      stopping.abort();
      await recording;
    },
  };
}

/** The whole segments of a media playlist. Not the gateway's own reading of it: an error there must not hide itself. */
export function readPlaylist(
  text: string,
): { mediaSequence: number; discontinuity: boolean; initUri: string; uri: string }[] {
  const first = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)$/m.exec(text)?.[1]);
  const entries: ReturnType<typeof readPlaylist> = [];
  let initUri = '';
  let discontinuity = false;
  for (const line of text.split('\n')) {
    const map = /^#EXT-X-MAP:.*URI="([^"]+)"/.exec(line)?.[1];
    if (map !== undefined) initUri = map;
    else if (line === '#EXT-X-DISCONTINUITY') discontinuity = true;
    else if (line !== '' && !line.startsWith('#')) {
      entries.push({ mediaSequence: first + entries.length, discontinuity, initUri, uri: line });
      discontinuity = false;
    }
  }
  return entries;
}

async function bytesOf(address: URL): Promise<Buffer> {
  const reply = await fetch(address);
  if (!reply.ok) throw new Error(`${address.pathname}: ${reply.status}`);
  return Buffer.from(await reply.arrayBuffer());
}
