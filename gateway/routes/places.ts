import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { areaOf } from '#registry/area.ts';
import { officialAreas } from '#registry/areas/official-areas.ts';
import type { Author } from '#registry/author.ts';
import {
  budgetSource,
  budgetSourceChange,
  newBudgetSource,
  type BudgetSources,
} from '#registry/budget-sources.ts';
import {
  importRefusals,
  lao,
  laoChange,
  LaoNotFound,
  laoStatuses,
  MAX_IMPORTED_LAOS,
  newLao,
  type Laos,
} from '#registry/laos.ts';
import { site, siteChange, type Sites } from '#registry/sites.ts';
import type { Actor } from '../auth/actor.ts';
import { decide } from '../auth/policy.ts';
import { SignInNeeded } from '../auth/refusal.ts';
import { errorBody } from '../errors.ts';
import { isUnchanged } from './entity-tag.ts';

const MAX_TEXT = 200;
/** The list of all LAOs. */
const MAX_IMPORT_BYTES = 4 * 1024 * 1024;

const text = z.string().trim().min(1).max(MAX_TEXT);
const params = z.object({ id: z.string() });
const merge = z.strictObject({ into: z.string() }).meta({
  examples: [{ into: '019aa0b2-6a00-7000-8000-000000000000' }],
});
const merged = z.object({ cameras: z.int().meta({ description: 'how many went there' }) });

const areas = z
  .object({
    provinces: z.array(z.object({ code: z.string(), name: z.string() })),
    districts: z.array(z.object({ code: z.string(), name: z.string(), province: z.string() })),
  })
  .meta({ id: 'OfficialAreas' });

const laoImport = z
  .object({
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    refused: z.array(
      z.object({
        row: z.int().meta({ description: 'from 0' }),
        code: z.enum(importRefusals),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'LaoImport' });

/** Provinces and districts, and the lists of LAOs, budget sources and sites that cameras are registered under. */
export function registerPlaceRoutes(
  app: FastifyInstance,
  { laos, budgetSources, sites }: { laos: Laos; budgetSources: BudgetSources; sites: Sites },
): void {
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
      await request.permit('place.propose', { kind: 'area', area: areaOf(body) });
      await record(request, { kind: 'area', id: 'new', label: body.name }, { added: body });
      const added = await laos.add(body, {
        author: authorFrom(request),
        listed: mayManage(request.actor),
      });
      return reply.code(201).send(added);
    },
  );

  typed.patch(
    '/api/v1/laos/:id',
    {
      config: { action: 'place.manage' },
      schema: {
        summary: 'Change an LAO: list it, correct it, say to whom it reports',
        tags: ['places'],
        params,
        body: laoChange,
        response: { 200: lao, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const before = await laos.get(id);
      if (before === undefined) throw new LaoNotFound(id);
      await record(request, { kind: 'area', id, label: before.name }, { changed: request.body });
      return laos.change(id, request.body);
    },
  );

  typed.post(
    '/api/v1/laos/:id/merge',
    {
      config: { action: 'place.manage' },
      schema: {
        summary: 'Merge an LAO into another: its cameras go there, its spelling leads there',
        tags: ['places'],
        params,
        body: merge,
        response: { 200: merged, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { into } = request.body;
      const before = await laos.get(id);
      if (before === undefined) throw new LaoNotFound(id);
      await record(request, { kind: 'area', id, label: before.name }, { mergedInto: into });
      return { cameras: await laos.merge(id, into, { author: authorFrom(request) }) };
    },
  );

  typed.post(
    '/api/v1/laos/import',
    {
      config: { action: 'place.manage' },
      bodyLimit: MAX_IMPORT_BYTES,
      schema: {
        summary: "Import the Department's list of LAOs",
        description:
          'What it names is listed; what it does not name stays. Rows are known by code, else by name.',
        tags: ['places'],
        body: z.strictObject({ laos: z.array(newLao).min(1).max(MAX_IMPORTED_LAOS) }),
        response: { 200: laoImport, 400: errorBody },
      },
    },
    async (request) => {
      const rows = request.body.laos;
      await record(request, { kind: 'area', id: 'list' }, { imported: rows.length });
      return laos.import(rows);
    },
  );

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
      await record(request, { kind: 'budget-source', id: 'new', label: name }, { added: name });
      const added = await budgetSources.add(name, {
        author: authorFrom(request),
        listed: mayManage(request.actor),
      });
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
        body: budgetSourceChange,
        response: { 200: budgetSource, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      await record(request, { kind: 'budget-source', id }, { changed: request.body });
      return budgetSources.change(id, request.body);
    },
  );

  typed.post(
    '/api/v1/budget-sources/:id/merge',
    {
      config: { action: 'place.manage' },
      schema: {
        summary:
          'Merge a budget source into another: its cameras go there, its spelling leads there',
        tags: ['places'],
        params,
        body: merge,
        response: { 200: merged, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { into } = request.body;
      await record(request, { kind: 'budget-source', id }, { mergedInto: into });
      return { cameras: await budgetSources.merge(id, into, { author: authorFrom(request) }) };
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

  typed.patch(
    '/api/v1/sites/:id',
    {
      config: { action: 'place.manage' },
      schema: {
        summary: "Set a site's network zone and what its line and recorders can bear",
        description: 'Its cameras are dialled anew.',
        tags: ['places'],
        params,
        body: siteChange,
        response: { 200: site, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      await record(request, { kind: 'site', id }, { changed: request.body });
      return sites.change(id, request.body);
    },
  );
}

async function record(
  request: FastifyRequest,
  object: { kind: string; id: string; label?: string | undefined },
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  await request.record('place.change', object, { detail });
}

/** The Department: what it adds is listed. */
function mayManage(actor: Actor | undefined): boolean {
  return decide(actor, 'place.manage') === 'allowed';
}

/** Rules of these routes let nobody in who has not signed in. */
function authorFrom({ actor }: FastifyRequest): Author {
  if (actor === undefined) throw new SignInNeeded('sign in first');
  return { id: actor.id, name: actor.name, proxyFor: null };
}
