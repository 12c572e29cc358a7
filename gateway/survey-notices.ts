import { country } from '#registry/area.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { laosOf } from '#registry/survey/counts.ts';
import { deadlineOf } from '#registry/survey/due.ts';
import { roundsOf } from '#registry/survey/rounds.ts';
import { thaiDay } from '#registry/thai-day.ts';
import { uuidV7Ms } from '#registry/uuid-v7.ts';
import type { PlannedNotice } from './notices/plan-notices.ts';
import type { NoticePlace } from './notices/notice.ts';
import { reviewOf } from './survey-rights.ts';

/** Of one look and one kind; the next has the rest. */
const MAX_AT_ONCE = 10_000;
const HOUR_MS = 3_600_000;

interface Look {
  sinceMs: number;
  nowMs: number;
}

/**
 * What the rounds call for, of what was said since: rounds that were opened, reminders of returns that still wait, returns
 * that came up and wait to be looked at, and returns that were sent back.
 */
export async function surveyNotices(
  registry: RegistryDatabase,
  look: Look,
): Promise<PlannedNotice[]> {
  return [
    ...(await roundsOpened(registry, look)),
    ...(await reminders(registry, look)),
    ...(await waiting(registry, look)),
    ...(await sentBack(registry, look)),
  ];
}

/**
 * Everybody who has a return to send, before the cut-off if there is time: what is put right in the registry until then is in
 * the snapshot. One a person and round, so that a district is not told for each LAO that nobody owns.
 */
async function roundsOpened(
  registry: RegistryDatabase,
  { sinceMs }: Look,
): Promise<PlannedNotice[]> {
  const opened = await registry
    .selectFrom('survey_rounds')
    .select('id')
    .where('state', 'in', ['open', 'frozen'])
    .where('opened_ms', '>=', sinceMs)
    .orderBy('id')
    .execute();
  const rounds = await roundsOf(
    registry,
    opened.map(({ id }) => id),
  );
  const notices: PlannedNotice[] = [];
  for (const round of rounds) {
    const laos = [...(await laosOf(registry, { within: round.scope })).values()];
    const districts = new Map<string, NoticePlace>();
    const provinces = new Map<string, NoticePlace>();
    for (const { province, district } of laos) {
      districts.set(`${province}|${district}`, { province, district, lao: null });
      provinces.set(province, { province, district: null, lao: null });
    }
    // The widest first: who collects for several places is told of the place that they collect.
    const places: NoticePlace[] = [
      ...provinces.values(),
      ...districts.values(),
      ...laos.map(({ province, district, name }) => ({ province, district, lao: name })),
    ];
    for (const place of places.slice(0, MAX_AT_ONCE)) {
      const level = place.lao !== null ? 'lao' : place.district !== null ? 'district' : 'province';
      const { dueMs } = deadlineOf(round, level, place.province, 0);
      notices.push({
        kind: 'round-opened',
        subject: `round-opened ${round.id}`,
        content: ofRound(place, round, { dueOn: thaiDay(dueMs) }),
      });
    }
  }
  return notices;
}

async function reminders(
  registry: RegistryDatabase,
  { sinceMs, nowMs }: Look,
): Promise<PlannedNotice[]> {
  const rows = await returnsWithRounds(registry)
    .innerJoin('survey_reminders', 'survey_reminders.return_id', 'survey_returns.id')
    .select(['survey_reminders.id as reminder_id', 'survey_reminders.due_ms'])
    .where('survey_returns.state', 'in', ['draft', 'sent-back'])
    .where('survey_reminders.at_ms', '>=', sinceMs)
    .orderBy('survey_reminders.id', 'desc')
    .limit(MAX_AT_ONCE)
    .execute();
  return rows.map((row): PlannedNotice => ({
    kind: row.due_ms < nowMs ? 'round-late' : 'round-due',
    subject: `reminder ${row.reminder_id}`,
    content: ofReturn(row, { dueOn: thaiDay(row.due_ms) }),
  }));
}

/** Told to the level above, whose turn it is: each version once. */
async function waiting(registry: RegistryDatabase, { sinceMs }: Look): Promise<PlannedNotice[]> {
  const rows = await returnsWithRounds(registry)
    .innerJoin('survey_versions', (join) =>
      join
        .onRef('survey_versions.return_id', '=', 'survey_returns.id')
        .onRef('survey_versions.version', '=', 'survey_returns.version'),
    )
    .select(['survey_versions.version', 'survey_returns.reports_to'])
    .where('survey_returns.state', '=', 'submitted')
    .where('survey_versions.submitted_ms', '>=', sinceMs)
    .orderBy('survey_returns.id')
    .limit(MAX_AT_ONCE)
    .execute();
  return rows.map((row): PlannedNotice => {
    const { action, area } = reviewOf(row);
    return {
      kind: 'return-waiting',
      subject: `waiting ${row.return_id} ${row.version}`,
      content: ofReturn(row),
      audience: { action, areas: [area] },
    };
  });
}

async function sentBack(registry: RegistryDatabase, { sinceMs }: Look): Promise<PlannedNotice[]> {
  const rows = await returnsWithRounds(registry)
    .innerJoin('survey_versions', (join) =>
      join
        .onRef('survey_versions.return_id', '=', 'survey_returns.id')
        .on('survey_versions.state', '=', 'sent-back'),
    )
    .select(['survey_versions.version', 'survey_versions.decided_reason'])
    .where('survey_returns.state', '=', 'sent-back')
    .where('survey_versions.decided_ms', '>=', sinceMs)
    .orderBy('survey_returns.id')
    .limit(MAX_AT_ONCE)
    .execute();
  return rows.map((row): PlannedNotice => ({
    kind: 'return-sent-back',
    subject: `sent-back ${row.return_id} ${row.version}`,
    content: ofReturn(row, { reason: row.decided_reason }),
  }));
}

/**
 * LAOs that were proposed and wait to be taken into the list: those of one province and one hour together, when the hour is
 * over, for a file can propose a thousand.
 */
export async function proposalNotices(
  registry: RegistryDatabase,
  { sinceMs, nowMs }: Look,
): Promise<PlannedNotice[]> {
  const proposed = await registry
    .selectFrom('laos')
    .select(['id', 'name', 'district', 'province'])
    .where('status', '=', 'proposed')
    .orderBy('id', 'desc')
    .limit(MAX_AT_ONCE)
    .execute();
  const due = proposed.flatMap((lao) => {
    const hour = Math.floor(uuidV7Ms(lao.id) / HOUR_MS);
    const toldMs = (hour + 1) * HOUR_MS;
    return toldMs >= sinceMs && toldMs <= nowMs ? [{ ...lao, hour }] : [];
  });
  const together = Map.groupBy(due, ({ province, hour }) => `${province} ${hour}`);
  return [...together].flatMap(([key, laos]): PlannedNotice[] => {
    const [first, ...others] = laos;
    if (first === undefined) return [];
    const { province, district, name } = first;
    return [
      {
        kind: 'lao-proposed',
        subject: `lao-proposed ${key}`,
        content: {
          ...nothingElse,
          place:
            others.length > 0
              ? { province, district: null, lao: null }
              : { province, district, lao: name },
          count: laos.length,
        },
        audience: { action: 'place.manage', areas: [country] },
      },
    ];
  });
}

/** Of rounds that are being returned. */
function returnsWithRounds(registry: RegistryDatabase) {
  return registry
    .selectFrom('survey_returns')
    .innerJoin('survey_rounds', 'survey_rounds.id', 'survey_returns.round_id')
    .select([
      'survey_returns.id as return_id',
      'survey_returns.level',
      'survey_returns.name',
      'survey_returns.district',
      'survey_returns.province',
      'survey_rounds.id',
      'survey_rounds.title',
    ])
    .where('survey_rounds.state', '=', 'frozen');
}

const nothingElse = { cameras: [], incident: null, round: null, approval: null };

function ofReturn(
  of: {
    return_id: string;
    level: 'lao' | 'district' | 'province';
    name: string;
    district: string;
    province: string;
    id: string;
    title: string;
  },
  more: { dueOn?: string; reason?: string | null } = {},
): PlannedNotice['content'] {
  const place = {
    province: of.province,
    district: of.level === 'province' ? null : of.district,
    lao: of.level === 'lao' ? of.name : null,
  };
  return ofRound(place, of, { returnId: of.return_id, ...more });
}

function ofRound(
  place: NoticePlace,
  { id, title }: { id: string; title: string },
  more: { returnId?: string; dueOn?: string; reason?: string | null },
): PlannedNotice['content'] {
  const round = { id, title, returnId: null, dueOn: null, reason: null, ...more };
  return { ...nothingElse, place, count: 0, round };
}
