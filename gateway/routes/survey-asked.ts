import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { country, type Area } from '#registry/area.ts';
import { findProvince } from '#registry/areas/official-areas.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { askedLaos } from '#registry/survey/asked-laos.ts';
import { errorBody } from '../errors.ts';
import { count } from './survey-json.ts';

const MAX_TEXT = 200;
const MAX_PROVINCES = 100;

const province = z.string().trim().min(1).max(MAX_TEXT);
const asked = z
  .object({
    listed: count,
    proposed: count.meta({
      description: 'not listed yet: such a one may be another spelling of one that is',
    }),
  })
  .meta({ id: 'AskedLaos', examples: [{ listed: 61, proposed: 2 }] });

/** Whom a round would ask, before it is opened. */
export function registerSurveyAskedRoute(app: FastifyInstance, registry: RegistryDatabase): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/survey/asked',
    {
      config: { action: 'survey.country' },
      schema: {
        summary: 'How many LAOs a round would ask for a return, as the list stands',
        tags: ['survey'],
        querystring: z.object({
          province: z
            .union([province, z.array(province).max(MAX_PROVINCES)])
            .optional()
            .meta({ description: 'once or several times; left out: the whole country' }),
        }),
        response: { 200: asked, 400: errorBody },
      },
    },
    async (request) => {
      const given = [request.query.province ?? []].flat();
      const scope = given.map((name): Area => ({
        level: 'province',
        province: findProvince(name)?.name ?? name,
      }));
      return askedLaos(registry, scope.length === 0 ? [country] : scope);
    },
  );
}
