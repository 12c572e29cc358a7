import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { contains, type Area } from '#registry/area.ts';
import { officialAreas } from '#registry/areas/official-areas.ts';
import type { BudgetSources } from '#registry/budget-sources.ts';
import type { Laos } from '#registry/laos.ts';
import { site, siteChange, SiteNotFound, type Sites } from '#registry/sites.ts';
import { registerBudgetSourceRoutes } from './budget-sources.ts';
import { isUnchanged } from './entity-tag.ts';
import { registerLaoRoutes } from './laos.ts';
import { registerListChange, registerListHistory, registerMerge } from './managed-lists.ts';

const areas = z
  .object({
    provinces: z.array(z.object({ code: z.string(), name: z.string() })),
    districts: z.array(z.object({ code: z.string(), name: z.string(), province: z.string() })),
  })
  .meta({ id: 'OfficialAreas' });

/** Provinces and districts, and the lists of LAOs, budget sources and sites that cameras are registered under. */
export function registerPlaceRoutes(
  app: FastifyInstance,
  deps: {
    laos: Laos;
    budgetSources: BudgetSources;
    sites: Sites;
    /** Accounts with a role for an LAO. */
    countPeople: (lao: Area) => Promise<number>;
  },
): void {
  const { budgetSources, sites } = deps;
  registerLaoRoutes(app, deps);
  registerBudgetSourceRoutes(app, budgetSources);
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/areas',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Provinces and districts with their official codes',
        tags: ['places'],
        response: { 200: areas, 304: z.null() },
      },
    },
    async (request, reply) => {
      const { provinces, districts } = officialAreas();
      const answer = { provinces: [...provinces], districts: [...districts] };
      if (isUnchanged(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );

  typed.get(
    '/api/v1/sites',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Sites, where cameras share a line, by name: those of cameras in your area',
        tags: ['places'],
        response: { 200: z.object({ sites: z.array(site) }), 304: z.null() },
      },
    },
    async (request, reply) => {
      const answer = { sites: await sites.list(request.areasFor('camera.list')) };
      if (isUnchanged(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );

  registerListChange(app, {
    path: '/api/v1/sites',
    summary: 'Rename a site, set its network zone and what its line and recorders can bear',
    description: 'Its cameras are dialled anew.',
    kind: 'site',
    row: site,
    body: siteChange,
    get: async (id) => sites.get(id),
    change: async (id, change, by) => sites.change(id, change, by),
  });

  registerMerge(app, {
    path: '/api/v1/sites',
    summary: 'Merge a site into another one of its LAO: its cameras go there, its name leads there',
    objectOf: async (id) => ({ kind: 'site', id, label: (await sites.get(id)).name }),
    merge: async (id, into, options) => sites.merge(id, into, options),
    preview: async (id, into) => ({
      ...(await sites.mergePreview(id, into)),
      sites: [],
      people: 0,
    }),
  });

  registerListHistory(app, {
    path: '/api/v1/sites',
    async history(request, id) {
      const { lao } = await sites.get(id);
      const areas = request.areasFor('camera.list');
      if (!areas.some((area) => contains(area, lao))) throw new SiteNotFound(id);
      return sites.history(id);
    },
  });
}
