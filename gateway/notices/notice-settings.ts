import type { SecretBox } from '#registry/secret-box.ts';
import type { PeopleDatabase } from '../auth/people-database.ts';
import { newSecretToken } from '../auth/secret-token.ts';

/** How a person wants to be notified. In the product always; by e-mail unless they say no; by webhook if they name one. */
export interface NoticeSettings {
  email: boolean;
  webhookUrl: string | null;
  /** Of their deliveries that were given up, the last one's failure. */
  lastFailure: string | null;
}

export interface NoticeSettingsChange {
  email?: boolean | undefined;
  /** Null: none. */
  webhookUrl?: string | null | undefined;
}

export async function noticeSettings(
  people: PeopleDatabase,
  accountId: string,
): Promise<NoticeSettings> {
  const row = await people
    .selectFrom('notice_settings')
    .selectAll()
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  const failed = await people
    .selectFrom('notice_deliveries')
    .select('failure')
    .where('account_id', '=', accountId)
    .where('failure', 'is not', null)
    .orderBy('notice_id', 'desc')
    .executeTakeFirst();
  return {
    email: (row?.email ?? 1) === 1,
    webhookUrl: row?.webhook_url ?? null,
    lastFailure: failed?.failure ?? null,
  };
}

/** Returns the new secret of a webhook that was named just now: it is shown this once. Undefined: none was. */
export async function changeNoticeSettings(
  people: PeopleDatabase,
  box: Pick<SecretBox, 'seal'>,
  accountId: string,
  change: NoticeSettingsChange,
): Promise<string | undefined> {
  const before = await noticeSettings(people, accountId);
  const webhookUrl = change.webhookUrl === undefined ? before.webhookUrl : change.webhookUrl;
  const secret =
    webhookUrl !== null && webhookUrl !== before.webhookUrl ? newSecretToken() : undefined;
  const email = Number(change.email ?? before.email);
  const webhook =
    webhookUrl === null
      ? { webhook_url: null, webhook_secret: null }
      : secret === undefined
        ? {}
        : {
            webhook_url: webhookUrl,
            webhook_secret: box.seal(secret, sealedFor(accountId)),
          };
  await people
    .insertInto('notice_settings')
    .values({
      account_id: accountId,
      email,
      emailed_ms: 0,
      webhook_url: null,
      webhook_secret: null,
      ...webhook,
    })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ email, ...webhook }))
    .execute();
  return secret;
}

/** What a webhook's secret is bound to. */
export function sealedFor(accountId: string): string {
  return `webhook of ${accountId}`;
}
