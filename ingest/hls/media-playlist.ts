import { TIMESCALE } from '../fmp4/init.ts';
import type { LiveWindow, WindowPart, WindowSegment } from './live-window.ts';

/** What a client may ask a media playlist to be. */
export type PlaylistForm =
  /** Low latency: parts, blocking reload. */
  | 'low-latency'
  /** The same with old segments left out, RFC 8216bis §6.2.5.1. */
  | 'low-latency-delta'
  /** Whole segments, no blocking: for walls of many players, which have six connections to share. */
  | 'normal';

/** EXT-X-SKIP needs 9 (RFC 8216bis §8). */
const VERSION = 9;
/** CAN-SKIP-UNTIL may not be less (§4.4.3.8). */
const SKIP_TARGET_DURATIONS = 6;
/** Parts older than this are not listed any more (§6.2.2). */
const PART_TARGET_DURATIONS = 3;
/**
 * Nor are those of segments before the last three, the one under way included: hls-parser reads §6.2.2 so. Players
 * begin PART-HOLD-BACK from the end, which is well inside.
 */
const PART_SEGMENTS = 3;
/** PART-HOLD-BACK should be at least so many times PART-TARGET (§4.4.3.8). */
const PART_HOLD_BACK_TARGETS = 3;

/** The media playlist of a window that holds at least one part. RFC 8216bis §4.4.3, §4.4.4. */
export function mediaPlaylist(window: LiveWindow, form: PlaylistForm): string {
  const { segments, rules } = window;
  const first = segments[0] as WindowSegment;
  const partTarget = window.partTarget?.ticks ?? 0;
  const withParts = form !== 'normal' && partTarget > 0;
  const targetDuration = rules.targetDurationSeconds;
  const skipUntil = SKIP_TARGET_DURATIONS * targetDuration;
  const canSkip = form !== 'normal' && rules.keepMs / 1000 > skipUntil;

  const lines = ['#EXTM3U', `#EXT-X-VERSION:${VERSION}`, `#EXT-X-TARGETDURATION:${targetDuration}`];
  const control: string[] = [];
  if (form !== 'normal') control.push('CAN-BLOCK-RELOAD=YES');
  if (canSkip) control.push(`CAN-SKIP-UNTIL=${skipUntil.toFixed(1)}`);
  if (withParts) {
    control.push(`PART-HOLD-BACK=${seconds(partTarget * PART_HOLD_BACK_TARGETS)}`);
  }
  if (control.length > 0) lines.push(`#EXT-X-SERVER-CONTROL:${control.join(',')}`);
  if (withParts) lines.push(`#EXT-X-PART-INF:PART-TARGET=${seconds(partTarget)}`);
  lines.push(
    `#EXT-X-MEDIA-SEQUENCE:${first.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${window.discontinuitySequence}`,
  );
  if (segments.every((segment) => segment.parts[0]?.independent === true)) {
    lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  }

  let ageTicks = segments.reduce((sum, segment) => sum + segment.durationTicks, 0);
  let skipped = 0;
  if (form === 'low-latency-delta' && canSkip) {
    // What begins further from the end than the skip boundary is left out; the client has it.
    for (const segment of segments) {
      if (!segment.closed || ageTicks - segment.durationTicks < skipUntil * TIMESCALE) break;
      ageTicks -= segment.durationTicks;
      skipped++;
    }
    if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  }

  let init = skipped > 0 ? segments[skipped - 1]?.init : undefined;
  for (const segment of segments.slice(skipped)) {
    // Of a run that has ended nothing more will come: whole segments tell all.
    const listParts =
      withParts &&
      window.running &&
      ageTicks <= PART_TARGET_DURATIONS * targetDuration * TIMESCALE &&
      segment.mediaSequence > window.openMediaSequence - PART_SEGMENTS;
    ageTicks -= segment.durationTicks;
    if (!segment.closed && (!listParts || segment.listedParts === 0)) break;
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (segment.init !== init || segment.discontinuity) {
      lines.push(`#EXT-X-MAP:URI="${segment.init.runId}/init-${segment.init.index}.mp4"`);
    }
    init = segment.init;
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startMs).toISOString()}`);
    const path = `${segment.init.runId}/${segment.mediaSequence}`;
    if (listParts) {
      for (let i = 0; i < segment.listedParts; i++) {
        const part = segment.parts[i] as WindowPart;
        lines.push(
          `#EXT-X-PART:DURATION=${seconds(part.durationTicks)},URI="${path}.${i}.m4s"` +
            (part.independent ? ',INDEPENDENT=YES' : ''),
        );
      }
    }
    if (segment.closed) lines.push(`#EXTINF:${seconds(segment.durationTicks)},`, `${path}.m4s`);
  }
  const hint = withParts ? hintedPart(window) : undefined;
  if (hint !== undefined) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${hint}"`);
  return `${lines.join('\n')}\n`;
}

/**
 * The part that will come next (§4.4.5.3), or undefined when the run has ended. A part closes because a picture of
 * the next one has begun, so what is hinted at comes, at the latest with the random access point after a loss.
 */
function hintedPart(window: LiveWindow): string | undefined {
  const last = window.segments.at(-1);
  if (!window.running || last === undefined) return undefined;
  if (last.closed) return `${last.init.runId}/${window.openMediaSequence}.0.m4s`;
  if (last.listedParts !== last.parts.length) return undefined;
  return `${last.init.runId}/${last.mediaSequence}.${last.parts.length}.m4s`;
}

/** Decimal seconds, not rounded up: a part must not seem longer than its target. */
function seconds(ticks: number): string {
  return (Math.floor((ticks * 100_000) / TIMESCALE) / 100_000).toFixed(5);
}
