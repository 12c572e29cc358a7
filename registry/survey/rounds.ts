import type { Kysely, Selectable, Transaction } from 'kysely';
import * as z from 'zod';
import { country, typedArea, type Area } from '../area.ts';
import { findProvince } from '../areas/official-areas.ts';
import { authorOf, authorText, type Author } from '../author.ts';
import { takeLock } from '../database/database.ts';
import { refuseFarDay } from '../far-day.ts';
import type {
  SurveyDeadlineTable,
  SurveyLevel,
  SurveyRoundTable,
} from '../schema/survey-tables.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import { typedLine } from '../text.ts';
import { uuidV7Source } from '../uuid-v7.ts';

/**
 * A round of the survey (forms.md §1, §4.6): opened by the Department, frozen at its cut-off, returned level by level. Each
 * letter number is typed in: the letters cite each other inconsistently.
 */

export const levels = ['lao', 'district', 'province'] as const satisfies readonly SurveyLevel[];

const MAX_TITLE_LENGTH = 300;
const MAX_TEXT_LENGTH = 200;
const MAX_WINDOW_HOURS = 31 * 24;
const MAX_DECLARATION_DAYS = 3_650;
const MAX_SCOPE = 100;
/** Rounds that are told, newest first. */
const MAX_ROUNDS = 500;
const HOUR_MS = 3_600_000;

const line = typedLine(MAX_TEXT_LENGTH);

export const newDeadline = z.strictObject({
  dueAt: z.iso.datetime({ offset: true }),
  letterNumber: line.nullable().default(null),
  contact: line.nullable().default(null).meta({ description: 'whom to ask, and where' }),
});
export type NewDeadline = z.output<typeof newDeadline>;

const exampleDeadline = { dueAt: '2026-12-18T16:30:00+07:00', letterNumber: null, contact: null };

export const newRound = z
  .strictObject({
    title: typedLine(MAX_TITLE_LENGTH),
    reference: line.meta({ description: 'number of the letter that asks, as typed' }),
    cutOffAt: z.iso.datetime({ offset: true }).meta({
      description: 'when the snapshot freezes; a moment that has just passed freezes at once',
    }),
    windowHours: z.int().min(1).max(MAX_WINDOW_HOURS).default(24).meta({
      description: 'before the cut-off: damaged for most of it counts as damaged',
    }),
    scope: z.array(typedArea).min(1).max(MAX_SCOPE).default([country]),
    countsClosedAreas: z.boolean().default(true).meta({
      description: 'whether cameras in closed areas are counted, as the form’s words say',
    }),
    declarationDays: z.int().min(1).max(MAX_DECLARATION_DAYS).default(365).meta({
      description:
        'a camera that was not seen in the window needs a declaration no older than this, or an inspection',
    }),
    deadlines: z.strictObject({ lao: newDeadline, district: newDeadline, province: newDeadline }),
  })
  .superRefine(({ cutOffAt, deadlines }, context) => {
    const times = [cutOffAt, ...levels.map((level) => deadlines[level].dueAt)].map(Date.parse);
    for (const [index, level] of levels.entries()) {
      if ((times[index + 1] ?? 0) < (times[index] ?? 0)) {
        context.addIssue({
          code: 'custom',
          path: ['deadlines', level, 'dueAt'],
          message: 'cut-off, LAOs, districts, provinces: each deadline comes after the one before',
          params: { code: 'deadlines_out_of_order' },
        });
      }
    }
  })
  .meta({
    examples: [
      {
        title: 'การสำรวจข้อมูลการใช้งานกล้องโทรทัศน์วงจรปิด (CCTV) ปี 2569',
        reference: 'ที่ มท 0816.3/ว 1',
        cutOffAt: '2026-12-11T16:30:00+07:00',
        deadlines: {
          lao: { ...exampleDeadline, dueAt: '2026-12-16T16:30:00+07:00' },
          district: { ...exampleDeadline, dueAt: '2026-12-17T16:30:00+07:00' },
          province: exampleDeadline,
        },
      },
    ],
  });
export type NewRound = z.output<typeof newRound>;

export const roundChange = z
  .strictObject({
    title: typedLine(MAX_TITLE_LENGTH).optional(),
    reference: line.optional(),
    cutOffAt: z.iso.datetime({ offset: true }).optional(),
    deadlines: z
      .strictObject({ lao: newDeadline, district: newDeadline, province: newDeadline })
      .optional(),
  })
  .meta({ examples: [{ title: 'การสำรวจ รอบที่ 2' }] });
export type RoundChange = z.output<typeof roundChange>;

/** A province's own, for those that report to it. */
export const provinceDeadlines = z
  .strictObject({
    lao: newDeadline.nullable().default(null),
    district: newDeadline.nullable().default(null),
  })
  .meta({ examples: [{ lao: { ...exampleDeadline, dueAt: '2026-12-15T12:00:00+07:00' } }] });
export type ProvinceDeadlines = z.output<typeof provinceDeadlines>;

export interface Deadline {
  dueMs: number;
  letterNumber: string | null;
  contact: string | null;
}

export interface Round {
  id: string;
  title: string;
  reference: string;
  cutOffMs: number;
  windowMs: number;
  scope: Area[];
  countsClosedAreas: boolean;
  declarationDays: number;
  /**
   * Open: its cut-off has not come. Frozen: it is being returned. Closed: nothing of it changes any more. Cancelled: the same, and it
   * was never cut off.
   */
  state: 'open' | 'frozen' | 'closed' | 'cancelled';
  /** Of one that is cancelled. */
  cancelledReason: string | null;
  openedBy: Author;
  openedMs: number;
  frozenMs: number | null;
  closedMs: number | null;
  deadlines: Record<SurveyLevel, Deadline>;
  /** Which provinces brought forward what. */
  ofProvinces: { province: string; lao: Deadline | null; district: Deadline | null }[];
}

export class RoundNotFound extends Error {
  readonly code = 'survey_round_not_found';
  constructor(id: string) {
    super(`no round ${id}`);
  }
}

/** It is frozen, or closed: what was to be done with it comes too late. */
export class RoundNotOpen extends Error {
  readonly code = 'survey_round_not_open';
}

/** A cut-off long past: what was declared then is not what is known now. */
export class CutOffPast extends Error {
  readonly code = 'survey_cut_off_past';
}

/** A province may bring a deadline forward, and not put it off. */
export class DeadlineNotEarlier extends Error {
  readonly code = 'survey_deadline_not_earlier';
}

/** A cut-off this far back is taken for now: clocks of browsers differ. */
const CUT_OFF_LENIENCY_MS = HOUR_MS;

export interface Rounds {
  /** Newest first. */
  list(): Promise<Round[]>;
  /** Throws RoundNotFound. */
  get(id: string): Promise<Round>;
  /** Throws CutOffPast, DayTooFar. */
  open(given: NewRound, author: Author): Promise<Round>;
  /** Throws RoundNotFound, RoundNotOpen, CutOffPast, DeadlineNotEarlier, DayTooFar. */
  change(id: string, change: RoundChange): Promise<Round>;
  /** One that was cut off. Throws RoundNotFound, RoundNotOpen. */
  close(id: string): Promise<Round>;
  /** One whose cut-off has not come. Throws RoundNotFound, RoundNotOpen. */
  cancel(id: string, reason: string): Promise<Round>;
  /** Throws RoundNotFound, RoundNotOpen, DeadlineNotEarlier. */
  bringForward(id: string, province: string, deadlines: ProvinceDeadlines): Promise<Round>;
}

export function openRounds(database: RegistryDatabase, { now }: { now: () => number }): Rounds {
  const nextId = uuidV7Source(now);

  async function get(id: string): Promise<Round> {
    const [round] = await roundsOf(database, [id]);
    if (round === undefined) throw new RoundNotFound(id);
    return round;
  }

  async function changing<Result>(
    id: string,
    change: (transaction: Transaction<RegistryTables>, round: Round) => Promise<Result>,
  ): Promise<Round> {
    await database.transaction().execute(async (transaction) => {
      await takeLock(transaction, `survey-round-${id}`);
      const [round] = await roundsOf(transaction, [id]);
      if (round === undefined) throw new RoundNotFound(id);
      await change(transaction, round);
    });
    return get(id);
  }

  return {
    async list() {
      const rows = await database
        .selectFrom('survey_rounds')
        .select('id')
        .orderBy('id', 'desc')
        .limit(MAX_ROUNDS)
        .execute();
      return roundsOf(
        database,
        rows.map(({ id }) => id),
      );
    },
    get,
    async open(given, author) {
      const cutOffMs = cutOffOf(given.cutOffAt, now());
      for (const level of levels) refuseFarDay(given.deadlines[level].dueAt, now());
      const id = nextId();
      await database.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('survey_rounds')
          .values({
            id,
            title: given.title,
            reference: given.reference,
            cut_off_ms: cutOffMs,
            window_ms: given.windowHours * HOUR_MS,
            scope: JSON.stringify(given.scope.map(officially)),
            counts_closed_areas: Number(given.countsClosedAreas),
            declaration_days: given.declarationDays,
            state: 'open',
            opened_by: authorText(author),
            opened_ms: now(),
            frozen_ms: null,
            closed_ms: null,
            cancelled_reason: null,
          })
          .execute();
        await transaction
          .insertInto('survey_deadlines')
          .values(levels.map((level) => deadlineRow(id, level, '', given.deadlines[level])))
          .execute();
      });
      return get(id);
    },
    async change(id, { title, reference, cutOffAt, deadlines }) {
      return changing(id, async (transaction, round) => {
        refuseClosed(round);
        if (cutOffAt !== undefined && round.state !== 'open') {
          throw new RoundNotOpen('the snapshot is frozen: its cut-off cannot be moved any more');
        }
        const cutOffMs = cutOffAt === undefined ? round.cutOffMs : cutOffOf(cutOffAt, now());
        await transaction
          .updateTable('survey_rounds')
          .set({
            title: title ?? round.title,
            reference: reference ?? round.reference,
            cut_off_ms: cutOffMs,
          })
          .where('id', '=', id)
          .execute();
        const due = (level: SurveyLevel): number =>
          deadlines === undefined
            ? round.deadlines[level].dueMs
            : Date.parse(deadlines[level].dueAt);
        const times = [cutOffMs, ...levels.map(due)];
        if (times.some((time, index) => time < (times[index - 1] ?? 0))) {
          throw new DeadlineNotEarlier(
            'cut-off, LAOs, districts, provinces: each deadline comes after the one before',
          );
        }
        if (deadlines === undefined) return;
        for (const level of levels) {
          refuseFarDay(deadlines[level].dueAt, now());
          const {
            round_id: _round,
            level: _level,
            province: _province,
            ...row
          } = deadlineRow(id, level, '', deadlines[level]);
          await transaction
            .updateTable('survey_deadlines')
            .set(row)
            .where('round_id', '=', id)
            .where('level', '=', level)
            .where('province', '=', '')
            .execute();
        }
      });
    },
    async close(id) {
      return changing(id, async (transaction, { state }) => {
        if (state === 'open') throw new RoundNotOpen('the round is not cut off yet: cancel it');
        if (state !== 'frozen') throw new RoundNotOpen(`the round is ${state} already`);
        await transaction
          .updateTable('survey_rounds')
          .set({ state: 'closed', closed_ms: now() })
          .where('id', '=', id)
          .execute();
      });
    },
    async cancel(id, reason) {
      return changing(id, async (transaction, { state, cutOffMs }) => {
        // One whose cut-off has come is frozen any moment now: the snapshot's turn is taken by the same lock.
        if (state !== 'open' || cutOffMs <= now()) {
          throw new RoundNotOpen('the cut-off has come: the round cannot be cancelled any more');
        }
        await transaction
          .updateTable('survey_rounds')
          .set({ state: 'closed', closed_ms: now(), cancelled_reason: reason })
          .where('id', '=', id)
          .execute();
      });
    },
    async bringForward(id, province, given) {
      return changing(id, async (transaction, round) => {
        refuseClosed(round);
        for (const level of ['lao', 'district'] as const) {
          const deadline = given[level];
          await transaction
            .deleteFrom('survey_deadlines')
            .where('round_id', '=', id)
            .where('level', '=', level)
            .where('province', '=', province)
            .execute();
          if (deadline === null) continue;
          const dueMs = Date.parse(deadline.dueAt);
          if (dueMs > round.deadlines[level].dueMs || dueMs < round.cutOffMs) {
            throw new DeadlineNotEarlier(
              'a province may bring a deadline forward, not before the cut-off, and not put it off',
            );
          }
          await transaction
            .insertInto('survey_deadlines')
            .values(deadlineRow(id, level, province, deadline))
            .execute();
        }
      });
    },
  };
}

/** In the order of `ids`; those that are not there are left out. */
export async function roundsOf(
  database: Kysely<RegistryTables>,
  ids: readonly string[],
): Promise<Round[]> {
  if (ids.length === 0) return [];
  const rows = await database
    .selectFrom('survey_rounds')
    .selectAll()
    .where('id', 'in', ids)
    .execute();
  const deadlines = await database
    .selectFrom('survey_deadlines')
    .selectAll()
    .where('round_id', 'in', ids)
    .orderBy('province')
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row === undefined
      ? []
      : [
          roundOf(
            row,
            deadlines.filter(({ round_id }) => round_id === id),
          ),
        ];
  });
}

function roundOf(
  row: Selectable<SurveyRoundTable>,
  deadlines: readonly Selectable<SurveyDeadlineTable>[],
): Round {
  const find = (level: SurveyLevel, province: string): Deadline | null => {
    const found = deadlines.find((one) => one.level === level && one.province === province);
    if (found === undefined) return null;
    return { dueMs: found.due_ms, letterNumber: found.letter_number, contact: found.contact };
  };
  const ofAll = (level: SurveyLevel): Deadline =>
    find(level, '') ?? { dueMs: row.cut_off_ms, letterNumber: null, contact: null };
  const provinces = new Set(
    deadlines.map(({ province }) => province).filter((name) => name !== ''),
  );
  return {
    id: row.id,
    title: row.title,
    reference: row.reference,
    cutOffMs: row.cut_off_ms,
    windowMs: row.window_ms,
    // Written by `open`, and by nothing else.
    scope: JSON.parse(row.scope) as Area[],
    countsClosedAreas: row.counts_closed_areas === 1,
    declarationDays: row.declaration_days,
    state: row.cancelled_reason === null ? row.state : 'cancelled',
    cancelledReason: row.cancelled_reason,
    openedBy: authorOf(row.opened_by),
    openedMs: row.opened_ms,
    frozenMs: row.frozen_ms,
    closedMs: row.closed_ms,
    deadlines: { lao: ofAll('lao'), district: ofAll('district'), province: ofAll('province') },
    ofProvinces: [...provinces].map((province) => ({
      province,
      lao: find('lao', province),
      district: find('district', province),
    })),
  };
}

function refuseClosed({ state }: Round): void {
  if (state === 'closed' || state === 'cancelled') throw new RoundNotOpen(`the round is ${state}`);
}

/** As the official list spells its province: rows are compared by it. */
function officially(given: Area): Area {
  if (given.level === 'country') return given;
  return { ...given, province: findProvince(given.province)?.name ?? given.province };
}

function cutOffOf(cutOffAt: string, nowMs: number): number {
  refuseFarDay(cutOffAt, nowMs);
  const cutOffMs = Date.parse(cutOffAt);
  if (cutOffMs < nowMs - CUT_OFF_LENIENCY_MS) {
    throw new CutOffPast('the cut-off has passed: what was declared then is not what is known now');
  }
  return cutOffMs;
}

function deadlineRow(
  roundId: string,
  level: SurveyLevel,
  province: string,
  { dueAt, letterNumber, contact }: NewDeadline,
): Selectable<SurveyDeadlineTable> {
  return {
    round_id: roundId,
    level,
    province,
    due_ms: Date.parse(dueAt),
    letter_number: letterNumber,
    contact,
  };
}
