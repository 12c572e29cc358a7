import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { declarations } from '#registry/camera.ts';
import { OTHER_REASON, reasonsOf, type DeclaredStatus } from '#registry/declaration-reasons.ts';
import { DeclaredInFuture, type NewDeclaration } from '#registry/declarations.ts';
import {
  MAX_CLASSIFIED_AT_ONCE,
  type Classification,
} from '#registry/survey/return-classifications.ts';
import { listedReturn } from '#registry/survey/return-list.ts';
import { typedLine } from '#registry/text.ts';
import { thaiDay } from '#registry/thai-day.ts';
import { fillingOf } from '../survey-rights.ts';
import type { returnDetail } from './survey-return-json.ts';
import {
  changed,
  exampleId,
  MAX_REASON,
  MAX_TEXT,
  params,
  record,
  returnAuthor,
  rowNotes,
  version,
  type ReturnRequests,
  type SurveyReturnDeps,
} from './survey-return-requests.ts';

const cameraIds = z.array(z.string()).min(1).max(MAX_CLASSIFIED_AT_ONCE);

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
const remark = typedLine(MAX_REASON).nullable().default(null);

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
    on: z.iso.date().meta({ description: 'the day on which somebody stood before them' }),
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

const notes = z.strictObject({ version, notes: rowNotes }).meta({
  examples: [{ version: 1, notes: [{ budgetSource: 'กระทรวงมหาดไทย', note: 'รออะไหล่' }] }],
});

/** What an LAO says of its cameras, and its notes. */
export function registerReturnFillingRoutes(
  app: FastifyInstance,
  deps: SurveyReturnDeps,
  { permitted, told }: ReturnRequests,
): void {
  const { registry, returns, now } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();

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
}
