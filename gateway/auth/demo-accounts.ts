import * as z from 'zod';
import { grants } from './person-json.ts';
import { codeAt, newCodeSecret } from './one-time-code.ts';
import type { People } from './people.ts';
import { needsSecondFactor } from './person-json.ts';
import type { Role } from './actor.ts';

/** `DEMO_ACCOUNTS`, JSON: people with passwords that everybody may know. Only on this machine (config.ts). */
export const demoAccountsGiven = z
  .array(
    z.strictObject({
      name: z.string().min(1),
      email: z.email(),
      password: z.string().min(1),
      grants,
    }),
  )
  .min(1)
  .max(50);
export type DemoAccountGiven = z.output<typeof demoAccountsGiven>[number];

export interface DemoAccounts {
  /** For the sign-in page, which says that it is a demo. */
  told: (nowMs: number) => {
    role: Role;
    name: string;
    email: string;
    password: string;
    code: string | null;
  }[];
}

/** Makes them in an empty gateway; those who need a second factor get one, whose code the sign-in page shows. */
export async function makeDemoAccounts(
  people: Pick<People, 'accounts' | 'passwords'>,
  given: readonly DemoAccountGiven[],
): Promise<DemoAccounts> {
  const { accounts, passwords } = people;
  if (!(await accounts.isEmpty())) {
    throw new DemoAccountsRefused('DEMO_ACCOUNTS: only in a data folder without accounts');
  }
  const made: { given: DemoAccountGiven; secret: string | null }[] = [];
  for (const one of given) {
    const passwordHash = await passwords.hash(one.password);
    const { account, token } = await accounts.create(one);
    await accounts.acceptInvitation(token, passwordHash);
    const secret = needsSecondFactor(one.grants) ? newCodeSecret() : null;
    if (secret !== null) await accounts.setCodeSecret(account.id, secret, 0);
    made.push({ given: one, secret });
  }
  return {
    told: (nowMs) =>
      made.map(({ given: { name, email, password, grants: held }, secret }) => ({
        role: held[0]?.role ?? 'owner',
        name,
        email,
        password,
        code: secret === null ? null : codeAt(secret, nowMs),
      })),
  };
}

/** Accounts with known passwords were asked for where there are others. */
export class DemoAccountsRefused extends Error {
  readonly code = 'demo_accounts_refused';
}
