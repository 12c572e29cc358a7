import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { camerasOfReturn, shownCameras } from '#registry/survey/return-cameras.ts';
import { errorBody } from '../errors.ts';
import { returnCameras, returnDetail, toldReturnCamera } from './survey-return-json.ts';
import { registerReturnFillingRoutes } from './survey-return-filling.ts';
import { registerReturnFormRoutes } from './survey-return-forms.ts';
import {
  givenVersion,
  MAX_TEXT,
  params,
  returnRequests,
  type SurveyReturnDeps,
} from './survey-return-requests.ts';
import { registerReturnRetakingRoutes } from './survey-return-retaking.ts';
import { registerReturnStepRoutes } from './survey-return-steps.ts';

const MAX_CAMERAS = 500;
const DEFAULT_CAMERAS = 100;

/** What an LAO, a district or a province returns: looked at, filled in, signed, accepted or sent back. */
export function registerSurveyReturnRoutes(app: FastifyInstance, deps: SurveyReturnDeps): void {
  const { registry } = deps;
  const requests = returnRequests(deps);
  const { readable, told } = requests;
  const typed = app.withTypeProvider<ZodTypeProvider>();
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

  registerReturnFillingRoutes(app, deps, requests);
  registerReturnFormRoutes(app, deps, requests);
  registerReturnRetakingRoutes(app, deps, requests);
  registerReturnStepRoutes(app, deps, requests);
}
