import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import {
  ShorteningNotFound,
  type Shortening,
  type ShorteningPreview,
} from '#storage/catalogue/shortenings.ts';
import { shorteningStates } from '#storage/catalogue/tables.ts';
import type { Shortenings } from '#storage/shortening.ts';
import type { Action } from '../auth/actions.ts';
import { errorBody } from '../errors.ts';
import { permitCameras, visibleCameras, visiblePage, type ReadPlaces } from '../visible-cameras.ts';
import { cameraParams, iso, isoTime } from './footage-range.ts';
import { reasonGiven, whoActs } from './holds.ts';

const MAX_CAMERAS = 100;
const MAX_DAYS = 36_500;
const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;

const actJson = z.object({ id: z.string(), name: z.string(), at: isoTime });
const cameraIdsGiven = z
  .array(z.uuidv7())
  .min(1)
  .max(MAX_CAMERAS)
  .refine((ids) => new Set(ids).size === ids.length, 'must not name a camera twice');
const daysGiven = z.int().min(1).max(MAX_DAYS);

const shorteningJson = z
  .object({
    id: z.string(),
    state: z.enum(shorteningStates),
    days: z.int(),
    reason: z.string(),
    requested: actJson,
    decided: actJson.extend({ reason: z.string().nullable() }).nullable(),
    effectiveAt: isoTime.nullable().meta({
      description: 'from then on recordings are deleted by it; until then it can be cancelled',
    }),
    cameras: z.array(z.object({ id: z.string(), fromDays: z.int() })),
  })
  .meta({ id: 'RetentionShortening' });

const previewJson = z
  .object({
    cameraId: z.string(),
    fromDays: z.int(),
    recordings: z.int().meta({ description: 'files that would be deleted' }),
    bytes: z.int(),
    oldest: isoTime.nullable(),
    newest: isoTime.nullable(),
    heldRecordings: z.int().meta({ description: 'as old, and kept by a hold' }),
  })
  .meta({ id: 'ShorteningPreview' });

/** How long footage is kept, and the act by which it is kept for fewer days. */
export function registerShorteningRoutes(
  app: FastifyInstance,
  { shortenings, readPlaces }: { shortenings: Shortenings; readPlaces: ReadPlaces },
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/cameras/:id/retention',
    {
      config: { action: 'footage.list', subject: 'camera' },
      schema: {
        summary: "How long a camera's footage is kept",
        tags: ['footage'],
        params: cameraParams,
        response: {
          200: z.object({
            inventoryDays: z.int().meta({ description: 'field ๙, or the default' }),
            days: z.int().meta({ description: 'in force: the longest that field ๙ ever said' }),
            pending: shorteningJson.nullable(),
          }),
          404: errorBody,
        },
      },
    },
    async (request, reply) => {
      const found = await shortenings.retention(request.params.id);
      void reply.header('Cache-Control', 'no-store');
      return { ...found, pending: found.pending && jsonOf(found.pending) };
    },
  );

  typed.post(
    '/api/v1/retention/shortenings/preview',
    {
      config: { action: 'retention.shorten' },
      schema: {
        summary: 'What would be deleted if footage were kept for fewer days',
        tags: ['footage'],
        body: z.strictObject({ cameraIds: cameraIdsGiven, days: daysGiven }).meta({
          examples: [{ cameraIds: ['019ec1a0-0000-7000-8000-000000000001'], days: 15 }],
        }),
        response: {
          200: z.object({ cameras: z.array(previewJson) }),
          400: errorBody,
          404: errorBody,
          409: errorBody,
        },
      },
    },
    async (request) => {
      const { cameraIds, days } = request.body;
      await permitCameras(request, 'retention.shorten', cameraIds, readPlaces);
      return { cameras: (await shortenings.preview(cameraIds, days)).map(previewOf) };
    },
  );

  typed.post(
    '/api/v1/retention/shortenings',
    {
      config: { action: 'retention.shorten' },
      schema: {
        summary: 'Ask that footage be kept for fewer days',
        description:
          'Nothing is deleted by it until another person has approved it and the time of grace is over. Not below what the ' +
          'inventory says (field ๙): change that first. A lengthening needs no act: field ๙ counts at once.',
        tags: ['footage'],
        body: z
          .strictObject({ cameraIds: cameraIdsGiven, days: daysGiven, reason: reasonGiven })
          .meta({
            examples: [
              {
                cameraIds: ['019ec1a0-0000-7000-8000-000000000001'],
                days: 15,
                reason: 'พื้นที่จัดเก็บไม่พอ ตามมติที่ประชุมครั้งที่ 3/2569',
              },
            ],
          }),
        response: {
          201: z.object({ shortening: shorteningJson, preview: z.array(previewJson) }),
          400: errorBody,
          404: errorBody,
          409: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { cameraIds, days, reason } = request.body;
      await permitCameras(request, 'retention.shorten', cameraIds, readPlaces);
      for (const { cameraId, fromDays } of await shortenings.preview(cameraIds, days)) {
        await request.record(
          'retention.request',
          { kind: 'camera', id: cameraId },
          { why: reason, detail: { fromDays, days } },
        );
      }
      const by = whoActs(request);
      const shortening = await shortenings.request({ cameraIds, days, reason, by });
      // Of what was entered: another act may have been done since the look before.
      const preview = await shortenings.previewOf(shortening);
      void reply.code(201);
      return { shortening: jsonOf(shortening), preview: preview.map(previewOf) };
    },
  );

  typed.get(
    '/api/v1/retention/shortenings',
    {
      config: { action: 'footage.list' },
      schema: {
        summary: 'Acts by which footage is kept for fewer days, the newest first',
        tags: ['footage'],
        querystring: z.object({
          state: z.enum(shorteningStates).optional(),
          cursor: z.uuidv7().optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: {
          200: z.object({
            shortenings: z.array(shorteningJson),
            nextCursor: z.string().nullable(),
          }),
          400: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { state, cursor, limit } = request.query;
      const { rows, next } = await visiblePage<Shortening>({
        limit,
        read: (after, count) =>
          shortenings.list({ state }, { before: after?.id ?? cursor, limit: count }),
        visible: async (some) => {
          const ids = await visibleCameras(
            request,
            'footage.list',
            some.flatMap(({ cameras }) => cameras.map(({ cameraId }) => cameraId)),
            readPlaces,
          );
          return some.filter(({ cameras }) => cameras.every(({ cameraId }) => ids.has(cameraId)));
        },
      });
      void reply.header('Cache-Control', 'no-store');
      return { shortenings: rows.map(jsonOf), nextCursor: next?.id ?? null };
    },
  );

  typed.get(
    '/api/v1/retention/shortenings/:shorteningId',
    {
      config: { action: 'footage.list' },
      schema: {
        summary: 'One of them, with what it would delete, or is about to',
        tags: ['footage'],
        params: z.object({ shorteningId: z.uuidv7() }),
        response: {
          200: z.object({ shortening: shorteningJson, preview: z.array(previewJson) }),
          400: errorBody,
          404: errorBody,
        },
      },
    },
    async (request, reply) => {
      const shortening = await seen(request, request.params.shorteningId, 'footage.list');
      void reply.header('Cache-Control', 'no-store');
      return {
        shortening: jsonOf(shortening),
        preview: (await shortenings.previewOf(shortening)).map(previewOf),
      };
    },
  );

  const decision = z
    .strictObject({ reason: reasonGiven })
    .meta({ examples: [{ reason: 'ตรวจแล้ว ไม่มีภาพที่ต้องใช้' }] });
  const decisions = {
    approve: {
      action: 'retention.approve',
      recorded: 'retention.approve',
      summary: 'Approve it',
      description:
        'By another person than the one who asked, which `ADMIN_TOKEN` is not. The time of grace begins.',
    },
    reject: {
      action: 'retention.approve',
      recorded: 'retention.reject',
      summary: 'Reject it',
      description: 'Nothing is deleted by it.',
    },
    cancel: {
      action: 'footage.hold',
      recorded: 'retention.cancel',
      summary: 'Cancel it, before it is done',
      description:
        'Whoever may hold footage may stop what would delete it, also after the approval.',
    },
  } as const;

  for (const decide of ['approve', 'reject', 'cancel'] as const) {
    const { action, recorded, summary, description } = decisions[decide];
    typed.post(
      `/api/v1/retention/shortenings/:shorteningId/${decide}`,
      {
        config: { action },
        schema: {
          summary,
          description,
          tags: ['footage'],
          params: z.object({ shorteningId: z.uuidv7() }),
          body: decision,
          response: { 200: shorteningJson, 400: errorBody, 404: errorBody, 409: errorBody },
        },
      },
      async (request) => {
        const { shorteningId } = request.params;
        const { reason } = request.body;
        const shortening = await seen(request, shorteningId, action);
        await recordDecision(request, recorded, shortening, reason);
        const by = whoActs(request);
        return jsonOf(await shortenings[decide](shorteningId, { by, reason }));
      },
    );
  }

  /** One whose cameras are all theirs; otherwise it does not exist. */
  async function seen(request: FastifyRequest, id: string, action: Action): Promise<Shortening> {
    const shortening = await shortenings.get(id);
    const cameraIds = shortening.cameras.map(({ cameraId }) => cameraId);
    try {
      await permitCameras(request, action, cameraIds, readPlaces);
    } catch (error) {
      throw error instanceof CameraNotFound ? new ShorteningNotFound(id) : error;
    }
    return shortening;
  }
}

async function recordDecision(
  request: FastifyRequest,
  action: 'retention.approve' | 'retention.reject' | 'retention.cancel',
  { id, days, cameras }: Shortening,
  reason: string,
): Promise<void> {
  for (const { cameraId, fromDays } of cameras) {
    await request.record(
      action,
      { kind: 'camera', id: cameraId },
      { why: reason, detail: { shortening: id, fromDays, days } },
    );
  }
}

function jsonOf(shortening: Shortening): z.infer<typeof shorteningJson> {
  const { requested, decided, effectiveMs } = shortening;
  return {
    id: shortening.id,
    state: shortening.state,
    days: shortening.days,
    reason: shortening.reason,
    requested: { id: requested.by, name: requested.name, at: iso(requested.ms) },
    decided:
      decided === null
        ? null
        : { id: decided.by, name: decided.name, at: iso(decided.ms), reason: decided.reason },
    effectiveAt: effectiveMs === null ? null : iso(effectiveMs),
    cameras: shortening.cameras.map(({ cameraId, fromDays }) => ({ id: cameraId, fromDays })),
  };
}

function previewOf(preview: ShorteningPreview): z.infer<typeof previewJson> {
  const { oldestMs, newestMs, byteLength, ...rest } = preview;
  return {
    ...rest,
    bytes: byteLength,
    oldest: oldestMs === null ? null : iso(oldestMs),
    newest: newestMs === null ? null : iso(newestMs),
  };
}
