import type { AudioConfig } from '../aac/audio-config.ts';
import { box, fullBox, text, u16, u32, u8 } from './box.ts';

/** What a decoder must know before the first sample of a video track. */
export interface VideoConfig {
  /** RFC 6381, for example `avc1.64001F` or `hvc1.1.6.L93.B0`. */
  codec: string;
  /** Sample entry and its configuration box. */
  sampleEntry: 'avc1' | 'hvc1';
  configBox: Buffer;
  width: number;
  height: number;
  /** Shape of a sample, horizontal and vertical (`pasp`). */
  sampleAspect: readonly [number, number];
}

/** Media ticks per second of every track, that of RTP video (RFC 6184 §8.2.1). */
export const TIMESCALE = 90_000;
const TRACK_ID = 1;
export const SOUND_TRACK_ID = 2;
const IDENTITY_MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
const UNDETERMINED_LANGUAGE = 0x55c4;

/**
 * `ftyp` and `moov` of a picture's track (a CMAF header, ISO 23000-19 §7.3.1), and of sound beside it where there is any;
 * referred to by EXT-X-MAP.
 */
export function initSegment(config: VideoConfig, sound?: AudioConfig): Buffer {
  const ftyp = box('ftyp', text('iso6'), u32(0), text('iso6cmfcmp41'));
  const mvhd = fullBox(
    'mvhd',
    0,
    0,
    u32(0, 0, TIMESCALE, 0, 0x10000),
    u16(0x100, 0),
    u32(0, 0, ...IDENTITY_MATRIX, 0, 0, 0, 0, 0, 0, SOUND_TRACK_ID + 1),
  );
  const moov = box(
    'moov',
    mvhd,
    videoTrack(config),
    ...(sound === undefined ? [] : [soundTrack(sound)]),
    box(
      'mvex',
      fullBox('trex', 0, 0, u32(TRACK_ID, 1, 0, 0, 0)),
      ...(sound === undefined ? [] : [fullBox('trex', 0, 0, u32(SOUND_TRACK_ID, 1, 0, 0, 0))]),
    ),
  );
  return Buffer.concat([ftyp, moov]);
}

function videoTrack(config: VideoConfig): Buffer {
  const displayWidth = Math.round(
    (config.width * 0x10000 * config.sampleAspect[0]) / config.sampleAspect[1],
  );
  const tkhd = fullBox(
    'tkhd',
    0,
    3, // enabled, in movie
    u32(0, 0, TRACK_ID, 0, 0, 0, 0),
    u16(0, 0, 0, 0),
    u32(...IDENTITY_MATRIX, displayWidth >>> 0, config.height * 0x10000),
  );
  const vmhd = fullBox('vmhd', 0, 1, u16(0, 0, 0, 0));
  return box('trak', tkhd, media('vide', TIMESCALE, vmhd, sampleEntry(config)));
}

function soundTrack(config: AudioConfig): Buffer {
  const tkhd = fullBox(
    'tkhd',
    0,
    3,
    u32(0, 0, SOUND_TRACK_ID, 0, 0, 0, 0),
    u16(0, 0, 0x100, 0), // full volume
    u32(...IDENTITY_MATRIX, 0, 0),
  );
  const smhd = fullBox('smhd', 0, 0, u16(0, 0));
  return box('trak', tkhd, media('soun', config.sampleRate, smhd, audioSampleEntry(config)));
}

function media(handler: string, timescale: number, header: Buffer, entry: Buffer): Buffer {
  const mdhd = fullBox('mdhd', 0, 0, u32(0, 0, timescale, 0), u16(UNDETERMINED_LANGUAGE, 0));
  const name = handler === 'vide' ? 'video\0' : 'sound\0';
  const hdlr = fullBox('hdlr', 0, 0, u32(0), text(handler), u32(0, 0, 0), text(name));
  const dinf = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const stbl = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), entry),
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  );
  return box('mdia', mdhd, hdlr, box('minf', header, dinf, stbl));
}

/** AudioSampleEntry, ISO 14496-12 §12.2.3, with the ES descriptor of ISO 14496-14 §5.6 and 14496-1 §7.2.6. */
function audioSampleEntry(config: AudioConfig): Buffer {
  const specific = descriptor(5, config.specificConfig);
  // MPEG-4 audio, an audio stream; buffer size and bit rates unknown.
  const decoder = descriptor(4, u8(0x40, 0x15, 0, 0, 0), u32(0, 0), specific);
  const es = descriptor(3, u16(SOUND_TRACK_ID), u8(0), decoder, descriptor(6, u8(2)));
  return box(
    'mp4a',
    u32(0),
    u16(0, 1), // data reference 1
    u32(0, 0),
    u16(config.channels, 16, 0, 0),
    u32((config.sampleRate & 0xffff) * 0x10000),
    fullBox('esds', 0, 0, es),
  );
}

function descriptor(tag: number, ...content: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  return Buffer.concat([u8(tag, bytes.length), bytes]);
}

/** VisualSampleEntry, ISO 14496-12 §12.1.3. */
function sampleEntry(config: VideoConfig): Buffer {
  return box(
    config.sampleEntry,
    u32(0),
    u16(0, 1), // data reference 1
    u32(0, 0, 0, 0),
    u16(config.width, config.height),
    u32(0x480000, 0x480000, 0), // 72 dpi
    u16(1),
    Buffer.alloc(32),
    u16(0x18, 0xffff),
    config.configBox,
    box('pasp', u32(...config.sampleAspect)),
  );
}

/**
 * AVCDecoderConfigurationRecord in its box, ISO 14496-15 §5.3.3.1.2, from parameter sets without start codes; the first
 * sequence parameter set is the one that applies at first.
 */
export function avcConfigBox(
  sequenceParameterSets: readonly Buffer[],
  pictureParameterSets: readonly Buffer[],
  chroma: { chromaFormat: number; bitDepthLuma: number; bitDepthChroma: number },
): Buffer {
  const first = sequenceParameterSets[0] as Buffer;
  const profile = first[1] as number;
  const parts = [
    u8(1, profile, first[2] as number, first[3] as number, 0xff),
    u8(0xe0 | sequenceParameterSets.length),
    ...sequenceParameterSets.flatMap((sps) => [u16(sps.length), sps]),
    u8(pictureParameterSets.length),
    ...pictureParameterSets.flatMap((pps) => [u16(pps.length), pps]),
  ];
  // Baseline, Main and Extended have no such tail: §5.3.3.1.2.
  if (profile !== 66 && profile !== 77 && profile !== 88) {
    parts.push(
      u8(
        0xfc | chroma.chromaFormat,
        0xf8 | (chroma.bitDepthLuma - 8),
        0xf8 | (chroma.bitDepthChroma - 8),
        0,
      ),
    );
  }
  return box('avcC', ...parts);
}

/** HEVCDecoderConfigurationRecord in its box, ISO 14496-15 §8.3.3.1.2; all parameter sets stand in it (`hvc1`). */
export function hevcConfigBox(
  sets: { vps: readonly Buffer[]; sps: readonly Buffer[]; pps: readonly Buffer[] },
  sequence: {
    profileTierLevel: Buffer;
    chromaFormat: number;
    bitDepthLuma: number;
    bitDepthChroma: number;
    temporalLayers: number;
    temporalIdNesting: boolean;
  },
): Buffer {
  const arrays = [
    [32, sets.vps],
    [33, sets.sps],
    [34, sets.pps],
  ] as const;
  return box(
    'hvcC',
    u8(1),
    sequence.profileTierLevel,
    u16(0xf000), // min_spatial_segmentation_idc unknown
    u8(0xfc, 0xfc | sequence.chromaFormat),
    u8(0xf8 | (sequence.bitDepthLuma - 8), 0xf8 | (sequence.bitDepthChroma - 8)),
    u16(0), // avgFrameRate unspecified
    u8((sequence.temporalLayers << 3) | (sequence.temporalIdNesting ? 4 : 0) | 3),
    u8(arrays.length),
    ...arrays.flatMap(([type, nalUnits]) => [
      u8(0x80 | type), // array_completeness
      u16(nalUnits.length),
      ...nalUnits.flatMap((nal) => [u16(nal.length), nal]),
    ]),
  );
}
