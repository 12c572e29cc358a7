import { firstPicture } from '../normalise/first-picture.ts';
import { LOOK_BYTES, LOOK_HEIGHT, LOOK_WIDTH } from './picture-look.ts';

/** The first picture of a fragmented MP4 file, as `lookAt` takes it. Throws NotDecoded. */
export async function decodeLook(file: Uint8Array): Promise<Buffer> {
  const planes = await firstPicture(file, {
    format: 'rawvideo',
    // Single points, not means: a mean has no noise.
    filter: `scale=${LOOK_WIDTH}:${LOOK_HEIGHT}:flags=neighbor:out_range=tv`,
    options: ['-pix_fmt yuv444p'],
    maxBytes: LOOK_BYTES,
  });
  if (planes.length !== LOOK_BYTES) throw new RangeError(`a look of ${planes.length} bytes`);
  return planes;
}
