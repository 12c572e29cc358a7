import { uuidV7Source } from '#registry/uuid-v7.ts';
import type { PeopleDatabase } from './people-database.ts';
import { hashOfToken, newSecretToken } from './secret-token.ts';

/** Without a request for so long it ends; a wall that is being watched makes requests. */
export const SESSION_IDLE_MS = 60 * 60_000;
/** It ends after it whatever is done: a shift. */
export const SESSION_LIFE_MS = 12 * 60 * 60_000;
/** Of one account; the one begun first ends for another. */
const MAX_SESSIONS = 20;
const MAX_USER_AGENT_LENGTH = 300;

/** A session as its owner sees it. */
export interface Session {
  id: string;
  secondFactor: boolean;
  createdMs: number;
  seenMs: number;
  /** When it ends by itself if nothing is asked for any more. */
  expiresMs: number;
  address: string | null;
  userAgent: string | null;
}

export interface SessionOrigin {
  address: string | null;
  userAgent: string | null;
}

/** Sessions of browsers. The token is in the cookie, its hash is here. `now`: Unix ms. */
export function openSessions(database: PeopleDatabase, now: () => number) {
  const nextId = uuidV7Source(now);

  return {
    /** Always a new token: one that somebody brought along is never taken over (session fixation). */
    async begin(
      accountId: string,
      { secondFactor, address, userAgent }: SessionOrigin & { secondFactor: boolean },
    ): Promise<{ id: string; token: string }> {
      const token = newSecretToken();
      const id = nextId();
      await database.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('sessions')
          .values({
            token_hash: hashOfToken(token),
            id,
            account_id: accountId,
            second_factor: Number(secondFactor),
            created_ms: now(),
            seen_ms: now(),
            address,
            user_agent: userAgent?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
          })
          .execute();
        const kept = await transaction
          .selectFrom('sessions')
          .select('id')
          .where('account_id', '=', accountId)
          .orderBy('created_ms', 'desc')
          .orderBy('id', 'desc')
          .limit(MAX_SESSIONS)
          .execute();
        await transaction
          .deleteFrom('sessions')
          .where('account_id', '=', accountId)
          .where(
            'id',
            'not in',
            kept.map((row) => row.id),
          )
          .execute();
      });
      return { id, token };
    },

    /** The session has shown a second factor: it goes on under a new token. Undefined: it has ended meanwhile. */
    async strengthen(tokenHash: string): Promise<string | undefined> {
      const token = newSecretToken();
      const { numUpdatedRows } = await database
        .updateTable('sessions')
        .set({ token_hash: hashOfToken(token), second_factor: 1 })
        .where('token_hash', '=', tokenHash)
        .executeTakeFirst();
      return numUpdatedRows === 1n ? token : undefined;
    },

    async end(tokenHash: string): Promise<void> {
      await database.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
    },

    async ofAccount(accountId: string): Promise<Session[]> {
      const rows = await database
        .selectFrom('sessions')
        .select(['id', 'second_factor', 'created_ms', 'seen_ms', 'address', 'user_agent'])
        .where('account_id', '=', accountId)
        .where('created_ms', '>', now() - SESSION_LIFE_MS)
        .where('seen_ms', '>', now() - SESSION_IDLE_MS)
        .orderBy('seen_ms', 'desc')
        .execute();
      return rows.map((row) => ({
        id: row.id,
        secondFactor: row.second_factor === 1,
        createdMs: row.created_ms,
        seenMs: row.seen_ms,
        expiresMs: sessionEndMs(row.created_ms, row.seen_ms),
        address: row.address,
        userAgent: row.user_agent,
      }));
    },

    /** False: that account has no such session. */
    async endOne(accountId: string, id: string): Promise<boolean> {
      const { numDeletedRows } = await database
        .deleteFrom('sessions')
        .where('account_id', '=', accountId)
        .where('id', '=', id)
        .executeTakeFirst();
      return numDeletedRows === 1n;
    },

    async endOthers(accountId: string, keep: string): Promise<void> {
      await database
        .deleteFrom('sessions')
        .where('account_id', '=', accountId)
        .where('id', '<>', keep)
        .execute();
    },

    /** Rows of sessions and links that have ended by themselves. */
    async prune(): Promise<void> {
      await database
        .deleteFrom('sessions')
        .where((eb) =>
          eb.or([
            eb('created_ms', '<=', now() - SESSION_LIFE_MS),
            eb('seen_ms', '<=', now() - SESSION_IDLE_MS),
          ]),
        )
        .execute();
      await database.deleteFrom('invitations').where('expires_ms', '<=', now()).execute();
    },
  };
}

export type Sessions = ReturnType<typeof openSessions>;

export function sessionEndMs(createdMs: number, seenMs: number): number {
  return Math.min(createdMs + SESSION_LIFE_MS, seenMs + SESSION_IDLE_MS);
}
