import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { authorship } from '#registry/camera.ts';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import { type Cameras } from '#registry/cameras.ts';
import type { AcceptedBaseline, StreamBaselines } from '#registry/stream-baselines.ts';
import { lights, usualStream, type StreamBaseline } from '#registry/usual-stream.ts';
import { actingIn } from '../auth/acting.ts';
import { authorOf } from '../auth/actor.ts';
import { errorBody } from '../errors.ts';

const accepted = usualStream.extend({
  at: z.iso.datetime(),
  by: authorship.nullable().meta({ description: 'who said so; null: learnt from the stream' }),
});

const baseline = z
  .object({ day: accepted.nullable(), night: accepted.nullable() })
  .meta({ id: 'StreamBaseline', description: 'null: not known yet; it is learnt within minutes' });

const change = z
  .strictObject({
    day: usualStream.nullable().optional(),
    night: usualStream.nullable().optional(),
  })
  .refine((given) => lights.some((light) => given[light] !== undefined), {
    error: 'say what is usual by day, by night, or both',
  })
  .meta({
    id: 'StreamBaselineChange',
    description: 'null: forgotten, and learnt anew. What is left out stays.',
    examples: [{ night: { frameRate: 5, width: 1280, height: 720 } }],
  });

const params = z.object({ id: z.string() });

/** What is usual for a camera's stream, by which it is found to be degraded; and a person's word on it. */
export function registerBaselineRoutes(
  app: FastifyInstance,
  deps: {
    cameras: Pick<Cameras, 'detail'>;
    baselines: StreamBaselines;
    /** Told after it is stored. */
    onCorrected: (cameraId: string, baseline: StreamBaseline) => void;
  },
): void {
  const { cameras, baselines, onCorrected } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/cameras/:id/baseline',
    {
      config: { action: 'camera.read', subject: 'camera' },
      schema: {
        summary: "What is usual for a camera's stream, by day and by night",
        description:
          'A stream well below it, in pictures a second or in size, is `degraded`. Never taken from fields 7 and 10: those ' +
          'say what is recorded.',
        tags: ['condition'],
        params,
        response: { 200: baseline, 404: errorBody },
      },
    },
    async (request) => baselineJsonOf(await baselines.get(request.params.id)),
  );

  typed.patch(
    '/api/v1/cameras/:id/baseline',
    {
      config: { action: 'camera.edit', subject: 'camera' },
      schema: {
        summary: 'Say what is usual for the stream; it is not learnt over',
        tags: ['condition'],
        params,
        body: change,
        response: { 200: baseline, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { body } = request;
      const actor = actingIn(request);
      const detail = await cameras.detail(id);
      if (detail === undefined) throw new CameraNotFound(id);
      const { position, lao } = detail.camera;
      await request.record(
        'camera.change',
        { kind: 'camera', id, label: position },
        { detail: { baseline: body } },
      );
      const corrected = await baselines.correct(id, body, authorOf(actor, lao));
      onCorrected(id, corrected);
      return baselineJsonOf(corrected);
    },
  );
}

function baselineJsonOf(of: AcceptedBaseline): z.input<typeof baseline> {
  return { day: acceptedJsonOf(of.day), night: acceptedJsonOf(of.night) };
}

function acceptedJsonOf(usual: AcceptedBaseline['day']): z.input<typeof accepted> | null {
  if (usual === null) return null;
  const { frameRate, width, height, atMs, by } = usual;
  return { frameRate, width, height, at: new Date(atMs).toISOString(), by };
}
