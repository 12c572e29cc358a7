import { systemAuthor } from '#registry/author.ts';
import type { Databases } from '#registry/database/database.ts';
import type { LaoPlaces } from '#registry/lao-places.ts';
import type { SecretBox } from '#registry/secret-box.ts';
import { openAccounts, type Accounts } from './accounts.ts';
import { openAdmission, type Admission } from './admission.ts';
import { openApiTokens, type ApiTokens } from './api-tokens.ts';
import { bindGrants } from './grant-rows.ts';
import { openPasswords, type Passwords } from './passwords.ts';
import { openPeopleDatabase, type PeopleDatabase } from './people-database.ts';
import { newSecretToken } from './secret-token.ts';
import { openSessions, type Sessions } from './sessions.ts';
import { openThrottle, type Throttle } from './throttle.ts';

const PRUNE_MS = 60 * 60_000;

/** All that is kept of people, joined: what routes and the guard are given. */
export interface People {
  database: PeopleDatabase;
  accounts: Accounts;
  sessions: Sessions;
  tokens: ApiTokens;
  passwords: Passwords;
  throttle: Throttle;
  admission: Admission;
  /** Of the one-time link that makes the first administrator; good while there is no account, and while this process runs. */
  setupToken: string;
  now: () => number;
  close: () => void;
}

/** Throws MigrationFailed, DatabaseFailed, DatabaseUnavailable. */
export async function openPeople(
  databases: Databases,
  options: {
    now: () => number;
    /** The master list: of which LAO a role is. */
    laos: LaoPlaces;
    /** Seals what a second factor's codes are made from. */
    box: Pick<SecretBox, 'seal' | 'open'>;
    adminToken?: string | undefined;
    /** How often rights are read again; RECHECK_MS unless it says otherwise. */
    recheckMs?: number | undefined;
    log: { warn: (fields: object, message: string) => void };
  },
): Promise<People> {
  const { now, log, laos } = options;
  const database = await openPeopleDatabase(databases);
  await bindGrants(database, laos, systemAuthor);
  const sessions = openSessions(database, now);
  const admission = openAdmission({ database, ...options });
  const prune = (): void => {
    sessions.prune().catch((err: unknown) => log.warn({ err }, 'ended sessions not removed'));
  };
  prune();
  const timer = setInterval(prune, PRUNE_MS);
  timer.unref();
  return {
    database,
    accounts: openAccounts(database, now, options.box, laos),
    sessions,
    tokens: openApiTokens(database, now),
    passwords: openPasswords(),
    throttle: openThrottle(now),
    admission,
    setupToken: newSecretToken(),
    now,
    close() {
      clearInterval(timer);
      admission.close();
    },
  };
}
