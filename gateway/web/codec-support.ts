import { Hls, hlsSupported } from './hls-library.ts';
import { askedOnce, isPlayable } from './codec.ts';

/** Can this browser show pictures of this codec (RFC 6381)? A codec that is not known yet is worth a try. */
export function isPlayableHere(codec: string | null): boolean {
  return isPlayable(codec, supportsMimeType);
}

const supportsMimeType = askedOnce((mimeType) =>
  hlsSupported
    ? (Hls.getMediaSource()?.isTypeSupported(mimeType) ?? false)
    : document.createElement('video').canPlayType(mimeType) !== '',
);
