import type { AuditAction } from './actions.ts';

/**
 * The record of who did what. An act that must be recorded is recorded before its effect can be seen: `record`
 * resolves once the entry is on disk, and whoever cannot have it written refuses the act.
 */
export interface Audit {
  /** Throws AuditUnavailable: nothing was written (or nobody knows), and the act must be refused. */
  record: (entry: AuditEntry) => Promise<void>;
}

export interface AuditEntry {
  actor: AuditActor;
  action: AuditAction;
  object: AuditObject;
  outcome: AuditOutcome;
  from: AuditOrigin;
  /** The reason that the actor gave, where one is asked for. */
  why?: string | undefined;
  /**
   * What else an auditor needs: fields changed, terms searched, entries exported. Long texts, long lists and deep
   * nesting are cut (entry.ts), and values under names such as `password` or `token` are left out. Put no secret here
   * all the same.
   */
  detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface AuditActor {
  /** Of the account; `anonymous` before anybody has signed in, `system` for the gateway itself. */
  id: string;
  /** As shown; of a failed sign-in, the name that was tried. */
  name: string;
  /** In which they acted, where one role decided. */
  role?: string | undefined;
  /** The API token that they acted through. */
  tokenId?: string | undefined;
}

export interface AuditObject {
  /** `camera`, `person`, `session`, `token`, `area`, `audit`, `gateway`, `route`. */
  kind: string;
  id: string;
  /** What a person would call it at that time: a camera's position, a person's name. */
  label?: string | undefined;
}

export const auditOutcomes = ['done', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Where the request came from; null where there was none. */
export interface AuditOrigin {
  address: string | null;
  userAgent: string | null;
}

/** Nobody has signed in. */
export const anonymous: AuditActor = { id: 'anonymous', name: '' };

/** What cannot be recorded is not done: 503. */
export class AuditUnavailable extends Error {
  readonly code = 'audit_unavailable';
}
