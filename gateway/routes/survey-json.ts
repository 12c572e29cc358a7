import * as z from 'zod';
import { declarations } from '#registry/camera.ts';
import { surveyRuleNames, surveyRules } from '#registry/condition.ts';

/** Words that every answer of the survey has. Times are ISO 8601, days ISO dates; screens show พ.ศ. */

export const count = z.int().min(0);
export const status = z.enum(declarations);
export const surveyLevel = z.enum(['lao', 'district', 'province']);

export const formCounts = z.object({
  total: count,
  working: count,
  underRepair: count,
  unrepairable: count,
});

const rule = z.enum(surveyRuleNames).meta({
  description: Object.entries(surveyRules)
    .map((pair) => pair.join(': '))
    .join('\n'),
});

export const surveyStatusJson = z.object({
  status,
  awaitingClassification: z.boolean(),
  basis: z.enum(['declared', 'observed']),
  rule,
  proposal: z
    .literal('working')
    .nullable()
    .meta({ description: 'declared damaged, and seen working: somebody may declare it anew' }),
  inIncident: z.boolean(),
});

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
