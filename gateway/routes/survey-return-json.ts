import * as z from 'zod';
import { authorOf } from '#registry/author.ts';
import { authorship } from '#registry/camera.ts';
import type { retakesOf } from '#registry/survey/retaken-snapshot.ts';
import type { ReturnCamera } from '#registry/survey/return-cameras.ts';
import type { ListedReturn } from '#registry/survey/return-list.ts';
import type { VersionRow } from '#registry/survey/return-versions.ts';
import { signatureOf } from '#registry/survey/signature.ts';
import {
  count,
  formCounts,
  iso,
  isoOrNull,
  status,
  surveyLevel,
  surveyStatusJson,
} from './survey-json.ts';

/** A return, its versions, its cameras and its form, as the API tells them. */

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
    retaken: z
      .object({
        at: z.iso.datetime(),
        by: authorship,
        reason: z.string(),
        added: count,
        removed: count,
        changed: count,
      })
      .nullable()
      .meta({
        description:
          'its cameras were taken anew from the registry after the cut-off; null: they are the round’s',
      }),
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

const namedCamera = z.object({ id: z.string(), position: z.string(), budgetSource: z.string() });
const some = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object({ count, cameras: z.array(namedCamera.extend(shape)) });

export const snapshotDifferences = z
  .object({
    added: some({}),
    removed: some({}),
    moved: some({ budgetSourceBefore: z.string() }).meta({
      description: 'under another budget source now',
    }),
    elsewhere: some({ countedBy: z.string() }).meta({
      description: 'left out: the return of another LAO counts them until it is put right',
    }),
  })
  .meta({ id: 'SurveySnapshotDifferences' });

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

export function toldVersion(
  row: VersionRow,
  retakes: Awaited<ReturnType<typeof retakesOf>>,
): z.infer<typeof versionJson> {
  const retake = retakes.get(row.snapshot);
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
    retaken:
      retake === undefined
        ? null
        : {
            at: iso(retake.at_ms),
            by: authorOf(retake.by),
            reason: retake.reason,
            added: retake.added,
            removed: retake.removed,
            changed: retake.changed,
          },
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
