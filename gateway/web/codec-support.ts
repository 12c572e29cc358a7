import { Hls, hlsSupported } from './hls-library.ts';
import { isPlayable } from './codec.ts';

/** Can this browser show pictures of this codec (RFC 6381)? A codec that is not known yet is worth a try. */
export function isPlayableHere(codec: string | null): boolean {
  return isPlayable(codec, supportsMimeType);
}

const answers = new Map<string, boolean>();

// Each distinct codec is asked for once: a wall asks for every tile at every change.
function supportsMimeType(mimeType: string): boolean {
  let answer = answers.get(mimeType);
  if (answer === undefined) {
    answer = hlsSupported
      ? (Hls.getMediaSource()?.isTypeSupported(mimeType) ?? false)
      : document.createElement('video').canPlayType(mimeType) !== '';
    answers.set(mimeType, answer);
  }
  return answer;
}
