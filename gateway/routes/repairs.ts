import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { Place } from '#registry/area.ts';
import type { Author } from '#registry/author.ts';
import {
  brokenCameras,
  brokenKinds,
  brokenTotals,
  totalLevels,
  type BrokenCamera,
} from '#registry/broken-cameras.ts';
import { authorship, declarations } from '#registry/camera.ts';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import { newRepair, repair, repairChange } from '#registry/repair.ts';
import { RepairNotFound, type Repairs } from '#registry/repairs.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { actingIn } from '../auth/acting.ts';
import { authorOf } from '../auth/actor.ts';
import { errorBody } from '../errors.ts';
import { isUnchanged, versionOf } from './entity-tag.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;
const MAX_TEXT = 200;

const params = z.object({ id: z.string() });
const ofRepair = z.object({ id: z.string(), repairId: z.string() });
const place = z.string().trim().min(1).max(MAX_TEXT);
const area = {
  province: place.optional(),
  district: place.optional(),
  lao: place.optional(),
};
const ifMatch = z.object({
  'if-match': z.string().optional().meta({ description: 'the version that was read' }),
});

const repairHistory = z.object({
  versions: z.array(
    z.object({
      version: z.int(),
      at: z.iso.datetime(),
      author: authorship,
      changes: z
        .array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() }))
        .meta({ description: 'empty: it was opened' }),
    }),
  ),
});

const broken = z
  .object({
    cameraId: z.string(),
    position: z.string(),
    lao: z.object({ name: z.string(), district: z.string(), province: z.string() }),
    budgetSource: z.string(),
    declared: z.enum(declarations),
    declaredReason: z.string().nullable(),
    observed: z
      .object({
        state: z.string(),
        reason: z.string().nullable(),
        since: z.iso.datetime(),
        inIncident: z.boolean().meta({ description: 'with others at once: not its own fault' }),
      })
      .nullable()
      .meta({ description: 'what its stream shows; null: nobody has looked yet' }),
    since: z.iso.datetime().meta({ description: 'the earliest of declared, seen and reported' }),
    repair: repair.nullable().meta({ description: 'the open one' }),
  })
  .meta({ id: 'BrokenCamera' });

const total = z
  .object({
    province: z.string(),
    district: z.string().nullable(),
    lao: z.string().nullable(),
    toRepair: z.int(),
    undeclared: z.int(),
    withoutRepair: z.int(),
    overdue: z.int(),
    unrepairable: z.int(),
    longestSince: z.iso.datetime().nullable(),
  })
  .meta({ id: 'BrokenTotal' });

/** The repair log, and the lists of what is to be repaired. */
export function registerRepairRoutes(
  app: FastifyInstance,
  deps: {
    repairs: Repairs;
    registry: RegistryDatabase;
    readPlaces: (cameraIds: readonly string[]) => Promise<Map<string, Place>>;
    now: () => number;
  },
): void {
  const { repairs, registry, readPlaces, now } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  async function authorAt(request: FastifyRequest, cameraId: string): Promise<Author> {
    const lao = (await readPlaces([cameraId])).get(cameraId);
    if (lao === undefined) throw new CameraNotFound(cameraId);
    return authorOf(actingIn(request), lao);
  }

  typed.get(
    '/api/v1/repairs',
    {
      config: { action: 'repair.list' },
      schema: {
        summary: 'Broken cameras, longest first',
        description:
          'Declared so, seen so, or in repair. `kind`: `to-repair` all but unrepairable ones; `undeclared` seen broken and not declared; ' +
          '`without-repair` nobody has reported; `overdue` by the repair’s due day; `unrepairable`. What fell with others at once is an ' +
          'incident and not counted as seen broken.',
        tags: ['repairs'],
        querystring: z.object({
          ...area,
          kind: z.enum(brokenKinds).default('to-repair'),
          cursor: z.string().max(MAX_TEXT).optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: {
          200: z.object({ cameras: z.array(broken), nextCursor: z.string().nullable() }),
          304: z.null(),
          400: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { cursor, limit, ...filter } = request.query;
      const page = await brokenCameras(
        registry,
        { ...filter, within: request.areasFor('repair.list') },
        { after: cursor, limit, nowMs: now() },
      );
      const answer = { ...page, cameras: page.cameras.map(brokenJson) };
      if (isUnchanged(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );

  typed.get(
    '/api/v1/repairs/totals',
    {
      config: { action: 'repair.list' },
      schema: {
        summary: 'How many cameras are to be repaired, by province, district or LAO',
        tags: ['repairs'],
        querystring: z.object({ ...area, by: z.enum(totalLevels).default('lao') }),
        response: { 200: z.object({ totals: z.array(total) }), 304: z.null(), 400: errorBody },
      },
    },
    async (request, reply) => {
      const { by, ...filter } = request.query;
      const totals = await brokenTotals(
        registry,
        { ...filter, within: request.areasFor('repair.list') },
        { level: by, nowMs: now() },
      );
      const answer = {
        totals: totals.map(({ longestSinceMs, ...rest }) => ({
          ...rest,
          longestSince: longestSinceMs === null ? null : new Date(longestSinceMs).toISOString(),
        })),
      };
      if (isUnchanged(request, reply, answer)) return reply.code(304).send(null);
      return answer;
    },
  );

  typed.get(
    '/api/v1/cameras/:id/repairs',
    {
      config: { action: 'repair.list', subject: 'camera' },
      schema: {
        summary: 'The repair log of a camera, newest first',
        tags: ['repairs'],
        params,
        response: { 200: z.object({ repairs: z.array(repair) }), 404: errorBody },
      },
    },
    async (request) => ({ repairs: await repairs.of(request.params.id) }),
  );

  typed.post(
    '/api/v1/cameras/:id/repairs',
    {
      config: { action: 'repair.keep', subject: 'camera' },
      schema: {
        summary: 'Report a broken camera',
        description:
          'One step from "awaiting classification": the repair is opened and the camera declared under repair, both or neither. ' +
          'A camera is in one repair at a time (409 `repair_open_already`).',
        tags: ['repairs'],
        params,
        body: newRepair,
        response: { 201: repair, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const author = await authorAt(request, id);
      const { cause, state } = request.body;
      await request.record('repair.open', { kind: 'camera', id }, { detail: { cause, state } });
      const opened = await repairs.open(id, request.body, { author });
      return reply.code(201).send(opened);
    },
  );

  typed.patch(
    '/api/v1/cameras/:id/repairs/:repairId',
    {
      config: { action: 'repair.keep', subject: 'camera' },
      schema: {
        summary: 'Go on with a repair, or close it',
        description:
          'What is left out stays. A change of `state` declares the camera with it: `in-repair` under repair, `back-in-service` and ' +
          '`no-fault` working, `unrepairable` with its reason. A closed one keeps its state; its costs may be filled in.',
        tags: ['repairs'],
        params: ofRepair,
        headers: ifMatch,
        body: repairChange,
        response: { 200: repair, 400: errorBody, 404: errorBody, 409: errorBody, 428: errorBody },
      },
    },
    async (request) => {
      const { id, repairId } = request.params;
      const version = versionOf(request);
      const author = await authorAt(request, id);
      await request.record(
        'repair.change',
        { kind: 'camera', id },
        { detail: { repairId, fields: Object.keys(request.body), state: request.body.state } },
      );
      return repairs.change(id, repairId, request.body, { author, version });
    },
  );

  typed.get(
    '/api/v1/cameras/:id/repairs/:repairId/history',
    {
      config: { action: 'repair.list', subject: 'camera' },
      schema: {
        summary: 'Every change of a repair, newest first',
        tags: ['repairs'],
        params: ofRepair,
        response: { 200: repairHistory, 404: errorBody },
      },
    },
    async (request) => {
      const { id, repairId } = request.params;
      const versions = await repairs.history(id, repairId);
      if (versions.length === 0) throw new RepairNotFound(repairId);
      return {
        versions: versions.map(({ atMs, changes, ...version }) => ({
          ...version,
          at: new Date(atMs).toISOString(),
          changes: changes.map(([field, before, after]) => ({ field, before, after })),
        })),
      };
    },
  );
}

function brokenJson({ observed, sinceMs, ...rest }: BrokenCamera) {
  return {
    ...rest,
    since: new Date(sinceMs).toISOString(),
    observed:
      observed === null
        ? null
        : {
            state: observed.state,
            reason: observed.reason,
            since: new Date(observed.sinceMs).toISOString(),
            inIncident: observed.inIncident,
          },
  };
}
