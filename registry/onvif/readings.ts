import * as z from 'zod';
import { camera } from '../camera.ts';
import { typedLine } from '../text.ts';

/**
 * What the replies of a device say, taken apart with nothing believed: what does not fit is null. The `onvif` package
 * makes numbers of text that looks like one; the text is gone then, and only whole numbers come back unharmed.
 */

const MAX_TEXT_LENGTH = 200;
/** Profiles looked at: cameras have two to four, a recorder two or three for each of its channels. */
const MAX_PROFILES = 192;
/** What one encoder could be set to, by codec. */
const MAX_OPTIONS = 8;

const text = z.preprocess(
  (value) => (Number.isSafeInteger(value) ? String(value) : value),
  typedLine(MAX_TEXT_LENGTH).nullable().catch(null),
);
const resolution = z
  .object({ width: z.int().min(16).max(99_999), height: z.int().min(16).max(99_999) })
  .nullable()
  .catch(null);
const resolutions = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z.array(resolution).max(200).catch([]),
);
/** FrameRateLimit: what the encoder is set to give at most. It is no measurement. */
const frameRate = camera.shape.frameRate.catch(null);

const deviceInformation = z
  .object({ manufacturer: text, model: text })
  .catch({ manufacturer: null, model: null });

const token = z.union([z.string().min(1).max(MAX_TEXT_LENGTH), z.int()]);

const profile = z
  .object({
    $: z.object({ token }),
    name: text,
    videoSourceConfiguration: z.object({ sourceToken: token }).nullable().catch(null),
    videoEncoderConfiguration: z.object({
      encoding: text,
      resolution,
      rateControl: z.object({ frameRateLimit: frameRate }).nullable().catch(null),
    }),
  })
  .nullable()
  .catch(null);

/** Of a picture that a device gives. */
export interface ProfileReading {
  token: string;
  name: string | null;
  /** Token of the video source: a channel of a recorder, the one sensor of a camera. Null: it was not told. */
  source: string | null;
  encoding: string | null;
  resolution: Resolution | null;
  frameRate: number | null;
}

export interface Resolution {
  width: number;
  height: number;
}

export function readDeviceInformation(reply: unknown): {
  brand: string | null;
  model: string | null;
} {
  const { manufacturer, model } = deviceInformation.parse(reply);
  return { brand: manufacturer, model };
}

/** Those with an encoder for pictures, in the device's order. */
export function readProfiles(reply: unknown): ProfileReading[] {
  return (Array.isArray(reply) ? reply : [])
    .slice(0, MAX_PROFILES)
    .map((given) => profile.parse(given))
    .filter((read) => read !== null)
    .map(({ $, name, videoSourceConfiguration: source, videoEncoderConfiguration: encoder }) => ({
      token: String($.token),
      name,
      source: source === null ? null : String(source.sourceToken),
      encoding: encoder.encoding,
      resolution: encoder.resolution,
      frameRate: encoder.rateControl?.frameRateLimit ?? null,
    }));
}

/** The largest picture first. */
export function largestFirst(profiles: readonly ProfileReading[]): ProfileReading[] {
  return profiles.toSorted((a, b) => pixels(b.resolution) - pixels(a.resolution));
}

const videoSources = z
  .array(z.object({ resolution }).catch({ resolution: null }))
  .max(64)
  .catch([]);

export function readSourceResolutions(reply: unknown): Resolution[] {
  return videoSources
    .parse(reply)
    .map((source) => source.resolution)
    .filter((read) => read !== null);
}

const encoderOptions = z
  .object({ resolutionsAvailable: resolutions })
  .catch({ resolutionsAvailable: [] });
const anyOptions = z
  .object({
    H264: encoderOptions,
    JPEG: encoderOptions,
    MPEG4: encoderOptions,
    resolutionsAvailable: resolutions,
  })
  .catch({
    H264: { resolutionsAvailable: [] },
    JPEG: { resolutionsAvailable: [] },
    MPEG4: { resolutionsAvailable: [] },
    resolutionsAvailable: [],
  });

/** What the encoder could be set to. Media 1 has it by codec, Media 2 as a list, one codec each. */
export function readEncoderResolutions(reply: unknown): Resolution[] {
  return (Array.isArray(reply) ? reply.slice(0, MAX_OPTIONS) : [reply])
    .map((given) => anyOptions.parse(given))
    .flatMap(({ H264, JPEG, MPEG4, resolutionsAvailable }) => [
      ...H264.resolutionsAvailable,
      ...JPEG.resolutionsAvailable,
      ...MPEG4.resolutionsAvailable,
      ...resolutionsAvailable,
    ])
    .filter((read) => read !== null);
}

const mediaUri = z
  .object({ uri: z.string().min(1) })
  .nullable()
  .catch(null);

export function readUri(reply: unknown): string | undefined {
  return mediaUri.parse(reply)?.uri;
}

export function largest(all: readonly (Resolution | null)[]): Resolution | null {
  return all.reduce<Resolution | null>(
    (best, next) => (pixels(next) > pixels(best) ? next : best),
    null,
  );
}

/** As the registry writes it. */
export function resolutionText(read: Resolution | null): string | null {
  return read === null ? null : `${read.width}x${read.height}`;
}

function pixels(read: Resolution | null): number {
  return read === null ? 0 : read.width * read.height;
}
