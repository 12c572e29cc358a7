import { TIMESCALE } from '../fmp4/init.ts';
import { partBytes, type LiveWindow, type WindowPart } from './live-window.ts';
import { mediaPlaylist, type PlaylistForm } from './media-playlist.ts';
import { multivariantPlaylist } from './multivariant-playlist.ts';

/** What a request under `/live/:cameraId/` is answered. */
export type OriginAnswer =
  /** ASCII. */
  | { kind: 'playlist'; body: string }
  | { kind: 'init'; body: Buffer }
  /** Shared memory under leases that the receiver holds until it calls `release`. */
  | { kind: 'media'; bytes: readonly Buffer[]; byteLength: number; release: () => void }
  | { kind: 'bad-request'; message: string }
  | { kind: 'not-found'; message: string }
  | { kind: 'no-picture-yet' }
  /** What was waited for did not come in time, or too many wait. */
  | { kind: 'unavailable'; message: string };

/** Delivery directives and our own `latency`; RFC 8216bis §6.2.5. Values as they stand in the address. */
export interface OriginQuery {
  _HLS_msn?: string | undefined;
  _HLS_part?: string | undefined;
  _HLS_skip?: string | undefined;
  latency?: string | undefined;
}

/** A media sequence further ahead than this is a mistake (§6.2.5.2). */
const MAX_SEGMENTS_AHEAD = 2;
/** Parts ahead, as a time (§6.2.5.2: Advance Part Limit). */
const MAX_PARTS_AHEAD_TICKS = 3 * TIMESCALE;

/**
 * Answers requests for one camera's live window. `respond` is called once, at once or when what was asked for has
 * come; the function returned ends the waiting of a client that went away.
 */
export function answerFromWindow(
  window: LiveWindow,
  path: string,
  query: OriginQuery,
  respond: (answer: OriginAnswer) => void,
): () => void {
  if (path === 'index.m3u8' || path === 'media.m3u8') {
    if (!canBePlayed(window, query.latency === 'normal')) {
      respond({ kind: 'no-picture-yet' });
      return ignore;
    }
    if (path === 'media.m3u8') return answerMediaPlaylist(window, query, respond);
    const suffix = query.latency === 'normal' ? '?latency=normal' : '';
    respond({ kind: 'playlist', body: multivariantPlaylist(window, suffix) });
    return ignore;
  }
  return answerMedia(window, path, respond);
}

/** A playlist made now would name something to play. */
function canBePlayed(window: LiveWindow, wholeSegments: boolean): boolean {
  const first = window.segments[0];
  if (first === undefined) return false;
  return first.closed || (!wholeSegments && first.listedParts > 0);
}

function answerMediaPlaylist(
  window: LiveWindow,
  query: OriginQuery,
  respond: (answer: OriginAnswer) => void,
): () => void {
  const normal = query.latency === 'normal';
  const form: PlaylistForm = normal
    ? 'normal'
    : query._HLS_skip === 'YES' || query._HLS_skip === 'v2'
      ? 'low-latency-delta'
      : 'low-latency';
  const send = (): void => {
    if (!canBePlayed(window, normal)) respond({ kind: 'no-picture-yet' });
    else respond({ kind: 'playlist', body: playlistText(window, form) });
  };
  const mediaSequence = wholeNumber(query._HLS_msn);
  const part = wholeNumber(query._HLS_part);
  if (Number.isNaN(mediaSequence) || Number.isNaN(part)) {
    respond({ kind: 'bad-request', message: '_HLS_msn and _HLS_part are whole numbers' });
    return ignore;
  }
  if (mediaSequence === undefined) {
    if (part === undefined) send();
    else respond({ kind: 'bad-request', message: '_HLS_part needs _HLS_msn' });
    return ignore;
  }
  if (normal || window.holds(mediaSequence, part)) {
    send();
    return ignore;
  }
  if (isTooFarAhead(window, mediaSequence, part)) {
    respond({ kind: 'bad-request', message: '_HLS_msn is further ahead than the stream will be' });
    return ignore;
  }
  return waitThen(window, mediaSequence, part, false, send, respond);
}

function waitThen(
  window: LiveWindow,
  mediaSequence: number,
  part: number | undefined,
  ofThisRun: boolean,
  proceed: () => void,
  respond: (answer: OriginAnswer) => void,
): () => void {
  const stopWaiting = window.wait({
    mediaSequence,
    part,
    ofThisRun,
    wake: proceed,
    giveUp: () => respond({ kind: 'unavailable', message: 'the camera sends nothing new' }),
  });
  if (stopWaiting !== undefined) return stopWaiting;
  respond({ kind: 'unavailable', message: 'too many clients wait for this camera' });
  return ignore;
}

/** `run/init-0.mp4`, `run/1784000000.m4s` or `run/1784000000.3.m4s`. */
function answerMedia(
  window: LiveWindow,
  path: string,
  respond: (answer: OriginAnswer) => void,
): () => void {
  const match = /^([0-9a-z]{1,16})\/(?:init-(\d{1,6})\.mp4|(\d{1,15})(?:\.(\d{1,6}))?\.m4s)$/.exec(
    path,
  );
  const [, runId, initIndex, sequence, partIndex] = match ?? [];
  if (initIndex !== undefined) {
    const init = window.segments.find(
      (segment) => segment.init.runId === runId && segment.init.index === Number(initIndex),
    )?.init;
    respond(init === undefined ? gone : { kind: 'init', body: init.bytes });
    return ignore;
  }
  if (sequence === undefined) {
    respond({ kind: 'not-found', message: 'no such file of a camera' });
    return ignore;
  }
  const mediaSequence = Number(sequence);
  if (partIndex === undefined) {
    const segment = window.segment(mediaSequence);
    if (segment === undefined || !segment.closed || segment.init.runId !== runId) respond(gone);
    else respond(leased(segment.parts));
    return ignore;
  }
  const index = Number(partIndex);
  const send = (): void => {
    const segment = window.segment(mediaSequence);
    const part = segment?.init.runId === runId ? segment?.parts[index] : undefined;
    respond(part === undefined ? gone : leased([part]));
  };
  // The hinted part is waited for (RFC 8216bis §6.2.2), and no other.
  const open = window.openSegment;
  const isHinted =
    window.running &&
    window.segments.at(-1)?.init.runId === runId &&
    mediaSequence === window.openMediaSequence &&
    index === (open?.parts.length ?? 0);
  if (!isHinted) {
    send();
    return ignore;
  }
  return waitThen(window, mediaSequence, index, true, send, respond);
}

const gone: OriginAnswer = {
  kind: 'not-found',
  message: 'no longer in the live window, or never was',
};

function leased(parts: readonly WindowPart[]): OriginAnswer {
  let byteLength = 0;
  for (const part of parts) {
    byteLength += part.byteLength;
    for (const slice of part.slices) part.reader.lease(slice.chunk);
  }
  let held = true;
  return {
    kind: 'media',
    bytes: parts.length === 1 ? partBytes(parts[0] as WindowPart) : parts.flatMap(partBytes),
    byteLength,
    release: () => {
      if (!held) return;
      held = false;
      for (const part of parts) for (const slice of part.slices) part.reader.release(slice.chunk);
    },
  };
}

function isTooFarAhead(
  window: LiveWindow,
  mediaSequence: number,
  part: number | undefined,
): boolean {
  const open = window.openMediaSequence;
  if (mediaSequence > open - 1 + MAX_SEGMENTS_AHEAD) return true;
  // Beyond the end of a closed segment: the next one's first part, however many this one had.
  if (mediaSequence < open) return false;
  const target = window.partTarget?.ticks ?? 0;
  if (part === undefined || target === 0) return false;
  const limit = target < TIMESCALE ? Math.ceil(MAX_PARTS_AHEAD_TICKS / target) : 3;
  const last = mediaSequence === open ? (window.openSegment?.parts.length ?? 0) - 1 : -1;
  return part > last + limit;
}

/** Rendered once for all who ask between two parts. */
const rendered = new WeakMap<LiveWindow, { version: number; forms: Map<PlaylistForm, string> }>();

function playlistText(window: LiveWindow, form: PlaylistForm): string {
  let cache = rendered.get(window);
  if (cache === undefined || cache.version !== window.version) {
    cache = { version: window.version, forms: new Map() };
    rendered.set(window, cache);
  }
  let text = cache.forms.get(form);
  if (text === undefined) {
    text = mediaPlaylist(window, form);
    cache.forms.set(form, text);
  }
  return text;
}

/** NaN when there is a value that is no whole number. */
function wholeNumber(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  return /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
}

function ignore(): void {
  // Nothing is waited for.
}
