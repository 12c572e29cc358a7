import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { Author } from '#registry/author.ts';
import { actingIn, asThemselves } from '../auth/acting.ts';
import { decide } from '../auth/policy.ts';
import { errorBody } from '../errors.ts';

/** What the lists that cameras are registered under have in common: the Department keeps them, others propose. */

export const params = z.object({ id: z.string() });

const merge = z.strictObject({ into: z.string() }).meta({
  examples: [{ into: '019aa0b2-6a00-7000-8000-000000000000' }],
});
const merged = z.object({ cameras: z.int().meta({ description: 'how many went there' }) });

/** Two rows of a list become one. */
export function registerMerge(
  app: FastifyInstance,
  list: {
    path: '/api/v1/laos' | '/api/v1/budget-sources';
    summary: string;
    /** As the audit log has it. Throws where there is no such row. */
    objectOf: (id: string) => Promise<ListObject>;
    /** Returns how many cameras went there. */
    merge: (id: string, into: string, options: { author: Author }) => Promise<number>;
  },
): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    `${list.path}/:id/merge`,
    {
      config: { action: 'place.manage' },
      schema: {
        summary: list.summary,
        tags: ['places'],
        params,
        body: merge,
        response: { 200: merged, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { into } = request.body;
      await recordPlace(request, await list.objectOf(id), { mergedInto: into });
      return { cameras: await list.merge(id, into, { author: asThemselves(actingIn(request)) }) };
    },
  );
}

export interface ListObject {
  kind: 'area' | 'budget-source' | 'site';
  id: string;
  label?: string | undefined;
}

export async function recordPlace(
  request: FastifyRequest,
  object: ListObject,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  await request.record('place.change', object, { detail });
}

/** Who adds a row, and what becomes of it: the Department's is listed. */
export function additionBy(request: FastifyRequest): { author: Author; listed: boolean } {
  const listed = decide(request.actor, 'place.manage') === 'allowed';
  return { author: asThemselves(actingIn(request)), listed };
}
