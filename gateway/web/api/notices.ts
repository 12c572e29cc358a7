import * as z from 'zod/mini';
import { call, order, queryOf } from './call.ts';

/** What one was notified of: /api/v1/notices. */

const noticeOnWire = z.object({
  id: z.string(),
  kind: z.string(),
  at: z.string(),
  read: z.boolean(),
  place: z.object({
    province: z.string(),
    district: z.nullable(z.string()),
    lao: z.nullable(z.string()),
  }),
  count: z.number(),
  cameras: z.array(
    z.object({ id: z.string(), position: z.string(), reason: z.nullable(z.string()) }),
  ),
  incident: z.nullable(z.object({ kind: z.string(), key: z.string() })),
  round: z.nullable(
    z.object({
      id: z.string(),
      title: z.string(),
      returnId: z.nullable(z.string()),
      dueOn: z.nullable(z.string()),
      reason: z.nullable(z.string()),
    }),
  ),
  approval: z.nullable(z.object({ days: z.number(), requestedBy: z.string(), reason: z.string() })),
});
export type Notice = z.infer<typeof noticeOnWire>;

const page = z.object({
  notices: z.array(noticeOnWire),
  unread: z.number(),
  nextBefore: z.nullable(z.string()),
});
export type NoticePage = z.infer<typeof page>;

const NOTICES = '/api/v1/notices';

export function readNotices(
  before: string | null,
  signal: AbortSignal,
  limit?: number,
): Promise<NoticePage> {
  return call(page, `${NOTICES}${queryOf({ before, limit })}`, { signal });
}

export function markNoticesRead(upTo: string): Promise<void> {
  return order(`${NOTICES}/read`, { method: 'POST', body: { upTo } });
}

const settingsOnWire = z.object({
  email: z.boolean(),
  emailPossible: z.boolean(),
  webhookUrl: z.nullable(z.string()),
  lastFailure: z.nullable(z.string()),
});
export type NoticeSettings = z.infer<typeof settingsOnWire>;

export function readNoticeSettings(signal: AbortSignal): Promise<NoticeSettings> {
  return call(settingsOnWire, `${NOTICES}/settings`, { signal });
}

const changedOnWire = z.extend(settingsOnWire, { webhookSecret: z.nullable(z.string()) });

export function changeNoticeSettings(change: {
  email?: boolean;
  webhookUrl?: string | null;
}): Promise<z.infer<typeof changedOnWire>> {
  return call(changedOnWire, `${NOTICES}/settings`, { method: 'PATCH', body: change });
}
