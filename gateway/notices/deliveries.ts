import type { CameraNetworks } from '#registry/camera-networks.ts';
import { takeLock } from '#registry/database/database.ts';
import type { SecretBox } from '#registry/secret-box.ts';
import type { NoticeDeliveryTable, PeopleDatabase } from '../auth/people-database.ts';
import type { Mailer } from './mail.ts';
import type { Notice, NoticeContent } from './notice.ts';
import { sealedFor } from './notice-settings.ts';
import { callWebhook } from './webhook.ts';

/** Between e-mails to one person: what comes meanwhile waits and goes as one. */
export const EMAIL_EVERY_MS = 10 * 60_000;
/** After each failed attempt; after the last the delivery is given up, and the person's settings say so. */
export const RETRY_AFTER_MS = [60_000, 5 * 60_000, 30 * 60_000, 3 * 3_600_000, 12 * 3_600_000];
/** Deliveries of one round. */
const MAX_AT_ONCE = 200;
/** Sent at the same time. */
const SIDE_BY_SIDE = 4;
/** Whoever took deliveries and died with them leaves them to the next after this. */
const TAKEN_FOR_MS = 5 * 60_000;
const MAX_FAILURE_LENGTH = 300;

export interface DeliveryDeps {
  people: PeopleDatabase;
  box: Pick<SecretBox, 'open'>;
  /** Undefined: no e-mail is sent, and none waits. */
  mailer: Mailer | undefined;
  webhookNetworks: CameraNetworks;
  now: () => number;
}

/** As notices were kept in the gateway's first days. */
type FormerContent = Omit<NoticeContent, 'approval' | 'round'> & {
  round: Omit<NonNullable<NoticeContent['round']>, 'returnId'> | null;
};

interface Due {
  row: NoticeDeliveryTable;
  notice: Notice;
  to: { name: string; address: string };
  webhook: { url: string; sealed: string } | undefined;
}

/**
 * Sends what is due, at least once, and returns how many deliveries were tried. Of several gateways on one database one
 * takes a delivery: its next attempt is put off before the first byte goes out.
 */
export async function deliverDue(deps: DeliveryDeps): Promise<number> {
  const due = await take(deps);
  const jobs = [
    ...Map.groupBy(
      due.filter(({ row }) => row.channel === 'email'),
      ({ row }) => row.account_id,
    ).values(),
    ...due.filter(({ row }) => row.channel === 'webhook').map((one) => [one]),
  ];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) await send(deps, job);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return due.length;
}

async function take({ people, mailer, now }: DeliveryDeps): Promise<Due[]> {
  const nowMs = now();
  return people.transaction().execute(async (transaction) => {
    await takeLock(transaction, 'notice-deliveries');
    if (mailer === undefined) {
      // E-mail is not set up: what is in the product stays there, and nothing piles up.
      await transaction.deleteFrom('notice_deliveries').where('channel', '=', 'email').execute();
    }
    const rows = await transaction
      .selectFrom('notice_deliveries')
      .innerJoin('notices', 'notices.id', 'notice_deliveries.notice_id')
      .innerJoin('accounts', 'accounts.id', 'notice_deliveries.account_id')
      .leftJoin('notice_settings', 'notice_settings.account_id', 'notice_deliveries.account_id')
      .selectAll('notice_deliveries')
      .select([
        'notices.kind',
        'notices.content',
        'notices.at_ms',
        'notices.read_ms',
        'accounts.name',
        'accounts.email as address',
        'accounts.disabled',
        'notice_settings.email as wantsEmail',
        'notice_settings.emailed_ms',
        'notice_settings.webhook_url',
        'notice_settings.webhook_secret',
      ])
      .where('notice_deliveries.next_ms', '<=', nowMs)
      .orderBy('notice_deliveries.notice_id')
      .limit(MAX_AT_ONCE)
      .execute();
    const due: Due[] = [];
    for (const row of rows) {
      const { notice_id, channel, account_id, attempts, next_ms, failure } = row;
      const delivery = { notice_id, channel, account_id, attempts, next_ms, failure };
      const webhook =
        row.webhook_url === null || row.webhook_secret === null
          ? undefined
          : { url: row.webhook_url, sealed: row.webhook_secret };
      // They changed their mind, or read it, before it went out.
      const unwanted =
        row.disabled === 1 ||
        (channel === 'email'
          ? (row.wantsEmail ?? 1) === 0 || row.read_ms !== null
          : webhook === undefined);
      const restsUntilMs = channel === 'email' ? (row.emailed_ms ?? 0) + EMAIL_EVERY_MS : 0;
      const nextMs = unwanted ? null : restsUntilMs > nowMs ? restsUntilMs : nowMs + TAKEN_FOR_MS;
      await transaction
        .updateTable('notice_deliveries')
        .set({ next_ms: nextMs })
        .where('notice_id', '=', notice_id)
        .where('channel', '=', channel)
        .execute();
      if (unwanted || restsUntilMs > nowMs) continue;
      due.push({
        row: delivery,
        // Written by the board, and by nothing else.
        notice: noticeOf(row.notice_id, row, JSON.parse(row.content) as NoticeContent),
        to: { name: row.name, address: row.address },
        webhook,
      });
    }
    return due;
  });
}

/** Deliveries of one message. */
async function send(
  { people, box, mailer, webhookNetworks, now }: DeliveryDeps,
  job: readonly Due[],
): Promise<void> {
  const [first] = job;
  if (first === undefined) return;
  const { account_id, channel } = first.row;
  let failure: string | null = null;
  try {
    if (channel === 'email') {
      await mailer?.send(
        first.to,
        job.map(({ notice }) => notice),
      );
      await people
        .insertInto('notice_settings')
        .values({
          account_id,
          email: 1,
          emailed_ms: now(),
          webhook_url: null,
          webhook_secret: null,
        })
        .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ emailed_ms: now() }))
        .execute();
    } else if (first.webhook !== undefined) {
      const { url, sealed } = first.webhook;
      const secret = box.open(sealed, sealedFor(account_id));
      await callWebhook({ url, secret, networks: webhookNetworks }, first.notice, now());
    }
  } catch (error) {
    // Whatever it was, it is another's server: it is told to the person, and tried again.
    failure = String(error instanceof Error ? error.message : error).slice(0, MAX_FAILURE_LENGTH);
  }
  for (const { row } of job) {
    const retryMs = RETRY_AFTER_MS[row.attempts];
    await people
      .updateTable('notice_deliveries')
      .set({
        attempts: row.attempts + 1,
        failure,
        next_ms: failure === null || retryMs === undefined ? null : now() + retryMs,
      })
      .where('notice_id', '=', row.notice_id)
      .where('channel', '=', row.channel)
      .execute();
  }
}

/** As it is told; one of before `approval` and `returnId` were kept has none. */
export function noticeOf(
  id: string,
  { kind, at_ms, read_ms }: { kind: string; at_ms: number; read_ms: number | null },
  content: NoticeContent | FormerContent,
): Notice {
  const round = content.round === null ? null : { returnId: null, ...content.round };
  const told = { approval: null, ...content, round };
  return { id, kind, at: new Date(at_ms).toISOString(), read: read_ms !== null, ...told };
}
