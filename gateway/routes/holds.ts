import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { typedLine } from '#registry/text.ts';
import { HoldNotFound, type Hold } from '#storage/catalogue/holds.ts';
import type { Actor, HoldShown, LegalHolds } from '#storage/legal-hold.ts';
import { actingIn } from '../auth/acting.ts';
import { ADMIN_TOKEN_ACCOUNT } from '../auth/admission.ts';
import { errorBody } from '../errors.ts';
import { permitCameras, visibleCameras, visiblePage, type ReadPlaces } from '../visible-cameras.ts';
import { iso, isoTime, range } from './footage-range.ts';

const MAX_CAMERAS = 50;
const MAX_HOLD_MS = 366 * 86_400_000;
const MAX_REASON = 500;
const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;

export const reasonGiven = typedLine(MAX_REASON);

const actJson = z.object({ id: z.string(), name: z.string(), at: isoTime });
const holdJson = z
  .object({
    id: z.string(),
    cameraId: z.string(),
    from: isoTime,
    to: isoTime,
    reason: z.string(),
    placed: actJson,
    released: actJson
      .extend({ reason: z.string() })
      .nullable()
      .meta({ description: 'null while it is in force' }),
    recordings: z.int().meta({ description: 'files of footage in the range now' }),
    bytes: z.int(),
    guarded: z.int().meta({
      description: 'of these, files that the object store itself refuses to delete',
    }),
  })
  .meta({ id: 'LegalHold' });

export interface HoldRouteDeps {
  holds: Pick<LegalHolds, 'place' | 'release' | 'get' | 'list' | 'shown'>;
  readPlaces: ReadPlaces;
}

/** Legal holds: footage that nothing deletes until somebody else lets it go. */
export function registerHoldRoutes(app: FastifyInstance, deps: HoldRouteDeps): void {
  const { holds, readPlaces } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.post(
    '/api/v1/holds',
    {
      config: { action: 'footage.hold' },
      schema: {
        summary: 'Hold footage of cameras, so that nothing deletes it',
        description:
          'All of the cameras or none. What is in the range now is kept, and what will still be recorded in it; what was deleted ' +
          'before stays deleted: the timeline tells.',
        tags: ['footage'],
        body: range(MAX_HOLD_MS)
          .safeExtend({
            cameraIds: z
              .array(z.uuidv7())
              .min(1)
              .max(MAX_CAMERAS)
              .refine((ids) => new Set(ids).size === ids.length, 'must not name a camera twice'),
            reason: reasonGiven,
          })
          .strict()
          .meta({
            examples: [
              {
                cameraIds: ['019ec1a0-0000-7000-8000-000000000001'],
                from: '2026-11-25T08:00:00+07:00',
                to: '2026-11-25T09:00:00+07:00',
                reason: 'คดีอาญาที่ 123/2569 สภ.เกาะลันตา',
              },
            ],
          }),
        response: {
          201: z.object({ holds: z.array(holdJson) }),
          400: errorBody,
          404: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { cameraIds, from, to, reason } = request.body;
      await permitCameras(request, 'footage.hold', cameraIds, readPlaces);
      for (const id of cameraIds) {
        await request.record(
          'hold.place',
          { kind: 'camera', id },
          { why: reason, detail: { from: iso(from), to: iso(to) } },
        );
      }
      const by = whoActs(request);
      const placed = await holds.place({ cameraIds, fromMs: from, toMs: to, reason, by });
      void reply.code(201);
      return { holds: placed.map(jsonOf) };
    },
  );

  typed.get(
    '/api/v1/holds',
    {
      config: { action: 'footage.list' },
      schema: {
        summary: 'Holds, the newest first',
        tags: ['footage'],
        querystring: z.object({
          cameraId: z.uuidv7().optional(),
          state: z.enum(['in-force', 'released', 'all']).default('in-force'),
          cursor: z.uuidv7().optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: {
          200: z.object({ holds: z.array(holdJson), nextCursor: z.string().nullable() }),
          400: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { cameraId, state, cursor, limit } = request.query;
      const filter = { cameraId, inForce: state === 'all' ? undefined : state === 'in-force' };
      const { rows, next } = await visiblePage<Hold>({
        limit,
        read: (after, count) => holds.list(filter, { before: after?.id ?? cursor, limit: count }),
        visible: async (some) => {
          const ids = await visibleCameras(
            request,
            'footage.list',
            some.map((hold) => hold.cameraId),
            readPlaces,
          );
          return some.filter((hold) => ids.has(hold.cameraId));
        },
      });
      void reply.header('Cache-Control', 'no-store');
      return {
        holds: (await holds.shown(rows)).map(jsonOf),
        nextCursor: next?.id ?? null,
      };
    },
  );

  typed.post(
    '/api/v1/holds/:holdId/release',
    {
      config: { action: 'footage.release' },
      schema: {
        summary: 'Release a hold',
        description:
          'By another person than the one who placed it. What is past its days is then deleted by the next sweep, which begins ' +
          'within ten minutes.',
        tags: ['footage'],
        params: z.object({ holdId: z.uuidv7() }),
        body: z
          .strictObject({ reason: reasonGiven })
          .meta({ examples: [{ reason: 'คดีถึงที่สุดแล้ว' }] }),
        response: { 200: holdJson, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { holdId } = request.params;
      const { reason } = request.body;
      const hold = await holds.get(holdId);
      if (hold === undefined) throw new HoldNotFound(holdId);
      const visible = await visibleCameras(request, 'footage.list', [hold.cameraId], readPlaces);
      // Of a camera that does not exist for them, no hold does.
      if (!visible.has(hold.cameraId)) throw new HoldNotFound(holdId);
      await permitCameras(request, 'footage.release', [hold.cameraId], readPlaces);
      await request.record(
        'hold.release',
        { kind: 'camera', id: hold.cameraId },
        { why: reason, detail: { hold: holdId, from: iso(hold.fromMs), to: iso(hold.toMs) } },
      );
      return jsonOf(await holds.release(holdId, { by: whoActs(request), reason }));
    },
  );
}

/** A token acts for the person that made it. */
export function whoActs(request: FastifyRequest): Actor {
  const { id, name } = actingIn(request);
  // A token of a person's acts for that person; this one may be in the hands of whoever began.
  return { id, name, isPerson: id !== ADMIN_TOKEN_ACCOUNT };
}

function jsonOf(hold: HoldShown): z.infer<typeof holdJson> {
  const { placed, released } = hold;
  return {
    id: hold.id,
    cameraId: hold.cameraId,
    from: iso(hold.fromMs),
    to: iso(hold.toMs),
    reason: hold.reason,
    placed: { id: placed.by, name: placed.name, at: iso(placed.ms) },
    released:
      released === null
        ? null
        : {
            id: released.by,
            name: released.name,
            at: iso(released.ms),
            reason: released.reason,
          },
    recordings: hold.recordings,
    bytes: hold.byteLength,
    guarded: hold.guarded,
  };
}
