import type { Kysely } from 'kysely';
import type { Databases, DatabaseSchema } from '#registry/database/database.ts';
import type { Role } from './actor.ts';
import * as people from './migrations/0001-people.ts';
import * as notices from './migrations/0002-notices.ts';
import * as grantsByLaoId from './migrations/0003-grants-by-lao-id.ts';

/**
 * The people's own database, behind the registry's port: a long import of cameras holds no sign-in up. Column types as
 * the port says: ids are text (UUIDv7), truths 0 or 1, times Unix ms.
 */
export type PeopleDatabase = Kysely<PeopleTables>;

export interface PeopleTables {
  accounts: AccountTable;
  grants: GrantTable;
  recovery_codes: { account_id: string; code_hash: string };
  sessions: SessionTable;
  invitations: { token_hash: string; account_id: string; expires_ms: number };
  api_tokens: ApiTokenTable;
  notices: NoticeTable;
  notice_settings: NoticeSettingsTable;
  notice_deliveries: NoticeDeliveryTable;
  notified_cameras: { camera_id: string; told_ms: number };
}

export interface AccountTable {
  id: string;
  /** Lower case. */
  email: string;
  name: string;
  /** PHC string; null until a one-time link was used, and after a reset. */
  password_hash: string | null;
  /** Base32; null: no second factor. */
  code_secret: string | null;
  /** Shown for an authenticator app to read, and not confirmed by a code of it yet. */
  offered_secret: string | null;
  /** The latest time step that a code was shown of. */
  code_used_step: number;
  /** `issuer subject` of the OpenID provider. */
  open_id_subject: string | null;
  disabled: number;
  created_ms: number;
}

export interface GrantTable {
  account_id: string;
  ordinal: number;
  role: Role;
  /** All null: the whole country. */
  province: string | null;
  district: string | null;
  /** As it was spelled when the role was given. */
  lao: string | null;
  /** In the master list. */
  lao_id: string | null;
}

export interface SessionTable {
  token_hash: string;
  /** What its owner calls it by. */
  id: string;
  account_id: string;
  second_factor: number;
  created_ms: number;
  /** To the minute. */
  seen_ms: number;
  address: string | null;
  user_agent: string | null;
}

export interface ApiTokenTable {
  id: string;
  token_hash: string;
  account_id: string;
  name: string;
  /** JSON: TokenScope[]. */
  scopes: string;
  /** Made in a session that had shown a second factor. */
  second_factor: number;
  created_ms: number;
  expires_ms: number;
  seen_ms: number | null;
}

export interface NoticeTable {
  /** UUIDv7 */
  id: string;
  account_id: string;
  kind: string;
  /** One notice of it a person. */
  subject: string;
  /** JSON, NoticeContent (notices/notice.ts). */
  content: string;
  at_ms: number;
  read_ms: number | null;
}

/** Somebody without a row has what notice-settings.ts says is usual. */
export interface NoticeSettingsTable {
  account_id: string;
  email: number;
  /** When the last e-mail went to them; 0: never. */
  emailed_ms: number;
  webhook_url: string | null;
  /** Sealed. */
  webhook_secret: string | null;
}

export interface NoticeDeliveryTable {
  notice_id: string;
  channel: 'email' | 'webhook';
  account_id: string;
  attempts: number;
  /** Null: it was sent, or given up. */
  next_ms: number | null;
  /** Of the last attempt; null: none failed, or it was sent since. */
  failure: string | null;
}

/** A migration that has been released is never changed: what it got wrong, a later one mends. */
const schema: DatabaseSchema = {
  name: 'people',
  migrations: {
    '0001-people': people,
    '0002-notices': notices,
    '0003-grants-by-lao-id': grantsByLaoId,
  },
};

/** Throws MigrationFailed, DatabaseFailed, DatabaseUnavailable. */
export async function openPeopleDatabase(databases: Databases): Promise<PeopleDatabase> {
  return databases.open<PeopleTables>(schema);
}
