import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { namedDeclaredCounts } from '#registry/declared-counts.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { isUnchanged } from './entity-tag.ts';

const counts = z
  .object({
    rows: z.array(
      z.object({
        lao: z.object({ name: z.string(), district: z.string(), province: z.string() }),
        budgetSource: z.string(),
        total: z.int(),
        working: z.int(),
        underRepair: z.int(),
        unrepairable: z.int(),
      }),
    ),
  })
  .meta({ id: 'CameraCounts' });

/** What is declared of cameras, counted as the survey form's rows are (forms.md §2). */
export function registerCameraCountRoute(
  app: FastifyInstance,
  { registry }: { registry: RegistryDatabase },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/cameras/counts',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Cameras by LAO and budget source, by what is declared of them',
        description:
          'Of the LAOs in your area, counted from what is registered now. What is observed, and what was returned in a round, is the survey’s.',
        tags: ['cameras'],
        response: { 200: counts, 304: z.null() },
      },
    },
    async (request, reply) => {
      const answer = { rows: await namedDeclaredCounts(registry, request.areasFor('camera.list')) };
      if (isUnchanged(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );
}
