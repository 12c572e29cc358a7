import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Grant } from '#gateway/auth/actor.ts';
import { makeDemoAccounts } from '#gateway/auth/demo-accounts.ts';
import { codeAt } from '#gateway/auth/one-time-code.ts';
import { SESSION_IDLE_MS, SESSION_LIFE_MS } from '#gateway/auth/sessions.ts';
import { ACCOUNT_TRIES } from '#gateway/auth/throttle.ts';
import { country } from '#registry/area.ts';
import { asAdministrator, ServerRig } from './server-rig.ts';

const PASSWORD = 'a password that is long';
const MINUTE_MS = 60_000;
let rig: ServerRig;

beforeEach(async () => {
  rig = await ServerRig.start();
});
afterEach(async () => {
  await rig.close();
});

interface Answer {
  status: number;
  json: Record<string, unknown> & { error: { code: string } };
  /** What the browser sends from now on. */
  cookie: string | undefined;
  setCookie: string;
  headers: Record<string, unknown>;
}

async function ask(
  method: 'GET' | 'POST' | 'DELETE' | 'PATCH',
  url: string,
  { cookie, body, token }: { cookie?: string | undefined; body?: unknown; token?: string } = {},
): Promise<Answer> {
  const reply = await rig.app.inject({
    method,
    url: `/api/v1${url}`,
    headers: {
      host: 'localhost',
      ...(cookie === undefined ? {} : { cookie, origin: 'http://localhost' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  const setCookie = [reply.headers['set-cookie'] ?? ''].flat().join('\n');
  const session = /^session=([\w-]+);/m.exec(setCookie)?.[1];
  return {
    status: reply.statusCode,
    json: reply.body === '' ? ({} as Answer['json']) : reply.json(),
    cookie: session === undefined ? undefined : `session=${session}`,
    setCookie,
    headers: reply.headers,
  };
}

/** A person with a password. */
async function person(
  email: string,
  grants: readonly Grant[] = [{ role: 'operator', area: country }],
): Promise<string> {
  const { accounts, passwords } = rig.people;
  const { account, token } = await accounts.create({ name: 'สมชาย ใจดี', email, grants });
  await accounts.acceptInvitation(token, await passwords.hash(PASSWORD));
  return account.id;
}

async function signIn(email: string, password = PASSWORD, cookie?: string): Promise<Answer> {
  return ask('POST', '/session', { cookie, body: { email, password } });
}

async function enrol(cookie: string): Promise<{ secret: string; cookie: string; codes: string[] }> {
  const begun = await ask('POST', '/profile/second-factor', {
    cookie,
    body: { password: PASSWORD },
  });
  const secret = String(begun.json['secret']);
  const confirmed = await ask('POST', '/profile/second-factor/confirm', {
    cookie,
    body: { code: codeAt(secret, rig.now()) },
  });
  expect(confirmed.status).toBe(200);
  return {
    secret,
    cookie: confirmed.cookie ?? '',
    codes: confirmed.json['recoveryCodes'] as string[],
  };
}

test('a page that was drawn for somebody else does nothing for who has signed in since', async () => {
  const id = await person('suda@lanta.go.th');
  const { cookie } = await signIn('suda@lanta.go.th');
  const askAs = async (drawnFor: string, method: 'GET' | 'DELETE', url: string): Promise<number> =>
    (
      await rig.app.inject({
        method,
        url: `/api/v1${url}`,
        headers: {
          host: 'localhost',
          origin: 'http://localhost',
          cookie,
          'x-signed-in-as': drawnFor,
        },
      })
    ).statusCode;
  const other = '019e0000-0000-7000-8000-000000000001';
  expect(await askAs(id, 'GET', '/cameras')).toBe(200);
  expect(await askAs(other, 'GET', '/cameras')).toBe(409);
  expect(await askAs(other, 'DELETE', '/profile/sessions')).toBe(409);
  // Who it is can be asked, and left.
  expect(await askAs(other, 'GET', '/session')).toBe(200);
  expect(await askAs(other, 'DELETE', '/session')).toBe(204);
});

test('who signs in is known by a cookie that scripts cannot read, and signs out', async () => {
  const id = await person('somchai@lanta.go.th');
  const signedIn = await signIn(' Somchai@Lanta.go.th');
  expect(signedIn.status).toBe(200);
  expect(signedIn.json).toMatchObject({
    state: 'signed-in',
    person: { id, name: 'สมชาย ใจดี', grants: [{ role: 'operator', area: { level: 'country' } }] },
    actions: expect.arrayContaining(['camera.list', 'camera.read', 'camera.watch']) as string[],
    setUp: true,
    demo: null,
  });
  expect(signedIn.setCookie).toMatch(/HttpOnly; SameSite=Lax$/);
  const { cookie } = signedIn;
  expect((await ask('GET', '/cameras', { cookie })).status).toBe(200);
  expect((await ask('GET', '/session', { cookie })).json).toMatchObject({ state: 'signed-in' });
  const signedOut = await ask('DELETE', '/session', { cookie });
  expect(signedOut.setCookie).toContain('Max-Age=0');
  expect((await ask('GET', '/cameras', { cookie })).json.error.code).toBe('sign_in_needed');
  expect((await ask('GET', '/session', { cookie })).json).toMatchObject({ state: 'signed-out' });
  expect(rig.audit.acts).toEqual([`sign-in done ${id}`, `sign-out done ${id}`]);
});

test('a wrong password, an unknown address, a closed account and one without a password are told alike', async () => {
  await person('somchai@lanta.go.th');
  const closed = await person('closed@lanta.go.th');
  await rig.people.accounts.change(closed, { disabled: true });
  await rig.people.accounts.create({ name: 'ใหม่', email: 'new@lanta.go.th', grants: [] });
  const answers = [
    await signIn('somchai@lanta.go.th', 'another password'),
    await signIn('nobody@lanta.go.th'),
    await signIn('closed@lanta.go.th'),
    await signIn('new@lanta.go.th', ''),
  ];
  for (const { status, json, setCookie } of answers) {
    expect([status, json, setCookie]).toEqual([401, answers[0]?.json, '']);
  }
  expect(rig.audit.entries.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(
    Array.from({ length: 4 }, () => 'sign-in refused'),
  );
});

test('guessing is slowed, also with the right password at the end, and says how long to wait', async () => {
  await person('somchai@lanta.go.th');
  for (let i = 0; i < ACCOUNT_TRIES; i++) await signIn('somchai@lanta.go.th', `guess ${i}`);
  const slowed = await signIn('somchai@lanta.go.th');
  expect(slowed).toMatchObject({ status: 429, json: { error: { code: 'too_many_tries' } } });
  expect(Number(slowed.headers['retry-after'])).toBe(60);
  rig.clock.aheadMs += MINUTE_MS;
  expect((await signIn('somchai@lanta.go.th')).status).toBe(200);
});

test('a session that the browser brought along is never taken over', async () => {
  await person('somchai@lanta.go.th');
  const planted = 'session=planted-by-somebody-else-0123456789';
  const first = await signIn('somchai@lanta.go.th', PASSWORD, planted);
  expect(first.cookie).not.toBe(planted);
  expect((await ask('GET', '/cameras', { cookie: planted })).status).toBe(401);
  // Signing in again under a session of one's own ends that one.
  const second = await signIn('somchai@lanta.go.th', PASSWORD, first.cookie);
  expect(second.cookie).not.toBe(first.cookie);
  expect((await ask('GET', '/cameras', { cookie: first.cookie })).status).toBe(401);
  expect((await ask('GET', '/cameras', { cookie: second.cookie })).status).toBe(200);
});

test('a session ends an hour after its last request, and after twelve hours whatever is done', async () => {
  await person('somchai@lanta.go.th');
  const idle = (await signIn('somchai@lanta.go.th')).cookie;
  rig.clock.aheadMs += SESSION_IDLE_MS - MINUTE_MS;
  expect((await ask('GET', '/cameras', { cookie: idle })).status).toBe(200);
  await rig.people.admission.recheck();
  rig.clock.aheadMs += SESSION_IDLE_MS - MINUTE_MS;
  await rig.people.admission.recheck();
  expect((await ask('GET', '/cameras', { cookie: idle })).status).toBe(200);
  await rig.people.admission.recheck();
  rig.clock.aheadMs += SESSION_IDLE_MS + 1;
  expect((await ask('GET', '/cameras', { cookie: idle })).status).toBe(401);

  const busy = (await signIn('somchai@lanta.go.th')).cookie;
  for (let atMs = 0; atMs < SESSION_LIFE_MS; atMs += SESSION_IDLE_MS / 2) {
    expect([atMs, (await ask('GET', '/cameras', { cookie: busy })).status]).toEqual([atMs, 200]);
    await rig.people.admission.recheck();
    rig.clock.aheadMs += SESSION_IDLE_MS / 2;
  }
  expect((await ask('GET', '/cameras', { cookie: busy })).status).toBe(401);
});

test('second factor: an administrator sets it up, and then nothing is had without it', async () => {
  const id = await person('admin@krabi.go.th', [{ role: 'administrator', area: country }]);
  const first = await signIn('admin@krabi.go.th');
  expect(first.json).toMatchObject({
    state: 'signed-in',
    secondFactor: { enrolled: false, shown: false, required: true },
    actions: [],
  });
  const cookie = first.cookie ?? '';
  expect((await ask('GET', '/people', { cookie })).json.error.code).toBe('second_factor_needed');
  const tokenless = await ask('POST', '/profile/tokens', {
    cookie,
    body: { name: 'ก', scopes: ['people'], days: 1 },
  });
  expect(tokenless.json.error.code).toBe('second_factor_needed');

  const enrolled = await enrol(cookie);
  // The session goes on under a new token, and the old one is nobody's.
  expect((await ask('GET', '/people', { cookie: enrolled.cookie })).status).toBe(200);
  expect((await ask('GET', '/people', { cookie })).status).toBe(401);

  rig.clock.aheadMs += MINUTE_MS;
  const next = await signIn('admin@krabi.go.th');
  expect(next.json).toMatchObject({ state: 'second-factor', person: null, actions: [] });
  for (const url of ['/people', '/cameras', '/profile/sessions', '/events']) {
    expect((await ask('GET', url, { cookie: next.cookie })).json.error.code).toBe('sign_in_needed');
  }
  const code = codeAt(enrolled.secret, rig.now());
  const wrong = await ask('POST', '/session/second-factor', {
    cookie: next.cookie,
    body: { code: code === '000000' ? '000001' : '000000' },
  });
  expect(wrong).toMatchObject({ status: 401, json: { error: { code: 'sign_in_failed' } } });
  const shown = await ask('POST', '/session/second-factor', {
    cookie: next.cookie,
    body: { code },
  });
  expect(shown.json).toMatchObject({ state: 'signed-in', secondFactor: { shown: true } });
  expect(shown.cookie).not.toBe(next.cookie);
  expect((await ask('GET', '/people', { cookie: shown.cookie })).status).toBe(200);
  expect((await ask('GET', '/people', { cookie: next.cookie })).status).toBe(401);

  // The same code is good once, by whoever looked over the shoulder.
  const other = await signIn('admin@krabi.go.th');
  const again = await ask('POST', '/session/second-factor', {
    cookie: other.cookie,
    body: { code },
  });
  expect(again.status).toBe(401);
  // A recovery code is, once too.
  const recovery = { cookie: other.cookie, body: { code: enrolled.codes[0]?.toUpperCase() } };
  const recovered = await ask('POST', '/session/second-factor', recovery);
  expect(recovered.status).toBe(200);
  const third = await signIn('admin@krabi.go.th');
  const used = { cookie: third.cookie, body: { code: enrolled.codes[0] } };
  expect((await ask('POST', '/session/second-factor', used)).status).toBe(401);
  expect(rig.audit.acts).toContain(`second-factor.set done ${id}`);
});

test('codes cannot be guessed: tries are counted for the account, whichever session they come from', async () => {
  await person('admin@krabi.go.th', [{ role: 'administrator', area: country }]);
  await enrol((await signIn('admin@krabi.go.th')).cookie ?? '');
  const statuses: number[] = [];
  for (let i = 0; i <= ACCOUNT_TRIES; i++) {
    const { cookie } = await signIn('admin@krabi.go.th');
    const guess = { cookie, body: { code: String(100_000 + i) } };
    statuses.push((await ask('POST', '/session/second-factor', guess)).status);
  }
  expect(statuses.slice(0, ACCOUNT_TRIES)).toEqual(
    Array.from({ length: ACCOUNT_TRIES }, () => 401),
  );
  expect(statuses[ACCOUNT_TRIES]).toBe(429);
});

test('a password is changed by who knows it, and the other sessions end', async () => {
  await person('somchai@lanta.go.th');
  const here = (await signIn('somchai@lanta.go.th')).cookie;
  const there = (await signIn('somchai@lanta.go.th')).cookie;
  const change = async (current: string, password: string): Promise<Answer> =>
    ask('POST', '/profile/password', { cookie: here, body: { current, password } });
  expect((await change('not mine', 'another long password')).status).toBe(401);
  expect((await change(PASSWORD, 'short')).json.error).toMatchObject({
    code: 'password_not_accepted',
    details: { fault: 'too-short' },
  });
  expect((await change(PASSWORD, 'another long password')).status).toBe(204);
  expect((await ask('GET', '/cameras', { cookie: here })).status).toBe(200);
  expect((await ask('GET', '/cameras', { cookie: there })).status).toBe(401);
  expect((await signIn('somchai@lanta.go.th')).status).toBe(401);
  expect((await signIn('somchai@lanta.go.th', 'another long password')).status).toBe(200);
});

test('sessions are listed and ended by their owner, and by nobody else', async () => {
  await person('somchai@lanta.go.th');
  await person('suda@lanta.go.th');
  const mine = (await signIn('somchai@lanta.go.th')).cookie;
  const phone = (await signIn('somchai@lanta.go.th')).cookie;
  const hers = (await signIn('suda@lanta.go.th')).cookie;
  const { json } = await ask('GET', '/profile/sessions', { cookie: mine });
  const sessions = json['sessions'] as { id: string; current: boolean; address: string }[];
  expect(sessions.filter(({ current }) => current)).toHaveLength(1);
  expect(sessions).toHaveLength(2);
  expect(JSON.stringify(json)).not.toContain(mine?.slice('session='.length));
  const other = sessions.find(({ current }) => !current)?.id;
  const byHer = await ask('DELETE', `/profile/sessions/${other}`, { cookie: hers });
  expect(byHer.json.error.code).toBe('not_found');
  expect((await ask('GET', '/cameras', { cookie: phone })).status).toBe(200);
  expect((await ask('DELETE', `/profile/sessions/${other}`, { cookie: mine })).status).toBe(204);
  expect((await ask('GET', '/cameras', { cookie: phone })).status).toBe(401);
});

test('an API token does what its scopes say, until it is revoked, expires, or its owner may no more', async () => {
  const id = await person('somchai@lanta.go.th');
  const { cookie } = await signIn('somchai@lanta.go.th');
  const make = async (scopes: string[]): Promise<{ id: string; token: string }> => {
    const made = await ask('POST', '/profile/tokens', {
      cookie,
      body: { name: 'จอศูนย์', scopes, days: 30 },
    });
    expect(made.status).toBe(201);
    return made.json as unknown as { id: string; token: string };
  };
  const reader = await make(['cameras:read']);
  const metrics = await make(['metrics']);
  const list = async (token: string): Promise<number> =>
    (await ask('GET', '/cameras', { token })).status;
  expect([await list(reader.token), await list(metrics.token)]).toEqual([200, 403]);
  // It is a machine's: what people do about themselves is not for it, nor does it beget another.
  for (const url of ['/profile/tokens', '/profile/sessions']) {
    expect((await ask('GET', url, { token: reader.token })).status).toBe(401);
  }
  const told = await ask('GET', '/profile/tokens', { cookie });
  expect(JSON.stringify(told.json)).not.toContain(reader.token);
  expect(told.json['tokens']).toHaveLength(2);
  await person('suda@lanta.go.th');
  const hers = (await signIn('suda@lanta.go.th')).cookie;
  const byHer = await ask('DELETE', `/profile/tokens/${metrics.id}`, { cookie: hers });
  expect(byHer.status).toBe(404);
  expect((await ask('DELETE', `/profile/tokens/${metrics.id}`, { cookie })).status).toBe(204);
  expect(await list(metrics.token)).toBe(401);
  await rig.people.accounts.change(id, { grants: [{ role: 'auditor', area: country }] });
  await rig.people.admission.recheck();
  expect((await ask('GET', '/audit', { token: reader.token })).status).not.toBe(200);
  rig.clock.aheadMs += 31 * 24 * 60 * MINUTE_MS;
  await rig.people.admission.recheck();
  expect(await list(reader.token)).toBe(401);
});

test('ADMIN_TOKEN is an administrator of the whole country, and no auditor', async () => {
  const token = asAdministrator.authorization.slice('Bearer '.length);
  expect((await ask('GET', '/people', { token })).status).toBe(200);
  expect((await ask('GET', '/session', { token })).json).toMatchObject({
    person: { id: 'admin-token', kind: 'token' },
  });
  expect((await ask('GET', '/people', { token: `${token}x` })).status).toBe(401);
  expect((await ask('GET', '/people', { token: '' })).status).toBe(401);
});

test('the set-up link makes the first administrator, once', async () => {
  expect((await ask('GET', '/session')).json).toMatchObject({ setUp: false });
  const body = { name: 'ผู้ดูแล', email: 'admin@dla.go.th', password: PASSWORD };
  const guessed = await ask('POST', '/setup', { body: { ...body, token: 'x'.repeat(43) } });
  expect(guessed.json.error.code).toBe('sign_in_failed');
  const given = { body: { ...body, token: rig.people.setupToken } };
  const [one, two] = await Promise.all([
    ask('POST', '/setup', given),
    ask('POST', '/setup', given),
  ]);
  expect(new Set([one.status, two.status])).toEqual(new Set([201, 409]));
  const made = one.status === 201 ? one : two;
  expect(made.json).toMatchObject({
    state: 'signed-in',
    person: { grants: [{ role: 'administrator', area: { level: 'country' } }] },
    setUp: true,
  });
  expect(await rig.people.accounts.list({ within: [country], limit: 10 })).toHaveLength(1);
});

test('an audit log that cannot be written lets nobody in', async () => {
  await person('somchai@lanta.go.th');
  rig.audit.full = true;
  const refused = await signIn('somchai@lanta.go.th');
  expect([refused.status, refused.json.error.code, refused.setCookie]).toEqual([
    503,
    'audit_unavailable',
    '',
  ]);
});

test('demo accounts are told with a code that signs in, and made in an empty gateway only', async () => {
  const given = [
    {
      name: 'ปรีชา',
      email: 'administrator@example.go.th',
      password: 'known to all',
      grants: [{ role: 'administrator' as const, area: country }],
    },
  ];
  const demo = await makeDemoAccounts(rig.people, given);
  const [told] = demo.told(rig.now());
  expect(told).toMatchObject({ role: 'administrator', password: 'known to all' });
  const first = await signIn('administrator@example.go.th', 'known to all');
  const second = await ask('POST', '/session/second-factor', {
    cookie: first.cookie,
    body: { code: told?.code },
  });
  expect(second.json).toMatchObject({ state: 'signed-in' });
  await expect(makeDemoAccounts(rig.people, given)).rejects.toThrow(/without accounts/);
});
