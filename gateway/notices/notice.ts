import * as z from 'zod';

/** What an owner is told without looking: in the product, by e-mail, by webhook. One shape for all three. */

/**
 * `cameras-fell`: cameras have been broken for so long that they will not come back by themselves. `cameras-returned`: they
 * work again. `round-opened`: the Department opened a round of the survey. `round-due`, `round-late`: a return of it is to be
 * sent. `return-waiting`: one came up to be looked at. `return-sent-back`: one came back with a reason. `approval-waiting`:
 * what another person asked for waits for a second one. `lao-proposed`: names wait to be taken into the list of LAOs.
 */
export const noticeKinds = [
  'cameras-fell',
  'cameras-returned',
  'round-opened',
  'round-due',
  'round-late',
  'return-waiting',
  'return-sent-back',
  'approval-waiting',
  'lao-proposed',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** Cameras that one notice names; of more it says how many. */
export const MAX_CAMERAS_NAMED = 20;

const noticePlace = z.object({
  province: z.string(),
  district: z.string().nullable(),
  lao: z.string().nullable(),
});
export type NoticePlace = z.infer<typeof noticePlace>;

export const noticeContent = z.object({
  place: noticePlace.meta({
    description: 'an LAO; or a district or a province, whose return it is, or where it is',
  }),
  count: z.int().meta({ description: 'of cameras, or of proposed LAOs; 0 where it is about none' }),
  cameras: z
    .array(z.object({ id: z.string(), position: z.string(), reason: z.string().nullable() }))
    .max(MAX_CAMERAS_NAMED)
    .meta({ description: `the first ${MAX_CAMERAS_NAMED}` }),
  incident: z
    .object({ kind: z.string(), key: z.string() })
    .nullable()
    .meta({ description: 'they fell together, with this site or network' }),
  round: z
    .object({
      id: z.string(),
      title: z.string(),
      returnId: z.string().nullable().meta({ description: 'the return that it is about' }),
      dueOn: z.string().nullable(),
      reason: z.string().nullable().meta({ description: 'why it was sent back' }),
    })
    .nullable(),
  approval: z
    .object({
      id: z.string(),
      days: z.int().meta({ description: 'that footage of the cameras would be kept' }),
      requestedBy: z.string(),
      reason: z.string(),
    })
    .nullable()
    .meta({ description: 'a shortening of retention that another person asked for' }),
});
export type NoticeContent = z.infer<typeof noticeContent>;

export const notice = z
  .object({
    id: z.string(),
    kind: z.string().meta({ description: noticeKinds.join(', ') }),
    at: z.iso.datetime(),
    read: z.boolean(),
    ...noticeContent.shape,
  })
  .meta({ id: 'Notice' });
export type Notice = z.infer<typeof notice>;
