import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { MAX_LAO_FILE_BYTES, readLaoFile } from '#registry/lao-file/lao-file.ts';
import { laoWorkbook } from '#registry/lao-file/lao-workbook.ts';
import type { LaoRow } from '#registry/lao-file/read-lao-rows.ts';
import {
  importRefusals,
  laoFates,
  MAX_IMPORTED_LAOS,
  type LaoFate,
  type LaoPlan,
} from '#registry/lao-import.ts';
import { newLao } from '#registry/lao.ts';
import type { Laos } from '#registry/laos.ts';
import { actingIn, asThemselves } from '../auth/acting.ts';
import { attachment } from '../attachment.ts';
import { errorBody } from '../errors.ts';
import { recordPlace } from './managed-lists.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const FILE_TYPES = [XLSX, 'application/vnd.ms-excel', 'application/octet-stream', 'text/csv'];
/** The list of all LAOs, as JSON. */
const MAX_IMPORT_BYTES = 4 * 1024 * 1024;
/** 4 MB over a line of 1 Mbit/s. */
const UPLOAD_TIMEOUT_MS = 60_000;

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

const dryRun = z
  .object({
    counts: z.object({ new: z.int(), changed: z.int(), unchanged: z.int(), refused: z.int() }),
    plan: z.string().meta({
      description: 'stands for what would be written, to be named by who accepts it',
    }),
    rows: z.array(
      z.object({
        row: z.int().meta({ description: 'as Excel counts' }),
        name: z.string(),
        fate: z.enum(laoFates),
        lao: newLao
          .nullable()
          .meta({ description: 'to be sent as `laos` of the import; null: it is refused' }),
        changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
        problems: z
          .array(
            z.object({
              cell: z.string().nullable(),
              heading: z.string(),
              text: z.string(),
              reason: z.string().meta({ description: 'in Thai, for whoever filled it in' }),
            }),
          )
          .meta({ description: 'of cells that cannot be read' }),
        refusal: z
          .enum(importRefusals)
          .nullable()
          .meta({ description: 'why the list does not take a row that can be read' }),
      }),
    ),
  })
  .meta({ id: 'LaoImportDryRun' });

/** The Department's list of LAOs as a file: out as a workbook, and in by a dry run whose plan is accepted, all of it or nothing. */
export function registerLaoImportRoutes(app: FastifyInstance, laos: Laos): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/laos/template',
    {
      config: { action: 'place.manage' },
      schema: {
        summary: 'The LAOs that are listed, as a workbook to be corrected and imported',
        description:
          'Imported again it changes nothing; without LAOs it is the empty form. The file itself, not JSON.',
        tags: ['places'],
      },
    },
    async (_request, reply) => {
      const name = attachment({
        name: 'รายชื่อ อปท.',
        plainName: 'laos',
        fromMs: Date.now(),
        extension: 'xlsx',
      });
      return reply
        .header('Content-Disposition', name)
        .header('Cache-Control', 'no-store')
        .type(XLSX)
        .send(Buffer.from(await laoWorkbook(await laos.list({ status: 'listed' }))));
    },
  );

  // A file is taken on this one route of the lists.
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      FILE_TYPES,
      { parseAs: 'buffer', bodyLimit: MAX_LAO_FILE_BYTES },
      (_request, body, done) => done(null, body),
    );
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/api/v1/laos/import/dry-run',
      {
        bodyLimit: MAX_LAO_FILE_BYTES,
        config: { action: 'place.manage', bodyTimeoutMs: UPLOAD_TIMEOUT_MS },
        schema: {
          summary: 'What an import of this file would do; nothing is written',
          description: `The body is the file itself, .xlsx or .csv, at most 4 MB and ${MAX_IMPORTED_LAOS} rows.`,
          tags: ['places'],
          consumes: FILE_TYPES,
          response: { 200: dryRun, 413: errorBody, 415: errorBody, 422: errorBody, 503: errorBody },
        },
      },
      async (request) => {
        const { body } = request;
        // JSON is parsed too, and is no list.
        const bytes = Buffer.isBuffer(body) ? new Uint8Array(body) : new Uint8Array();
        const rows = await readLaoFile(bytes);
        const given = rows.flatMap(({ lao }) => (lao === null ? [] : [lao]));
        return toldPlan(rows, await laos.planImport(given));
      },
    );
  });

  typed.post(
    '/api/v1/laos/import',
    {
      config: { action: 'place.manage', bodyTimeoutMs: UPLOAD_TIMEOUT_MS },
      bodyLimit: MAX_IMPORT_BYTES,
      schema: {
        summary: "Import the Department's list of LAOs",
        description:
          'What it names is listed; what it does not name stays. Rows are known by code, else by name. In one transaction. With `plan`, as a dry run told it, ' +
          'nothing is written where the list was changed since.',
        tags: ['places'],
        body: z.strictObject({
          laos: z.array(newLao).min(1).max(MAX_IMPORTED_LAOS),
          plan: z.string().max(MAX_PLAN_LENGTH).optional(),
        }),
        response: { 200: laoImport, 400: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { laos: rows, plan } = request.body;
      await recordPlace(request, { kind: 'area', id: 'list' }, { imported: rows.length });
      return laos.import(rows, { author: asThemselves(actingIn(request)), seen: plan });
    },
  );
}

/** A digest in hex. */
const MAX_PLAN_LENGTH = 64;

function toldPlan(
  rows: readonly LaoRow[],
  { fates, fingerprint }: LaoPlan,
): z.output<typeof dryRun> {
  const counts = { new: 0, changed: 0, unchanged: 0, refused: 0 };
  let next = 0;
  const told = rows.map(({ row, name, lao, problems }) => {
    // Those that can be read were planned, in their order.
    const planned: LaoFate | undefined = lao === null ? undefined : fates[next++];
    const fate = planned?.fate ?? 'refused';
    counts[fate]++;
    const changes = planned !== undefined && 'changes' in planned ? planned.changes : [];
    return {
      row,
      name,
      fate,
      lao: fate === 'refused' ? null : lao,
      changes: changes.map(([field, before, after]) => ({ field, before, after })),
      problems,
      refusal: planned?.fate === 'refused' ? planned.code : null,
    };
  });
  return { counts, plan: fingerprint, rows: told };
}
