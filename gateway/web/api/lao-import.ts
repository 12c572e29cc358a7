import * as z from 'zod/mini';
import { call } from './call.ts';

/** The Department's list of LAOs as a file: what it would do is looked at, and then done, all of it or nothing. */

const LAOS = '/api/v1/laos';

export const laoTemplateAddress = `${LAOS}/template`;

const laoFates = ['new', 'changed', 'unchanged', 'refused'] as const;
export type LaoFate = (typeof laoFates)[number];

const givenLao = z.object({
  name: z.string(),
  district: z.string(),
  province: z.string(),
  code: z.nullable(z.string()),
  type: z.nullable(z.string()),
  reportingParent: z.nullable(z.string()),
});

const dryRunOnWire = z.object({
  counts: z.object({
    new: z.number(),
    changed: z.number(),
    unchanged: z.number(),
    refused: z.number(),
  }),
  /** Which plan is told; who accepts names it. */
  plan: z.string(),
  rows: z.array(
    z.object({
      row: z.number(),
      name: z.string(),
      fate: z.enum(laoFates),
      lao: z.nullable(givenLao),
      changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
      problems: z.array(
        z.object({
          cell: z.nullable(z.string()),
          heading: z.string(),
          text: z.string(),
          /** In Thai. */
          reason: z.string(),
        }),
      ),
      refusal: z.nullable(z.string()),
    }),
  ),
});
export type LaoDryRun = z.infer<typeof dryRunOnWire>;
export type LaoDryRow = LaoDryRun['rows'][number];

/** Why the file as a whole is not taken, in the details of the error `lao_file_refused`. */
export const laoFileRefused = z.object({ thai: z.string() });

const WITHIN_MS = 60_000;

export function dryRunLaos(file: File): Promise<LaoDryRun> {
  return call(dryRunOnWire, `${LAOS}/import/dry-run`, {
    method: 'POST',
    raw: { content: file, type: 'application/octet-stream' },
    withinMs: WITHIN_MS,
  });
}

const importedOnWire = z.object({
  added: z.number(),
  changed: z.number(),
  unchanged: z.number(),
});
export type LaosImported = z.infer<typeof importedOnWire>;

/** Those that were not refused, as they were looked at. */
export function importLaos({ rows, plan }: LaoDryRun): Promise<LaosImported> {
  const laos = rows.flatMap(({ lao }) => (lao === null ? [] : [lao]));
  return call(importedOnWire, `${LAOS}/import`, {
    method: 'POST',
    body: { laos, plan },
    withinMs: WITHIN_MS,
  });
}
