import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { snapshotDifferences as differencesOf } from '#registry/survey/retaken-snapshot.ts';
import { errorBody } from '../errors.ts';
import { fillingOf } from '../survey-rights.ts';
import { snapshotDifferences } from './survey-return-json.ts';
import {
  changed,
  params,
  reason,
  record,
  returnAuthor,
  version,
  type ReturnRequests,
  type SurveyReturnDeps,
} from './survey-return-requests.ts';

const retaking = z
  .strictObject({ version, reason })
  .meta({ examples: [{ version: 2, reason: 'กล้องหน้าตลาด ๒ ตัวยังไม่ได้ลงทะเบียนในวันตัดยอด' }] });

/** Cameras that a return lacks, or has too many: put right in the registry, and from there in the return. */
export function registerReturnRetakingRoutes(
  app: FastifyInstance,
  { registry, returns }: SurveyReturnDeps,
  { permitted, told }: ReturnRequests,
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/survey/returns/:returnId/snapshot-differences',
    {
      config: { action: 'survey.fill' },
      schema: {
        summary: 'How the cameras of an LAO’s return differ from those that are registered now',
        description:
          'What `retake` would change. Of each kind the first 200 cameras are named, and `count` says how many there are.',
        tags: ['survey'],
        params,
        response: { 200: snapshotDifferences, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const of = await permitted(request, request.params.returnId, fillingOf);
      return differencesOf(registry, of);
    },
  );

  typed.post(
    '/api/v1/survey/returns/:returnId/retake',
    {
      config: { action: 'survey.fill' },
      schema: {
        summary: 'Take the cameras of an LAO’s return anew from the registry',
        description:
          'For cameras that were missing, entered twice or under a wrong budget source at the cut-off. Which cameras there are is as registered now; their condition ' +
          'stays that of the cut-off. The round’s snapshot and every version that was sent stay as they were.',
        tags: ['survey'],
        params,
        body: retaking,
        response: changed,
      },
    },
    async (request) => {
      const { returnId } = request.params;
      const { version: asked, reason: why } = request.body;
      const of = await permitted(request, returnId, fillingOf);
      await record(request, 'survey.retake', of, { why });
      await returns.retake(returnId, asked, why, returnAuthor(request, of));
      return told(request, returnId);
    },
  );
}
