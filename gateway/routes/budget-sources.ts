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
  recordPlace,
  registerListChange,
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

  registerListChange(app, {
    path: '/api/v1/budget-sources',
    summary: 'Rename a budget source, or list it',
    kind: 'budget-source',
    row: budgetSource,
    body: budgetSourceChange,
    get: async (id) => budgetSources.get(id),
    change: async (id, change, by) => budgetSources.change(id, change, by),
  });

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
    preview: async (id, into) => ({
      ...(await budgetSources.mergePreview(id, into)),
      sites: [],
      people: 0,
    }),
  });
}
