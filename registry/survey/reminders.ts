import type { Kysely } from 'kysely';
import type { Area } from '../area.ts';
import { authorOf, authorText, type Author } from '../author.ts';
import { takeLock } from '../database/database.ts';
import type { SurveyReminderTable } from '../schema/survey-tables.ts';
import type { RegistryDatabase, RegistryTables } from '../schema/tables.ts';
import { uuidV7Source } from '../uuid-v7.ts';
import { deadlineOf, oursMs } from './due.ts';
import { isReadWithin } from './return-areas.ts';
import type { ReturnRowOf } from './return-versions.ts';
import { roundsOf, type Round } from './rounds.ts';

/** Who was reminded of a return, when, and why. Each kind once a deadline; by hand as often as somebody does. */

export interface Reminder {
  id: string;
  kind: SurveyReminderTable['kind'];
  atMs: number;
  dueMs: number;
  /** Null: the gateway itself. */
  by: Author | null;
  of: ReturnRowOf;
}

/** Before a deadline; where it was given at shorter notice, at once. */
const SOON_MS = 24 * 3_600_000;
/** Of one round that are told, newest first. */
const MAX_REMINDERS = 1_000;
const ROWS_A_STATEMENT = 200;

/** Reminds of what is due soon, and of what is late; returns what was reminded of now. */
export async function remindDue(
  database: RegistryDatabase,
  { now }: { now: () => number },
): Promise<Reminder[]> {
  const nowMs = now();
  const rows = await database
    .selectFrom('survey_rounds')
    .select('id')
    .where('state', '=', 'frozen')
    .execute();
  const reminded: Reminder[] = [];
  for (const round of await roundsOf(
    database,
    rows.map(({ id }) => id),
  )) {
    const ours = await oursMs(database, round, nowMs);
    for (const kind of ['due-soon', 'late'] as const) {
      const waiting = await notReminded(database, round, kind);
      const due = waiting.flatMap((of) => {
        const { dueMs } = deadlineOf(round, of.level, of.province, ours);
        const isTime = kind === 'late' ? nowMs > dueMs : nowMs > dueMs - SOON_MS && nowMs <= dueMs;
        return isTime ? [{ of, dueMs }] : [];
      });
      reminded.push(...(await remind(database, due, { kind, by: null, now })));
    }
  }
  return reminded;
}

/** Writes them down. */
export async function remind(
  database: RegistryDatabase,
  due: readonly { of: ReturnRowOf; dueMs: number }[],
  { kind, by, now }: { kind: Reminder['kind']; by: Author | null; now: () => number },
): Promise<Reminder[]> {
  const nextId = uuidV7Source(now);
  const atMs = now();
  const reminders = due.map(({ of, dueMs }): Reminder => ({
    id: nextId(),
    kind,
    atMs,
    dueMs,
    by,
    of,
  }));
  const reminded: Reminder[] = [];
  for (let at = 0; at < reminders.length; at += ROWS_A_STATEMENT) {
    const some = reminders.slice(at, at + ROWS_A_STATEMENT);
    await database.transaction().execute(async (transaction) => {
      await takeLock(transaction, 'survey-reminders');
      // Another gateway may have been faster.
      const already =
        kind === 'by-hand'
          ? new Set<string>()
          : new Set(
              (
                await transaction
                  .selectFrom('survey_reminders')
                  .select('return_id')
                  .where('kind', '=', kind)
                  .where(
                    'return_id',
                    'in',
                    some.map(({ of }) => of.id),
                  )
                  .execute()
              ).map(({ return_id }) => return_id),
            );
      const fresh = some.filter(({ of }) => !already.has(of.id));
      if (fresh.length === 0) return;
      await transaction
        .insertInto('survey_reminders')
        .values(
          fresh.map(({ id, of, dueMs }) => ({
            id,
            return_id: of.id,
            kind,
            at_ms: atMs,
            due_ms: dueMs,
            by: by === null ? null : authorText(by),
          })),
        )
        .execute();
      reminded.push(...fresh);
    });
  }
  return reminded;
}

/** Newest first. */
export async function remindersOf(
  database: Kysely<RegistryTables>,
  roundId: string,
  within: readonly Area[],
): Promise<Reminder[]> {
  const rows = await database
    .selectFrom('survey_reminders')
    .innerJoin('survey_returns', 'survey_returns.id', 'survey_reminders.return_id')
    .selectAll('survey_returns')
    .select([
      'survey_reminders.id as reminder_id',
      'survey_reminders.kind',
      'survey_reminders.at_ms',
      'survey_reminders.due_ms',
      'survey_reminders.by',
    ])
    .where('survey_returns.round_id', '=', roundId)
    .where((where) => isReadWithin(where, within))
    .orderBy('survey_reminders.id', 'desc')
    .limit(MAX_REMINDERS)
    .execute();
  return rows.map(({ reminder_id, kind, at_ms, due_ms, by, ...of }) => ({
    id: reminder_id,
    kind,
    atMs: at_ms,
    dueMs: due_ms,
    by: by === null ? null : authorOf(by),
    of,
  }));
}

/** Returns that wait, and were not reminded of in this way. */
async function notReminded(
  database: Kysely<RegistryTables>,
  round: Round,
  kind: Reminder['kind'],
): Promise<ReturnRowOf[]> {
  return database
    .selectFrom('survey_returns')
    .leftJoin('survey_reminders', (join) =>
      join
        .onRef('survey_reminders.return_id', '=', 'survey_returns.id')
        .on('survey_reminders.kind', '=', kind),
    )
    .selectAll('survey_returns')
    .where('survey_returns.round_id', '=', round.id)
    .where((where) =>
      where.or([
        where('survey_returns.state', '=', 'sent-back'),
        where.and([
          where('survey_returns.state', '=', 'draft'),
          where('survey_returns.version', '=', 1),
        ]),
      ]),
    )
    .where('survey_reminders.id', 'is', null)
    .execute();
}
