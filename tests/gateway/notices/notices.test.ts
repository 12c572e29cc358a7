/** Cameras fall, and their owners read of it: in the product, in an e-mail that a real SMTP server took, by a signed call. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EMAIL_EVERY_MS, RETRY_AFTER_MS } from '#gateway/notices/deliveries.ts';
import { keepNotices, type NoticeKeeper } from '#gateway/notices/keeper.ts';
import { noticeSettings } from '#gateway/notices/notice-settings.ts';
import { registerNoticeRoutes } from '#gateway/routes/notices.ts';
import { parseCameraNetworks } from '#registry/camera-networks.ts';
import { testBox } from '../../registry/cameras-of.ts';
import { ServerRig } from '../auth/server-rig.ts';

const MINUTE_MS = 60_000;
const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const klongyang = { ...lanta, name: 'อบต.คลองยาง' };
const ownerOf = ({ name, district, province }: typeof lanta) =>
  [{ role: 'owner', area: { level: 'lao', province, district, lao: name } }] as const;

interface Mail {
  to: string;
  headers: string;
  text: string;
}

let rig: ServerRig;
let keeper: NoticeKeeper;
let smtp: SMTPServer;
let mails: Mail[];
/** What the mail server says to the next messages, before it takes them again. */
let refusals: string[];
let hook: Server;
let calls: { headers: IncomingHttpHeaders; body: string }[];
let hookStatus: number;

beforeEach(async () => {
  mails = [];
  refusals = [];
  calls = [];
  hookStatus = 204;
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const refusal = refusals.shift();
        if (refusal !== undefined) return done(new Error(refusal));
        mails.push(mailOf(session.envelope.rcptTo[0]?.address ?? '', Buffer.concat(chunks)));
        done();
      });
    },
  });
  smtp.listen(0, '127.0.0.1');
  await once(smtp.server, 'listening');
  hook = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      calls.push({ headers: request.headers, body });
      response.writeHead(hookStatus).end();
    });
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const webhookNetworks = parseCameraNetworks(['127.0.0.0/8']);
  rig = await ServerRig.start({
    extraRoutes: [
      (app) => {
        keeper = keepNotices({
          config: {
            fallenAfterMs: 30 * MINUTE_MS,
            mail: {
              url: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
              from: 'ระบบกล้อง <cctv@example.go.th>',
            },
            publicUrl: 'https://cctv.example.go.th',
            webhookNetworks,
          },
          registry: rig.registry,
          people: rig.people.database,
          box: testBox,
          now: rig.now,
          log: { error: (fields) => expect.fail(JSON.stringify(fields)) },
          timers: false,
        });
        registerNoticeRoutes(app, {
          board: keeper.board,
          people: rig.people.database,
          box: testBox,
          mailPossible: true,
          webhookNetworks,
          now: rig.now,
        });
      },
    ],
  });
  // Routes are made when the server is ready, and the keeper with them.
  await rig.app.ready();
});

afterEach(async () => {
  await keeper.close();
  await rig.close();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
  hook.closeAllConnections();
  hook.close();
});

type Headers = Awaited<ReturnType<ServerRig['signedIn']>>['headers'];

async function ask(
  headers: Headers,
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  payload?: object,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await rig.app.inject({
    method,
    url: `/api/v1/notices${url}`,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  const text = answer.body;
  return {
    status: answer.statusCode,
    json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

/** Seen so by its stream from now on. */
async function see(cameraId: string, state: 'up' | 'down', incident?: string): Promise<void> {
  const atMs = rig.now();
  const values = {
    state,
    reason: state === 'down' ? ('unreachable' as const) : null,
    since_ms: atMs,
    at_ms: atMs,
    epoch: 1,
    sequence: 1,
    event_id: cameraId,
    flapping: 0,
    measured: '{}',
    incident_id: incident ?? null,
  };
  await rig.registry
    .insertInto('observed_states')
    .values({ camera_id: cameraId, ...values })
    .onConflict((conflict) => conflict.column('camera_id').doUpdateSet(values))
    .execute();
}

function later(minutes: number): void {
  rig.clock.aheadMs += minutes * MINUTE_MS;
}

describe('an owner', () => {
  test('reads in the product and in one e-mail that two cameras fell, and later that they returned', async () => {
    const owner = await rig.signedIn(ownerOf(lanta));
    const other = await rig.signedIn(ownerOf(klongyang));
    const [one, two] = [await rig.addCamera(lanta), await rig.addCamera(lanta)];
    await see(one, 'down');
    await see(two, 'down');
    later(29);
    expect(await keeper.sweep()).toBe(0);
    later(1);
    expect(await keeper.sweep()).toBe(1);
    expect(await keeper.sweep()).toBe(0);
    const { json } = await ask(owner.headers, 'GET', '');
    expect(json).toMatchObject({
      unread: 1,
      notices: [
        {
          kind: 'cameras-fell',
          count: 2,
          read: false,
          place: { lao: lanta.name },
          cameras: [{ id: one }, { id: two }],
        },
      ],
    });
    expect((await ask(other.headers, 'GET', '')).json).toMatchObject({ unread: 0, notices: [] });
    await keeper.deliver();
    expect(mails).toHaveLength(1);
    expect(mails[0]?.headers).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(mails[0]?.text).toContain('กล้อง 2 ตัวของ ทต.เกาะลันตาใหญ่ ขัดข้อง');
    expect(mails[0]?.text).toContain(`https://cctv.example.go.th/#/register/${one}`);

    await see(one, 'up');
    await see(two, 'up');
    later(11);
    expect(await keeper.sweep()).toBe(1);
    await keeper.deliver();
    expect(mails).toHaveLength(2);
    expect(mails[1]?.text).toContain('กลับมาใช้งานได้');
    const [newest] = (await ask(owner.headers, 'GET', '')).json['notices'] as { id: string }[];
    await ask(owner.headers, 'POST', '/read', { upTo: newest?.id });
    expect((await ask(owner.headers, 'GET', '')).json).toMatchObject({ unread: 0 });
  });

  test('gets one e-mail of what comes within ten minutes, and one notice of a whole site', async () => {
    const owner = await rig.signedIn(ownerOf(lanta));
    await rig.registry
      .insertInto('incidents')
      .values({ id: 'site-1', kind: 'site', key: 'ตู้เทศบาล', from_ms: 0, to_ms: null, cameras: 3 })
      .execute();
    for (let camera = 0; camera < 3; camera++) {
      await see(await rig.addCamera(lanta), 'down', 'site-1');
    }
    later(31);
    await keeper.sweep();
    await keeper.deliver();
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toContain('ขัดข้องพร้อมกันทั้งจุดติดตั้ง ตู้เทศบาล');
    // Others of the site follow, and two cameras of elsewhere in the LAO, one after the other.
    await see(await rig.addCamera(lanta), 'down', 'site-1');
    rig.clock.aheadMs -= 30 * MINUTE_MS;
    await see(await rig.addCamera(lanta), 'down');
    later(2);
    await see(await rig.addCamera(lanta), 'down');
    later(28);
    await keeper.sweep();
    await keeper.deliver();
    later(2);
    await keeper.sweep();
    await keeper.deliver();
    expect(mails).toHaveLength(1);
    later(EMAIL_EVERY_MS / MINUTE_MS);
    await keeper.deliver();
    expect(mails).toHaveLength(2);
    expect(mails[1]?.text.match(/ขัดข้อง/g)).toHaveLength(2);
    later(31);
    // The camera that joined the incident is no second notice.
    expect(await keeper.sweep()).toBe(0);
    // Their session ended meanwhile.
    expect(await keeper.board.list(owner.id, { limit: 10 })).toMatchObject({ unread: 3 });
  });

  test('who wants no e-mail gets none; where nobody owns the LAO its district is told', async () => {
    const owner = await rig.signedIn(ownerOf(lanta));
    const district = await rig.signedIn([
      { role: 'district', area: { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' } },
    ]);
    await ask(owner.headers, 'PATCH', '/settings', { email: false });
    await see(await rig.addCamera(lanta), 'down');
    await see(await rig.addCamera(klongyang), 'down');
    later(31);
    await keeper.sweep();
    await keeper.deliver();
    expect(mails.map(({ text }) => text.includes(klongyang.name))).toEqual([true]);
    expect((await ask(owner.headers, 'GET', '')).json).toMatchObject({ unread: 1 });
    expect((await ask(district.headers, 'GET', '')).json).toMatchObject({ unread: 1 });
  });

  test('is not told of a camera that they declared, reported, or that was deleted', async () => {
    await rig.signedIn(ownerOf(lanta));
    const [declared, deleted] = [await rig.addCamera(lanta), await rig.addCamera(lanta)];
    await see(declared, 'down');
    await see(deleted, 'down');
    const by = { author: { id: 'a', name: 'ก', proxyFor: null } };
    await rig.cameras.change(declared, { declared: 'under-repair' }, { ...by, version: 1 });
    await rig.cameras.remove(deleted, { ...by, version: 1, reason: 'ย้าย' });
    later(31);
    expect(await keeper.sweep()).toBe(0);
  });
});

test('a mail server that refuses is asked again, later and later, and at last given up, which the person is told', async () => {
  const owner = await rig.signedIn(ownerOf(lanta));
  await see(await rig.addCamera(lanta), 'down');
  later(31);
  await keeper.sweep();
  refusals = ['the mailbox is busy', 'the mailbox is busy'];
  expect(await keeper.deliver()).toBe(1);
  expect(await keeper.deliver()).toBe(0);
  rig.clock.aheadMs += RETRY_AFTER_MS[0] ?? 0;
  expect(await keeper.deliver()).toBe(1);
  rig.clock.aheadMs += RETRY_AFTER_MS[0] ?? 0;
  expect(await keeper.deliver()).toBe(0);
  rig.clock.aheadMs += RETRY_AFTER_MS[1] ?? 0;
  expect(await keeper.deliver()).toBe(1);
  expect(mails).toHaveLength(1);
  expect((await ask(owner.headers, 'GET', '/settings')).json).toMatchObject({ lastFailure: null });

  await see(await rig.addCamera(lanta), 'down');
  later(31);
  await keeper.sweep();
  refusals = Array.from({ length: 20 }, () => 'no such mailbox');
  let tries = 0;
  for (const waitMs of [0, ...RETRY_AFTER_MS, 100 * 3_600_000]) {
    rig.clock.aheadMs += waitMs;
    tries += await keeper.deliver();
  }
  expect(tries).toBe(RETRY_AFTER_MS.length + 1);
  expect(mails).toHaveLength(1);
  // Their session ended meanwhile.
  const { lastFailure } = await noticeSettings(rig.people.database, owner.id);
  expect(lastFailure).toContain('no such mailbox');
});

const address = (): string => `http://127.0.0.1:${(hook.address() as AddressInfo).port}/cctv`;

describe('a webhook', () => {
  test('is called with a signature by the secret that was shown once', async () => {
    const owner = await rig.signedIn(ownerOf(lanta));
    const { json } = await ask(owner.headers, 'PATCH', '/settings', { webhookUrl: address() });
    const secret = String(json['webhookSecret']);
    expect(secret).toMatch(/^[\w-]{43}$/);
    const again = await ask(owner.headers, 'PATCH', '/settings', { email: false });
    expect(again.json).toMatchObject({ webhookUrl: address(), webhookSecret: null });
    await see(await rig.addCamera(lanta), 'down');
    later(31);
    await keeper.sweep();
    await keeper.deliver();
    expect(calls).toHaveLength(1);
    const [call] = calls;
    const [, at = '', given = ''] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(call?.headers['cctv-signature'])) ?? [];
    expect(Number(at)).toBe(Math.floor(rig.now() / 1000));
    expect(createHmac('sha256', secret).update(`${at}.${call?.body}`).digest('hex')).toBe(given);
    expect(JSON.parse(call?.body ?? '')).toMatchObject({ notice: { kind: 'cameras-fell' } });
  });

  test('that answers otherwise than 2xx is called again', async () => {
    const owner = await rig.signedIn(ownerOf(lanta));
    await ask(owner.headers, 'PATCH', '/settings', { webhookUrl: address(), email: false });
    await see(await rig.addCamera(lanta), 'down');
    later(31);
    await keeper.sweep();
    hookStatus = 302;
    await keeper.deliver();
    hookStatus = 200;
    rig.clock.aheadMs += RETRY_AFTER_MS[0] ?? 0;
    await keeper.deliver();
    await keeper.deliver();
    expect(calls).toHaveLength(2);
  });

  test.each([
    'http://example.go.th/hook',
    'https://10.0.0.5/hook',
    'https://[::1]/hook',
    'https://169.254.169.254/latest',
    'https://user:pass@example.go.th/',
    'ftp://example.go.th/',
    'hook',
  ])('is not taken at %s', async (webhookUrl) => {
    const owner = await rig.signedIn(ownerOf(lanta));
    const { status, json } = await ask(owner.headers, 'PATCH', '/settings', { webhookUrl });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'webhook_address_not_allowed' } });
  });

  test('whose name leads to this machine is not called', async () => {
    const owner = await rig.signedIn(ownerOf(lanta));
    const { port } = hook.address() as AddressInfo;
    // Of the machine's own networks only 127.0.0.0/8 is named here, and http to a name is refused before that.
    const url = `https://localhost.localdomain:${port}/`;
    await ask(owner.headers, 'PATCH', '/settings', { webhookUrl: url, email: false });
    await see(await rig.addCamera(lanta), 'down');
    later(31);
    await keeper.sweep();
    await keeper.deliver();
    expect(calls).toEqual([]);
    const { json } = await ask(owner.headers, 'GET', '/settings');
    expect(json['lastFailure']).toEqual(expect.any(String));
  });
});

/** Headers as they came, and the text without its transfer encoding. */
function mailOf(to: string, bytes: Buffer): Mail {
  const [headers = '', body = ''] = bytes.toString('latin1').split(/\r\n\r\n/, 2);
  const text = /^content-transfer-encoding: base64/im.test(headers)
    ? Buffer.from(body, 'base64').toString('utf8')
    : unquoted(body);
  return { to, headers, text };
}

/** Quoted-printable, RFC 2045 §6.7. */
function unquoted(body: string): string {
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
