import * as z from 'zod';
import type { LiveState } from '#ingest/live-states.ts';

const nullableCount = z.number().nullable();

/** A camera's live state as clients get it. */
export const liveStateJson = z
  .object({
    cameraId: z.string(),
    state: z.enum(['not-linked', 'connecting', 'up', 'down']),
    since: z.iso.datetime(),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'why it is down; screens have words for each' }),
    detail: z.string().nullable().meta({ description: 'technical, in English' }),
    retryAt: z.iso.datetime().nullable(),
    codec: z
      .string()
      .nullable()
      .meta({ description: 'RFC 6381', examples: ['avc1.64001F'] }),
    width: nullableCount,
    height: nullableCount,
    frameRate: nullableCount,
    bitsPerSecond: nullableCount,
    transport: z
      .enum(['tcp', 'udp'])
      .nullable()
      .meta({ description: 'how packets come, while up' }),
    clockOffsetMs: nullableCount.meta({
      description: "the camera's own clock minus the gateway's, as the camera tells it; while up",
    }),
  })
  .meta({ id: 'LiveState' });
export type LiveStateJson = z.infer<typeof liveStateJson>;

export function liveStateJsonOf(live: LiveState): LiveStateJson {
  const { sinceMs, retryAtMs } = live;
  return {
    cameraId: live.cameraId,
    state: live.state,
    since: new Date(sinceMs).toISOString(),
    reason: live.reason,
    detail: live.detail,
    retryAt: retryAtMs === null ? null : new Date(retryAtMs).toISOString(),
    codec: live.codec,
    width: live.width,
    height: live.height,
    frameRate: live.frameRate,
    bitsPerSecond: live.bitsPerSecond,
    transport: live.transport,
    clockOffsetMs: live.clockOffsetMs,
  };
}
