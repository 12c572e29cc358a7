import type { Kysely } from 'kysely';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import type {
  NoticeDeliveryTable,
  NoticeTable,
  PeopleDatabase,
  PeopleTables,
} from '../auth/people-database.ts';
import type { NoticeContent, NoticeKind } from './notice.ts';
import { accountsOf, type Audience } from './audience.ts';
import { recipientsOf } from './recipients.ts';

/** Notices of one person that are kept; older ones go when new ones come. */
export const MAX_NOTICES_KEPT = 500;
/** Rows of one statement. */
const BATCH = 500;

/** What people were notified of, in the product. */
export interface NoticeBoard {
  /**
   * For those whom it waits for, or who are told about the place, each once a subject, with what is to be sent of it. Within the transaction of
   * whoever asks. Returns how many notices were written.
   */
  post(
    transaction: Kysely<PeopleTables>,
    notices: readonly {
      kind: NoticeKind;
      subject: string;
      content: NoticeContent;
      audience?: Audience;
    }[],
    atMs: number,
  ): Promise<number>;
  /** Newest first. `before`: the id of the last one of the page before. */
  list(
    accountId: string,
    page: { before?: string | undefined; limit: number },
  ): Promise<{ notices: (NoticeTable & { parsed: NoticeContent })[]; unread: number }>;
  /** All of theirs, up to and with this one. */
  markRead(accountId: string, upTo: string, atMs: number): Promise<void>;
}

export function openNoticeBoard(
  people: PeopleDatabase,
  registry: RegistryDatabase,
  now: () => number,
): NoticeBoard {
  const nextId = uuidV7Source(now);
  return {
    async post(transaction, notices, atMs) {
      const ofPlaces = notices.filter(({ audience }) => audience === undefined);
      const told = await recipientsOf(
        transaction,
        registry,
        ofPlaces.map(({ content }) => content.place),
      );
      const recipients = new Map(ofPlaces.map((one, index) => [one, told[index]]));
      const waiting = notices.flatMap((one) =>
        one.audience === undefined ? [] : [{ one, audience: one.audience }],
      );
      const accounts = await accountsOf(
        transaction,
        registry,
        waiting.map(({ audience }) => audience),
      );
      for (const [index, { one }] of waiting.entries()) recipients.set(one, accounts[index]);
      const rows = notices.flatMap((one): NoticeTable[] => {
        const { kind, subject, content } = one;
        return (recipients.get(one) ?? []).map((accountId) => ({
          id: nextId(),
          account_id: accountId,
          kind,
          subject,
          content: JSON.stringify(content),
          at_ms: atMs,
          read_ms: null,
        }));
      });
      let written = 0;
      for (let at = 0; at < rows.length; at += BATCH) {
        const added = await transaction
          .insertInto('notices')
          .values(rows.slice(at, at + BATCH))
          .onConflict((conflict) => conflict.columns(['account_id', 'subject']).doNothing())
          .returning(['id', 'account_id'])
          .execute();
        if (added.length === 0) continue;
        written += added.length;
        const accountIds = [...new Set(added.map(({ account_id }) => account_id))];
        const deliveries = await deliveriesOf(transaction, added, accountIds, atMs);
        if (deliveries.length > 0) {
          await transaction.insertInto('notice_deliveries').values(deliveries).execute();
        }
        for (const accountId of accountIds) await dropOldest(transaction, accountId);
      }
      return written;
    },
    async list(accountId, { before, limit }) {
      let query = people
        .selectFrom('notices')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('id', 'desc')
        .limit(limit);
      if (before !== undefined) query = query.where('id', '<', before);
      const { unread } = await people
        .selectFrom('notices')
        .select(({ fn }) => fn.countAll<number>().as('unread'))
        .where('account_id', '=', accountId)
        .where('read_ms', 'is', null)
        .executeTakeFirstOrThrow();
      const rows = await query.execute();
      return {
        // Written above, and by nothing else.
        notices: rows.map((row) => ({ ...row, parsed: JSON.parse(row.content) as NoticeContent })),
        unread,
      };
    },
    async markRead(accountId, upTo, atMs) {
      await people
        .updateTable('notices')
        .set({ read_ms: atMs })
        .where('account_id', '=', accountId)
        .where('id', '<=', upTo)
        .where('read_ms', 'is', null)
        .execute();
    },
  };
}

/** By which ways those notices go out, as their people want it now. */
async function deliveriesOf(
  transaction: Kysely<PeopleTables>,
  added: readonly { id: string; account_id: string }[],
  accountIds: readonly string[],
  atMs: number,
): Promise<NoticeDeliveryTable[]> {
  const settings = new Map(
    (
      await transaction
        .selectFrom('notice_settings')
        .select(['account_id', 'email', 'webhook_url'])
        .where('account_id', 'in', accountIds)
        .execute()
    ).map((row) => [row.account_id, row]),
  );
  return added.flatMap(({ id, account_id }) => {
    const wants = settings.get(account_id);
    const channels: NoticeDeliveryTable['channel'][] = [
      ...((wants?.email ?? 1) === 1 ? (['email'] as const) : []),
      ...(wants?.webhook_url == null ? [] : (['webhook'] as const)),
    ];
    return channels.map((channel) => ({
      notice_id: id,
      channel,
      account_id,
      attempts: 0,
      next_ms: atMs,
      failure: null,
    }));
  });
}

async function dropOldest(transaction: Kysely<PeopleTables>, accountId: string): Promise<void> {
  const last = await transaction
    .selectFrom('notices')
    .select('id')
    .where('account_id', '=', accountId)
    .orderBy('id', 'desc')
    .offset(MAX_NOTICES_KEPT)
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return;
  await transaction
    .deleteFrom('notices')
    .where('account_id', '=', accountId)
    .where('id', '<=', last.id)
    .execute();
}
