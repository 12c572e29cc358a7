import { randomInt } from 'node:crypto';
import { sql, type SqlBool, type Transaction } from 'kysely';
import type { Area } from '#registry/area.ts';
import { systemAuthor, type Author } from '#registry/author.ts';
import { takeLock } from '#registry/database/database.ts';
import type { LaoPlaces } from '#registry/lao-places.ts';
import type { SecretBox } from '#registry/secret-box.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import type { Grant } from './actor.ts';
import { grantRows, grantsOf, isWithin } from './grant-rows.ts';
import type { GrantTable, PeopleDatabase, PeopleTables } from './people-database.ts';
import { hashOfToken, newSecretToken } from './secret-token.ts';

/** A person's account, as those who keep it see it: no secret is among it. */
export interface Account {
  id: string;
  email: string;
  name: string;
  grants: Grant[];
  disabled: boolean;
  /** False until a one-time link was used. */
  hasPassword: boolean;
  hasSecondFactor: boolean;
  createdMs: number;
}

/** What proves that somebody is who they say. */
export interface Proofs {
  passwordHash: string | null;
  codeSecret: string | null;
  offeredSecret: string | null;
  codeUsedStep: number;
}

export interface NewAccount {
  email: string;
  name: string;
  grants: readonly Grant[];
}

/** Another account has this e-mail address. */
export class EmailTaken extends Error {
  readonly code = 'email_taken';
}

/** There is an administrator already: the set-up link has done its work. */
export class AlreadySetUp extends Error {
  readonly code = 'already_set_up';
}

/** The one-time link was used, replaced or is too old. */
export class InvitationNotValid extends Error {
  readonly code = 'invitation_not_valid';
}

const LINK_LIFE_MS = 7 * 24 * 60 * 60_000;
const RECOVERY_CODES = 10;

/** Whoever has the secret makes codes: it is sealed for the account, and cannot be moved to another. */
function contextOf(id: string): string {
  return `second factor of ${id}`;
}

/** People and what they hold. Whoever calls has asked the policy. `now`: Unix ms. */
export function openAccounts(
  database: PeopleDatabase,
  now: () => number,
  box: Pick<SecretBox, 'seal' | 'open'>,
  laos: LaoPlaces,
) {
  const opened = (id: string, sealed: string | null): string | null =>
    sealed === null ? null : box.open(sealed, contextOf(id));

  const nextId = uuidV7Source(now);

  async function insert(
    transaction: Transaction<PeopleTables>,
    id: string,
    { email, name }: NewAccount,
    grants: readonly GrantTable[],
  ): Promise<void> {
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto('accounts')
      .values({
        id,
        email: sameEmail(email),
        name,
        password_hash: null,
        code_secret: null,
        offered_secret: null,
        code_used_step: 0,
        open_id_subject: null,
        disabled: 0,
        created_ms: now(),
      })
      .onConflict((conflict) => conflict.column('email').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) throw new EmailTaken(`${email} has an account already`);
    await setGrants(transaction, id, grants);
  }

  async function link(transaction: Transaction<PeopleTables>, id: string): Promise<string> {
    const token = newSecretToken();
    await transaction.deleteFrom('invitations').where('account_id', '=', id).execute();
    await transaction
      .insertInto('invitations')
      .values({ token_hash: hashOfToken(token), account_id: id, expires_ms: now() + LINK_LIFE_MS })
      .execute();
    return token;
  }

  async function get(id: string): Promise<Account | undefined> {
    const row = await selectAccounts(database).where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : (await withGrants(database, laos, [row]))[0];
  }

  return {
    get,

    async byEmail(email: string): Promise<Account | undefined> {
      const row = await selectAccounts(database)
        .where('email', '=', sameEmail(email))
        .executeTakeFirst();
      return row === undefined ? undefined : (await withGrants(database, laos, [row]))[0];
    },

    async byOpenIdSubject(subject: string): Promise<Account | undefined> {
      const row = await selectAccounts(database)
        .where('open_id_subject', '=', subject)
        .executeTakeFirst();
      return row === undefined ? undefined : (await withGrants(database, laos, [row]))[0];
    },

    /** From the first sign-in on the provider's name for a person counts, whatever becomes of the e-mail address. */
    async bindOpenIdSubject(id: string, subject: string): Promise<void> {
      await database
        .updateTable('accounts')
        .set({ open_id_subject: subject })
        .where('id', '=', id)
        .where('open_id_subject', 'is', null)
        .execute();
    },

    /** Nobody can sign in yet: the set-up link is printed. */
    async isEmpty(): Promise<boolean> {
      const row = await database.selectFrom('accounts').select('id').limit(1).executeTakeFirst();
      return row === undefined;
    },

    /**
     * Those all of whose roles lie within `within`, oldest first, after the account with the id `after`; who has no
     * role is only within the whole country. `search`: part of a name or an e-mail address.
     */
    async list(page: {
      within: readonly Area[];
      search?: string | undefined;
      after?: string | undefined;
      limit: number;
    }): Promise<Account[]> {
      const { within, search, after, limit } = page;
      if (within.length === 0) return [];
      let query = selectAccounts(database).orderBy('id').limit(limit);
      if (after !== undefined) query = query.where('id', '>', after);
      if (search !== undefined) {
        const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
        query = query.where(
          sql<SqlBool>`(email like ${pattern} escape '\\' or lower(name) like ${pattern} escape '\\')`,
        );
      }
      if (!within.some(({ level }) => level === 'country')) {
        const laoIds = await laos.idsWithin(within);
        query = query
          .where((eb) =>
            eb.exists(
              eb
                .selectFrom('grants')
                .select('role')
                .whereRef('grants.account_id', '=', 'accounts.id'),
            ),
          )
          .where((eb) =>
            eb.not(
              eb.exists(
                eb
                  .selectFrom('grants')
                  .select('role')
                  .whereRef('grants.account_id', '=', 'accounts.id')
                  .where((inner) => inner.not(isWithin(within, laoIds))),
              ),
            ),
          );
      }
      return withGrants(database, laos, await query.execute());
    },

    /** Accounts with a role for an LAO, or for one that was merged into it. */
    async countOf(lao: Area): Promise<number> {
      const laoIds = await laos.idsWithin([lao]);
      if (laoIds.length === 0) return 0;
      const { count } = await database
        .selectFrom('grants')
        .select(({ fn }) => fn.count<number>('account_id').distinct().as('count'))
        .where('lao_id', 'in', laoIds)
        .executeTakeFirstOrThrow();
      return count;
    },

    /** Returns the account and its one-time link's token. `by`: who gives the roles. Throws EmailTaken. */
    async create(
      given: NewAccount,
      by: Author = systemAuthor,
    ): Promise<{ account: Account; token: string }> {
      const id = nextId();
      const rows = await grantRows(id, given.grants, laos, by);
      const token = await database.transaction().execute(async (transaction) => {
        await insert(transaction, id, given, rows);
        return link(transaction, id);
      });
      return { account: await known(id), token };
    },

    /** The first account of all, with its password; of two who try, one. Throws AlreadySetUp. */
    async createFirst(given: NewAccount, passwordHash: string): Promise<Account> {
      const id = nextId();
      const rows = await grantRows(id, given.grants, laos, systemAuthor);
      await database.transaction().execute(async (transaction) => {
        await takeLock(transaction, 'first-account');
        const other = await transaction.selectFrom('accounts').select('id').executeTakeFirst();
        if (other !== undefined) throw new AlreadySetUp('this gateway is set up already');
        await insert(transaction, id, given, rows);
        await transaction
          .updateTable('accounts')
          .set({ password_hash: passwordHash })
          .where('id', '=', id)
          .execute();
      });
      return known(id);
    },

    /** An account that is closed loses its sessions, tokens and link. `by`: who gives the roles. Throws EmailTaken. */
    async change(
      id: string,
      change: {
        name?: string | undefined;
        email?: string | undefined;
        grants?: readonly Grant[] | undefined;
        disabled?: boolean | undefined;
      },
      by: Author = systemAuthor,
    ): Promise<void> {
      const { name, email, grants, disabled } = change;
      const rows = grants === undefined ? undefined : await grantRows(id, grants, laos, by);
      await database.transaction().execute(async (transaction) => {
        if (email !== undefined) {
          const other = await transaction
            .selectFrom('accounts')
            .select('id')
            .where('email', '=', sameEmail(email))
            .where('id', '<>', id)
            .executeTakeFirst();
          if (other !== undefined) throw new EmailTaken(`${email} has an account already`);
        }
        const set = {
          ...(name === undefined ? {} : { name }),
          ...(email === undefined ? {} : { email: sameEmail(email) }),
          ...(disabled === undefined ? {} : { disabled: Number(disabled) }),
        };
        if (Object.keys(set).length > 0) {
          await transaction.updateTable('accounts').set(set).where('id', '=', id).execute();
        }
        if (rows !== undefined) await setGrants(transaction, id, rows);
        if (disabled === true) {
          for (const table of ['sessions', 'api_tokens', 'invitations'] as const) {
            await transaction.deleteFrom(table).where('account_id', '=', id).execute();
          }
        }
      });
    },

    /**
     * What a person lost is taken from them at once, with every session, and a one-time link is made to set it anew.
     * A password that is not reset stays.
     */
    async reset(id: string, what: { password: boolean; secondFactor: boolean }): Promise<string> {
      return database.transaction().execute(async (transaction) => {
        const set = {
          ...(what.password ? { password_hash: null } : {}),
          ...(what.secondFactor ? { code_secret: null } : {}),
        };
        if (Object.keys(set).length > 0) {
          await transaction.updateTable('accounts').set(set).where('id', '=', id).execute();
        }
        if (what.secondFactor) {
          await transaction.deleteFrom('recovery_codes').where('account_id', '=', id).execute();
        }
        await transaction.deleteFrom('sessions').where('account_id', '=', id).execute();
        return link(transaction, id);
      });
    },

    /** Whom a one-time link is for. Throws InvitationNotValid. */
    async invited(token: string): Promise<Account> {
      const row = await database
        .selectFrom('invitations')
        .select('account_id')
        .where('token_hash', '=', hashOfToken(token))
        .where('expires_ms', '>', now())
        .executeTakeFirst();
      const account = row === undefined ? undefined : await get(row.account_id);
      if (account === undefined || account.disabled) throw linkNotValid();
      return account;
    },

    /** Sets the password and uses the link up: of two who try, one. Throws InvitationNotValid. */
    async acceptInvitation(token: string, passwordHash: string): Promise<void> {
      await database.transaction().execute(async (transaction) => {
        const used = await transaction
          .deleteFrom('invitations')
          .where('token_hash', '=', hashOfToken(token))
          .where('expires_ms', '>', now())
          .returning('account_id')
          .executeTakeFirst();
        if (used === undefined) throw linkNotValid();
        const { numUpdatedRows } = await transaction
          .updateTable('accounts')
          .set({ password_hash: passwordHash })
          .where('id', '=', used.account_id)
          .where('disabled', '=', 0)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) throw linkNotValid();
        // Whoever had the old password is out.
        await transaction
          .deleteFrom('sessions')
          .where('account_id', '=', used.account_id)
          .execute();
      });
    },

    async proofs(id: string): Promise<Proofs | undefined> {
      const row = await database
        .selectFrom('accounts')
        .select(['password_hash', 'code_secret', 'offered_secret', 'code_used_step'])
        .where('id', '=', id)
        .where('disabled', '=', 0)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        passwordHash: row.password_hash,
        codeSecret: opened(id, row.code_secret),
        offeredSecret: opened(id, row.offered_secret),
        codeUsedStep: row.code_used_step,
      };
    },

    /** Ends the person's other sessions. */
    async setPassword(id: string, passwordHash: string, keepSession: string): Promise<void> {
      await database.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('accounts')
          .set({ password_hash: passwordHash })
          .where('id', '=', id)
          .execute();
        await transaction
          .deleteFrom('sessions')
          .where('account_id', '=', id)
          .where('id', '<>', keepSession)
          .execute();
        await transaction.deleteFrom('invitations').where('account_id', '=', id).execute();
      });
    },

    async offerCodeSecret(id: string, secret: string): Promise<void> {
      await database
        .updateTable('accounts')
        .set({ offered_secret: box.seal(secret, contextOf(id)) })
        .where('id', '=', id)
        .execute();
    },

    /** Returns the recovery codes, which are shown this once; those before them are good no more. */
    async setCodeSecret(id: string, secret: string, usedStep: number): Promise<string[]> {
      const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
      await database.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('accounts')
          .set({
            code_secret: box.seal(secret, contextOf(id)),
            offered_secret: null,
            code_used_step: usedStep,
          })
          .where('id', '=', id)
          .execute();
        await transaction.deleteFrom('recovery_codes').where('account_id', '=', id).execute();
        await transaction
          .insertInto('recovery_codes')
          .values(codes.map((code) => ({ account_id: id, code_hash: hashOfToken(code) })))
          .execute();
      });
      return codes;
    },

    async removeCodeSecret(id: string): Promise<void> {
      await database.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('accounts')
          .set({ code_secret: null })
          .where('id', '=', id)
          .execute();
        await transaction.deleteFrom('recovery_codes').where('account_id', '=', id).execute();
      });
    },

    /** False: a code of this step, or a later one, was shown meanwhile. */
    async useCodeStep(id: string, step: number): Promise<boolean> {
      const { numUpdatedRows } = await database
        .updateTable('accounts')
        .set({ code_used_step: step })
        .where('id', '=', id)
        .where('code_used_step', '<', step)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    /** False: no such code, or it was used. */
    async useRecoveryCode(id: string, code: string): Promise<boolean> {
      const { numDeletedRows } = await database
        .deleteFrom('recovery_codes')
        .where('account_id', '=', id)
        .where('code_hash', '=', hashOfToken(code.trim().toLowerCase()))
        .executeTakeFirst();
      return numDeletedRows === 1n;
    },
  };

  async function known(id: string): Promise<Account> {
    const account = await get(id);
    if (account === undefined) throw new Error('an account that was just made is gone');
    return account;
  }
}

export type Accounts = ReturnType<typeof openAccounts>;

async function setGrants(
  transaction: Transaction<PeopleTables>,
  id: string,
  grants: readonly GrantTable[],
): Promise<void> {
  await transaction.deleteFrom('grants').where('account_id', '=', id).execute();
  if (grants.length > 0)
    await transaction
      .insertInto('grants')
      .values([...grants])
      .execute();
}

/** As it is kept and compared. */
export function sameEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

/** 59 bits, in an alphabet without look-alikes: `k3mf-9x2p-ta7q`. */
function newRecoveryCode(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const groups = Array.from({ length: 3 }, () =>
    Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join(''),
  );
  return groups.join('-');
}

function linkNotValid(): InvitationNotValid {
  return new InvitationNotValid('the link was used, replaced or is too old: ask for a new one');
}

function selectAccounts(database: PeopleDatabase) {
  return database
    .selectFrom('accounts')
    .select(['id', 'email', 'name', 'password_hash', 'code_secret', 'disabled', 'created_ms']);
}

type AccountRow = Awaited<ReturnType<ReturnType<typeof selectAccounts>['execute']>>[number];

async function withGrants(
  database: PeopleDatabase,
  laos: LaoPlaces,
  rows: readonly AccountRow[],
): Promise<Account[]> {
  const grants = await grantsOf(
    database,
    laos,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    id: row.id,
    email: row.email,
    name: row.name,
    grants: grants.get(row.id) ?? [],
    disabled: row.disabled === 1,
    hasPassword: row.password_hash !== null,
    hasSecondFactor: row.code_secret !== null,
    createdMs: row.created_ms,
  }));
}
