import type { Area } from '#registry/area.ts';
import type { ComparedCamera } from '#registry/compared-cameras.ts';
import { newCamera } from '#registry/camera.ts';
import { csvSheet } from '#registry/inventory/csv-sheet.ts';
import type { RowFate } from '#registry/inventory/fates.ts';
import { Planner, type Plan } from '#registry/inventory/plan.ts';
import { rowReader, type RowReading } from '#registry/inventory/row-reading.ts';
import { SharedTexts } from '#registry/inventory/shared-texts.ts';
import { findTable } from '#registry/inventory/table.ts';
import type { ListedNames } from '#registry/leading-names.ts';
import { csvOf } from './rows.ts';

const country: readonly Area[] = [{ level: 'country' }];

/** What becomes of the rows of a file, the first of which has its headings, beside these cameras and lists. Within this thread. */
export async function planned(
  rows: readonly (readonly string[])[],
  existing: readonly ComparedCamera[],
  names?: ListedNames,
): Promise<{ plan: Plan; fates: RowFate[]; planner: Planner }> {
  const table = await findTable([csvSheet(csvOf(...rows))]);
  const read = rowReader(table.heading, new SharedTexts());
  const readings: RowReading[] = [];
  for await (const some of table.rows) readings.push(...some.map(read));
  const planner = new Planner(readings, table.heading, country);
  if (names !== undefined) planner.follow(names);
  const plan = planner.plan(existing);
  return { plan, fates: planner.fates(0, rows.length, undefined), planner };
}

/** `number`: of its id, below 10. */
export function registered(number: number, given: Record<string, unknown>): ComparedCamera {
  const { stream, ...camera } = newCamera.parse(given);
  return {
    ...camera,
    id: idOf(number),
    version: 1,
    stream: stream === null ? null : { ...stream, hasPassword: stream.password !== null },
  };
}

export function idOf(number: number): string {
  return `019aa0b2-6a00-7000-8000-00000000000${number}`;
}
