import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { MAX_FORM_BYTES, readFormFile } from '#registry/survey/filled-form-file.ts';
import { surveyForm, type SurveyForm } from '#registry/survey/form.ts';
import { formXlsx } from '#registry/survey/form-xlsx.ts';
import { rowsOf } from '#registry/survey/return-rows.ts';
import type { ReturnRowOf, VersionRow } from '#registry/survey/return-versions.ts';
import { signatureOf } from '#registry/survey/signature.ts';
import { attachmentOf } from '../attachment.ts';
import { errorBody } from '../errors.ts';
import { fillingOf } from '../survey-rights.ts';
import { formAnswer } from './survey-return-json.ts';
import {
  changed,
  givenVersion,
  params,
  record,
  returnAuthor,
  type ReturnRequests,
  type SurveyReturnDeps,
} from './survey-return-requests.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const FILE_TYPES = [XLSX, 'application/vnd.ms-excel', 'application/octet-stream', 'text/csv'];

/** The letter's form of a return: printed, as a workbook, and as an LAO without linked cameras filled it in. */
export function registerReturnFormRoutes(
  app: FastifyInstance,
  { registry, returns }: SurveyReturnDeps,
  { readable, permitted, versionOf, told }: ReturnRequests,
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  async function formOf(
    request: FastifyRequest,
    id: string,
    asked: number | undefined,
  ): Promise<{ form: SurveyForm; shown: VersionRow; of: ReturnRowOf }> {
    const of = await readable(request, id);
    const shown = await versionOf(of, asked);
    const form = surveyForm(
      of.level === 'lao' ? 'lao' : 'province',
      await rowsOf(registry, of, shown),
      {
        province: of.province,
        district: of.level === 'province' ? null : of.district,
        lao: of.level === 'lao' ? of.name : null,
      },
      signatureOf(shown.signature),
    );
    return { form, shown, of };
  }

  // A file is taken on this one route of the survey.
  void app.register(async (scope) => {
    scope.addContentTypeParser(
      FILE_TYPES,
      { parseAs: 'buffer', bodyLimit: MAX_FORM_BYTES },
      (_request, body, done) => done(null, body),
    );
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/api/v1/survey/returns/:returnId/form',
      {
        bodyLimit: MAX_FORM_BYTES,
        config: { action: 'survey.fill' },
        schema: {
          summary: 'The counts of a filled form, for an LAO without linked cameras',
          description:
            'The body is the file itself, .xlsx or .csv, at most 2 MB. It is checked cell by cell: with one wrong, nothing of it is taken, and `details.problems` ' +
            'says in Thai what is wrong at each.',
          tags: ['survey'],
          params,
          consumes: FILE_TYPES,
          querystring: z.object({ version: givenVersion }),
          response: { ...changed, 413: errorBody, 415: errorBody, 422: errorBody, 503: errorBody },
        },
      },
      async (request) => {
        const { returnId } = request.params;
        const of = await permitted(request, returnId, fillingOf);
        const body = request.body;
        // JSON is parsed too, and is no form.
        const bytes = Buffer.isBuffer(body) ? new Uint8Array(body) : new Uint8Array();
        const rows = await readFormFile(bytes, of);
        await record(request, 'survey.form', of, { detail: { rows: rows.length } });
        const author = returnAuthor(request, of);
        await returns.takeForm(returnId, request.query.version, rows, author);
        return told(request, returnId);
      },
    );
  });

  typed.delete(
    '/api/v1/survey/returns/:returnId/form',
    {
      config: { action: 'survey.fill' },
      schema: {
        summary: 'The registry’s counts again, in place of a form’s',
        tags: ['survey'],
        params,
        querystring: z.object({ version: givenVersion }),
        response: changed,
      },
    },
    async (request) => {
      const { returnId } = request.params;
      const of = await permitted(request, returnId, fillingOf);
      await record(request, 'survey.form', of, { detail: { dropped: true } });
      await returns.dropForm(returnId, request.query.version);
      return told(request, returnId);
    },
  );

  typed.get(
    '/api/v1/survey/returns/:returnId/form',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'The form as it is printed: headings, merges, rows, totals, signature and notes',
        tags: ['survey'],
        params,
        querystring: z.object({ version: givenVersion.optional() }),
        response: { 200: formAnswer, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => {
      const { form, shown } = await formOf(request, request.params.returnId, request.query.version);
      return {
        ...form,
        columns: [...form.columns],
        notes: [...form.notes],
        version: shown.version,
        signed: shown.signature !== null,
      };
    },
  );

  typed.get(
    '/api/v1/survey/returns/:returnId/form.xlsx',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'The form as a workbook, named as the letter wants its e-mail called',
        description: 'The file itself, not JSON.',
        tags: ['survey'],
        params,
        querystring: z.object({ version: givenVersion.optional() }),
      },
    },
    async (request, reply) => {
      const { returnId } = request.params;
      const { form, of } = await formOf(request, returnId, request.query.version);
      await record(request, 'survey.export', of);
      return sendForm(reply, form);
    },
  );
}

async function sendForm(reply: FastifyReply, form: SurveyForm): Promise<FastifyReply> {
  return reply
    .header('Content-Disposition', attachmentOf(`${form.fileName}.xlsx`, 'cctv-survey.xlsx'))
    .header('Cache-Control', 'no-store')
    .type(XLSX)
    .send(Buffer.from(await formXlsx(form)));
}
