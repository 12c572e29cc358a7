import * as z from 'zod';
import { observedStates } from '#registry/events/camera-event.ts';
import type { CountedCamera } from '#registry/survey/counted-cameras.ts';
import { count, formCounts, iso, status, surveyStatusJson } from './survey-json.ts';

/** Counts of the survey, and the cameras behind them, as the API tells them. */

const surveyCounts = formCounts
  .extend({
    awaiting: count.meta({
      description: 'of those under repair: seen damaged for most of the window, not yet classified',
    }),
    inIncident: count.meta({
      description:
        'would count as damaged, had an incident of site, network, worker or gateway not been taken out',
    }),
  })
  .meta({ id: 'SurveyCounts', description: 'working + underRepair + unrepairable = total' });

const nowCounts = formCounts
  .extend({
    awaiting: count,
    unknown: count.meta({ description: 'linked, and nobody can say: counted by declaration' }),
    inIncident: count.meta({ description: 'within an incident that is not over' }),
    observed: z.object({
      up: count,
      degraded: count,
      down: count,
      unknown: count,
      notLinked: count,
    }),
  })
  .meta({ id: 'NowCounts' });

export const countsAnswer = z
  .object({
    at: z.iso.datetime(),
    windowHours: z.number(),
    rows: z.array(
      z.object({
        province: z.string().nullable(),
        district: z.string().nullable(),
        lao: z.string().nullable(),
        laoId: z.string().nullable(),
        budgetSource: z.string().nullable(),
        budgetSourceId: z.string().nullable(),
        survey: surveyCounts,
        now: nowCounts,
      }),
    ),
    total: z.object({ survey: surveyCounts, now: nowCounts }),
  })
  .meta({ id: 'SurveyCountRows' });

export const countedCamerasAnswer = z
  .object({
    cameras: z.array(
      z.object({
        id: z.string(),
        position: z.string(),
        lao: z.object({ name: z.string(), district: z.string(), province: z.string() }),
        budgetSource: z.string(),
        linked: z.boolean(),
        declared: status,
        declaredAt: z.iso.datetime(),
        observed: z
          .object({
            state: z.enum(observedStates),
            reason: z.string().nullable(),
            since: z.iso.datetime(),
            inIncident: z.boolean(),
          })
          .nullable(),
        now: z.object({
          status,
          awaitingClassification: z.boolean(),
          unknown: z.boolean(),
        }),
        survey: surveyStatusJson,
      }),
    ),
    nextAfter: z.string().nullable(),
  })
  .meta({ id: 'CountedCameras' });

export function countedCameraJson({
  declaredMs,
  observed,
  survey: { seen: _seen, ...survey },
  ...camera
}: CountedCamera): z.infer<typeof countedCamerasAnswer>['cameras'][number] {
  return {
    ...camera,
    declaredAt: iso(declaredMs),
    observed:
      observed === null
        ? null
        : {
            state: observed.state,
            reason: observed.reason,
            since: iso(observed.sinceMs),
            inIncident: observed.inIncident,
          },
    survey,
  };
}
