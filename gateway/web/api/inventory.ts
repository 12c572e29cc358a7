import * as z from 'zod/mini';
import { call, order, queryOf } from './call.ts';

/** The inventory as a workbook, in and out. */

const INVENTORY = '/api/v1/inventory';
const IMPORTS = `${INVENTORY}/imports`;

export const templateAddress = `${INVENTORY}/template`;

/** A workbook of the cameras that a list shows, which the browser downloads by itself. By the names of the API's query. */
export function inventoryExportAddress(filter: Readonly<Record<string, string>>): string {
  return `${INVENTORY}/export${queryOf(filter)}`;
}

/** A file on its way in: read, compared with the register, looked at by a person, and then written or thrown away. */
const importOnWire = z.object({
  id: z.string(),
  fileName: z.string(),
  phase: z.enum(['reading', 'comparing', 'ready', 'applying', 'applied', 'refused', 'failed']),
  /** Of the phase; `of` is null where nobody knows yet. */
  progress: z.object({ done: z.number(), of: z.nullable(z.number()) }),
  table: z.nullable(z.object({ sheet: z.string(), unknownHeadings: z.array(z.string()) })),
  rows: z.nullable(z.number()),
  counts: z.nullable(
    z.object({
      new: z.number(),
      changed: z.number(),
      unchanged: z.number(),
      refused: z.number(),
      warned: z.number(),
    }),
  ),
  /** Which one is told; who accepts names it. */
  plan: z.number(),
  /** The register was changed since the plan was seen: it is another one, to be accepted anew. */
  changedMeanwhile: z.boolean(),
  /** Why the file as a whole is not taken, in Thai. */
  refusal: z.nullable(z.object({ code: z.string(), thai: z.string() })),
});
export type InventoryImport = z.infer<typeof importOnWire>;
export type ShownRows = 'new' | 'changed' | 'unchanged' | 'refused' | 'warned';

const remark = z.object({
  /** `D5`. */
  cell: z.nullable(z.string()),
  heading: z.string(),
  text: z.string(),
  /** In Thai. */
  reason: z.string(),
});

const rowsOnWire = z.object({
  rows: z.array(
    z.object({
      row: z.number(),
      fate: z.string(),
      cameraId: z.nullable(z.string()),
      position: z.string(),
      lao: z.string(),
      differences: z.array(
        z.object({
          field: z.string(),
          heading: z.string(),
          before: z.string(),
          after: z.string(),
        }),
      ),
      values: z.array(z.object({ field: z.string(), heading: z.string(), value: z.string() })),
      problems: z.array(remark),
      warnings: z.array(remark),
    }),
  ),
  /** Null on the last page. */
  nextAfter: z.nullable(z.number()),
});
export type ImportRowPage = z.infer<typeof rowsOnWire>;
export type RowFate = z.infer<typeof rowsOnWire>['rows'][number];

const UPLOAD_WITHIN_MS = 120_000;

export function beginImport(file: File): Promise<InventoryImport> {
  return call(importOnWire, `${IMPORTS}${queryOf({ fileName: file.name })}`, {
    method: 'POST',
    raw: { content: file, type: 'application/octet-stream' },
    withinMs: UPLOAD_WITHIN_MS,
  });
}

export function readImport(id: string, signal?: AbortSignal): Promise<InventoryImport> {
  return call(importOnWire, `${IMPORTS}/${encodeURIComponent(id)}`, { signal });
}

/** Rows behind the row `after`. */
export function readImportRows(
  id: string,
  page: { show: ShownRows | null; after: number; limit: number },
  signal?: AbortSignal,
): Promise<ImportRowPage> {
  const query = queryOf(page);
  return call(rowsOnWire, `${IMPORTS}/${encodeURIComponent(id)}/rows${query}`, { signal });
}

export function acceptImport(
  { id, plan }: InventoryImport,
  skipRefused: boolean,
): Promise<InventoryImport> {
  return call(importOnWire, `${IMPORTS}/${encodeURIComponent(id)}/accept`, {
    method: 'POST',
    body: { plan, skipRefused },
  });
}

export function discardImport(id: string): Promise<void> {
  return order(`${IMPORTS}/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
