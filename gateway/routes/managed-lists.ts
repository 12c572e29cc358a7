import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { Author } from '#registry/author.ts';
import { authorship } from '#registry/camera.ts';
import type { ListVersion } from '#registry/list-history.ts';
import { actingIn, asThemselves } from '../auth/acting.ts';
import { decide } from '../auth/policy.ts';
import { errorBody } from '../errors.ts';
import { isUnchanged, versionOf } from './entity-tag.ts';

/** What the lists that cameras are registered under have in common: the Department keeps them, others propose. */

const params = z.object({ id: z.string() });

type ListPath = '/api/v1/laos' | '/api/v1/budget-sources' | '/api/v1/sites';

const merge = z.strictObject({ into: z.string() }).meta({
  examples: [{ into: '019aa0b2-6a00-7000-8000-000000000000' }],
});
const merged = z.object({ cameras: z.int().meta({ description: 'how many went there' }) });
const mergePreview = z
  .object({
    cameras: z.int().meta({ description: 'also deleted ones, which a merge takes too' }),
    deletedCameras: z.int().meta({ description: 'among the cameras' }),
    sites: z.array(
      z.object({
        name: z.string(),
        joins: z.boolean().meta({
          description: 'the other has a site of the name: its budgets hold from then on',
        }),
      }),
    ),
    people: z.int().meta({ description: 'accounts with a role for it' }),
  })
  .meta({
    id: 'MergePreview',
    examples: [
      { cameras: 12, deletedCameras: 1, sites: [{ name: 'ตู้ 1', joins: true }], people: 2 },
    ],
  });

/** Two rows of a list become one. */
export function registerMerge(
  app: FastifyInstance,
  list: {
    path: ListPath;
    summary: string;
    /** As the audit log has it. Throws where there is no such row. */
    objectOf: (id: string) => Promise<ListObject>;
    /** Returns how many cameras went there. */
    merge: (id: string, into: string, options: { author: Author }) => Promise<number>;
    /** Throws as `merge` does. */
    preview: (id: string, into: string) => Promise<z.input<typeof mergePreview>>;
  },
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    `${list.path}/:id/merge`,
    {
      config: { action: 'place.manage' },
      schema: {
        summary: 'What a merge into another would take along, as things stand',
        tags: ['places'],
        params,
        querystring: merge,
        response: { 200: mergePreview, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => list.preview(request.params.id, request.query.into),
  );

  typed.post(
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

const history = z
  .object({
    versions: z.array(
      z.object({
        version: z.int(),
        at: z.iso.datetime(),
        author: authorship,
        changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
      }),
    ),
  })
  .meta({ id: 'ListHistory' });

/** What became of a row of a list. Cameras name it by id: its new names are here, and not among their changes. */
export function registerListHistory(
  app: FastifyInstance,
  list: {
    path: ListPath;
    /** Throws where there is no such row for whoever asks. */
    history: (request: FastifyRequest, id: string) => Promise<ListVersion[]>;
  },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    `${list.path}/:id/history`,
    {
      config: { action: 'camera.list' },
      schema: {
        summary: 'Every change of a row of the list, newest first',
        tags: ['places'],
        params,
        response: { 200: history, 404: errorBody },
      },
    },
    async (request) => {
      const versions = await list.history(request, request.params.id);
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

const ifMatch = z.object({
  'if-match': z.string().optional().meta({ description: 'the version that was read' }),
});

/** A row of a list is changed: as themselves, upon the version that they read. Throws VersionRequired. */
export function registerListChange<
  Row extends { name: string; version: number },
  Change extends object,
>(
  app: FastifyInstance,
  list: {
    path: ListPath;
    summary: string;
    description?: string;
    kind: ListObject['kind'];
    row: z.ZodType<Row>;
    body: z.ZodType<Change>;
    /** Throws where there is no such row. */
    get: (id: string) => Promise<Row>;
    change: (
      id: string,
      change: Change,
      options: { author: Author; version: number },
    ) => Promise<Row>;
  },
): void {
  const { path, summary, description, kind, row, body } = list;
  app.patch<{ Params: z.output<typeof params> }>(
    `${path}/:id`,
    {
      config: { action: 'place.manage' },
      schema: {
        summary,
        ...(description === undefined ? {} : { description }),
        tags: ['places'],
        params,
        headers: ifMatch,
        body,
        response: { 200: row, 400: errorBody, 404: errorBody, 409: errorBody, 428: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      // Parsed by `body`.
      const change = request.body as Change;
      const by = { version: versionOf(request), author: asThemselves(actingIn(request)) };
      const before = await list.get(id);
      await recordPlace(request, { kind, id, label: before.name }, beforeAndAfter(before, change));
      const changed = await list.change(id, change, by);
      isUnchanged(request, reply, changed, changed.version);
      return reply.send(changed);
    },
  );
}

/** What a change is recorded with: before, of the fields that it gives, and after. */
function beforeAndAfter(
  row: object,
  change: object,
): { before: Record<string, unknown>; changed: object } {
  const old = row as Readonly<Record<string, unknown>>;
  const before = Object.fromEntries(Object.keys(change).map((field) => [field, old[field]]));
  return { before, changed: change };
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
