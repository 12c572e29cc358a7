import { firstPicture } from './first-picture.ts';

const MAX_STILL_BYTES = 4 * 1024 * 1024;
const MAX_WIDTH = 1280;

/**
 * The first picture of a fragmented MP4 file, or of what comes `skipSeconds` after its beginning, as a JPEG of at most
 * `maxWidth` pixels' width. Throws NotDecoded.
 */
export async function stillOf(
  file: Uint8Array,
  { skipSeconds = 0, maxWidth = MAX_WIDTH }: { skipSeconds?: number; maxWidth?: number } = {},
): Promise<Buffer> {
  return firstPicture(file, {
    format: 'mjpeg',
    filter: `scale=min(${maxWidth}\\,iw):-2`,
    // Of the output: decoded and passed over, which a pipe allows.
    options: [`-ss ${skipSeconds.toFixed(3)}`, '-q:v 4'],
    maxBytes: MAX_STILL_BYTES,
  });
}
