import { BitReader } from '../bitstream/bit-reader.ts';

/** What a decoder must know before the first frame of an AAC track. */
export interface AudioConfig {
  /** RFC 6381, `mp4a.40.2`. */
  codec: string;
  sampleRate: number;
  channels: number;
  /** AudioSpecificConfig, ISO 14496-3 §1.6.2.1. */
  specificConfig: Buffer;
}

/** Every frame of AAC-LC that cameras send holds so many samples (frameLengthFlag 0, ISO 14496-3 §4.5.1.1). */
export const FRAME_SAMPLES = 1024;

/** The sound is not of a kind that is carried: the picture goes on without. */
export class SoundNotCarried extends Error {
  readonly code = 'sound_not_carried';
}

const LOW_COMPLEXITY = 2;
/** ISO 14496-3 table 1.18. */
const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
  7_350,
];
const EXPLICIT_RATE = 15;

/** `config` of RFC 3640 §4.1: an AudioSpecificConfig in hexadecimal. Throws SoundNotCarried, BitsExhausted. */
export function readAudioConfig(hex: string): AudioConfig {
  return audioSpecificConfig(new BitReader(bytesOf(hex)));
}

/** `config` of RFC 6416 §7.3: a StreamMuxConfig (ISO 14496-3 §1.7.3) of one program, one layer, one frame at a time. */
export function readLatmConfig(hex: string): AudioConfig {
  const bits = new BitReader(bytesOf(hex));
  if (bits.bit() !== 0) throw new SoundNotCarried('audioMuxVersion 1');
  const sameFraming = bits.bit();
  const [subFrames, programs, layers] = [bits.bits(6), bits.bits(4), bits.bits(3)];
  if (sameFraming !== 1 || subFrames + programs + layers !== 0) {
    throw new SoundNotCarried('several streams in one LATM');
  }
  const config = audioSpecificConfig(bits);
  if (bits.bits(3) !== 0) throw new SoundNotCarried('frameLengthType');
  return config;
}

function audioSpecificConfig(bits: BitReader): AudioConfig {
  const objectType = bits.bits(5);
  if (objectType !== LOW_COMPLEXITY) throw new SoundNotCarried(`AAC of object type ${objectType}`);
  const index = bits.bits(4);
  const sampleRate = index === EXPLICIT_RATE ? bits.bits(24) : SAMPLE_RATES[index];
  const channels = bits.bits(4);
  const [shortFrames, dependsOnCore, extension] = [bits.bit(), bits.bit(), bits.bit()];
  if (sampleRate === undefined || sampleRate < 7_000 || sampleRate > 96_000) {
    throw new SoundNotCarried(`a sample rate of ${sampleRate}`);
  }
  if (channels < 1 || channels > 2) throw new SoundNotCarried(`${channels} channels`);
  if (shortFrames + dependsOnCore + extension !== 0) throw new SoundNotCarried('GASpecificConfig');
  return {
    codec: 'mp4a.40.2',
    sampleRate,
    channels,
    specificConfig: written(sampleRate, channels),
  };
}

/** As read, without what followed it: sync extensions promise what decoders find out by themselves. */
function written(sampleRate: number, channels: number): Buffer {
  const index = SAMPLE_RATES.indexOf(sampleRate);
  if (index >= 0) {
    const bits = (LOW_COMPLEXITY << 11) | (index << 7) | (channels << 3);
    return Buffer.of(bits >> 8, bits & 0xff);
  }
  const bytes = Buffer.alloc(5);
  const head = (LOW_COMPLEXITY << 4) | EXPLICIT_RATE;
  // 5 + 4 + 24 + 4 + 3 bits.
  bytes.writeUIntBE(head * 2 ** 31 + sampleRate * 2 ** 7 + channels * 2 ** 3, 0, 5);
  return bytes;
}

function bytesOf(hex: string): Buffer {
  if (!/^([0-9a-f]{2}){2,64}$/i.test(hex)) throw new SoundNotCarried('no config');
  return Buffer.from(hex, 'hex');
}
