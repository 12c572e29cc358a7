import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { Place } from '#registry/area.ts';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import { type Cameras } from '#registry/cameras.ts';
import { camera } from '#registry/camera.ts';
import { declaration, newDeclaration, type Declaration } from '#registry/declarations.ts';
import { actingIn } from '../auth/acting.ts';
import { authorOf } from '../auth/actor.ts';
import { errorBody } from '../errors.ts';

const params = z.object({ id: z.string() });

/** What people say of a camera's condition, over HTTP. */
export function registerDeclarationRoutes(
  app: FastifyInstance,
  deps: {
    cameras: Pick<Cameras, 'declare'>;
    readPlaces: (cameraIds: readonly string[]) => Promise<Map<string, Place>>;
    /** Newest first. */
    declarationsOf: (cameraId: string) => Promise<Declaration[]>;
  },
): void {
  const { cameras, readPlaces, declarationsOf } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/cameras/:id/declarations',
    {
      config: { action: 'camera.read', subject: 'camera' },
      schema: {
        summary: 'Every declared condition of a camera, newest first',
        tags: ['condition'],
        params,
        response: { 200: z.object({ declarations: z.array(declaration) }), 404: errorBody },
      },
    },
    async (request) => ({ declarations: await declarationsOf(request.params.id) }),
  );

  typed.post(
    '/api/v1/cameras/:id/declarations',
    {
      config: { action: 'camera.declare', subject: 'camera' },
      schema: {
        summary: 'Declare in what condition a camera is',
        description:
          'With the day on which it was seen, a reason and a note. The newest is `declared` of the camera; what the stream shows ' +
          'stays beside it. No version is asked for: of two, both are kept and the later counts.',
        tags: ['condition'],
        params,
        body: newDeclaration,
        response: { 201: camera, 400: errorBody, 404: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { body } = request;
      const lao = (await readPlaces([id])).get(id);
      if (lao === undefined) throw new CameraNotFound(id);
      const actor = actingIn(request);
      const { status, reason, on } = body;
      await request.record(
        'camera.declare',
        { kind: 'camera', id },
        { detail: { status, reason, on } },
      );
      const [declared] = await cameras.declare([
        { cameraId: id, declaration: body, author: authorOf(actor, lao), source: 'register' },
      ]);
      if (declared === undefined) throw new CameraNotFound(id);
      return reply.code(201).send(declared);
    },
  );
}
