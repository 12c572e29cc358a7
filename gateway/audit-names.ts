import type { RegistryDatabase } from '#registry/schema/tables.ts';
import type { LoggedEntry } from './audit/entry.ts';
import type { PeopleDatabase } from './auth/people-database.ts';

/** What ids of the audit log are called today, for who reads it. The log itself keeps what was written, and no more. */

export interface AuditName {
  kind: 'camera' | 'person' | 'lao' | 'budget-source' | 'site' | 'survey-round' | 'survey-return';
  name: string;
}

/** Ids of one answer that are looked up; the rest stay ids. */
const MAX_IDS = 2_000;
/** Ids in one statement. */
const BATCH = 500;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Every id that the entries name, of whatever it is. */
export function idsIn(
  entries: readonly Pick<LoggedEntry, 'actor' | 'object' | 'detail'>[],
): string[] {
  const ids = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      if (ID.test(value) && ids.size < MAX_IDS) ids.add(value);
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  for (const { actor, object, detail } of entries) visit([actor.id, object.id, detail]);
  return [...ids];
}

/** By id. What was deleted has its name still; an id that nothing has any more is left out. */
export async function auditNames(
  { registry, people }: { registry: RegistryDatabase; people: PeopleDatabase },
  ids: readonly string[],
): Promise<Map<string, AuditName>> {
  const names = new Map<string, AuditName>();
  for (let at = 0; at < ids.length; at += BATCH) {
    const some = ids.slice(at, at + BATCH);
    const found: Record<AuditName['kind'], { id: string; name: string }[]> = {
      camera: await registry
        .selectFrom('cameras')
        .select(['id', 'position as name'])
        .where('id', 'in', some)
        .execute(),
      person: await people
        .selectFrom('accounts')
        .select(['id', 'name'])
        .where('id', 'in', some)
        .execute(),
      lao: await registry
        .selectFrom('laos')
        .select(['id', 'name'])
        .where('id', 'in', some)
        .execute(),
      'budget-source': await registry
        .selectFrom('budget_sources')
        .select(['id', 'name'])
        .where('id', 'in', some)
        .execute(),
      site: await registry
        .selectFrom('sites')
        .select(['id', 'name'])
        .where('id', 'in', some)
        .execute(),
      'survey-round': await registry
        .selectFrom('survey_rounds')
        .select(['id', 'title as name'])
        .where('id', 'in', some)
        .execute(),
      'survey-return': await registry
        .selectFrom('survey_returns')
        .select(['id', 'name'])
        .where('id', 'in', some)
        .execute(),
    };
    for (const [kind, rows] of Object.entries(found)) {
      for (const { id, name } of rows) names.set(id, { kind: kind as AuditName['kind'], name });
    }
  }
  return names;
}
