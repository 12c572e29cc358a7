import type { Kysely } from 'kysely';
import type { AuditAction } from './actions.ts';
import type { AuditOutcome } from './audit.ts';

export type AuditDatabase = Kysely<AuditTables>;

export interface AuditTables {
  entries: EntryTable;
  head: HeadTable;
  anchors: AnchorTable;
}

/** Written once; the schema refuses UPDATE, and DELETE of what was not cut off by an anchor. */
export interface EntryTable {
  /** From 1 without a gap. */
  sequence: number;
  /** Unix ms. This column and the next five repeat what the body says, to be searched by. */
  at_ms: number;
  actor_id: string;
  action: AuditAction;
  object_kind: string;
  object_id: string;
  outcome: AuditOutcome;
  /** The entry in canonical JSON: the bytes that the chain covers. */
  body: string;
  /** Of the chain, up to and with this entry (chain.ts). */
  hash: string;
}

/** One row: the last entry, signed. */
export interface HeadTable {
  id: 1;
  sequence: number;
  hash: string;
  key_id: string;
  signature: string;
}

export interface AnchorTable {
  number: number;
  kind: string;
  sequence: number;
  /** The anchor in canonical JSON. */
  body: string;
}
