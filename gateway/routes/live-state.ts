import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { plainState, type LiveStates } from '#ingest/live-states.ts';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import type { Cameras } from '#registry/cameras.ts';
import { uuidV7Ms } from '#registry/uuid-v7.ts';
import { errorBody } from '../errors.ts';
import { liveStateJson, liveStateJsonOf } from '../live-state-json.ts';

/** What the gateway sees of one camera now. */
export function registerLiveStateRoute(
  app: FastifyInstance,
  { cameras, liveStates }: { cameras: Pick<Cameras, 'get'>; liveStates: LiveStates },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/cameras/:id/live',
    {
      config: { action: 'camera.read', subject: 'camera' },
      schema: {
        summary: "A camera's live state",
        tags: ['cameras'],
        params: z.object({ id: z.string() }),
        response: { 200: liveStateJson, 404: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      void reply.header('Cache-Control', 'no-store');
      const live = liveStates.get(id);
      if (live !== undefined) return liveStateJsonOf(live);
      const camera = await cameras.get(id);
      if (camera === undefined) throw new CameraNotFound(id);
      // Ingest knows nothing of it: not linked since it was registered, or on its way there.
      const state = camera.stream === null ? 'not-linked' : 'connecting';
      return liveStateJsonOf(plainState(id, state, uuidV7Ms(id)));
    },
  );
}
