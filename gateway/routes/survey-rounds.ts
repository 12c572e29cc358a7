import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { containsArea, country, type Area } from '#registry/area.ts';
import { findDistrict, findProvince } from '#registry/areas/official-areas.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { listReturns, progressOf, type ListedReturn } from '#registry/survey/return-list.ts';
import { reconcile } from '#registry/survey/reconciliation.ts';
import { remind, remindersOf } from '#registry/survey/reminders.ts';
import { deadlineOf, oursMs } from '#registry/survey/due.ts';
import type { Returns } from '#registry/survey/returns.ts';
import {
  newRound,
  provinceDeadlines,
  roundChange,
  type Round,
  type Rounds,
} from '#registry/survey/rounds.ts';
import { typedLine } from '#registry/text.ts';
import { actingIn, asThemselves } from '../auth/acting.ts';
import { errorBody } from '../errors.ts';
import { actsUpon, readableArea, reviewOf } from '../survey-rights.ts';
import { registerSurveyAskedRoute } from './survey-asked.ts';
import { surveyLevel } from './survey-json.ts';
import { returnJson, toldReturn } from './survey-return-json.ts';
import {
  reconciliationAnswer,
  remindersAnswer,
  roundJson,
  toldReminder,
  toldRound,
} from './survey-round-json.ts';

const MAX_TEXT = 200;
const MAX_REASON = 500;
const MAX_RETURNS = 500;
const DEFAULT_RETURNS = 100;
/** Reminded in one act. */
const MAX_REMINDED = 500;

const text = z.string().trim().min(1).max(MAX_TEXT);
const params = z.object({ roundId: z.string() });

/** There is no such province. */
class ProvinceUnknown extends Error {
  readonly code = 'no_such_province';
}

export interface SurveyRoundDeps {
  registry: RegistryDatabase;
  rounds: Rounds;
  returns: Pick<Returns, 'get'>;
  /** Freezes what is due: a round whose cut-off is now is frozen when it is answered. */
  freeze: () => Promise<void>;
  now: () => number;
}

/** Rounds of the survey: opened by the Department, frozen at their cut-off, returned level by level. */
export function registerSurveyRoundRoutes(
  app: FastifyInstance,
  { registry, rounds, returns, freeze, now }: SurveyRoundDeps,
): void {
  registerSurveyAskedRoute(app, registry);
  const typed = app.withTypeProvider<ZodTypeProvider>();

  async function told(request: FastifyRequest, round: Round): Promise<z.infer<typeof roundJson>> {
    const within = request.areasFor('survey.read');
    const counted =
      round.frozenMs === null
        ? undefined
        : await registry
            .selectFrom('survey_cameras')
            .select(({ fn }) => fn.countAll<number>().as('cameras'))
            .where('round_id', '=', round.id)
            .executeTakeFirst();
    const cameras = counted?.cameras ?? null;
    return toldRound(round, cameras, await progressOf(registry, round, within, now()));
  }

  async function toldReturns(
    request: FastifyRequest,
    round: Round,
    found: readonly ListedReturn[],
  ): Promise<z.infer<typeof returnJson>[]> {
    const acts = await actsUpon(
      registry,
      request.actor,
      found.map(({ of }) => of),
      { closed: round.state === 'closed' },
    );
    return found.map((one) => toldReturn(one, acts.get(one.of.id) ?? []));
  }

  typed.get(
    '/api/v1/survey/rounds',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Rounds of the survey, newest first',
        tags: ['survey'],
        response: { 200: z.object({ rounds: z.array(roundJson) }) },
      },
    },
    async (request) => {
      const all = await rounds.list();
      return { rounds: await Promise.all(all.map(async (round) => told(request, round))) };
    },
  );

  typed.post(
    '/api/v1/survey/rounds',
    {
      config: { action: 'survey.country' },
      schema: {
        summary: 'Open a round',
        description:
          'At the cut-off the snapshot of every camera in scope freezes, and each LAO, district and province has a return to sign. A cut-off that is now ' +
          'freezes at once.',
        tags: ['survey'],
        body: newRound,
        response: { 201: roundJson, 400: errorBody, 409: errorBody },
      },
    },
    async (request, reply) => {
      await request.permit('survey.country', { kind: 'area', area: country });
      const { body } = request;
      const actor = actingIn(request);
      await request.record(
        'survey.open',
        { kind: 'survey-round', id: '', label: body.title },
        { detail: { reference: body.reference, cutOffAt: body.cutOffAt } },
      );
      const { id } = await rounds.open(body, asThemselves(actor));
      await freeze();
      return reply
        .code(201)
        .header('Location', `/api/v1/survey/rounds/${id}`)
        .send(await told(request, await rounds.get(id)));
    },
  );

  typed.get(
    '/api/v1/survey/rounds/:roundId',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'A round, with how far each level is in your area',
        tags: ['survey'],
        params,
        response: { 200: roundJson, 404: errorBody },
      },
    },
    async (request) => told(request, await rounds.get(request.params.roundId)),
  );

  typed.patch(
    '/api/v1/survey/rounds/:roundId',
    {
      config: { action: 'survey.country' },
      schema: {
        summary: 'Change a round: title, reference, deadlines; its cut-off until it froze',
        tags: ['survey'],
        params,
        body: roundChange,
        response: { 200: roundJson, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { roundId } = request.params;
      await rounds.get(roundId);
      await request.permit('survey.country', { kind: 'area', area: country });
      await request.record(
        'survey.change',
        { kind: 'survey-round', id: roundId },
        { detail: { fields: Object.keys(request.body) } },
      );
      await rounds.change(roundId, request.body);
      await freeze();
      return told(request, await rounds.get(roundId));
    },
  );

  typed.post(
    '/api/v1/survey/rounds/:roundId/close',
    {
      config: { action: 'survey.country' },
      schema: {
        summary: 'Close a round: nothing of it changes any more',
        tags: ['survey'],
        params,
        response: { 200: roundJson, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { roundId } = request.params;
      await rounds.get(roundId);
      await request.permit('survey.country', { kind: 'area', area: country });
      await request.record('survey.close', { kind: 'survey-round', id: roundId });
      return told(request, await rounds.close(roundId));
    },
  );

  typed.post(
    '/api/v1/survey/rounds/:roundId/cancel',
    {
      config: { action: 'survey.country' },
      schema: {
        summary: 'Cancel a round whose cut-off has not come, and say why',
        tags: ['survey'],
        params,
        body: z
          .strictObject({ reason: typedLine(MAX_REASON) })
          .meta({ examples: [{ reason: 'กรอกปีผิด' }] }),
        response: { 200: roundJson, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { roundId } = request.params;
      const { reason } = request.body;
      const { title } = await rounds.get(roundId);
      await request.permit('survey.country', { kind: 'area', area: country });
      await request.record(
        'survey.cancel',
        { kind: 'survey-round', id: roundId, label: title },
        { why: reason },
      );
      return told(request, await rounds.cancel(roundId, reason));
    },
  );

  typed.put(
    '/api/v1/survey/rounds/:roundId/deadlines/:province',
    {
      config: { action: 'survey.province' },
      schema: {
        summary: 'A province brings deadlines forward for its own',
        description: 'With a letter number and a contact of its own. null: the Department’s again.',
        tags: ['survey'],
        params: z.object({ roundId: z.string(), province: z.string() }),
        body: provinceDeadlines,
        response: { 200: roundJson, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { roundId, province: given } = request.params;
      const province = findProvince(given)?.name;
      if (province === undefined) throw new ProvinceUnknown(`there is no province ${given}`);
      await request.permit('survey.province', {
        kind: 'area',
        area: { level: 'province', province },
      });
      await rounds.get(roundId);
      await request.record(
        'survey.change',
        { kind: 'survey-round', id: roundId, label: province },
        { detail: { deadlinesOf: province } },
      );
      return told(request, await rounds.bringForward(roundId, province, request.body));
    },
  );

  typed.get(
    '/api/v1/survey/rounds/:roundId/returns',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Returns of a round, in your area',
        tags: ['survey'],
        params,
        querystring: z.object({
          level: surveyLevel.optional(),
          state: returnJson.shape.state.optional(),
          late: z.enum(['true', 'false']).optional(),
          province: text.optional(),
          district: text.optional(),
          after: z.string().max(MAX_TEXT).optional(),
          limit: z.coerce.number().int().min(1).max(MAX_RETURNS).default(DEFAULT_RETURNS),
        }),
        response: {
          200: z.object({ returns: z.array(returnJson), nextAfter: z.string().nullable() }),
          400: errorBody,
          404: errorBody,
        },
      },
    },
    async (request) => {
      const round = await rounds.get(request.params.roundId);
      const { late, after, limit, level, state, ...place } = request.query;
      const found = await listReturns(
        registry,
        round,
        {
          within: request.areasFor('survey.read'),
          level,
          state,
          late: late === undefined ? undefined : late === 'true',
          ...officially(place),
        },
        { after, limit: limit + 1, nowMs: now() },
      );
      const shown = found.slice(0, limit);
      return {
        returns: await toldReturns(request, round, shown),
        nextAfter: found.length > limit ? (shown.at(-1)?.of.id ?? null) : null,
      };
    },
  );

  typed.get(
    '/api/v1/survey/rounds/:roundId/late',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Who is late, in your area',
        description: 'Time in which the gateway was at fault does not count.',
        tags: ['survey'],
        params,
        response: { 200: z.object({ returns: z.array(returnJson) }), 404: errorBody },
      },
    },
    async (request) => {
      const round = await rounds.get(request.params.roundId);
      const found = await listReturns(
        registry,
        round,
        { within: request.areasFor('survey.read'), late: true },
        { limit: MAX_RETURNS, nowMs: now() },
      );
      return { returns: await toldReturns(request, round, found) };
    },
  );

  typed.get(
    '/api/v1/survey/rounds/:roundId/reminders',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Who was reminded, when and why, in your area',
        tags: ['survey'],
        params,
        response: { 200: remindersAnswer, 404: errorBody },
      },
    },
    async (request) => {
      const { id } = await rounds.get(request.params.roundId);
      const found = await remindersOf(registry, id, request.areasFor('survey.read'));
      return { reminders: found.map(toldReminder) };
    },
  );

  typed.post(
    '/api/v1/survey/rounds/:roundId/reminders',
    {
      config: { action: 'survey.read' },
      schema: {
        summary: 'Remind those whose returns you collect',
        tags: ['survey'],
        params,
        body: z
          .strictObject({ returns: z.array(z.string()).min(1).max(MAX_REMINDED) })
          .meta({ examples: [{ returns: ['019aa0b2-6a00-7000-8000-000000000000'] }] }),
        response: { 200: remindersAnswer, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const round = await rounds.get(request.params.roundId);
      const actor = actingIn(request);
      const ours = await oursMs(registry, round, now());
      const due = [];
      for (const id of new Set(request.body.returns)) {
        const of = await returns.get(id);
        await readableArea(registry, actor, of);
        const { action, area } = reviewOf(of);
        await request.permit(action, { kind: 'area', area });
        due.push({ of, dueMs: deadlineOf(round, of.level, of.province, ours).dueMs });
      }
      await request.record(
        'survey.remind',
        { kind: 'survey-round', id: round.id },
        { detail: { returns: due.map(({ of }) => of.name) } },
      );
      const made = await remind(registry, due, { kind: 'by-hand', by: asThemselves(actor), now });
      return { reminders: made.map(toldReminder) };
    },
  );

  typed.get(
    '/api/v1/survey/rounds/:roundId/reconciliation',
    {
      config: { action: 'survey.read' },
      schema: {
        summary:
          'Whether districts and provinces sent what their LAOs did, and what changed since the last round',
        tags: ['survey'],
        params,
        querystring: z.object({ province: text.optional(), district: text.optional() }),
        response: { 200: reconciliationAnswer, 404: errorBody },
      },
    },
    async (request) => {
      const round = await rounds.get(request.params.roundId);
      const within = narrowed(request.areasFor('survey.read'), officially(request.query));
      return reconcile(registry, round, within);
    },
  );
}

/** As the official list spells them: rows are compared by it. */
function officially({
  province,
  district,
}: {
  province?: string | undefined;
  district?: string | undefined;
}) {
  return {
    province: province === undefined ? undefined : (findProvince(province)?.name ?? province),
    district:
      district === undefined || province === undefined
        ? district
        : (findDistrict(province, district)?.name ?? district),
  };
}

/** The areas, or of them only what lies within the place that is asked for. */
function narrowed(
  areas: readonly Area[],
  { province, district }: { province?: string | undefined; district?: string | undefined },
): Area[] {
  if (province === undefined) return [...areas];
  const asked: Area =
    district === undefined
      ? { level: 'province', province }
      : { level: 'district', province, district };
  if (areas.some((area) => containsArea(area, asked))) return [asked];
  return areas.filter((area) => containsArea(asked, area));
}
