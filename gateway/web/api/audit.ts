import * as z from 'zod/mini';
import { call, queryOf } from './call.ts';

/** The audit log: GET /api/v1/audit. */

const auditEntry = z.object({
  sequence: z.number(),
  at: z.string(),
  actor: z.object({
    id: z.string(),
    name: z.string(),
    role: z.nullable(z.string()),
    tokenId: z.nullable(z.string()),
  }),
  action: z.string(),
  object: z.object({ kind: z.string(), id: z.string(), label: z.nullable(z.string()) }),
  outcome: z.string(),
  from: z.object({ address: z.nullable(z.string()), userAgent: z.nullable(z.string()) }),
  why: z.nullable(z.string()),
  detail: z.record(z.string(), z.unknown()),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

const auditPage = z.object({
  entries: z.array(auditEntry),
  unreadable: z.array(z.number()),
  names: z.record(z.string(), z.object({ kind: z.string(), name: z.string() })),
  nextCursor: z.nullable(z.string()),
});
export type AuditNames = z.infer<typeof auditPage>['names'];
export type AuditPage = z.infer<typeof auditPage>;

/** Names as in the API's query. */
export interface AuditFilter {
  from: string;
  to: string;
  action: string;
  actor: string;
  object: string;
  outcome: string;
}

export function readAudit(
  filter: AuditFilter,
  cursor: string | null,
  signal: AbortSignal,
): Promise<AuditPage> {
  return call(auditPage, `/api/v1/audit${queryOf({ ...filter, cursor })}`, { signal });
}

/** A file of JSON lines with its proof, which the browser downloads by itself. */
export function auditExportAddress(filter: AuditFilter): string {
  return `/api/v1/audit/export${queryOf({ ...filter })}`;
}
