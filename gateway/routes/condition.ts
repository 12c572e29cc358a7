import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { Cameras } from '#registry/cameras.ts';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import type { CameraEvent } from '#registry/events/camera-event.ts';
import type { Conditions } from '#registry/events/condition-board.ts';
import type { HistoryPosition, HistoryQuery } from '#registry/events/condition-history.ts';
import {
  conditionJson,
  conditionJsonOf,
  transitionJson,
  transitionJsonOf,
} from '../condition-json.ts';
import { errorBody } from '../errors.ts';
import { time } from '../given-time.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 500;

const cursor = z
  .string()
  .regex(/^\d{1,15}\.\d{1,15}\.\d{1,15}$/, 'not a nextCursor of this list')
  .transform((text): HistoryPosition => {
    const [atMs, epoch, sequence] = text.split('.');
    return { atMs: Number(atMs), epoch: Number(epoch), sequence: Number(sequence) };
  });

const conditionPage = z
  .object({
    observed: conditionJson.nullable().meta({
      description: 'what is seen now; null: nobody has looked at it yet, or it is not linked',
    }),
    transitions: z.array(transitionJson).meta({ description: 'newest first' }),
    nextCursor: z.string().nullable().meta({ description: 'null on the last page' }),
  })
  .meta({ id: 'CameraCondition' });

/** What is seen of one camera, now and before. What was declared of it is another fact. */
export function registerConditionRoute(
  app: FastifyInstance,
  deps: {
    cameras: Pick<Cameras, 'get'>;
    conditions: Pick<Conditions, 'get'>;
    history: (cameraId: string, query: HistoryQuery) => Promise<CameraEvent[]>;
  },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/cameras/:id/condition',
    {
      config: { action: 'camera.read', subject: 'camera' },
      schema: {
        summary: "A camera's observed condition: now, and each transition",
        description:
          'Between a transition and the next the state was as it says. `unknown` is time in which we did not look, or could not know.',
        tags: ['condition'],
        params: z.object({ id: z.string() }),
        querystring: z.object({
          from: time.optional().meta({ description: 'not before' }),
          to: time.optional().meta({ description: 'before' }),
          cursor: cursor.optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: { 200: conditionPage, 400: errorBody, 404: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { from, to, cursor: before, limit } = request.query;
      if ((await deps.cameras.get(id)) === undefined) throw new CameraNotFound(id);
      void reply.header('Cache-Control', 'no-store');
      // One more than asked for tells whether there is a next page.
      const found = await deps.history(id, { fromMs: from, toMs: to, before, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const observed = deps.conditions.get(id);
      return {
        observed: observed === undefined ? null : conditionJsonOf(observed),
        transitions: page.map(transitionJsonOf),
        nextCursor:
          found.length > limit && last !== undefined
            ? `${last.atMs}.${last.epoch}.${last.sequence}`
            : null,
      };
    },
  );
}
