import * as z from 'zod/mini';
import { grantOnWire, type Grant } from './areas.ts';
import { call, queryOf } from './call.ts';

/** People of the area that one keeps: /api/v1/people. */

const personOnWire = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  grants: z.array(grantOnWire),
  disabled: z.boolean(),
  /** False until the one-time link was used. */
  hasPassword: z.boolean(),
  hasSecondFactor: z.boolean(),
  createdAt: z.string(),
});
export type Person = z.infer<typeof personOnWire>;

const peoplePage = z.object({
  people: z.array(personOnWire),
  nextCursor: z.nullable(z.string()),
});

export function readPeople(
  filter: { search: string; cursor: string | null },
  signal: AbortSignal,
): Promise<z.infer<typeof peoplePage>> {
  return call(peoplePage, `/api/v1/people${queryOf({ ...filter, search: filter.search.trim() })}`, {
    signal,
  });
}

export interface PersonGiven {
  name: string;
  email: string;
  grants: Grant[];
}

/** Returns the one-time link of the new person, a path. */
export async function addPerson(given: PersonGiven): Promise<string> {
  const { link } = await call(z.object({ link: z.string() }), '/api/v1/people', {
    method: 'POST',
    body: given,
  });
  return link;
}

export function changePerson(
  id: string,
  change: Partial<PersonGiven> & { disabled?: boolean },
): Promise<Person> {
  return call(personOnWire, `/api/v1/people/${encodeURIComponent(id)}`, {
    method: 'PATCH',
    body: change,
  });
}

export async function resetPerson(id: string, secondFactor: boolean): Promise<string> {
  const { link } = await call(
    z.object({ link: z.string() }),
    `/api/v1/people/${encodeURIComponent(id)}/reset`,
    { method: 'POST', body: { secondFactor } },
  );
  return link;
}

const listReport = z.object({
  rows: z.array(
    z.object({
      line: z.number(),
      name: z.string(),
      email: z.string(),
      outcome: z.string(),
      problem: z.nullable(z.object({ code: z.string(), message: z.string() })),
      link: z.nullable(z.string()),
    }),
  ),
  created: z.number(),
  refused: z.number(),
});
export type ListReport = z.infer<typeof listReport>;

const LIST_WITHIN_MS = 120_000;

/** `dryRun`: only says what would become of each line. */
export function importPeople(csv: string, dryRun: boolean): Promise<ListReport> {
  return call(listReport, '/api/v1/people/import', {
    method: 'POST',
    body: { csv, dryRun },
    withinMs: LIST_WITHIN_MS,
  });
}
