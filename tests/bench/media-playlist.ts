/**
 * Reads a live media playlist (RFC 8216bis) as far as the benchmarks check it. Deliberately not the gateway's own
 * code: an error there must not hide itself here.
 */

export interface PlaylistPart {
  uri: string;
  durationS: number;
}

export interface PlaylistSegment {
  mediaSequence: number;
  uri: string;
  durationS: number;
  /** Unix ms; undefined when the playlist did not say. */
  startMs: number | undefined;
  discontinuity: boolean;
  parts: PlaylistPart[];
}

export interface MediaPlaylist {
  mediaSequence: number;
  partTargetS: number;
  segments: PlaylistSegment[];
  /** Parts of the segment that is not closed yet. */
  openParts: PlaylistPart[];
  openMediaSequence: number;
}

/** Throws on a playlist without media sequence or target duration. */
export function parseMediaPlaylist(text: string): MediaPlaylist {
  const segments: PlaylistSegment[] = [];
  let parts: PlaylistPart[] = [];
  let mediaSequence: number | undefined;
  let partTargetS = 0;
  let durationS = 0;
  let startMs: number | undefined;
  let discontinuity = false;
  let skipped = 0;
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '') continue;
    const value = line.slice(line.indexOf(':') + 1);
    if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) mediaSequence = Number(value);
    else if (line.startsWith('#EXT-X-PART-INF:'))
      partTargetS = attributeNumber(value, 'PART-TARGET');
    else if (line.startsWith('#EXT-X-SKIP:')) skipped = attributeNumber(value, 'SKIPPED-SEGMENTS');
    else if (line.startsWith('#EXT-X-PART:'))
      parts.push({
        uri: attributeText(value, 'URI'),
        durationS: attributeNumber(value, 'DURATION'),
      });
    else if (line.startsWith('#EXTINF:')) durationS = Number.parseFloat(value);
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) startMs = Date.parse(value);
    else if (line === '#EXT-X-DISCONTINUITY') discontinuity = true;
    else if (!line.startsWith('#')) {
      segments.push({
        mediaSequence: (mediaSequence ?? 0) + skipped + segments.length,
        uri: line,
        durationS,
        startMs,
        discontinuity,
        parts,
      });
      parts = [];
      startMs = undefined;
      discontinuity = false;
    }
  }
  if (mediaSequence === undefined)
    throw new Error(`not a live media playlist: ${text.slice(0, 200)}`);
  return {
    mediaSequence,
    partTargetS,
    segments,
    openParts: parts,
    openMediaSequence: mediaSequence + skipped + segments.length,
  };
}

/** Unix ms of the end of the newest part; undefined when no segment is dated. */
export function liveEdgeMs(playlist: MediaPlaylist): number | undefined {
  const last = playlist.segments.at(-1);
  if (last?.startMs === undefined) return undefined;
  const openS = playlist.openParts.reduce((sum, part) => sum + part.durationS, 0);
  return last.startMs + (last.durationS + openS) * 1000;
}

/** Address of the first media playlist of a multivariant one, resolved against its own path. */
export function firstVariant(multivariant: string, path: string): string {
  const uri = multivariant
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#'));
  if (uri === undefined) throw new Error(`${path}: no variant`);
  return resolvePath(uri, path);
}

/** Path and query of `uri` seen from `path`. */
export function resolvePath(uri: string, path: string): string {
  const url = new URL(uri, `http://127.0.0.1${path}`);
  return url.pathname + url.search;
}

function attributeText(attributes: string, name: string): string {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
}

function attributeNumber(attributes: string, name: string): number {
  return Number(new RegExp(`(?:^|,)${name}=([0-9.]+)`).exec(attributes)?.[1] ?? 0);
}
