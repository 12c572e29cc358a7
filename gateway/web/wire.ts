import * as z from 'zod/mini';

/**
 * The JSON that the screens read from the gateway (GET /api/v1/cameras, GET /api/v1/events), checked where it enters.
 *
 * A reader, not the owner: fields that the screens do not use are left out, and words that a newer gateway may add
 * (a reason, a purpose) stay plain strings, so that an old tab goes on working.
 */

// zod otherwise compiles its checks with `new Function`, which the page's Content-Security-Policy refuses.
z.config({ jitless: true });

const localAuthority = z.object({ name: z.string(), district: z.string(), province: z.string() });

export const cameraOnWire = z.object({
  id: z.string(),
  owningAgency: z.string(),
  position: z.string(),
  purposes: z.array(z.string()),
  linkedAgencies: z.array(z.string()),
  linkNetwork: z.nullable(z.string()),
  brand: z.nullable(z.string()),
  recordedResolution: z.nullable(z.string()),
  highestResolution: z.nullable(z.string()),
  retentionDays: z.nullable(z.number()),
  frameRate: z.nullable(z.number()),
  fileFormat: z.nullable(z.string()),
  lao: localAuthority,
  budgetSource: z.nullable(z.string()),
  scope: z.nullable(z.string()),
  declared: z.nullable(z.string()),
});
export type Camera = z.infer<typeof cameraOnWire>;

export const cameraPageOnWire = z.object({
  cameras: z.array(cameraOnWire),
  nextCursor: z.nullable(z.string()),
});
export type CameraPage = z.infer<typeof cameraPageOnWire>;

export const liveStateNames = ['up', 'connecting', 'down', 'not-linked'] as const;
export type LiveStateName = (typeof liveStateNames)[number];

export const liveStateOnWire = z.object({
  cameraId: z.string(),
  state: z.enum(liveStateNames),
  /** ISO 8601: when this state began. A camera that comes back has a new one. */
  since: z.string(),
  reason: z.nullable(z.string()),
  detail: z.nullable(z.string()),
  retryAt: z.nullable(z.string()),
  /** RFC 6381, such as "avc1.64001F". */
  codec: z.nullable(z.string()),
  width: z.nullable(z.number()),
  height: z.nullable(z.number()),
  frameRate: z.nullable(z.number()),
  bitsPerSecond: z.nullable(z.number()),
});
export type LiveState = z.infer<typeof liveStateOnWire>;

export const liveStatesOnWire = z.array(liveStateOnWire);
