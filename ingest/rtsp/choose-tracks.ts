import type { StreamFailure } from '../stream-failure.ts';
import {
  carriedEncodings,
  carriedSound,
  type MediaDescription,
  type SessionDescription,
} from './sdp.ts';

/**
 * The tracks of a description that are pulled: its first picture that can be carried, and with `sound` its first AAC
 * beside it; or why there is no picture. All else (G.711, ONVIF metadata) is left alone.
 */
export function chooseTracks(
  description: SessionDescription,
  sound = false,
): readonly MediaDescription[] | StreamFailure {
  const video = description.media.filter((media) => media.kind === 'video');
  if (video.length === 0) {
    return { reason: 'no-video', detail: 'the camera offers no video track' };
  }
  const carried = video.filter(({ encoding }) => carriedEncodings.has(encoding));
  // Policy `encrypted-packets`: their keys are exchanged in a way of each maker's own.
  const playable = carried.find(({ protocol }) => !/\bSAVPF?\b/.test(protocol));
  if (playable !== undefined) {
    const audio = sound ? description.media.find(isCarriedSound) : undefined;
    return audio === undefined ? [playable] : [playable, audio];
  }
  const names = video.map((media) => media.encoding || `payload type ${media.payloadType}`);
  const encrypted = carried.length > 0 ? ', encrypted (SRTP)' : '';
  return {
    reason: 'codec-not-supported',
    detail: `the camera offers ${names.join(', ')}${encrypted}`,
  };
}

function isCarriedSound({ kind, encoding, protocol }: MediaDescription): boolean {
  return kind === 'audio' && carriedSound.has(encoding) && !/\bSAVPF?\b/.test(protocol);
}
