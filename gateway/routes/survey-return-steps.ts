import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { typedLine } from '#registry/text.ts';
import { actingIn, asThemselves } from '../auth/acting.ts';
import { fillingOf, reviewOf } from '../survey-rights.ts';
import {
  changed,
  MAX_TEXT,
  params,
  reason,
  record,
  returnAuthor,
  rowNotes,
  version,
  type ReturnRequests,
  type SurveyReturnDeps,
} from './survey-return-requests.ts';

const signing = z
  .strictObject({
    version,
    signature: z.strictObject({
      name: typedLine(MAX_TEXT),
      position: typedLine(MAX_TEXT),
      date: z.iso.date(),
    }),
    acceptProvisional: z.boolean().default(false).meta({
      description: 'sign what awaits classification as under repair',
    }),
    incompleteReason: reason.nullable().default(null).meta({
      description: 'why it is sent without returns below that are missing',
    }),
    notes: rowNotes.default([]).meta({
      description: 'of an LAO, written with the signature: those that were not saved before',
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

/** A return's way up and back: signed and sent, accepted, sent back, corrected. */
export function registerReturnStepRoutes(
  app: FastifyInstance,
  { returns }: SurveyReturnDeps,
  { permitted, told }: ReturnRequests,
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

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
      await returns.accept(returnId, request.body.version, asThemselves(actingIn(request)));
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
      const author = asThemselves(actingIn(request));
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
}
