import * as z from 'zod';

/**
 * What happened to a camera's condition, as it is told, kept and applied. Documented for others in `asyncapi.yaml`; one that
 * breaks the schema below is poison, and goes to the dead letters.
 */

/** What the stream shows of a camera (forms.md 4.1). `unknown`: we do not know, which is never the camera's fault. */
export const observedStates = ['up', 'degraded', 'down', 'unknown', 'not-linked'] as const;
export type ObservedState = (typeof observedStates)[number];

export const degradedReasons = [
  'low-frame-rate',
  'small-picture',
  'frozen-picture',
  'black-picture',
  'no-signal-picture',
  'stale-timestamps',
  'packet-loss',
] as const;
export type DegradedReason = (typeof degradedReasons)[number];

export const downReasons = [
  'unreachable',
  'refused',
  'unauthorised',
  'no-video',
  'undecodable',
  'not-found',
  'silent',
] as const;
export type ObservedDownReason = (typeof downReasons)[number];

/** Ours: a worker died, the gateway stopped, or nobody has looked yet. */
export const unknownReasons = ['gateway'] as const;

export type ObservedReason = DegradedReason | ObservedDownReason | (typeof unknownReasons)[number];

const reasonsOf: Readonly<Record<ObservedState, readonly string[]>> = {
  up: [],
  degraded: degradedReasons,
  down: downReasons,
  unknown: unknownReasons,
  'not-linked': [],
};

/** Figures behind a state, by name; units last in their names (`frameRate` is in pictures a second). */
const MAX_MEASURED = 32;
const MAX_MEASURED_NAME = 64;
const MAX_MEASURED_TEXT = 500;

const measured = z
  .record(
    z.string().max(MAX_MEASURED_NAME),
    z.union([z.number(), z.boolean(), z.string().max(MAX_MEASURED_TEXT), z.null()]),
  )
  .refine((figures) => Object.keys(figures).length <= MAX_MEASURED, {
    error: `more than ${MAX_MEASURED} figures`,
  });

/** `flapping: true`: it goes up and down so often that this is a finding of its own. `collapsed`: collapse.ts. */
export type Measured = z.infer<typeof measured>;

/** PostgreSQL keeps no NUL. */
const worker = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !text.includes('\0'), { error: 'may not hold NUL' });

export const eventFields = {
  /** The same event told twice has the same one. */
  eventId: z.uuid({ version: 'v7' }),
  cameraId: z.uuid(),
  /** Of the lease that the observer held: a higher one is a later one, over all gateways (epochs.ts). */
  epoch: z.int().min(1),
  /** Of this camera in this epoch: 1, 2, 3 … without a hole. */
  sequence: z.int().min(1),
  /** When the state began, Unix ms, by the gateway's clock. */
  atMs: z.int().min(0),
  state: z.enum(observedStates),
  /** The state before it. */
  previous: z.enum(observedStates),
  /** Null for `up` and `not-linked`. */
  reason: z.enum([...degradedReasons, ...downReasons, ...unknownReasons]).nullable(),
  measured,
  /** Who saw it: for a log or a maintainer. */
  worker,
};

export const cameraEvent = z
  .strictObject(eventFields)
  .refine(({ state, reason }) => isReasonOf(state, reason), {
    error: 'the reason is none of this state',
    path: ['reason'],
  });
export type CameraEvent = z.infer<typeof cameraEvent>;

/** What a worker tells. Who it was, and which number the event has, is added in one place (event-recorder.ts). */
export type LivenessTransition = Pick<
  CameraEvent,
  'cameraId' | 'atMs' | 'state' | 'previous' | 'reason' | 'measured'
>;

/** Whether `a` happened after `b`, both of one camera. */
export function isNewer(
  a: Pick<CameraEvent, 'epoch' | 'sequence'>,
  b: Pick<CameraEvent, 'epoch' | 'sequence'>,
): boolean {
  return a.epoch === b.epoch ? a.sequence > b.sequence : a.epoch > b.epoch;
}

function isReasonOf(state: ObservedState, reason: ObservedReason | null): boolean {
  // Nobody has looked yet: unknown without a reason.
  if (reason === null) return state !== 'degraded' && state !== 'down';
  return reasonsOf[state].includes(reason);
}
