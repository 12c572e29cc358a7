import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import {
  budgetSource,
  budgetSourceChange,
  newBudgetSource,
  type BudgetSources,
} from '#registry/budget-sources.ts';
import { errorBody } from '../errors.ts';
import { isUnchanged } from './entity-tag.ts';
import {
  additionBy,
  beforeAndAfter,
  changeBy,
  ifMatch,
  params,
  recordPlace,
  registerListHistory,
  registerMerge,
} from './managed-lists.ts';

/** Agencies that cameras were paid for by. */
export function registerBudgetSourceRoutes(
  app: FastifyInstance,
  budgetSources: BudgetSources,
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/budget-sources',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Agencies that cameras were paid for by, by name',
        tags: ['places'],
        response: { 200: z.object({ budgetSources: z.array(budgetSource) }), 304: z.null() },
      },
    },
    async (request, reply) => {
      const answer = { budgetSources: await budgetSources.list() };
      if (isUnchanged(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );

  typed.post(
    '/api/v1/budget-sources',
    {
      config: { action: 'place.propose' },
      schema: {
        summary: 'Add a budget source: listed by the Department, proposed by others',
        tags: ['places'],
        body: newBudgetSource,
        response: { 201: budgetSource, 400: errorBody, 409: errorBody },
      },
    },
    async (request, reply) => {
      const { name } = request.body;
      await recordPlace(
        request,
        { kind: 'budget-source', id: 'new', label: name },
        { added: name },
      );
      const added = await budgetSources.add(name, additionBy(request));
      return reply.code(201).send(added);
    },
  );

  typed.patch(
    '/api/v1/budget-sources/:id',
    {
      config: { action: 'place.manage' },
      schema: {
        summary: 'Rename a budget source, or list it',
        tags: ['places'],
        params,
        headers: ifMatch,
        body: budgetSourceChange,
        response: {
          200: budgetSource,
          400: errorBody,
          404: errorBody,
          409: errorBody,
          428: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const by = changeBy(request);
      const before = await budgetSources.get(id);
      const object = { kind: 'budget-source', id, label: before.name } as const;
      await recordPlace(request, object, beforeAndAfter(before, request.body));
      const changed = await budgetSources.change(id, request.body, by);
      isUnchanged(request, reply, changed, changed.version);
      return changed;
    },
  );

  registerListHistory(app, {
    path: '/api/v1/budget-sources',
    async history(_request, id) {
      await budgetSources.get(id);
      return budgetSources.history(id);
    },
  });

  registerMerge(app, {
    path: '/api/v1/budget-sources',
    summary: 'Merge a budget source into another: its cameras go there, its spelling leads there',
    objectOf: async (id) => ({ kind: 'budget-source', id }),
    merge: async (id, into, options) => budgetSources.merge(id, into, options),
  });
}
