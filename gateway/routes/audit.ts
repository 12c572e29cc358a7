import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { attachment } from '../attachment.ts';
import { auditActionNames } from '../audit/actions.ts';
import { auditOutcomes } from '../audit/audit.ts';
import { loggedEntrySchema } from '../audit/entry.ts';
import { exportLines } from '../audit/export.ts';
import { idsIn, type AuditName } from '../audit-names.ts';
import type { AuditKeeper } from '../audit/keeper.ts';
import type { AuditFilter, AuditPosition, StoredEntry } from '../audit/log.ts';
import { auditActorOf, auditOriginOf } from '../audit/request-entry.ts';
import { errorBody, TooManyExports } from '../errors.ts';
import { time } from '../given-time.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 500;
const MAX_TEXT = 200;
const MAX_EXPORTS = 2;

const filter = {
  from: time.optional().meta({ description: 'not before' }),
  to: time.optional().meta({ description: 'before' }),
  actor: z.string().max(MAX_TEXT).optional().meta({ description: "an actor's id" }),
  action: z.enum(auditActionNames).optional(),
  objectKind: z.string().max(MAX_TEXT).optional(),
  object: z.string().max(MAX_TEXT).optional().meta({ description: "an object's id" }),
  outcome: z.enum(auditOutcomes).optional(),
};

const listedEntry = loggedEntrySchema
  .safeExtend({ hash: z.string().meta({ description: 'of the chain, up to this entry; hex' }) })
  .meta({ id: 'ListedAuditEntry' });

const auditPage = z
  .object({
    entries: z.array(listedEntry),
    /** Entries that are no longer what was written: verify-audit says more. */
    unreadable: z.array(z.int()).meta({ description: 'sequences of entries that were damaged' }),
    names: z
      .record(z.string(), z.object({ kind: z.string(), name: z.string() }))
      .meta({ description: 'what ids within the entries are called today' }),
    nextCursor: z.string().nullable().meta({ description: 'null on the last page' }),
  })
  .meta({ id: 'AuditPage' });

const cursor = z
  .string()
  .regex(/^\d{1,15}\.\d{1,15}$/, 'not a nextCursor of this list')
  .transform((text): AuditPosition => {
    const [atMs, sequence] = text.split('.');
    return { atMs: Number(atMs), sequence: Number(sequence) };
  });

/** The audit log over HTTP, for auditors. Reading it is recorded too. */
export function registerAuditRoutes(
  app: FastifyInstance,
  { log, key }: Pick<AuditKeeper, 'log' | 'key'>,
  namesOf: (ids: readonly string[]) => Promise<ReadonlyMap<string, AuditName>>,
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  let exporting = 0;

  async function recordReading(
    request: FastifyRequest,
    action: 'audit.search' | 'audit.export',
  ): Promise<void> {
    await log.record({
      actor: auditActorOf(request.actor),
      action,
      object: { kind: 'audit', id: 'audit' },
      outcome: 'done',
      from: auditOriginOf(request),
      detail: { query: request.query },
    });
  }

  typed.get(
    '/api/v1/audit',
    {
      config: { action: 'audit.read' },
      schema: {
        summary: 'The audit log, newest first',
        tags: ['audit'],
        querystring: z.object({
          ...filter,
          cursor: cursor.optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: { 200: auditPage, 400: errorBody, 503: errorBody },
      },
    },
    async (request, reply) => {
      await recordReading(request, 'audit.search');
      const { cursor: before, limit } = request.query;
      void reply.header('Cache-Control', 'no-store');
      // One more than asked for tells whether there is a next page.
      const found = await log.list(filterOf(request.query), { before, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const entries = page.map(entryOf);
      const readable = entries.filter((entry) => entry !== undefined);
      return {
        entries: readable,
        names: Object.fromEntries(await namesOf(idsIn(readable))),
        unreadable: page.filter((_, i) => entries[i] === undefined).map(({ sequence }) => sequence),
        nextCursor:
          found.length > limit && last !== undefined ? `${last.at_ms}.${last.sequence}` : null,
      };
    },
  );

  typed.get(
    '/api/v1/audit/export',
    {
      config: { action: 'audit.export' },
      exposeHeadRoute: false,
      schema: {
        summary: 'The audit log as a file of JSON lines with its proof (application/x-ndjson)',
        description:
          'A header, the entries in the order of the log, and a signed manifest with the anchors. Entries in between that were not asked for ' +
          'keep their place by their digest. `npm run verify-audit -- file` checks it.',
        tags: ['audit'],
        querystring: z.object(filter),
        response: { 200: z.unknown(), 400: errorBody, 503: errorBody },
      },
    },
    async (request, reply) => {
      if (exporting >= MAX_EXPORTS) throw new TooManyExports('other exports are running');
      exporting++;
      let released = false;
      const release = (): void => {
        if (!released) exporting--;
        released = true;
      };
      reply.raw.once('close', release);
      try {
        await recordReading(request, 'audit.export');
        const nowMs = Date.now();
        const lines = exportLines({
          log,
          key,
          filter: filterOf(request.query),
          exportedBy: auditActorOf(request.actor).id,
          nowMs,
        });
        const file = { name: 'บันทึกการใช้งาน', plainName: 'audit', extension: 'jsonl' };
        return await reply
          .header('Content-Type', 'application/x-ndjson; charset=utf-8')
          .header('Content-Disposition', attachment({ ...file, fromMs: nowMs }))
          .header('Cache-Control', 'no-store')
          .send(Readable.from(lines));
      } catch (error) {
        release();
        throw error;
      }
    },
  );
}

function filterOf(query: {
  from?: number | undefined;
  to?: number | undefined;
  actor?: string | undefined;
  action?: AuditFilter['action'];
  objectKind?: string | undefined;
  object?: string | undefined;
  outcome?: AuditFilter['outcome'];
}): AuditFilter {
  return {
    fromMs: query.from,
    toMs: query.to,
    actorId: query.actor,
    action: query.action,
    objectKind: query.objectKind,
    objectId: query.object,
    outcome: query.outcome,
  };
}

/** Undefined: it is no longer what was written. */
function entryOf({ body, hash }: StoredEntry): z.infer<typeof listedEntry> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  const entry = loggedEntrySchema.safeParse(json).data;
  return entry === undefined ? undefined : { ...entry, hash };
}
