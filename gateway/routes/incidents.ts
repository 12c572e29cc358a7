import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { incidentKinds } from '#registry/incident-grouping.ts';
import { listIncidents } from '#registry/incident-list.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { errorBody } from '../errors.ts';

const DAY_MS = 86_400_000;
const MAX_DAYS = 90;
const MAX_LISTED = 500;

const incident = z
  .object({
    id: z.string(),
    kind: z.enum(incidentKinds),
    key: z.string().meta({ description: 'which site, network or worker' }),
    from: z.iso.datetime(),
    to: z.iso.datetime().nullable().meta({ description: 'null while it lasts' }),
    cameras: z.int().meta({ description: 'that fell with it, altogether' }),
    camerasInArea: z.int().meta({ description: 'of those, in your area' }),
  })
  .meta({
    id: 'Incident',
    examples: [
      {
        id: '019ab3c8-1c2d-7000-8000-5f0e1d2c3b4a',
        kind: 'site',
        key: 'ตลาดศาลาด่าน',
        from: '2026-11-25T09:29:04.000Z',
        to: null,
        cameras: 6,
        camerasInArea: 6,
      },
    ],
  });

/** Cameras that fell together, by the fault of none of them. */
export function registerIncidentRoute(
  app: FastifyInstance,
  { registry, now }: { registry: RegistryDatabase; now: () => number },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/incidents',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Incidents: cameras of one site, network or worker that fell together',
        description:
          'Those that last first, then those of the last days, the latest first; at most 500. Time within one counts against no camera of it in the survey.',
        tags: ['condition'],
        querystring: z.object({
          days: z.coerce.number().int().min(1).max(MAX_DAYS).default(7),
        }),
        response: { 200: z.object({ incidents: z.array(incident) }), 400: errorBody },
      },
    },
    async (request, reply) => {
      void reply.header('Cache-Control', 'no-store');
      const listed = await listIncidents(registry, {
        within: request.areasFor('camera.list'),
        sinceMs: now() - request.query.days * DAY_MS,
        limit: MAX_LISTED,
      });
      return {
        incidents: listed.map(({ fromMs, toMs, camerasWithin, ...rest }) => ({
          ...rest,
          from: new Date(fromMs).toISOString(),
          to: toMs === null ? null : new Date(toMs).toISOString(),
          camerasInArea: camerasWithin,
        })),
      };
    },
  );
}
