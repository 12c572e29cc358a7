import * as z from 'zod';
import { area } from '#registry/area.ts';
import { authorship } from '#registry/camera.ts';
import type { Reminder } from '#registry/survey/reminders.ts';
import type { LevelProgress } from '#registry/survey/return-list.ts';
import type { Deadline, Round } from '#registry/survey/rounds.ts';
import { count, formCounts, iso, isoOrNull, surveyLevel } from './survey-json.ts';

/** A round, its reminders, and what became of the one before it, as the API tells them. */

const deadline = z.object({
  dueAt: z.iso.datetime(),
  letterNumber: z.string().nullable(),
  contact: z.string().nullable(),
});
const progress = z.object({
  waiting: count.meta({ description: 'with whoever has to send: drafts, and what was sent back' }),
  submitted: count,
  accepted: count,
  late: count,
});

export const roundJson = z
  .object({
    id: z.string(),
    title: z.string(),
    reference: z.string(),
    cutOffAt: z.iso.datetime(),
    windowHours: z.number(),
    scope: z.array(area),
    countsClosedAreas: z.boolean(),
    declarationDays: z.int(),
    state: z.enum(['open', 'frozen', 'closed', 'cancelled']),
    cancelledReason: z.string().nullable(),
    openedBy: authorship,
    openedAt: z.iso.datetime(),
    frozenAt: z.iso.datetime().nullable(),
    closedAt: z.iso.datetime().nullable(),
    cameras: count.nullable().meta({ description: 'in the snapshot, of the whole round' }),
    deadlines: z.object({ lao: deadline, district: deadline, province: deadline }),
    provinceDeadlines: z.array(
      z.object({
        province: z.string(),
        lao: deadline.nullable(),
        district: deadline.nullable(),
      }),
    ),
    progress: z.object({ lao: progress, district: progress, province: progress }),
  })
  .meta({ id: 'SurveyRound' });

export const remindersAnswer = z
  .object({
    reminders: z.array(
      z.object({
        id: z.string(),
        returnId: z.string(),
        name: z.string(),
        level: surveyLevel,
        kind: z.enum(['due-soon', 'late', 'by-hand']),
        at: z.iso.datetime(),
        by: authorship.nullable(),
        dueAt: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'SurveyReminders' });

const reasons = z.object({
  new: count,
  removed: count,
  repaired: count,
  fell: count,
  reclassified: count,
  moved: count,
});

export const reconciliationAnswer = z
  .object({
    roundId: z.string(),
    previousRoundId: z.string().nullable(),
    agreements: z.array(
      z.object({
        level: z.enum(['district', 'province']),
        province: z.string(),
        district: z.string().nullable(),
        sent: formCounts.nullable(),
        laos: formCounts,
        missing: z.array(z.string()),
        agrees: z.boolean(),
      }),
    ),
    differences: z.array(
      z.object({
        province: z.string(),
        district: z.string(),
        lao: z.string(),
        budgetSource: z.string(),
        before: formCounts.nullable(),
        after: formCounts.nullable(),
        reasons,
      }),
    ),
  })
  .meta({ id: 'SurveyReconciliation' });

function deadlineJson({ dueMs, letterNumber, contact }: Deadline): z.infer<typeof deadline> {
  return { dueAt: iso(dueMs), letterNumber, contact };
}

export function toldRound(
  round: Round,
  cameras: number | null,
  progress: Record<'lao' | 'district' | 'province', LevelProgress>,
): z.infer<typeof roundJson> {
  const { lao, district, province } = round.deadlines;
  return {
    id: round.id,
    title: round.title,
    reference: round.reference,
    cutOffAt: iso(round.cutOffMs),
    windowHours: round.windowMs / 3_600_000,
    scope: round.scope,
    countsClosedAreas: round.countsClosedAreas,
    declarationDays: round.declarationDays,
    state: round.state,
    cancelledReason: round.cancelledReason,
    openedBy: round.openedBy,
    openedAt: iso(round.openedMs),
    frozenAt: isoOrNull(round.frozenMs),
    closedAt: isoOrNull(round.closedMs),
    cameras,
    deadlines: {
      lao: deadlineJson(lao),
      district: deadlineJson(district),
      province: deadlineJson(province),
    },
    provinceDeadlines: round.ofProvinces.map((one) => ({
      province: one.province,
      lao: one.lao === null ? null : deadlineJson(one.lao),
      district: one.district === null ? null : deadlineJson(one.district),
    })),
    progress,
  };
}

export function toldReminder({
  id,
  of,
  kind,
  atMs,
  by,
  dueMs,
}: Reminder): z.infer<typeof remindersAnswer>['reminders'][number] {
  return {
    id,
    returnId: of.id,
    name: of.name,
    level: of.level,
    kind,
    at: iso(atMs),
    by,
    dueAt: iso(dueMs),
  };
}
