import type { Kysely, Selectable } from 'kysely';
import * as z from 'zod';
import { authorOf } from './author.ts';
import { authorship, declarations as statuses } from './camera.ts';
import {
  declarationSources,
  OTHER_REASON,
  REASON_NOT_GIVEN,
  reasonsOf,
  reasonText,
  type DeclaredStatus,
} from './declaration-reasons.ts';
import type { DeclarationTable, RegistryTables } from './schema/tables.ts';
import { typedLine } from './text.ts';
import { day, thaiDay } from './thai-day.ts';

/**
 * What people say of a camera's condition (forms.md §4.1): working, under repair or unrepairable, with day, reason and
 * note, and who said it. Every one is kept. `declared` of a camera is the newest of them, written in one transaction with
 * it (camera-declaring.ts); what is observed of its stream never writes here.
 */

/** Declarations of a camera that are told; older ones stay in the database. */
export const MAX_DECLARATIONS_TOLD = 1_000;
const MAX_NOTE_LENGTH = 500;

const note = typedLine(MAX_NOTE_LENGTH).nullable();

/** As somebody gives it. "Unrepairable" wants its reason, and so does everything else (forms.md §4.3). */
export const newDeclaration = z
  .strictObject({
    status: z.enum(statuses),
    reason: z.string().meta({
      description: statuses
        .map((status) => `${status}: ${reasonsOf(status).join(', ')}`)
        .join('\n'),
    }),
    note: note.default(null),
    on: day.optional().meta({ description: 'when it was seen to be so; today, if left out' }),
  })
  .superRefine(({ status, reason, note: given }, context) => {
    if (!reasonsOf(status).includes(reason)) {
      context.addIssue({
        code: 'custom',
        path: ['reason'],
        message: `${status} is declared with one of ${reasonsOf(status).join(', ')}`,
        params: { code: 'reason_not_of_status' },
      });
    }
    if (reason === OTHER_REASON && given === null) {
      context.addIssue({
        code: 'custom',
        path: ['note'],
        message: 'another reason wants a note',
        params: { code: 'note_needed' },
      });
    }
  })
  .meta({
    examples: [
      { status: 'unrepairable', reason: 'no-spare-parts', note: 'รุ่นเลิกผลิตแล้ว', on: '2026-11-20' },
    ],
  });
export type NewDeclaration = z.output<typeof newDeclaration>;

export const declaration = z
  .object({
    id: z.string(),
    cameraId: z.string(),
    status: z.enum(statuses),
    reason: z.string().meta({ description: 'a newer gateway may know more of them' }),
    note: z.string().nullable(),
    on: z.iso.date(),
    at: z.iso.datetime().meta({ description: 'when it was entered' }),
    by: authorship,
    source: z.enum(declarationSources),
  })
  .meta({ id: 'Declaration' });
export type Declaration = z.infer<typeof declaration>;

/** A camera was not yet seen to be anything on a day that has not come. */
export class DeclaredInFuture extends Error {
  readonly code = 'declared_in_future';
  constructor(on: string) {
    super(`${on} has not come yet: give the day on which it was seen`);
  }
}

/** Throws DeclaredInFuture. */
export function dayOf({ on }: Pick<NewDeclaration, 'on'>, nowMs: number): string {
  const today = thaiDay(nowMs);
  if (on !== undefined && on > today) throw new DeclaredInFuture(on);
  return on ?? today;
}

/** The one text beside the status that the register, its export and its history show. */
export function declaredReasonText({
  status,
  reason,
  note: given,
}: Pick<NewDeclaration, 'status' | 'reason' | 'note'>): string | null {
  const [thai] = reasonText(status, reason)?.split(' · ', 1) ?? [];
  return [thai, given].filter((part) => part !== undefined && part !== null).join(': ') || null;
}

/** A status with a text, as a form, a file or another system gives them. */
export function fromText(
  status: DeclaredStatus,
  text: string | null,
): Pick<Declaration, 'status' | 'reason' | 'note'> {
  return { status, reason: text === null ? REASON_NOT_GIVEN : OTHER_REASON, note: text };
}

/** Newest first, at most MAX_DECLARATIONS_TOLD. */
export async function declarationsOf(
  database: Kysely<RegistryTables>,
  cameraId: string,
): Promise<Declaration[]> {
  const rows = await database
    .selectFrom('declarations')
    .selectAll()
    .where('camera_id', '=', cameraId)
    .orderBy('at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(MAX_DECLARATIONS_TOLD)
    .execute();
  return rows.map(declarationOf);
}

export function declarationOf(row: Selectable<DeclarationTable>): Declaration {
  return {
    id: row.id,
    cameraId: row.camera_id,
    status: row.status,
    reason: row.reason,
    note: row.note,
    on: row.on_day,
    at: new Date(row.at_ms).toISOString(),
    // Written by camera-declaring.ts and by the migration alone.
    by: authorOf(row.author),
    source: row.source,
  };
}
