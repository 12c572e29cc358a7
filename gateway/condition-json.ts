import * as z from 'zod';
import { observedStates, type CameraEvent } from '#registry/events/camera-event.ts';
import type { ObservedCondition } from '#registry/events/observed-state.ts';

const isoTime = z.iso.datetime();
const reason = z
  .string()
  .nullable()
  .meta({ description: 'of degraded, down and unknown; screens have words for each' });
const measured = z
  .record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()]))
  .meta({ description: 'figures behind it, by name', examples: [{ frameRate: 4.8 }] });

/** What is seen of a camera now, as clients get it. */
export const conditionJson = z
  .object({
    cameraId: z.string(),
    state: z.enum(observedStates),
    reason,
    since: isoTime.meta({ description: 'since when it is in this state, whatever the reason' }),
    at: isoTime.meta({ description: 'of the latest transition' }),
    flapping: z.boolean().meta({ description: 'it goes up and down too often' }),
    measured,
  })
  .meta({
    id: 'ObservedCondition',
    examples: [
      {
        cameraId: '019ab3c8-1c2d-7000-8000-5f0e1d2c3b4a',
        state: 'degraded',
        reason: 'low-frame-rate',
        since: '2026-11-25T08:00:00.000Z',
        at: '2026-11-25T08:00:00.000Z',
        flapping: false,
        measured: { frameRate: 4.8, baselineFrameRate: 25 },
      },
    ],
  });
export type ConditionJson = z.infer<typeof conditionJson>;

export function conditionJsonOf(condition: ObservedCondition): ConditionJson {
  return {
    cameraId: condition.cameraId,
    state: condition.state,
    reason: condition.reason,
    since: new Date(condition.sinceMs).toISOString(),
    at: new Date(condition.atMs).toISOString(),
    flapping: condition.flapping,
    measured: condition.measured,
  };
}

export const transitionJson = z
  .object({
    eventId: z.string(),
    at: isoTime,
    state: z.enum(observedStates),
    previous: z.enum(observedStates),
    reason,
    measured,
    worker: z.string().meta({ description: 'who saw it' }),
  })
  .meta({ id: 'ConditionTransition' });

export function transitionJsonOf(event: CameraEvent): z.infer<typeof transitionJson> {
  const { eventId, atMs, state, previous, reason: why, measured: figures, worker } = event;
  const at = new Date(atMs).toISOString();
  return { eventId, at, state, previous, reason: why, measured: figures, worker };
}
