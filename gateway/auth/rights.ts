import type { LaoPlaces } from '#registry/lao-places.ts';
import { tokenScopes, type Action } from './actions.ts';
import type { Actor } from './actor.ts';
import { scopesOf } from './api-tokens.ts';
import type { Credential } from './credential.ts';
import { grantsOf } from './grant-rows.ts';
import type { PeopleDatabase } from './people-database.ts';
import { SESSION_IDLE_MS, SESSION_LIFE_MS, sessionEndMs } from './sessions.ts';

/** Who a credential stands for now. */
export interface Rights {
  actor: Actor;
  accountId: string;
  email: string;
  sessionId: string | null;
  /** The password was right, and the account has a second factor that was not shown yet: nothing else may be asked. */
  pending: boolean;
  hasSecondFactor: boolean;
  /** When it ends if nothing is asked for any more. */
  expiresMs: number;
}

/** Credentials in one statement. */
const BATCH = 200;

/** By hash; one that is not good any more is not there. A few queries for any number of them. */
export async function readRights(
  database: PeopleDatabase,
  laos: Pick<LaoPlaces, 'placesOf'>,
  credentials: readonly Credential[],
  nowMs: number,
): Promise<Map<string, Rights>> {
  const found = new Map<string, Rights>();
  for (let i = 0; i < credentials.length; i += BATCH) {
    const batch = credentials.slice(i, i + BATCH);
    const hashes = (kind: Credential['kind']): string[] =>
      batch.filter((credential) => credential.kind === kind).map(({ hash }) => hash);
    const sessions = await readSessions(database, hashes('session'), nowMs);
    const tokens = await readTokens(database, hashes('token'), nowMs);
    const grants = await grantsOf(
      database,
      laos,
      [...sessions, ...tokens].map((row) => row.account_id),
    );
    for (const row of sessions) {
      const secondFactor = row.second_factor === 1;
      found.set(row.token_hash, {
        actor: {
          kind: 'person',
          id: row.account_id,
          name: row.name,
          grants: grants.get(row.account_id) ?? [],
          secondFactor,
        },
        accountId: row.account_id,
        email: row.email,
        sessionId: row.id,
        pending: row.code_secret !== null && !secondFactor,
        hasSecondFactor: row.code_secret !== null,
        expiresMs: sessionEndMs(row.created_ms, row.seen_ms),
      });
    }
    for (const row of tokens) {
      const actions: Action[] = scopesOf(row.scopes).flatMap((scope) => [...tokenScopes[scope]]);
      found.set(row.token_hash, {
        actor: {
          kind: 'token',
          id: row.account_id,
          tokenId: row.id,
          name: `${row.account_name} (${row.name})`,
          grants: grants.get(row.account_id) ?? [],
          actions: new Set(actions),
          secondFactor: row.second_factor === 1,
        },
        accountId: row.account_id,
        email: row.email,
        sessionId: null,
        pending: false,
        hasSecondFactor: row.code_secret !== null,
        expiresMs: row.expires_ms,
      });
    }
  }
  return found;
}

/** Notes when they were last used. */
export async function noteUse(
  database: PeopleDatabase,
  credentials: readonly Credential[],
  nowMs: number,
): Promise<void> {
  for (const [kind, table] of [
    ['session', 'sessions'],
    ['token', 'api_tokens'],
  ] as const) {
    const hashes = credentials
      .filter((credential) => credential.kind === kind)
      .map(({ hash }) => hash);
    for (let i = 0; i < hashes.length; i += BATCH) {
      await database
        .updateTable(table)
        .set({ seen_ms: nowMs })
        .where('token_hash', 'in', hashes.slice(i, i + BATCH))
        .execute();
    }
  }
}

async function readSessions(database: PeopleDatabase, hashes: readonly string[], nowMs: number) {
  if (hashes.length === 0) return [];
  return database
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .select([
      'sessions.token_hash',
      'sessions.id',
      'sessions.account_id',
      'sessions.second_factor',
      'sessions.created_ms',
      'sessions.seen_ms',
      'accounts.name',
      'accounts.email',
      'accounts.code_secret',
    ])
    .where('sessions.token_hash', 'in', hashes)
    .where('sessions.created_ms', '>', nowMs - SESSION_LIFE_MS)
    .where('sessions.seen_ms', '>', nowMs - SESSION_IDLE_MS)
    .where('accounts.disabled', '=', 0)
    .execute();
}

async function readTokens(database: PeopleDatabase, hashes: readonly string[], nowMs: number) {
  if (hashes.length === 0) return [];
  return database
    .selectFrom('api_tokens')
    .innerJoin('accounts', 'accounts.id', 'api_tokens.account_id')
    .select([
      'api_tokens.token_hash',
      'api_tokens.id',
      'api_tokens.account_id',
      'api_tokens.name',
      'api_tokens.scopes',
      'api_tokens.second_factor',
      'api_tokens.expires_ms',
      'accounts.name as account_name',
      'accounts.email',
      'accounts.code_secret',
    ])
    .where('api_tokens.token_hash', 'in', hashes)
    .where('api_tokens.expires_ms', '>', nowMs)
    .where('accounts.disabled', '=', 0)
    .execute();
}
