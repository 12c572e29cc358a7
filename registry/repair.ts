import * as z from 'zod';
import { reasonsOf } from './declaration-reasons.ts';
import type { NewDeclaration } from './declarations.ts';
import { declaredReasonOf, repairCauseNames, type RepairCause } from './repair-causes.ts';
import { storedLine, typedLine } from './text.ts';
import { day } from './thai-day.ts';

/**
 * One time that a camera was broken: reported, by whom, cause, contractor, warranty, due, cost, back in service. Its state
 * feeds the camera's declaration; a declaration changes no repair.
 */

export const openStates = ['reported', 'in-repair'] as const;
/** How it ended: repaired; given up; or nothing was broken. */
export const closedStates = ['back-in-service', 'unrepairable', 'no-fault'] as const;
export const repairStates = [...openStates, ...closedStates] as const;
export type RepairState = (typeof repairStates)[number];

const MAX_NAME_LENGTH = 200;
const MAX_NOTE_LENGTH = 1_000;
const MAX_COST_BAHT = 100_000_000;
const SATANG = 100;

const name = typedLine(MAX_NAME_LENGTH);
/** As they are given. */
const fields = {
  reportedOn: day.meta({ description: 'the day in Thailand; today, if left out' }),
  reportedBy: name.meta({ description: 'who reported it; who enters it, if left out' }),
  cause: z.enum(repairCauseNames),
  note: typedLine(MAX_NOTE_LENGTH).nullable(),
  contractor: name.nullable(),
  warrantyUntil: day.nullable().meta({ description: 'of the camera or of the work, inclusive' }),
  dueOn: day.nullable().meta({ description: 'when it should be back; later it is overdue' }),
  cost: z
    .number()
    .min(0)
    .max(MAX_COST_BAHT)
    .refine((baht) => isWhole(baht * SATANG), 'must be whole satang')
    .nullable()
    .meta({ description: 'baht' }),
};

export const newRepair = z
  .strictObject({
    state: z.enum(openStates).default('reported'),
    reportedOn: fields.reportedOn.optional(),
    reportedBy: fields.reportedBy.optional(),
    cause: fields.cause.default('unknown'),
    note: fields.note.default(null),
    contractor: fields.contractor.default(null),
    warrantyUntil: fields.warrantyUntil.default(null),
    dueOn: fields.dueOn.default(null),
    cost: fields.cost.default(null),
  })
  .meta({ examples: [{ cause: 'lightning', contractor: 'หจก.อันดามันซีซีทีวี', dueOn: '2026-12-15' }] });
export type NewRepair = z.output<typeof newRepair>;

/** What changes; what is left out stays. Closing it takes what the declaration needs along. */
export const repairChange = z
  .object(fields)
  .partial()
  .extend({
    state: z.enum(repairStates).optional(),
    backOn: day
      .optional()
      .meta({ description: 'with a closing state: the day; today, if left out' }),
    unrepairableReason: z.enum(reasonsOf('unrepairable')).optional().meta({
      description: 'with `unrepairable`: the reason that is declared; `other` wants a note',
    }),
  })
  .strict()
  .superRefine((change, context) => {
    const refuse = (path: string, code: string, message: string): void => {
      context.addIssue({
        code: 'custom',
        path: path === '' ? [] : [path],
        message,
        params: { code },
      });
    };
    if (Object.keys(change).length === 0) refuse('', 'changes_nothing', 'changes nothing');
    if (change.state === 'unrepairable' && change.unrepairableReason === undefined) {
      refuse('unrepairableReason', 'reason_needed', 'unrepairable is declared with a reason');
    }
    if (change.unrepairableReason === 'other' && !change.note) {
      refuse('note', 'note_needed', 'another reason wants a note');
    }
    if (change.backOn !== undefined && (change.state === undefined || !isClosed(change.state))) {
      refuse('backOn', 'not_closing', 'goes with a state that closes the repair');
    }
  })
  .meta({ examples: [{ state: 'back-in-service', backOn: '2026-12-10', cost: 4500 }] });
export type RepairChange = z.output<typeof repairChange>;

export const repair = z
  .object({
    id: z.string(),
    cameraId: z.string(),
    version: z.int(),
    state: z.enum(repairStates),
    ...fields,
    reportedBy: storedLine(MAX_NAME_LENGTH),
    note: storedLine(MAX_NOTE_LENGTH).nullable(),
    contractor: storedLine(MAX_NAME_LENGTH).nullable(),
    cause: z.string(),
    backOn: z.iso.date().nullable(),
    openedAt: z.iso.datetime(),
    closedAt: z.iso.datetime().nullable(),
    overdueDays: z
      .int()
      .meta({ description: 'days since dueOn of an open repair; 0: not overdue' }),
  })
  .meta({ id: 'Repair' });
export type Repair = z.infer<typeof repair>;

export function isClosed(state: RepairState): boolean {
  return (closedStates as readonly RepairState[]).includes(state);
}

/**
 * What a repair in this state says of its camera; undefined: nothing new. `before`: the state that it came from; undefined:
 * it was opened just now.
 */
export function declarationFor(
  now: {
    state: RepairState;
    cause: RepairCause;
    note: string | null;
    unrepairableReason?: string | undefined;
    reportedOn: string;
    backOn: string | null;
  },
  before: RepairState | undefined,
): NewDeclaration | undefined {
  if (now.state === before) return undefined;
  switch (now.state) {
    case 'reported':
      return {
        status: 'under-repair',
        reason: declaredReasonOf(now.cause),
        note: null,
        on: now.reportedOn,
      };
    case 'in-repair':
      return { status: 'under-repair', reason: 'at-contractor', note: null };
    case 'back-in-service':
      return { status: 'working', reason: 'repaired', note: null, ...onDay(now.backOn) };
    case 'no-fault':
      return { status: 'working', reason: 'no-fault', note: null, ...onDay(now.backOn) };
    case 'unrepairable':
      return {
        status: 'unrepairable',
        reason: now.unrepairableReason ?? 'other',
        note: now.unrepairableReason === 'other' ? now.note : null,
        ...onDay(now.backOn),
      };
  }
}

/** Days that an open repair is late; 0 where it is not. Days as `2026-11-25`. */
export function overdueDays(
  { state, dueOn }: { state: RepairState; dueOn: string | null },
  today: string,
): number {
  if (isClosed(state) || dueOn === null || dueOn >= today) return 0;
  return Math.round((Date.parse(today) - Date.parse(dueOn)) / DAY_MS);
}

const DAY_MS = 86_400_000;

export function satangOf(baht: number | null): number | null {
  return baht === null ? null : Math.round(baht * SATANG);
}

export function bahtOf(satang: number | null): number | null {
  return satang === null ? null : satang / SATANG;
}

function onDay(on: string | null): { on?: string } {
  return on === null ? {} : { on };
}

/** 0.1 + 0.2 is whole enough. */
function isWhole(satang: number): boolean {
  return Math.abs(satang - Math.round(satang)) < 1e-6;
}
