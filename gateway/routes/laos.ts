import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { areaOf, contains, type Area } from '#registry/area.ts';
import { lao, laoChange, LaoNotFound, laoStatuses, newLao, type Lao } from '#registry/lao.ts';
import type { Laos } from '#registry/laos.ts';
import { errorBody } from '../errors.ts';
import { isUnchanged } from './entity-tag.ts';
import { registerLaoImportRoutes } from './lao-import.ts';
import {
  additionBy,
  recordPlace,
  registerListChange,
  registerListHistory,
  registerMerge,
  type ListObject,
} from './managed-lists.ts';

const MAX_TEXT = 200;
const text = z.string().trim().min(1).max(MAX_TEXT);

/** The master list of local administrations: proposed, listed, corrected, merged, imported. */
export function registerLaoRoutes(
  app: FastifyInstance,
  { laos, countPeople }: { laos: Laos; countPeople: (lao: Area) => Promise<number> },
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  async function found(id: string): Promise<Lao> {
    const one = await laos.get(id);
    if (one === undefined) throw new LaoNotFound(id);
    return one;
  }

  async function objectOf(id: string): Promise<ListObject> {
    return { kind: 'area', id, label: (await found(id)).name };
  }

  typed.get(
    '/api/v1/laos',
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Local administrations (อปท.), by province, district and name',
        tags: ['places'],
        querystring: z.object({
          province: text.optional(),
          district: text.optional(),
          status: z
            .enum(laoStatuses)
            .optional()
            .meta({ description: 'without it: all but merged' }),
          q: text
            .optional()
            .meta({ description: 'part of the name, by any spelling, or the code' }),
        }),
        response: { 200: z.object({ laos: z.array(lao) }), 304: z.null(), 400: errorBody },
      },
    },
    async (request, reply) => {
      const within = request.areasFor('camera.list');
      const answer = { laos: await laos.list({ ...request.query, within }) };
      if (isUnchanged(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );

  typed.post(
    '/api/v1/laos',
    {
      config: { action: 'place.propose' },
      schema: {
        summary: 'Add an LAO: listed by the Department, proposed by others',
        tags: ['places'],
        body: newLao,
        response: { 201: lao, 400: errorBody, 409: errorBody },
      },
    },
    async (request, reply) => {
      const { body } = request;
      await request.permit('place.propose', {
        kind: 'area',
        area: areaOf(await laos.canonical(body)),
      });
      await recordPlace(request, { kind: 'area', id: 'new', label: body.name }, { added: body });
      const added = await laos.add(body, additionBy(request));
      return reply.code(201).send(added);
    },
  );

  registerListChange(app, {
    path: '/api/v1/laos',
    summary: 'Change an LAO: list it, correct it, say to whom it reports',
    kind: 'area',
    row: lao,
    body: laoChange,
    get: found,
    change: async (id, change, by) => laos.change(id, change, by),
  });

  registerLaoImportRoutes(app, laos);

  registerListHistory(app, {
    path: '/api/v1/laos',
    async history(request, id) {
      const one = await found(id);
      const areas = request.areasFor('camera.list');
      if (!areas.some((area) => contains(area, one))) throw new LaoNotFound(id);
      return laos.history(id);
    },
  });

  registerMerge(app, {
    path: '/api/v1/laos',
    summary:
      'Merge an LAO into another: its cameras and its people go there, its spelling leads there',
    objectOf,
    merge: async (id, into, options) => laos.merge(id, into, options),
    preview: async (id, into) => {
      const moved = await laos.mergePreview(id, into);
      return { ...moved, people: await countPeople(areaOf(await found(id))) };
    },
  });
}
