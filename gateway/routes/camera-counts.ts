import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { LiveStates } from '#ingest/live-states.ts';
import { countCameras } from '#registry/camera-list.ts';
import { namedDeclaredCounts, registeredWithin } from '#registry/declared-counts.ts';
import type { Conditions } from '#registry/events/condition-board.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { errorBody } from '../errors.ts';
import { cameraFilter, observedNow } from './camera-filter.ts';
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

/** So many that match are counted one by one; whoever looks at more narrows the list anyway. */
export const MAX_COUNTED = 1_000;

const totals = z
  .object({
    matching: z.int(),
    isMore: z.boolean().meta({ description: `there are more than these ${MAX_COUNTED}` }),
    all: z.int().meta({ description: 'registered in your area, without those that were deleted' }),
  })
  .meta({ id: 'CameraTotals', examples: [{ matching: 5, isMore: false, all: 70 }] });

/** What is declared of cameras, counted as the survey form's rows are (forms.md §2); and how many a list would have. */
export function registerCameraCountRoute(
  app: FastifyInstance,
  {
    registry,
    ...deps
  }: {
    registry: RegistryDatabase;
    liveStates: LiveStates;
    conditions?: Pick<Conditions, 'all'>;
  },
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/cameras/totals',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'How many cameras a filter leaves, and of how many',
        tags: ['cameras'],
        querystring: z.object(cameraFilter),
        response: { 200: totals, 400: errorBody },
      },
    },
    async (request) => {
      const { observed, ...filter } = request.query;
      const within = request.areasFor('camera.list');
      const among = observedNow(deps, observed);
      const isAll = Object.values(request.query).every((value) => value === undefined);
      const all = await registeredWithin(registry, within);
      if (isAll) return { matching: all, isMore: false, all };
      const counted = await countCameras(registry, { ...filter, within, among }, MAX_COUNTED + 1);
      return {
        matching: Math.min(counted, MAX_COUNTED),
        isMore: counted > MAX_COUNTED,
        all,
      };
    },
  );

  typed.get(
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
