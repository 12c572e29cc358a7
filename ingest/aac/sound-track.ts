import { BitsExhausted } from '../bitstream/bit-reader.ts';
import { TIMESCALE } from '../fmp4/init.ts';
import type { Segmenter } from '../fmp4/segmenter.ts';
import { SoundSamples } from '../fmp4/sound-samples.ts';
import { AacPayload, type AacFraming } from '../rtp/aac.ts';
import { RtpReceiver } from '../rtp/receiver.ts';
import { Timeline } from '../rtp/timeline.ts';
import { WallClock } from '../rtp/wall-clock.ts';
import type { MediaDescription } from '../rtsp/sdp.ts';
import {
  FRAME_SAMPLES,
  readAudioConfig,
  readLatmConfig,
  SoundNotCarried,
  type AudioConfig,
} from './audio-config.ts';

/** Sound may be described with an offset that no AU header holds: bits. */
const MAX_LENGTH_BITS = 16;

/**
 * The sound of a session: from its RTP packets to frames beside the pictures. Undefined when it is not of a kind that is
 * carried; the pictures do not suffer. `pictures` tells when the pictures' times are.
 *
 * The two tracks begin their timestamps anywhere, and sender reports that would join them are wrong on many cameras: both
 * are placed by when their packets arrive (gateway/decisions/0021).
 */
export function openSound(
  media: MediaDescription,
  segmenter: Segmenter,
  pictures: WallClock,
): RtpReceiver | undefined {
  const read = readDescription(media);
  if (read === undefined) return undefined;
  const { config, framing } = read;
  segmenter.carrySound(new SoundSamples(config));
  const clock = new WallClock();
  const payload = new AacPayload({
    framing,
    frameTicks: FRAME_SAMPLES,
    frame: (bytes, start, end, ticks) => {
      const wallMs = clock.at((ticks * 1000) / config.sampleRate);
      const mediaMs = wallMs - pictures.at(0);
      // Before the first picture there is nothing to go beside.
      if (mediaMs >= 0) segmenter.soundFrame(bytes, start, end, (mediaMs * TIMESCALE) / 1000);
    },
  });
  return new RtpReceiver({
    payloadType: media.payloadType,
    clockRate: config.sampleRate,
    payload,
    units: payload,
    timeline: new Timeline(config.sampleRate),
    clock,
  });
}

function readDescription(
  media: MediaDescription,
): { config: AudioConfig; framing: AacFraming } | undefined {
  const parameter = (name: string): string => media.formatParameters.get(name) ?? '';
  const length = (name: string): number =>
    Math.min(MAX_LENGTH_BITS, Math.max(0, Number(parameter(name)) || 0));
  try {
    if (media.encoding === 'MP4A-LATM') {
      // With its config in band (cpresent=1) nothing lies on byte boundaries; no camera is known to do it.
      if (parameter('cpresent') !== '0') return undefined;
      return { config: readLatmConfig(parameter('config')), framing: { kind: 'latm' } };
    }
    const size = length('sizelength');
    const config = readAudioConfig(parameter('config'));
    if (size === 0) return undefined;
    const lengths = { size, index: length('indexlength'), indexDelta: length('indexdeltalength') };
    return { config, framing: { kind: 'generic', lengths } };
  } catch (error) {
    if (error instanceof SoundNotCarried || error instanceof BitsExhausted) return undefined;
    throw error;
  }
}
