import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { thaiDay } from '#registry/thai-day.ts';
import type { PlannedNotice } from './notices/plan-notices.ts';

/** Of one look; the next has the rest. */
const MAX_AT_ONCE = 10_000;

/** What the rounds call for, of what was said since: reminders of returns that still wait, and returns that were sent back. */
export async function surveyNotices(
  registry: RegistryDatabase,
  { sinceMs, nowMs }: { sinceMs: number; nowMs: number },
): Promise<PlannedNotice[]> {
  const reminders = await registry
    .selectFrom('survey_reminders')
    .innerJoin('survey_returns', 'survey_returns.id', 'survey_reminders.return_id')
    .innerJoin('survey_rounds', 'survey_rounds.id', 'survey_returns.round_id')
    .select([
      'survey_reminders.id as reminder_id',
      'survey_reminders.due_ms',
      'survey_returns.level',
      'survey_returns.name',
      'survey_returns.district',
      'survey_returns.province',
      'survey_rounds.id',
      'survey_rounds.title',
    ])
    .where('survey_rounds.state', '=', 'frozen')
    .where('survey_returns.state', 'in', ['draft', 'sent-back'])
    .where('survey_reminders.at_ms', '>=', sinceMs)
    .orderBy('survey_reminders.id', 'desc')
    .limit(MAX_AT_ONCE)
    .execute();
  const sentBack = await registry
    .selectFrom('survey_returns')
    .innerJoin('survey_rounds', 'survey_rounds.id', 'survey_returns.round_id')
    .innerJoin('survey_versions', (join) =>
      join
        .onRef('survey_versions.return_id', '=', 'survey_returns.id')
        .on('survey_versions.state', '=', 'sent-back'),
    )
    .select([
      'survey_returns.id as return_id',
      'survey_versions.version',
      'survey_versions.decided_reason',
      'survey_returns.level',
      'survey_returns.name',
      'survey_returns.district',
      'survey_returns.province',
      'survey_rounds.id',
      'survey_rounds.title',
    ])
    .where('survey_rounds.state', '=', 'frozen')
    .where('survey_returns.state', '=', 'sent-back')
    .where('survey_versions.decided_ms', '>=', sinceMs)
    .limit(MAX_AT_ONCE)
    .execute();
  return [
    ...reminders.map((row): PlannedNotice => ({
      kind: row.due_ms < nowMs ? 'round-late' : 'round-due',
      subject: `reminder ${row.reminder_id}`,
      content: contentOf(row, { dueOn: thaiDay(row.due_ms), reason: null }),
    })),
    ...sentBack.map((row): PlannedNotice => ({
      kind: 'return-sent-back',
      subject: `sent-back ${row.return_id} ${row.version}`,
      content: contentOf(row, { dueOn: null, reason: row.decided_reason }),
    })),
  ];
}

function contentOf(
  of: {
    level: 'lao' | 'district' | 'province';
    name: string;
    district: string;
    province: string;
    id: string;
    title: string;
  },
  round: { dueOn: string | null; reason: string | null },
): PlannedNotice['content'] {
  return {
    place: {
      province: of.province,
      district: of.level === 'province' ? null : of.district,
      lao: of.level === 'lao' ? of.name : null,
    },
    count: 0,
    cameras: [],
    incident: null,
    round: { id: of.id, title: of.title, ...round },
  };
}
