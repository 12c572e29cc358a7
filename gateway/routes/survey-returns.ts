import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { Author } from '#registry/author.ts';
import { declarations } from '#registry/camera.ts';
import { OTHER_REASON, reasonsOf, type DeclaredStatus } from '#registry/declaration-reasons.ts';
import { DeclaredInFuture, type NewDeclaration } from '#registry/declarations.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { MAX_FORM_BYTES, readFormFile } from '#registry/survey/filled-form-file.ts';
import { surveyForm, type SurveyForm } from '#registry/survey/form.ts';
import { formXlsx } from '#registry/survey/form-xlsx.ts';
import { camerasOfReturn, shownCameras } from '#registry/survey/return-cameras.ts';
import { listedReturn, listReturns } from '#registry/survey/return-list.ts';
import { acceptedParts, rowsOf, totalsOf } from '#registry/survey/return-rows.ts';
import {
  MAX_CLASSIFIED_AT_ONCE,
  withoutEvidence,
  type Classification,
} from '#registry/survey/return-classifications.ts';
import { partsOf, waitingFor } from '#registry/survey/return-parts.ts';
import { ReturnNotFound } from '#registry/survey/return-refusals.ts';
import type { ReturnRowOf, VersionRow } from '#registry/survey/return-versions.ts';
import type { Returns } from '#registry/survey/returns.ts';
import { signatureOf } from '#registry/survey/signature.ts';
import { textLine } from '#registry/text.ts';
import { thaiDay } from '#registry/thai-day.ts';
import type { AuditAction } from '../audit/actions.ts';
import { authorOf, type Actor } from '../auth/actor.ts';
import { SignInNeeded } from '../auth/refusal.ts';
import { errorBody } from '../errors.ts';
import { actsUpon, fillingOf, readableArea, reviewOf } from '../survey-rights.ts';
import {
  formAnswer,
  returnCameras,
  returnDetail,
  toldReturn,
  toldReturnCamera,
  toldVersion,
} from './survey-json.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const FILE_TYPES = [XLSX, 'application/vnd.ms-excel', 'application/octet-stream', 'text/csv'];
const MAX_TEXT = 200;
const MAX_REASON = 500;
const MAX_NOTE = 200;
const MAX_NOTES = 500;
const MAX_CHILDREN = 500;
const MAX_CAMERAS = 500;
const DEFAULT_CAMERAS = 100;

const params = z.object({ returnId: z.string() });
const version = z
  .int()
  .min(1)
  .meta({ description: 'that was looked at: another means that somebody was faster' });
const givenVersion = z.coerce.number().int().min(1);
const day = z.iso.date();
const reason = textLine(MAX_REASON);
const cameraIds = z.array(z.string()).min(1).max(MAX_CLASSIFIED_AT_ONCE);
const exampleId = '019aa0b2-6a00-7000-8000-000000000000';

/** A reason is one of the status (declaration-reasons.ts), as for every declaration. */
function refuseOtherReasons(
  { status, reason: given, note }: { status: DeclaredStatus; reason: string; note: string | null },
  context: z.RefinementCtx,
): void {
  const known = reasonsOf(status);
  if (!known.includes(given)) {
    context.addIssue({
      code: 'custom',
      path: ['reason'],
      message: `${status} is said with one of ${known.join(', ')}`,
      params: { code: 'reason_not_of_status' },
    });
  }
  if (given === OTHER_REASON && note === null) {
    context.addIssue({
      code: 'custom',
      path: ['note'],
      message: 'another reason wants a note',
      params: { code: 'note_needed' },
    });
  }
}

const reasonCode = z
  .string()
  .max(MAX_TEXT)
  .meta({
    description: declarations.map((one) => `${one}: ${reasonsOf(one).join(', ')}`).join('\n'),
  });
const remark = textLine(MAX_REASON).nullable().default(null);

const classification = z
  .strictObject({
    version,
    cameras: cameraIds,
    status: z.enum(declarations),
    reason: reasonCode,
    note: remark,
    declare: z.boolean().default(true).meta({
      description: 'declare the cameras so as well, where nobody declared them since the cut-off',
    }),
  })
  .superRefine(refuseOtherReasons)
  .meta({
    examples: [{ version: 1, cameras: [exampleId], status: 'under-repair', reason: 'not-working' }],
  });

const inspection = z
  .strictObject({
    version,
    cameras: cameraIds,
    on: day.meta({ description: 'the day on which somebody stood before them' }),
    status: z.enum(declarations).nullable().default(null).meta({
      description: 'what they were found to be; null: as they count already',
    }),
    reason: reasonCode.nullable().default(null).meta({
      description: 'with a status; null: inspected, which says that they work',
    }),
    note: remark,
  })
  .superRefine(({ status, reason: given, note }, context) => {
    if (status !== null) {
      refuseOtherReasons({ status, reason: given ?? INSPECTED, note }, context);
    }
  })
  .meta({ examples: [{ version: 1, cameras: [exampleId], on: '2026-11-24' }] });
const INSPECTED = 'inspected';

const signing = z
  .strictObject({
    version,
    signature: z.strictObject({
      name: textLine(MAX_TEXT),
      position: textLine(MAX_TEXT),
      date: day,
    }),
    acceptProvisional: z.boolean().default(false).meta({
      description: 'sign what awaits classification as under repair',
    }),
    incompleteReason: reason.nullable().default(null).meta({
      description: 'why it is sent without returns below that are missing',
    }),
  })
  .meta({
    examples: [
      {
        version: 1,
        signature: { name: 'นายสมชาย ใจดี', position: 'ปลัดเทศบาล', date: '2026-11-24' },
      },
    ],
  });

const notes = z
  .strictObject({
    version,
    notes: z
      .array(
        z.strictObject({
          budgetSource: textLine(MAX_TEXT),
          note: z.string().trim().max(MAX_NOTE).normalize('NFC'),
        }),
      )
      .max(MAX_NOTES),
  })
  .meta({
    examples: [{ version: 1, notes: [{ budgetSource: 'กระทรวงมหาดไทย', note: 'รออะไหล่' }] }],
  });

const deciding = z.strictObject({ version }).meta({ examples: [{ version: 1 }] });
const decidingWhy = z
  .strictObject({ version, reason })
  .meta({ examples: [{ version: 1, reason: 'จำนวนไม่ตรงกับบัญชี' }] });

const sendingBack = z
  .strictObject({
    version,
    reason,
    state: z.enum(['submitted', 'accepted']).default('submitted').meta({
      description: 'as it was looked at: one that is accepted already is taken back knowingly',
    }),
  })
  .meta({ examples: [{ version: 1, reason: 'จำนวนไม่ตรงกับบัญชี' }] });

const changed = {
  200: returnDetail,
  400: errorBody,
  404: errorBody,
  409: errorBody,
};

export interface SurveyReturnDeps {
  registry: RegistryDatabase;
  returns: Returns;
  /** Declares cameras as they were classified. */
  declare: (
    cameraIds: readonly string[],
    said: NewDeclaration,
    before: { cutOffMs: number },
    author: Author,
  ) => Promise<void>;
  now: () => number;
}

/** What an LAO, a district or a province returns: looked at, filled in, signed, accepted or sent back. */
export function registerSurveyReturnRoutes(app: FastifyInstance, deps: SurveyReturnDeps): void {
  const { registry, returns, now } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  async function readable(request: FastifyRequest, id: string): Promise<ReturnRowOf> {
    const of = await returns.get(id);
    await readableArea(registry, request.actor, of);
    return of;
  }

  /** Throws what a client is told who may not. */
  async function permitted(
    request: FastifyRequest,
    id: string,
    rightOf: typeof fillingOf,
  ): Promise<ReturnRowOf> {
    const of = await returns.get(id);
    const { action, area } = rightOf(of, await readableArea(registry, request.actor, of));
    await request.permit(action, { kind: 'area', area });
    return of;
  }

  async function told(
    request: FastifyRequest,
    id: string,
    shownVersion?: number,
  ): Promise<z.infer<typeof returnDetail>> {
    const of = await readable(request, id);
    const listed = await listedReturn(registry, of, now());
    const closed = listed.round.state === 'closed';
    const versions = await returns.versions(id);
    const shown = versions.find((one) => one.version === (shownVersion ?? of.version));
    if (shown === undefined) throw new ReturnNotFound(`${id}, version ${shownVersion}`);
    const rows = await rowsOf(registry, of, shown);
    const parts = of.level === 'lao' ? [] : await acceptedParts(registry, id);
    const madeOf = of.level === 'lao' ? [] : await partsOf(registry, id, shown);
    const children =
      of.level === 'lao'
        ? []
        : await listReturns(
            registry,
            listed.round,
            { within: [{ level: 'country' }], parentId: id },
            { limit: MAX_CHILDREN, nowMs: now() },
          );
    const drafted = of.level === 'lao' && shown.state === 'draft' && shown.source === 'registry';
    const totals = totalsOf(rows);
    const acts = await actsUpon(registry, request.actor, [of, ...children.map((one) => one.of)], {
      closed,
    });
    return {
      ...toldReturn(listed, acts.get(id) ?? []),
      shown: toldVersion(shown),
      rows: rows.map((row, index) => ({ ordinal: index + 1, ...row })),
      totals,
      toDo: {
        awaiting: drafted ? totals.awaiting : 0,
        withoutEvidence: drafted ? (await withoutEvidence(registry, of)).length : 0,
      },
      children: children.map((one) => toldReturn(one, acts.get(one.of.id) ?? [])),
      waitingFor: of.level === 'lao' ? [] : await waitingFor(registry, id, parts),
      stale:
        shown.state !== 'draft' &&
        parts.some(
          ({ returnId, version: newest }) =>
            madeOf.find((part) => part.returnId === returnId)?.version !== newest,
        ),
      versions: versions.map(toldVersion),
    };
  }

  async function formOf(
    request: FastifyRequest,
    id: string,
    asked: number | undefined,
  ): Promise<{ form: SurveyForm; shown: VersionRow; of: ReturnRowOf }> {
    const of = await readable(request, id);
    const shown = (await returns.versions(id)).find((one) => one.version === (asked ?? of.version));
    if (shown === undefined) throw new ReturnNotFound(`${id}, version ${asked}`);
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

  typed.get(
    '/api/v1/survey/returns/:returnId',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'A return: its rows, what is still to do, its versions',
        tags: ['survey'],
        params,
        response: { 200: returnDetail, 404: errorBody },
      },
    },
    async (request) => told(request, request.params.returnId),
  );

  typed.get(
    '/api/v1/survey/returns/:returnId/versions/:version',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'A return as one of its versions was',
        tags: ['survey'],
        params: z.object({ returnId: z.string(), version: givenVersion }),
        response: { 200: returnDetail, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => told(request, request.params.returnId, request.params.version),
  );

  typed.get(
    '/api/v1/survey/returns/:returnId/cameras',
    {
      config: { action: 'survey.read' },
      schema: {
        summary:
          'The cameras behind an LAO’s return, as they were frozen and what was said of them',
        tags: ['survey'],
        params,
        querystring: z.object({
          show: z.enum(shownCameras).default('all'),
          version: givenVersion.optional(),
          after: z.string().max(MAX_TEXT).optional(),
          limit: z.coerce.number().int().min(1).max(MAX_CAMERAS).default(DEFAULT_CAMERAS),
        }),
        response: { 200: returnCameras, 400: errorBody, 404: errorBody },
      },
    },
    async (request) => {
      const of = await readable(request, request.params.returnId);
      const { show, after, limit, version: asked = of.version } = request.query;
      const found = await camerasOfReturn(registry, of, asked, show, { after, limit: limit + 1 });
      const cameras = found.slice(0, limit);
      return {
        cameras: cameras.map(toldReturnCamera),
        nextAfter: found.length > limit ? (cameras.at(-1)?.id ?? null) : null,
      };
    },
  );

  async function classify(
    request: FastifyRequest,
    returnId: string,
    asked: number,
    said: Classification,
    declaration: NewDeclaration | null,
  ): Promise<z.infer<typeof returnDetail>> {
    const of = await permitted(request, returnId, fillingOf);
    const author = returnAuthor(request, of);
    await record(request, 'survey.classify', of, {
      detail: { cameras: said.cameras.length, status: said.status, inspectedOn: said.inspectedOn },
    });
    await returns.classify(returnId, asked, said, author);
    if (declaration !== null) {
      const { round } = await listedReturn(registry, of, now());
      await deps.declare(said.cameras, declaration, round, author);
    }
    return told(request, returnId);
  }

  typed.post(
    '/api/v1/survey/returns/:returnId/classify',
    {
      config: { action: 'survey.fill' },
      schema: {
        summary:
          'Say what cameras are: what awaits classification, or is otherwise than it was counted',
        tags: ['survey'],
        params,
        body: classification,
        response: changed,
      },
    },
    async (request) => {
      const { version: asked, cameras, declare, ...said } = request.body;
      return classify(
        request,
        request.params.returnId,
        asked,
        { cameras, ...said, inspectedOn: null },
        declare ? said : null,
      );
    },
  );

  typed.post(
    '/api/v1/survey/returns/:returnId/inspected',
    {
      config: { action: 'survey.fill' },
      schema: {
        summary: 'Cameras that were inspected on site',
        description: 'Suffices for cameras that were neither seen nor declared lately.',
        tags: ['survey'],
        params,
        body: inspection,
        response: changed,
      },
    },
    async (request) => {
      const { version: asked, cameras, on, status, reason: given, note } = request.body;
      if (on > thaiDay(now())) throw new DeclaredInFuture(on);
      const why = given ?? INSPECTED;
      return classify(
        request,
        request.params.returnId,
        asked,
        { cameras, status, reason: status === null ? INSPECTED : why, note, inspectedOn: on },
        status === null ? null : { status, reason: why, note, on },
      );
    },
  );

  typed.put(
    '/api/v1/survey/returns/:returnId/notes',
    {
      config: { action: 'survey.fill' },
      schema: {
        summary: 'Notes (หมายเหตุ) by budget source',
        tags: ['survey'],
        params,
        body: notes,
        response: changed,
      },
    },
    async (request) => {
      const { returnId } = request.params;
      const of = await permitted(request, returnId, fillingOf);
      await record(request, 'survey.fill', of, { detail: { notes: request.body.notes.length } });
      const author = returnAuthor(request, of);
      await returns.setNotes(returnId, request.body.version, request.body.notes, author);
      return told(request, returnId);
    },
  );

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

  typed.post(
    '/api/v1/survey/returns/:returnId/submit',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Sign a return and send it to the level above',
        description:
          'An LAO’s goes to its district or province, never to the Department. Refused while cameras have no evidence, await classification, or returns below are ' +
          'missing; the last two can be signed knowingly.',
        tags: ['survey'],
        params,
        body: signing,
        response: changed,
      },
    },
    async (request) => {
      const { returnId } = request.params;
      const { version: asked, ...given } = request.body;
      const of = await permitted(request, returnId, fillingOf);
      await record(request, 'survey.submit', of, {
        detail: { signedBy: given.signature.name, position: given.signature.position },
      });
      await returns.submit(returnId, asked, given, returnAuthor(request, of));
      return told(request, returnId);
    },
  );

  typed.post(
    '/api/v1/survey/returns/:returnId/accept',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Accept a return from the level below',
        tags: ['survey'],
        params,
        body: deciding,
        response: changed,
      },
    },
    async (request) => {
      const { returnId } = request.params;
      const of = await permitted(request, returnId, reviewOf);
      await record(request, 'survey.accept', of);
      await returns.accept(returnId, request.body.version, personOf(actorOf(request)));
      return told(request, returnId);
    },
  );

  typed.post(
    '/api/v1/survey/returns/:returnId/send-back',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Send a return back, with the reason',
        tags: ['survey'],
        params,
        body: sendingBack,
        response: changed,
      },
    },
    async (request) => {
      const { returnId } = request.params;
      const of = await permitted(request, returnId, reviewOf);
      await record(request, 'survey.send-back', of, { why: request.body.reason });
      const author = personOf(actorOf(request));
      await returns.sendBack(returnId, request.body.version, request.body, author);
      return told(request, returnId);
    },
  );

  typed.post(
    '/api/v1/survey/returns/:returnId/correct',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Begin a correction of what was sent: a new version',
        description: 'What was accepted stands until the correction is accepted.',
        tags: ['survey'],
        params,
        body: decidingWhy,
        response: changed,
      },
    },
    async (request) => {
      const { returnId } = request.params;
      const of = await permitted(request, returnId, fillingOf);
      await record(request, 'survey.correct', of, { why: request.body.reason });
      const author = returnAuthor(request, of);
      await returns.correct(returnId, request.body.version, request.body.reason, author);
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

async function record(
  request: FastifyRequest,
  action: AuditAction,
  of: ReturnRowOf,
  more: { why?: string; detail?: Record<string, unknown> } = {},
): Promise<void> {
  await request.record(
    action,
    { kind: 'survey-return', id: of.id, label: `${of.name} ${of.province}` },
    { why: more.why, detail: { version: of.version, ...more.detail } },
  );
}

async function sendForm(reply: FastifyReply, form: SurveyForm): Promise<FastifyReply> {
  // RFC 8187: what encodeURIComponent leaves, and an extended value may not hold.
  const name = encodeURIComponent(`${form.fileName}.xlsx`).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return reply
    .header(
      'Content-Disposition',
      `attachment; filename="cctv-survey.xlsx"; filename*=UTF-8''${name}`,
    )
    .header('Cache-Control', 'no-store')
    .type(XLSX)
    .send(Buffer.from(await formXlsx(form)));
}

/** A district that fills in for an LAO does so as its proxy. */
function returnAuthor(request: FastifyRequest, of: ReturnRowOf): Author {
  const actor = actorOf(request);
  if (of.level !== 'lao') return personOf(actor);
  return authorOf(actor, { name: of.name, district: of.district, province: of.province });
}

function personOf({ id, name }: Actor): Author {
  return { id, name, proxyFor: null };
}

function actorOf(request: FastifyRequest): Actor {
  if (request.actor === undefined) throw new SignInNeeded();
  return request.actor;
}
