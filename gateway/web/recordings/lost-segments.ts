import type { ErrorData } from 'hls.js';
import type { LaneGap } from './lane.ts';
import type { Timed } from './step.ts';

/**
 * What of a playlist's footage is lost, by what went wrong with one segment (pure). A file that is gone, or was cut, has no segment from there on:
 * asking for each in turn, again and again, would hold the picture up for a minute. Whatever may pass is not lost.
 */

/** Of a playlist. Segments of one recording have one address. */
export interface PlaylistSegment extends Timed {
  address: string;
}

/** As the gateway answers (errors.ts): what will be so the next time too. */
const LOST: Readonly<Record<number, string>> = {
  404: 'object-missing',
  // It ends before.
  416: 'object-corrupt',
  502: 'object-corrupt',
};

/** It did not come, whole or at all. */
export const NOT_LOADED = 'fragLoadError';
/** The media element has given up at the segment that it was given; hls.js would begin anew with the same one, twenty times. */
const RESET = 'mediaSourceRequiresReset';
const NOT_TAKEN = new Set<string>(['fragParsingError', 'bufferAppendError']);

export function lostOf(
  error: Pick<ErrorData, 'details' | 'frag' | 'response' | 'fatal'>,
  segments: readonly PlaylistSegment[],
): LaneGap | undefined {
  const { frag, response, fatal } = error;
  const details: string = error.details;
  if (frag === undefined) return undefined;
  const detail = LOST[response?.code ?? 0];
  const address = frag.relurl ?? '';
  if (details === NOT_LOADED && detail !== undefined) {
    const ofRecording = segments.filter((each) => each.address === address);
    // Without the init segment none of it plays.
    const left = ofRecording.filter(
      ({ start }) => frag.sn === 'initSegment' || start >= frag.start - EDGE_S,
    );
    return gapOf(left, detail);
  }
  if (details === RESET || (fatal && NOT_TAKEN.has(details))) {
    const segment = segments.find(({ start }) => Math.abs(start - frag.start) < EDGE_S);
    return segment && damagedOf(segment);
  }
  return undefined;
}

/** Media times are put right by what was read, by less than that. */
const EDGE_S = 0.5;

/** What cannot be decoded. */
export function damagedOf(segment: PlaylistSegment): LaneGap {
  return {
    fromMs: Math.floor(segment.programDateTime),
    toMs: Math.ceil(segment.programDateTime + segment.duration * 1_000),
    cause: 'storage',
    detail: 'object-corrupt',
  };
}

function gapOf(segments: readonly PlaylistSegment[], detail: string): LaneGap | undefined {
  if (segments.length === 0) return undefined;
  const gaps = segments.map(damagedOf);
  return {
    fromMs: Math.min(...gaps.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...gaps.map(({ toMs }) => toMs)),
    cause: 'storage',
    detail,
  };
}
