import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { countedCameras, countedStatuses, countKinds } from '#registry/survey/counted-cameras.ts';
import { countLevels, surveyCounts } from '#registry/survey/counts.ts';
import { DEFAULT_WINDOW_MS } from '#registry/survey/statuses.ts';
import { errorBody } from '../errors.ts';
import { isUnchanged } from './entity-tag.ts';
import { countedCameraJson, countedCamerasAnswer, countsAnswer } from './survey-count-json.ts';
import { iso } from './survey-json.ts';

const MAX_TEXT = 200;
const MAX_CAMERAS = 500;
const DEFAULT_CAMERAS = 100;

/** Everybody is told at once that counts changed, and asks: those who ask the same get the same. */
const COUNTED_FOR_MS = 1_000;
/** Questions that are remembered. */
const MAX_SHARED = 200;

const text = z.string().trim().min(1).max(MAX_TEXT);
const place = { province: text.optional(), district: text.optional(), lao: text.optional() };

/** How many cameras there are and in what condition: now and for the survey, and the cameras behind each number. */
export function registerSurveyCountRoutes(
  app: FastifyInstance,
  { registry, now }: { registry: RegistryDatabase; now: () => number },
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const counted = sharedFor(COUNTED_FOR_MS, now);

  typed.get(
    '/api/v1/survey/counts',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Cameras counted: now (seconds), and for the survey (a window of hours)',
        description:
          'In the order of the form: province, district, LAO, budget source. `survey` counts as the form does: damaged is what was seen damaged for most of ' +
          'the window, or is declared so. `now` is what is seen this minute. The event `counts` of /api/v1/events tells when to ask again.',
        tags: ['survey'],
        querystring: z.object({
          by: z
            .enum(countLevels)
            .default('budget-source')
            .meta({ description: 'how far down rows go; budget-source: LAO × budget source' }),
          ...place,
        }),
        response: { 200: countsAnswer, 304: z.null(), 400: errorBody },
      },
    },
    async (request, reply) => {
      const { by, ...filter } = request.query;
      const within = request.areasFor('survey.read');
      const asked = { ...filter, within };
      const counts = await counted(JSON.stringify([by, asked]), async () =>
        surveyCounts(registry, by, asked),
      );
      if (isUnchanged(request, reply, counts)) return reply.code(304).send(null);
      return { at: iso(now()), windowHours: DEFAULT_WINDOW_MS / 3_600_000, ...counts };
    },
  );

  typed.get(
    '/api/v1/survey/cameras',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'The cameras behind a number of the counts',
        tags: ['survey'],
        querystring: z.object({
          count: z.enum(countKinds).default('survey'),
          status: z.enum(countedStatuses).default('all'),
          ...place,
          budgetSourceId: text.optional(),
          after: z.string().max(MAX_TEXT).optional(),
          limit: z.coerce.number().int().min(1).max(MAX_CAMERAS).default(DEFAULT_CAMERAS),
        }),
        response: { 200: countedCamerasAnswer, 400: errorBody },
      },
    },
    async (request) => {
      const { count, status, after, limit, ...filter } = request.query;
      const within = request.areasFor('survey.read');
      const found = await countedCameras(
        registry,
        count,
        status,
        { ...filter, within },
        { after, limit: limit + 1, nowMs: now() },
      );
      const cameras = found.slice(0, limit);
      return {
        cameras: cameras.map(countedCameraJson),
        nextAfter: found.length > limit ? (cameras.at(-1)?.id ?? null) : null,
      };
    },
  );
}

/** One answer for all who ask the same within a while; a failure is nobody's next answer. */
function sharedFor(
  forMs: number,
  now: () => number,
): <Answer>(question: string, ask: () => Promise<Answer>) => Promise<Answer> {
  const answers = new Map<string, { untilMs: number; answer: Promise<unknown> }>();
  return async <Answer>(question: string, ask: () => Promise<Answer>): Promise<Answer> => {
    const known = answers.get(question);
    if (known !== undefined && known.untilMs > now()) return known.answer as Promise<Answer>;
    if (answers.size >= MAX_SHARED) answers.clear();
    const answer = ask();
    answers.set(question, { untilMs: now() + forMs, answer });
    answer.catch(() => answers.delete(question));
    return answer;
  };
}
