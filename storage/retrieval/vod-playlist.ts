import type { Fragment } from '../spool/fragment-index.ts';
import type { PlayableRecording } from './playable.ts';

const TICKS_PER_SECOND = 90_000;
/** A segment ends at the first random access point after this: fewer requests than live's two seconds. */
const SEGMENT_AIM_TICKS = 4 * TICKS_PER_SECOND;
/** Decode times that differ by less are of one timeline: a late picture's part was cut by so much (decisions/0004). */
const CONTINUOUS_TICKS = TICKS_PER_SECOND / 2;

interface Segment {
  recordingId: string;
  offset: number;
  byteLength: number;
  startMs: number;
  durationTicks: number;
  discontinuity: boolean;
  /** Of the recording's init segment; a new one is named where it changes. */
  initBytes: number;
}

/**
 * An address of a recording, of which a player asks for the init segment and bytes `start` to `end` (exclusive), and for
 * nothing else.
 */
export type MediaUri = (recordingId: string, bytes: { start: number; end: number }) => string;

/**
 * A VOD playlist of a recorded range, RFC 8216bis: byte ranges into the recordings, DISCONTINUITY where a run or the
 * media breaks, PROGRAM-DATE-TIME on every segment. `mediaUri` names a recording as the player asks for it.
 */
export function vodPlaylist(recordings: readonly PlayableRecording[], mediaUri: MediaUri): string {
  const segments = segmentsOf(recordings);
  const uris = new Map(
    recordings.map((each) => [each.recording.id, mediaUri(each.recording.id, mediaBytes(each))]),
  );
  const target = Math.max(1, ...segments.map(({ durationTicks }) => seconds(durationTicks)));
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.ceil(target)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
  ];
  let mapped: string | undefined;
  for (const segment of segments) {
    const uri = uris.get(segment.recordingId) ?? '';
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (mapped !== segment.recordingId) {
      lines.push(`#EXT-X-MAP:URI="${uri}",BYTERANGE="${segment.initBytes}@0"`);
      mapped = segment.recordingId;
    }
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startMs).toISOString()}`,
      `#EXTINF:${seconds(segment.durationTicks).toFixed(5)},`,
      `#EXT-X-BYTERANGE:${segment.byteLength}@${segment.offset}`,
      uri,
    );
  }
  lines.push('#EXT-X-ENDLIST', '');
  return lines.join('\n');
}

/** Fragments of a range lie one after the other. */
function mediaBytes({ fragments }: PlayableRecording): { start: number; end: number } {
  const first = fragments[0];
  const last = fragments.at(-1);
  if (first === undefined || last === undefined) return { start: 0, end: 0 };
  return { start: first.offset, end: last.offset + last.byteLength };
}

function seconds(ticks: number): number {
  return ticks / TICKS_PER_SECOND;
}

function segmentsOf(recordings: readonly PlayableRecording[]): Segment[] {
  const segments: Segment[] = [];
  let before: { runId: string; codec: string; endTicks: number } | undefined;
  for (const { recording, fragments } of recordings) {
    let open: Segment | undefined;
    for (const fragment of fragments) {
      const breaks =
        before !== undefined &&
        (before.runId !== recording.runId ||
          Math.abs(before.endTicks - fragment.decodeTicks) > CONTINUOUS_TICKS);
      const ends =
        open === undefined ||
        breaks ||
        (fragment.independent && open.durationTicks >= SEGMENT_AIM_TICKS);
      if (open !== undefined && !ends) {
        open.byteLength += fragment.byteLength;
        open.durationTicks += fragment.durationTicks;
      } else {
        open = begin(recording, fragment, breaks || changes(before, recording));
        segments.push(open);
      }
      before = {
        runId: recording.runId,
        codec: codecOf(recording),
        endTicks: fragment.decodeTicks + fragment.durationTicks,
      };
    }
  }
  return segments;
}

/** Other parameter sets in the same run: other bytes of init, and most often another size. */
function changes(
  before: { codec: string } | undefined,
  recording: PlayableRecording['recording'],
): boolean {
  return before !== undefined && before.codec !== codecOf(recording);
}

function codecOf({ codec, width, height }: PlayableRecording['recording']): string {
  return `${codec} ${width}x${height}`;
}

function begin(
  recording: PlayableRecording['recording'],
  fragment: Fragment,
  discontinuity: boolean,
): Segment {
  return {
    recordingId: recording.id,
    offset: fragment.offset,
    byteLength: fragment.byteLength,
    startMs: fragment.startMs,
    durationTicks: fragment.durationTicks,
    discontinuity,
    initBytes: recording.initBytes,
  };
}
