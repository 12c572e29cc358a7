import * as z from 'zod';
import { eventFields, isNewer, type CameraEvent } from './camera-event.ts';

const { eventId, cameraId, epoch, sequence, atMs, state, reason, measured } = eventFields;

/**
 * What is seen of a camera now, as its events make it: a message of `cctv.camera.state`, and a row of `observed_states`
 * without its incident. `epoch`, `sequence`, `atMs` and `measured` are of its newest event.
 */
export const observedCondition = z.strictObject({
  cameraId,
  state,
  reason,
  /** Since when it is in this state, whatever the reason; Unix ms. */
  sinceMs: atMs,
  atMs,
  epoch,
  sequence,
  eventId,
  /** It goes up and down so often that this is a finding of its own. */
  flapping: z.boolean(),
  measured,
});
export type ObservedCondition = z.infer<typeof observedCondition>;

/** `present` with what `event` says of the same camera; `present` itself where the event is not newer. */
export function observe(
  present: ObservedCondition | undefined,
  event: CameraEvent,
): ObservedCondition {
  if (present !== undefined && !isNewer(event, present)) return present;
  return {
    cameraId: event.cameraId,
    state: event.state,
    reason: event.reason,
    sinceMs: present?.state === event.state ? present.sinceMs : event.atMs,
    atMs: event.atMs,
    epoch: event.epoch,
    sequence: event.sequence,
    eventId: event.eventId,
    flapping: isFlapping(event),
    measured: event.measured,
  };
}

export function isFlapping({ measured: figures }: Pick<CameraEvent, 'measured'>): boolean {
  return figures['flapping'] === true;
}
