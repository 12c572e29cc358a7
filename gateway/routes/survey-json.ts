import * as z from 'zod';
import { area } from '#registry/area.ts';
import { authorship, declarations } from '#registry/camera.ts';
import { surveyRuleNames, surveyRules } from '#registry/condition.ts';
import { observedStates } from '#registry/events/camera-event.ts';
import type { CountedCamera } from '#registry/survey/counted-cameras.ts';
import type { ListedReturn, LevelProgress } from '#registry/survey/return-list.ts';
import type { ReturnCamera } from '#registry/survey/return-cameras.ts';
import type { Reminder } from '#registry/survey/reminders.ts';
import type { VersionRow } from '#registry/survey/return-versions.ts';
import { signatureOf } from '#registry/survey/signature.ts';
import type { Deadline, Round } from '#registry/survey/rounds.ts';
import type { Author } from '#registry/author.ts';

/** The survey as the API tells it. Times are ISO 8601, days ISO dates; screens show พ.ศ. */

const count = z.int().min(0);
const status = z.enum(declarations);
export const surveyLevel = z.enum(['lao', 'district', 'province']);

export const formCounts = z.object({
  total: count,
  working: count,
  underRepair: count,
  unrepairable: count,
});

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

const rule = z.enum(surveyRuleNames).meta({
  description: Object.entries(surveyRules)
    .map((pair) => pair.join(': '))
    .join('\n'),
});

const surveyStatusJson = z.object({
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

export const returnActs = ['fill', 'sign', 'accept', 'send-back', 'correct', 'remind'] as const;
export type ReturnAct = (typeof returnActs)[number];

const returnFields = {
  id: z.string(),
  roundId: z.string(),
  level: surveyLevel,
  name: z.string(),
  laoId: z.string().nullable(),
  district: z.string().nullable(),
  province: z.string(),
  reportsTo: z.enum(['district', 'province', 'country']),
  state: z.enum(['draft', 'sent-back', 'submitted', 'accepted']),
  version: z.int(),
  sentBackReason: z.string().nullable(),
  dueAt: z.iso
    .datetime()
    .meta({ description: 'later than announced where the gateway was at fault' }),
  late: z.boolean(),
  letterNumber: z.string().nullable(),
  contact: z.string().nullable(),
  counts: formCounts.extend({ awaiting: count }),
  mayDo: z.array(z.enum(returnActs)).meta({ description: 'what whoever asks may do with it now' }),
};

export const returnJson = z.object(returnFields).meta({ id: 'SurveyReturn' });

const signature = z.object({ name: z.string(), position: z.string(), date: z.iso.date() });

export const versionJson = z
  .object({
    version: z.int(),
    state: z.enum(['draft', 'submitted', 'accepted', 'sent-back']),
    source: z.enum(['registry', 'form']),
    madeAt: z.iso.datetime(),
    madeBy: authorship,
    correctionReason: z.string().nullable(),
    signature: signature.nullable(),
    submittedAt: z.iso.datetime().nullable(),
    submittedBy: authorship.nullable(),
    incompleteReason: z.string().nullable(),
    decidedAt: z.iso.datetime().nullable(),
    decidedBy: authorship.nullable(),
    reason: z.string().nullable().meta({ description: 'why it was sent back' }),
  })
  .meta({ id: 'SurveyReturnVersion' });

export const returnDetail = z
  .object({
    ...returnFields,
    shown: versionJson.meta({ description: 'the version that rows and totals are of' }),
    rows: z.array(
      z.object({
        ordinal: z.int(),
        province: z.string(),
        district: z.string(),
        lao: z.string(),
        laoId: z.string(),
        budgetSource: z.string(),
        budgetSourceId: z.string().nullable(),
        ...formCounts.shape,
        awaiting: count,
        note: z.string(),
      }),
    ),
    totals: formCounts.extend({ awaiting: count }),
    toDo: z.object({
      awaiting: count,
      withoutEvidence: count.meta({
        description:
          'neither seen, nor declared lately, nor inspected: they keep it from being signed',
      }),
    }),
    children: z.array(returnJson),
    waitingFor: z.array(z.string()).meta({ description: 'returns below that are not accepted' }),
    stale: z.boolean().meta({
      description: 'it was sent with versions of returns below that were corrected since',
    }),
    versions: z.array(versionJson),
  })
  .meta({ id: 'SurveyReturnDetail' });

export const returnCameras = z
  .object({
    cameras: z.array(
      z.object({
        id: z.string(),
        position: z.string(),
        budgetSource: z.string(),
        linked: z.boolean(),
        declared: status,
        declaredAt: z.iso.datetime(),
        observed: z.string().nullable(),
        snapshot: surveyStatusJson,
        status,
        classified: z
          .object({
            status,
            reason: z.string().nullable(),
            note: z.string().nullable(),
            inspectedOn: z.iso.date().nullable(),
            by: authorship,
            at: z.iso.datetime(),
          })
          .nullable(),
        hasEvidence: z.boolean(),
      }),
    ),
    nextAfter: z.string().nullable(),
  })
  .meta({ id: 'SurveyReturnCameras' });

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

export const formAnswer = z
  .object({
    kind: z.enum(['lao', 'province']),
    above: z.string().nullable(),
    title: z.string(),
    columns: z.array(z.string()),
    header: z.array(
      z.object({
        text: z.string(),
        row: z.int(),
        column: z.int(),
        rows: z.int(),
        columns: z.int(),
      }),
    ),
    rows: z.array(z.array(z.union([z.string(), z.number()]))),
    total: z.object({ label: z.string(), labelColumns: z.int(), values: z.array(count) }),
    signature: z.array(z.string()),
    notesTitle: z.string(),
    notes: z.array(z.object({ text: z.string(), depth: z.int() })),
    fileName: z.string(),
    version: z.int(),
    signed: z.boolean(),
  })
  .meta({ id: 'SurveyForm' });

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

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

export function toldReturn(
  { of, counts, deadline, late, sentBackReason }: ListedReturn,
  mayDo: ReturnAct[],
): z.infer<typeof returnJson> {
  return {
    id: of.id,
    roundId: of.round_id,
    level: of.level,
    name: of.name,
    laoId: of.lao_id,
    district: of.level === 'province' ? null : of.district,
    province: of.province,
    reportsTo: of.reports_to,
    state: of.state,
    version: of.version,
    sentBackReason,
    dueAt: iso(deadline.dueMs),
    late,
    letterNumber: deadline.letterNumber,
    contact: deadline.contact,
    counts,
    mayDo,
  };
}

export function toldVersion(row: VersionRow): z.infer<typeof versionJson> {
  return {
    version: row.version,
    state: row.state,
    source: row.source,
    madeAt: iso(row.made_ms),
    madeBy: authorOf(row.made_by),
    correctionReason: row.correction_reason,
    signature: signatureOf(row.signature),
    submittedAt: isoOrNull(row.submitted_ms),
    submittedBy: row.submitted_by === null ? null : authorOf(row.submitted_by),
    incompleteReason: row.incomplete_reason,
    decidedAt: isoOrNull(row.decided_ms),
    decidedBy: row.decided_by === null ? null : authorOf(row.decided_by),
    reason: row.decided_reason,
  };
}

export function toldReturnCamera({
  declaredMs,
  frozen,
  classified,
  ...camera
}: ReturnCamera): z.infer<typeof returnCameras>['cameras'][number] {
  return {
    ...camera,
    declaredAt: iso(declaredMs),
    snapshot: frozen,
    classified:
      classified === null
        ? null
        : {
            status: classified.status,
            reason: classified.reason,
            note: classified.note,
            inspectedOn: classified.inspectedOn,
            by: classified.by,
            at: iso(classified.atMs),
          },
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

/** Written by `authorText`, and by nothing else. */
function authorOf(text: string): Author {
  return JSON.parse(text) as Author;
}
