import * as z from 'zod';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { tokenScopeNames, type TokenScope } from './actions.ts';
import type { PeopleDatabase } from './people-database.ts';
import { hashOfToken, newSecretToken } from './secret-token.ts';

/** Tokens of one account at once. */
export const MAX_TOKENS = 20;
/** Says in a log or a leaked file what it is, so that scanners find it. */
const PREFIX = 'cctv_';

/** A token as its owner sees it; the token itself was shown once. */
export interface ApiToken {
  id: string;
  name: string;
  scopes: TokenScope[];
  createdMs: number;
  expiresMs: number;
  /** To the minute; null: never used. */
  seenMs: number | null;
}

/** The account has as many tokens as it may have. */
export class TooManyTokens extends Error {
  readonly code = 'too_many_tokens';
}

/** API tokens: what a machine does for a person, with less than their rights and for a time. `now`: Unix ms. */
export function openApiTokens(database: PeopleDatabase, now: () => number) {
  const nextId = uuidV7Source(now);

  return {
    /** Throws TooManyTokens. */
    async create(
      accountId: string,
      given: {
        name: string;
        scopes: readonly TokenScope[];
        expiresMs: number;
        secondFactor: boolean;
      },
    ): Promise<{ id: string; token: string }> {
      const token = `${PREFIX}${newSecretToken()}`;
      const id = nextId();
      await database.transaction().execute(async (transaction) => {
        const others = await transaction
          .selectFrom('api_tokens')
          .select('id')
          .where('account_id', '=', accountId)
          .where('expires_ms', '>', now())
          .execute();
        if (others.length >= MAX_TOKENS) {
          throw new TooManyTokens(`${MAX_TOKENS} tokens are the most: revoke one`);
        }
        await transaction
          .insertInto('api_tokens')
          .values({
            id,
            token_hash: hashOfToken(token),
            account_id: accountId,
            name: given.name,
            scopes: JSON.stringify(given.scopes),
            second_factor: Number(given.secondFactor),
            created_ms: now(),
            expires_ms: given.expiresMs,
            seen_ms: null,
          })
          .execute();
      });
      return { id, token };
    },

    async ofAccount(accountId: string): Promise<ApiToken[]> {
      const rows = await database
        .selectFrom('api_tokens')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('expires_ms', '>', now())
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        scopes: scopesOf(row.scopes),
        createdMs: row.created_ms,
        expiresMs: row.expires_ms,
        seenMs: row.seen_ms === null ? null : row.seen_ms,
      }));
    },

    /** False: that account has no such token. */
    async revoke(accountId: string, id: string): Promise<boolean> {
      const { numDeletedRows } = await database
        .deleteFrom('api_tokens')
        .where('account_id', '=', accountId)
        .where('id', '=', id)
        .executeTakeFirst();
      return numDeletedRows === 1n;
    },
  };
}

export type ApiTokens = ReturnType<typeof openApiTokens>;

/** As stored. A scope that is no more gives nothing. */
export function scopesOf(stored: string): TokenScope[] {
  const names = z.array(z.string()).parse(JSON.parse(stored));
  return tokenScopeNames.filter((scope) => names.includes(scope));
}
