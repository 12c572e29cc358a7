import { partBytes, type LiveWindow } from './live-window.ts';

export interface EntryFile {
  /** Init segment and part, copied out of media memory. */
  bytes: Uint8Array;
  /** Another one for another picture. */
  key: string;
}

/**
 * A playable file that begins with the window's latest random access picture, and ends with its part; undefined when there
 * is none.
 */
export function latestEntry({ segments }: LiveWindow): EntryFile | undefined {
  for (const { init, parts, mediaSequence } of segments.toReversed()) {
    const index = parts.findLastIndex(({ independent }) => independent);
    const part = parts[index];
    if (part === undefined) continue;
    return {
      bytes: Buffer.concat([init.bytes, ...partBytes(part)]),
      key: `${mediaSequence}/${index}`,
    };
  }
  return undefined;
}
