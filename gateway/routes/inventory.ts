import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { LiveStates } from '#ingest/live-states.ts';
import type { Area } from '#registry/area.ts';
import type { Camera } from '#registry/camera.ts';
import type { Author } from '#registry/author.ts';
import type { Cameras } from '#registry/cameras.ts';
import type { Conditions } from '#registry/events/condition-board.ts';
import { csvOfInventory } from '#registry/inventory/csv-out.ts';
import { MAX_KEPT_REFUSED } from '#registry/inventory/import-run.ts';
import { ACCEPTED_KEPT_MS, type AcceptedImport } from '#registry/inventory/accepted-imports.ts';
import { ImportNotFound, type KeptImport, type Imports } from '#registry/inventory/imports.ts';
import { fates } from '#registry/inventory/fates.ts';
import { MAX_FILE_BYTES } from '#registry/inventory/workbook-kind.ts';
import type { TemplateFor } from '#registry/inventory/template-for.ts';
import { xlsxOfInventory, xlsxTemplate } from '#registry/inventory/xlsx-out.ts';
import { actingIn, asThemselves } from '../auth/acting.ts';
import { attachment } from '../attachment.ts';
import type { Audit } from '../audit/audit.ts';
import { auditActorOf, auditOriginOf } from '../audit/request-entry.ts';
import { authorOf, type Actor } from '../auth/actor.ts';
import { errorBody } from '../errors.ts';
import { cameraFilter, observedNow } from './camera-filter.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const FILE_TYPES = [
  XLSX,
  'application/vnd.ms-excel',
  'application/vnd.ms-excel.sheet.macroEnabled.12',
  'application/octet-stream',
  'text/csv',
];
/** 32 MB over a line of 2 Mbit/s. */
const UPLOAD_TIMEOUT_MS = 150_000;
const EXPORT_PAGE = 250;
const MAX_EXPORTS = 4;
const DEFAULT_ROWS = 100;
const MAX_ROWS = 500;

/** Files are being made for others; the client may come again. */
class TooManyInventoryExports extends Error {
  readonly code = 'too_many_inventory_exports';
}

const format = z.enum(['xlsx', 'csv']);
const remark = z.object({
  cell: z
    .string()
    .nullable()
    .meta({ description: 'as Excel names it; null: the file has no such column' }),
  heading: z.string(),
  text: z.string().meta({ description: 'what stands there; empty for addresses and passwords' }),
  reason: z.string().meta({ description: 'in Thai, for whoever filled it in' }),
});

const importedFile = z
  .object({
    id: z.string(),
    fileName: z.string(),
    phase: z
      .enum(['reading', 'comparing', 'ready', 'applying', 'applied', 'refused', 'failed'])
      .meta({
        description:
          'nothing is written before `applying`; ask again until it is another than reading, comparing, applying',
      }),
    progress: z.object({ done: z.int(), of: z.int().nullable() }),
    table: z
      .object({
        format,
        sheet: z.string(),
        headings: z.array(z.string()),
        unknownHeadings: z.array(z.string()).meta({ description: 'columns that are not read' }),
      })
      .nullable(),
    rows: z.int().nullable(),
    counts: z
      .object({
        new: z.int(),
        changed: z.int(),
        unchanged: z.int(),
        refused: z.int(),
        warned: z.int(),
      })
      .nullable(),
    plan: z.int().meta({
      description: 'number of the plan that is told, to be named by who accepts it; 0: none yet',
    }),
    changedMeanwhile: z.boolean().meta({
      description:
        'others changed the registry since the rows were seen: nothing was written, look at them anew',
    }),
    refusal: z
      .object({ code: z.string(), thai: z.string() })
      .nullable()
      .meta({ description: 'why the file as a whole is not taken' }),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'InventoryImport' });

const rowPage = z
  .object({
    rows: z.array(
      z.object({
        row: z.int(),
        fate: z.enum(fates),
        cameraId: z.string().nullable(),
        position: z.string(),
        lao: z.string(),
        differences: z.array(
          z.object({
            field: z.string(),
            heading: z.string(),
            before: z.string(),
            after: z.string(),
          }),
        ),
        values: z
          .array(z.object({ field: z.string(), heading: z.string(), value: z.string() }))
          .meta({ description: 'of a new one: each field as it will be stored, no password' }),
        problems: z.array(remark),
        warnings: z.array(remark),
      }),
    ),
    nextAfter: z.int().nullable().meta({ description: 'null on the last page' }),
  })
  .meta({ id: 'InventoryImportRows' });

const params = z.object({ importId: z.string() });

/** The inventory as a file: template, export, and import in two steps, of which the first writes nothing. */
export function registerInventoryRoutes(
  app: FastifyInstance,
  deps: {
    imports: Imports;
    cameras: Pick<Cameras, 'list'>;
    liveStates: LiveStates;
    conditions?: Pick<Conditions, 'all'>;
    /** What a template has for somebody who may import in these areas. */
    templateFor: (areas: readonly Area[]) => Promise<TemplateFor>;
    audit: Audit;
  },
): void {
  const { imports, cameras, audit } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  let exports = 0;
  // Rights are asked for each time: whoever was moved since has not the import of where they were.
  const keptFor = (request: FastifyRequest, id: string): KeptImport =>
    imports.get(id, actingIn(request).id, request.areasFor('camera.import'));

  typed.get(
    '/api/v1/inventory/template',
    {
      config: { action: 'camera.import' },
      schema: {
        summary: 'The workbook to fill in',
        description:
          'Thai headings, drop-downs, and a sheet that says how. What all areas of whoever asks have in common is filled in, and the workbook ' +
          'offers the names that the lists have there. The file itself, not JSON.',
        tags: ['inventory'],
        querystring: z.object({ format: format.default('xlsx') }),
      },
    },
    async (request, reply) => {
      const { format: as } = request.query;
      const name = `attachment; filename="cctv-template.${as}"`;
      if (as === 'csv') return sendFile(reply, as, name, csvOfInventory(none()));
      const template = await deps.templateFor(request.areasFor('camera.import'));
      return sendFile(reply, as, name, xlsxTemplate(template));
    },
  );

  typed.get(
    '/api/v1/inventory/export',
    {
      config: { action: 'camera.export' },
      schema: {
        summary: 'The inventory as a workbook or as CSV',
        description:
          'Of the areas that whoever asks may export, narrowed as the list is; without passwords. Cameras in closed areas are no rows of the inventory: ' +
          'they come with `scope=closed-area` alone. Imported again it changes nothing. The file itself, not JSON.',
        tags: ['inventory'],
        querystring: z.object({
          format: format.default('xlsx'),
          ...cameraFilter,
        }),
      },
    },
    async (request, reply) => {
      if (exports >= MAX_EXPORTS)
        throw new TooManyInventoryExports('too many files are being made');
      const { format: as, observed, ...filter } = request.query;
      exports++;
      try {
        await audit.record({
          actor: auditActorOf(request.actor),
          action: 'camera.export',
          object: { kind: 'inventory', id: as },
          outcome: 'done',
          from: auditOriginOf(request),
          detail: { ...filter, observed },
        });
      } catch (error) {
        exports--;
        throw error;
      }
      reply.raw.once('close', () => exports--);
      const within = request.areasFor('camera.export');
      const among = observedNow(deps, observed);
      const name = attachment({
        name: 'ทะเบียนกล้อง',
        plainName: 'cctv-inventory',
        fromMs: Date.now(),
        extension: as,
      });
      const pages = pagesOf(cameras, { ...filter, within, among });
      const pieces = as === 'xlsx' ? xlsxOfInventory(pages) : csvOfInventory(pages);
      return sendFile(reply, as, name, pieces);
    },
  );

  // Files are taken on this one route, and nowhere else.
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      FILE_TYPES,
      { parseAs: 'buffer', bodyLimit: MAX_FILE_BYTES },
      (_request, body, done) => done(null, body),
    );
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/api/v1/inventory/imports',
      {
        bodyLimit: MAX_FILE_BYTES,
        config: { action: 'camera.import', bodyTimeoutMs: UPLOAD_TIMEOUT_MS },
        schema: {
          summary: 'Have a file read; nothing is written',
          description:
            'The body is the file itself, .xlsx or .csv, at most 32 MB and 100,000 rows. It is read and compared with the registry: ask for its ' +
            'state until it is `ready`, look at the rows, then accept it or throw it away. An earlier file of the same account is thrown away.',
          tags: ['inventory'],
          consumes: FILE_TYPES,
          querystring: z.object({ fileName: z.string().max(255).default('') }),
          response: { 202: importedFile, 413: errorBody, 415: errorBody, 503: errorBody },
        },
      },
      async (request, reply) => {
        const body = request.body as Buffer;
        const begun = await imports.begin({
          actorId: actingIn(request).id,
          fileName: request.query.fileName,
          // A copy of its own: the thread takes the memory along.
          bytes: new Uint8Array(body),
          areas: request.areasFor('camera.import'),
        });
        return reply
          .code(202)
          .header('Location', `/api/v1/inventory/imports/${begun.id}`)
          .send(toldOf(begun));
      },
    );
  });

  typed.get(
    '/api/v1/inventory/imports/:importId',
    {
      config: { action: 'camera.import' },
      schema: {
        summary: 'How far an import is',
        description:
          'Of one that was accepted it is told for 90 days, also when the gateway ended meanwhile: `applied`, all of its rows are saved; or `failed` with ' +
          '`import_interrupted`, none is. 404: it was never accepted, nothing of it is saved.',
        tags: ['inventory'],
        params,
        response: { 200: importedFile, 404: errorBody },
      },
    },
    async (request) => {
      const { importId } = request.params;
      try {
        return toldOf(keptFor(request, importId));
      } catch (error) {
        if (!(error instanceof ImportNotFound)) throw error;
        const areas = request.areasFor('camera.import');
        const earlier = await imports.earlier(importId, actingIn(request).id, areas);
        if (earlier === undefined) throw error;
        return toldOfEarlier(earlier);
      }
    },
  );

  typed.get(
    '/api/v1/inventory/imports/:importId/rows',
    {
      config: { action: 'camera.import' },
      schema: {
        summary: 'What will become of each row',
        description: `Once the file is written: those that were refused, at most ${MAX_KEPT_REFUSED}.`,
        tags: ['inventory'],
        params,
        querystring: z.object({
          show: z.enum([...fates, 'warned']).optional(),
          after: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(1).max(MAX_ROWS).default(DEFAULT_ROWS),
        }),
        response: { 200: rowPage, 404: errorBody },
      },
    },
    async (request) => {
      const { show, after, limit } = request.query;
      const { run } = keptFor(request, request.params.importId);
      const found = await run.rows({ show, after, limit: limit + 1 });
      const rows = found.slice(0, limit);
      return {
        rows: rows.map(({ differences, values, problems, warnings, ...row }) => ({
          ...row,
          differences: [...differences],
          values: [...values],
          problems: [...problems],
          warnings: [...warnings],
        })),
        nextAfter: found.length > limit ? (rows.at(-1)?.row ?? null) : null,
      };
    },
  );

  typed.post(
    '/api/v1/inventory/imports/:importId/accept',
    {
      config: { action: 'camera.import' },
      schema: {
        summary: 'Write what the rows say',
        description:
          'In one transaction: all of it, or nothing. Whoever accepts attests the scope of each camera that is new or changed. Where others changed the registry since, ' +
          'nothing is written, and the state is `ready` again with `changedMeanwhile`.',
        tags: ['inventory'],
        params,
        body: z
          .object({
            plan: z.int().min(1).meta({
              description:
                '`plan` of the state that was looked at; another one is answered with 409',
            }),
            skipRefused: z.boolean().default(false).meta({
              description:
                'leave refused rows out; otherwise a file with one is not written at all',
            }),
          })
          .meta({ examples: [{ plan: 1, skipRefused: true }] }),
        response: { 202: importedFile, 404: errorBody, 409: errorBody },
      },
    },
    async (request, reply) => {
      const actor = actingIn(request);
      const kept = keptFor(request, request.params.importId);
      await audit.record({
        actor: auditActorOf(actor),
        action: 'camera.import',
        object: { kind: 'inventory', id: kept.id, label: kept.fileName },
        outcome: 'done',
        from: auditOriginOf(request),
        detail: { ...kept.run.state.counts, phase: kept.run.state.phase },
      });
      kept.run.accept({
        author: importAuthor(actor, kept),
        plan: request.body.plan,
        skipRefused: request.body.skipRefused,
      });
      return reply.code(202).send(toldOf(kept));
    },
  );

  typed.delete(
    '/api/v1/inventory/imports/:importId',
    {
      config: { action: 'camera.import' },
      schema: {
        summary: 'Throw a file away',
        description:
          'What is being written is not written then. Where it was being committed already, or is written, the answer is 409 `import_already_written`: ' +
          'all of it is in the register, the import is `applied`, and goes by itself.',
        tags: ['inventory'],
        params,
        response: { 204: z.null(), 404: errorBody, 409: errorBody },
      },
    },
    async (request, reply) => {
      await imports.discard(request.params.importId, actingIn(request).id);
      return reply.code(204).send(null);
    },
  );
}

function toldOf({ id, fileName, run, expiresAtMs }: KeptImport): z.infer<typeof importedFile> {
  const { table, ...state } = run.state;
  return {
    id,
    fileName,
    ...state,
    table:
      table === null
        ? null
        : { ...table, headings: [...table.headings], unknownHeadings: [...table.unknownHeadings] },
    expiresAt: new Date(expiresAtMs).toISOString(),
  };
}

const interruptedThai = 'ระบบหยุดทำงานก่อนบันทึกไฟล์นี้เสร็จ ไม่มีข้อมูลใดถูกบันทึก กรุณานำเข้าไฟล์อีกครั้ง';

/** Its rows are gone, and so is the process that wrote them, or failed to; `begun`: another one is at it. */
function toldOfEarlier(one: AcceptedImport): z.infer<typeof importedFile> {
  const { id, fileName, counts, state, acceptedAtMs } = one;
  const written = counts.new + counts.changed;
  return {
    id,
    fileName,
    phase: state === 'saved' ? 'applied' : state === 'lost' ? 'failed' : 'applying',
    progress: { done: state === 'saved' ? written : 0, of: written },
    table: null,
    rows: null,
    counts: { ...counts },
    plan: 0,
    changedMeanwhile: false,
    refusal: state === 'lost' ? { code: 'import_interrupted', thai: interruptedThai } : null,
    expiresAt: new Date(acceptedAtMs + ACCEPTED_KEPT_MS).toISOString(),
  };
}

/** A file of several LAOs has one author: a district's proxy is told in general then. */
function importAuthor(actor: Actor, { run }: KeptImport): Author {
  const [lao, another] = run.someLaos;
  if (lao === undefined) return asThemselves(actor);
  const author = authorOf(actor, lao);
  if (another === undefined || author.proxyFor === null) return author;
  return { ...author, proxyFor: 'หลาย อปท.' };
}

function sendFile(
  reply: FastifyReply,
  as: z.infer<typeof format>,
  disposition: string,
  pieces: AsyncIterable<Uint8Array | string>,
): FastifyReply {
  return reply
    .header('Content-Disposition', disposition)
    .header('Cache-Control', 'no-store')
    .type(as === 'xlsx' ? XLSX : 'text/csv; charset=utf-8')
    .send(Readable.from(pieces, { objectMode: false }));
}

/** Of the inventory closed areas are left out (forms.md §3), unless the filter names a scope. */
async function* pagesOf(
  cameras: Pick<Cameras, 'list'>,
  filter: Omit<Parameters<Cameras['list']>[0], 'after' | 'limit'>,
): AsyncGenerator<readonly Camera[]> {
  let after: string | undefined;
  for (;;) {
    const page = await cameras.list({ ...filter, after, limit: EXPORT_PAGE });
    const rows =
      filter.scope === undefined ? page.filter(({ scope }) => scope !== 'closed-area') : page;
    if (rows.length > 0) yield rows;
    if (page.length < EXPORT_PAGE) return;
    after = page.at(-1)?.id;
  }
}

async function* none(): AsyncGenerator<readonly Camera[]> {}
