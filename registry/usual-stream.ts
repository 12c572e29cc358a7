import * as z from 'zod';

/**
 * What is usual for each stream, by day and by night: what its observed condition is judged by (forms.md 4.2), never what
 * is registered in fields 7 and 10. Learnt from the stream (ingest/condition/), or said by a person. It goes with the
 * stream's address: another address begins anew.
 */

export const lights = ['day', 'night'] as const;
export type Light = (typeof lights)[number];

const MAX_FRAME_RATE = 240;
const MAX_SIDE = 16_384;

export const usualStream = z
  .strictObject({
    frameRate: z.number().positive().max(MAX_FRAME_RATE).meta({ description: 'pictures a second' }),
    width: z.int().min(1).max(MAX_SIDE).meta({ description: 'pixels' }),
    height: z.int().min(1).max(MAX_SIDE).meta({ description: 'pixels' }),
  })
  .meta({ id: 'UsualStream', examples: [{ frameRate: 12.5, width: 640, height: 360 }] });
export type UsualStream = z.infer<typeof usualStream>;

export interface StreamBaseline {
  day: UsualStream | null;
  night: UsualStream | null;
}
