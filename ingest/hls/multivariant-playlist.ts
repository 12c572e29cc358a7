import { TIMESCALE } from '../fmp4/init.ts';
import type { LiveWindow } from './live-window.ts';

/** Said of a camera whose first segment is not whole yet; RFC 8216bis asks for an upper bound. */
const UNKNOWN_BITS_PER_SECOND = 8_000_000;
/** Later segments may be larger than any seen so far. */
const PEAK_HEADROOM = 1.25;

/** The multivariant playlist of a camera, RFC 8216bis §4.4.6.2: one variant, whose address is `media.m3u8`. */
export function multivariantPlaylist(window: LiveWindow, query: string): string {
  const init = window.segments.at(-1)?.init;
  const { peakBitsPerSecond, meanBitsPerSecond, frameRate } = measureWindow(window);
  const attributes = [
    `BANDWIDTH=${Math.ceil((peakBitsPerSecond ?? UNKNOWN_BITS_PER_SECOND) * PEAK_HEADROOM)}`,
  ];
  if (meanBitsPerSecond !== undefined) {
    attributes.push(`AVERAGE-BANDWIDTH=${Math.ceil(meanBitsPerSecond)}`);
  }
  if (init !== undefined) {
    attributes.push(`CODECS="${init.codec}"`, `RESOLUTION=${init.width}x${init.height}`);
  }
  if (frameRate !== undefined) attributes.push(`FRAME-RATE=${frameRate.toFixed(3)}`);
  return `#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:${attributes.join(',')}\nmedia.m3u8${query}\n`;
}

export interface WindowMeasures {
  peakBitsPerSecond: number | undefined;
  meanBitsPerSecond: number | undefined;
  frameRate: number | undefined;
}

/** What the parts in the window show of the stream. */
export function measureWindow(window: LiveWindow): WindowMeasures {
  let peak = 0;
  let bytes = 0;
  let ticks = 0;
  let samples = 0;
  for (const segment of window.segments) {
    if (segment.durationTicks === 0) continue;
    if (segment.closed) {
      peak = Math.max(peak, (segment.byteLength * 8 * TIMESCALE) / segment.durationTicks);
    }
    bytes += segment.byteLength;
    ticks += segment.durationTicks;
    for (const part of segment.parts) samples += part.samples;
  }
  return {
    peakBitsPerSecond: peak > 0 ? peak : undefined,
    meanBitsPerSecond: ticks > 0 ? (bytes * 8 * TIMESCALE) / ticks : undefined,
    frameRate: ticks > 0 ? (samples * TIMESCALE) / ticks : undefined,
  };
}
