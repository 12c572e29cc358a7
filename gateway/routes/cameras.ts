import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { camera, newCamera } from '#registry/camera.ts';
import type { Cameras } from '#registry/cameras.ts';
import { CameraNotFound, errorBody } from '../errors.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 500;

const cameraPage = z
  .object({
    cameras: z.array(camera),
    nextCursor: z.string().nullable().meta({ description: 'null on the last page' }),
  })
  .meta({ id: 'CameraPage' });

/** The registry over HTTP: list, one, and register. */
export function registerCameraRoutes(
  app: FastifyInstance,
  { cameras }: { cameras: Pick<Cameras, 'list' | 'get' | 'create'> },
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/cameras',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Cameras, oldest first',
        tags: ['cameras'],
        querystring: z.object({
          cursor: z.uuidv7('not a nextCursor of this list').optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: { 200: cameraPage, 400: errorBody },
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      // One more than asked for tells whether there is a next page.
      const within = request.areasFor('camera.list');
      const found = await cameras.list({ within, after: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      const nextCursor = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { cameras: page, nextCursor };
    },
  );

  typed.post(
    '/api/v1/cameras',
    {
      config: { action: 'camera.create' },
      schema: {
        summary: 'Register a camera',
        tags: ['cameras'],
        body: newCamera,
        response: { 201: camera, 400: errorBody, 403: errorBody, 415: errorBody },
      },
    },
    async (request, reply) => {
      const { body } = request;
      await request.permit('camera.create', { kind: 'camera', lao: body.lao });
      await request.record(
        'camera.create',
        { kind: 'camera', id: '', label: body.position },
        { detail: { lao: body.lao } },
      );
      const created = await cameras.create(body);
      return reply.code(201).header('Location', `/api/v1/cameras/${created.id}`).send(created);
    },
  );

  typed.get(
    '/api/v1/cameras/:id',
    {
      config: { action: 'camera.read', subject: 'camera' },
      schema: {
        summary: 'One camera',
        tags: ['cameras'],
        params: z.object({ id: z.string() }),
        response: { 200: camera, 404: errorBody },
      },
    },
    async (request) => {
      const found = await cameras.get(request.params.id);
      if (found === undefined) throw new CameraNotFound(request.params.id);
      return found;
    },
  );
}
