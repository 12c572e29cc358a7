import * as z from 'zod';
import { authorship, inventoryFields, type Camera } from './camera.ts';
import { matchKey } from './thai-names.ts';

/**
 * Where the value of a field comes from, and what else is known of it. A registered value is what a person stands for;
 * what ONVIF or the stream says lies beside it, is never written over it, and is a finding where it differs.
 */

/** How a registered value came: typed in a form, from a file, or read by ONVIF or from the stream and accepted. */
export const valueSources = ['declared', 'import', 'onvif', 'stream'] as const;
export type ValueSource = (typeof valueSources)[number];

/** Who reads values of cameras, beside people. */
export const observers = ['onvif', 'stream'] as const;
export type Observer = (typeof observers)[number];

/** Fields that can be read from a camera. */
export const observedFields = [
  'brand',
  'model',
  'recordedResolution',
  'highestResolution',
  'frameRate',
  'fileFormat',
] as const satisfies readonly (keyof Camera)[];
export type ObservedField = (typeof observedFields)[number];

/** Of a registered value. */
export const valueOrigin = z
  .object({ source: z.enum(valueSources), by: authorship, at: z.iso.datetime() })
  .meta({ id: 'ValueOrigin' });
export type ValueOrigin = z.infer<typeof valueOrigin>;

export const observation = z
  .object({
    field: z.enum(observedFields),
    source: z.enum(observers),
    value: z.union([z.string(), z.number()]),
    at: z.iso.datetime(),
  })
  .meta({ id: 'Observation', description: 'the latest of its source' });
export type Observation = z.infer<typeof observation>;

export const findingCodes = [
  'recorded_above_highest',
  'differs_from_onvif',
  'differs_from_stream',
] as const;

export const finding = z
  .object({
    field: z.string(),
    code: z.enum(findingCodes),
    registered: z.union([z.string(), z.number()]),
    observed: z.union([z.string(), z.number()]),
  })
  .meta({
    id: 'Finding',
    description: 'what the owner should look at: not an error, and never by itself damage',
  });
export type Finding = z.infer<typeof finding>;

/** A rate within this share of the registered one is the same: clocks and drops. */
const SAME_RATE_SHARE = 0.1;
/** The same below 10 frames a second, where a share is little. */
const SAME_RATE = 1;

/** What disagrees within a registration, and between it and what was read from the camera. */
export function findings(
  camera: Pick<Camera, ObservedField>,
  observations: readonly Observation[] = [],
): Finding[] {
  return [
    ...recordedAboveHighest(camera),
    ...observations.flatMap((observed) => differing(camera, observed)),
  ];
}

function recordedAboveHighest({
  recordedResolution,
  highestResolution,
}: Pick<Camera, 'recordedResolution' | 'highestResolution'>): Finding[] {
  if (recordedResolution === null || highestResolution === null) return [];
  if (pixels(recordedResolution) <= pixels(highestResolution)) return [];
  return [
    {
      field: 'recordedResolution',
      code: 'recorded_above_highest',
      registered: recordedResolution,
      observed: highestResolution,
    },
  ];
}

function differing(
  camera: Pick<Camera, ObservedField>,
  { field, source, value }: Observation,
): Finding[] {
  const registered = camera[field];
  // Nothing was claimed: a proposal for the form, not a disagreement.
  if (registered === null || isSame(field, registered, value)) return [];
  const code = source === 'onvif' ? 'differs_from_onvif' : 'differs_from_stream';
  return [{ field, code, registered, observed: value }];
}

function isSame(
  field: ObservedField,
  registered: string | number,
  observed: string | number,
): boolean {
  switch (field) {
    case 'frameRate':
      return (
        Math.abs(Number(registered) - Number(observed)) <=
        Math.max(SAME_RATE, Number(registered) * SAME_RATE_SHARE)
      );
    case 'recordedResolution':
    case 'highestResolution':
      return pixels(String(registered)) === pixels(String(observed));
    case 'fileFormat':
      // H.264 and "MP4 (H264)" are one answer to what the field asks.
      return contains(registered, observed) || contains(observed, registered);
    case 'brand':
    case 'model':
      // Vendors write HIKVISION, people Hikvision DS-2CD.
      return contains(registered, observed) || contains(observed, registered);
  }
}

function contains(long: string | number, short: string | number): boolean {
  return lettersOf(long).includes(lettersOf(short));
}

function lettersOf(text: string | number): string {
  return matchKey(String(text)).replace(/[-_/().\s]/gu, '');
}

/** As `1920x1080`; portrait and landscape are one size. */
function pixels(resolution: string): number {
  const [width, height] = resolution.split('x');
  return Number(width) * Number(height);
}

/** Its origin is told where it came otherwise than the rest of the stream. */
export const SNAPSHOT_FIELD = 'stream.snapshotUrl';

const inventoryNames: readonly string[] = inventoryFields.map(({ field }) => field);
/** Fields of which the origin is told: the 11, and those beside them that somebody declares. */
export const fieldsWithOrigin: readonly string[] = [
  ...inventoryNames,
  'model',
  'lao',
  'budgetSource',
  'scope',
  'declared',
  'latitude',
  'longitude',
  'stream',
  'site',
];
