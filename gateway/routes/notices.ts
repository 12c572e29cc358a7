import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { CameraNetworks } from '#registry/camera-networks.ts';
import type { SecretBox } from '#registry/secret-box.ts';
import { actingIn } from '../auth/acting.ts';
import type { PeopleDatabase } from '../auth/people-database.ts';
import { errorBody } from '../errors.ts';
import { noticeOf } from '../notices/deliveries.ts';
import { notice } from '../notices/notice.ts';
import type { NoticeBoard } from '../notices/notice-board.ts';
import { changeNoticeSettings, noticeSettings } from '../notices/notice-settings.ts';
import { webhookUrlOf } from '../notices/webhook-address.ts';

const DEFAULT_PAGE = 30;
const MAX_PAGE = 100;
const MAX_URL_LENGTH = 2_000;

const settings = z
  .object({
    email: z.boolean().meta({ description: 'to the address of the account' }),
    emailPossible: z.boolean().meta({ description: 'false: the gateway has no mail server' }),
    webhookUrl: z.string().nullable(),
    lastFailure: z
      .string()
      .nullable()
      .meta({ description: 'of the last delivery that did not arrive' }),
  })
  .meta({ id: 'NoticeSettings' });

/** What a person was notified of, and how they want to be. */
export function registerNoticeRoutes(
  app: FastifyInstance,
  deps: {
    board: NoticeBoard;
    people: PeopleDatabase;
    box: Pick<SecretBox, 'seal'>;
    mailPossible: boolean;
    webhookNetworks: CameraNetworks;
    now: () => number;
  },
): void {
  const { board, people, box, mailPossible, webhookNetworks, now } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const own = { config: { action: 'signed-in' as const } };

  typed.get(
    '/api/v1/notices',
    {
      ...own,
      schema: {
        summary: 'My notices, newest first',
        tags: ['notices'],
        querystring: z.object({
          before: z.uuidv7().optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: {
          200: z.object({
            notices: z.array(notice),
            unread: z.int(),
            nextBefore: z.string().nullable(),
          }),
          400: errorBody,
        },
      },
    },
    async (request) => {
      const { before, limit } = request.query;
      const listed = await board.list(actingIn(request).id, { before, limit: limit + 1 });
      const page = listed.notices.slice(0, limit);
      return {
        notices: page.map((row) => noticeOf(row.id, row, row.parsed)),
        unread: listed.unread,
        nextBefore: listed.notices.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  typed.post(
    '/api/v1/notices/read',
    {
      ...own,
      schema: {
        summary: 'I have read these, up to and with one',
        tags: ['notices'],
        body: z.strictObject({ upTo: z.uuidv7() }),
        response: { 204: z.null(), 400: errorBody },
      },
    },
    async (request, reply) => {
      await board.markRead(actingIn(request).id, request.body.upTo, now());
      return reply.code(204).send(null);
    },
  );

  async function settingsOf(id: string): Promise<z.input<typeof settings>> {
    return { ...(await noticeSettings(people, id)), emailPossible: mailPossible };
  }

  typed.get(
    '/api/v1/notices/settings',
    {
      ...own,
      schema: {
        summary: 'How I want to be notified',
        tags: ['notices'],
        response: { 200: settings },
      },
    },
    async (request) => settingsOf(actingIn(request).id),
  );

  typed.patch(
    '/api/v1/notices/settings',
    {
      ...own,
      schema: {
        summary: 'Change how I want to be notified',
        description:
          'A new webhook gets a secret, which is told this once. Each call carries `CCTV-Signature: t=<Unix seconds>,v1=<hex>`: ' +
          'HMAC-SHA-256 of `<t>.<body>` with it. It must be https and on the public internet, unless the operator named its network.',
        tags: ['notices'],
        body: z
          .strictObject({
            email: z.boolean().optional(),
            webhookUrl: z.string().max(MAX_URL_LENGTH).nullable().optional(),
          })
          .meta({ examples: [{ email: true, webhookUrl: 'https://example.go.th/cctv' }] }),
        response: {
          200: settings.extend({
            webhookSecret: z.string().nullable().meta({ description: 'of a new webhook' }),
          }),
          400: errorBody,
        },
      },
    },
    async (request) => {
      const id = actingIn(request).id;
      const { email, webhookUrl } = request.body;
      const url =
        typeof webhookUrl === 'string' ? webhookUrlOf(webhookUrl, webhookNetworks) : webhookUrl;
      await request.record(
        'notice.settings',
        { kind: 'person', id },
        { detail: { email, webhook: typeof url === 'string' ? new URL(url).origin : url } },
      );
      const secret = await changeNoticeSettings(people, box, id, { email, webhookUrl: url });
      return { ...(await settingsOf(id)), webhookSecret: secret ?? null };
    },
  );
}
