/** Signing in through a real OpenID provider (`oidc-provider`), followed as a browser would. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';
import { openIdSignIn } from '#gateway/auth/open-id.ts';
import { country } from '#registry/area.ts';
import { ServerRig } from './server-rig.ts';

const REDIRECT = 'http://localhost/api/v1/session/open-id/callback';
/** The provider's people. */
const people: Record<string, { email: string; email_verified: boolean }> = {
  somchai: { email: 'somchai@lanta.go.th', email_verified: true },
  unverified: { email: 'somchai@lanta.go.th', email_verified: false },
  stranger: { email: 'stranger@example.go.th', email_verified: true },
};

let provider: Server;
let issuer: string;
let rig: ServerRig;

beforeAll(async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const openId = new Provider(issuer, {
    clients: [
      {
        client_id: 'cctv',
        client_secret: 'a-secret-of-the-client',
        redirect_uris: [REDIRECT],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        application_type: 'native',
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...people[id] }),
    }),
    features: { devInteractions: { enabled: true } },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
  });
  const answer = openId.callback();
  server.on('request', answer);
  provider = server;
});
afterAll(() => {
  provider.closeAllConnections();
  provider.close();
});

beforeEach(async () => {
  const box: { rig?: ServerRig } = {};
  const accounts = () => {
    if (box.rig === undefined) throw new Error('not started');
    return box.rig.people.accounts;
  };
  rig = await ServerRig.start({
    openId: openIdSignIn(
      {
        issuer,
        clientId: 'cctv',
        clientSecret: 'a-secret-of-the-client',
        name: 'ThaID',
        redirectUrl: REDIRECT,
      },
      {
        byEmail: async (email) => accounts().byEmail(email),
        byOpenIdSubject: async (subject) => accounts().byOpenIdSubject(subject),
        bindOpenIdSubject: async (id, subject) => accounts().bindOpenIdSubject(id, subject),
      },
    ),
  });
  box.rig = rig;
});
afterEach(async () => {
  await rig.close();
});

/** Cookies of one site. */
class Jar {
  readonly #values = new Map<string, string>();
  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /Max-Age=0|expires=Thu, 01 Jan 1970/i.test(line))
        this.#values.delete(name);
      else this.#values.set(name, value);
    }
  }
  get header(): string {
    return [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

async function gateway(url: string, jar: Jar) {
  const reply = await rig.app.inject({ url, headers: { host: 'localhost', cookie: jar.header } });
  jar.take([reply.headers['set-cookie'] ?? []].flat());
  return reply;
}

/** At the provider: signs in as `login`, agrees, and is sent back. Returns the address. */
async function throughProvider(start: string, login: string): Promise<string> {
  const jar = new Jar();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 20; step++) {
    if (url.startsWith(REDIRECT)) return url;
    const reply = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie: jar.header },
      ...(form === undefined ? {} : { body: form }),
    });
    jar.take(reply.headers.getSetCookie());
    form = undefined;
    const location = reply.headers.get('location');
    const page = await reply.text();
    if (location !== null) {
      url = new URL(location, url).href;
      continue;
    }
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (prompt === undefined) throw new Error(`the provider says ${reply.status}: ${page}`);
    form = new URLSearchParams(
      prompt === 'login' ? { prompt, login, password: 'any' } : { prompt },
    );
    url = new URL(/<form[^>]* action="([^"]+)"/.exec(page)?.[1] ?? url, url).href;
  }
  throw new Error('the provider goes round in circles');
}

async function signInAs(login: string, jar = new Jar()): Promise<{ jar: Jar; location: string }> {
  const started = await gateway('/api/v1/session/open-id', jar);
  expect(started.statusCode).toBe(302);
  const back = new URL(await throughProvider(String(started.headers.location), login));
  const finished = await gateway(back.pathname + back.search, jar);
  return { jar, location: String(finished.headers.location) };
}

async function state(jar: Jar): Promise<unknown> {
  return (await gateway('/api/v1/session', jar)).json<{ state: string }>().state;
}

async function person(email: string): Promise<string> {
  const grants = [{ role: 'operator' as const, area: country }];
  return (await rig.people.accounts.create({ name: 'สมชาย', email, grants })).account.id;
}

test('a person with an account signs in, and is known by the provider’s name from then on', async () => {
  const id = await person('somchai@lanta.go.th');
  const { jar, location } = await signInAs('somchai');
  expect(location).toBe('/');
  expect(await state(jar)).toBe('signed-in');
  expect((await gateway('/api/v1/cameras', jar)).statusCode).toBe(200);
  // Another e-mail address here, and a new account with the old one: it is still the same person.
  await rig.people.accounts.change(id, { email: 'new@lanta.go.th' });
  const other = await person('somchai@lanta.go.th');
  const again = await gateway('/api/v1/session', (await signInAs('somchai')).jar);
  expect(again.json<{ person: { id: string } }>().person.id).toBe(id);
  expect(other).not.toBe(id);
  expect(rig.audit.acts).toEqual([`sign-in done ${id}`, `sign-in done ${id}`]);
});

test('whom nobody entered, whose address is not verified, or whose account is closed, does not come in', async () => {
  const id = await person('somchai@lanta.go.th');
  for (const login of ['stranger', 'unverified']) {
    const { jar, location } = await signInAs(login);
    expect([login, location, await state(jar)]).toEqual([login, '/?sign-in=failed', 'signed-out']);
  }
  await rig.people.accounts.change(id, { disabled: true });
  expect((await signInAs('somchai')).location).toBe('/?sign-in=failed');
});

test('the second factor stays ours', async () => {
  const id = await person('somchai@lanta.go.th');
  await rig.people.accounts.setCodeSecret(id, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', 0);
  const { jar } = await signInAs('somchai');
  expect(await state(jar)).toBe('second-factor');
  expect((await gateway('/api/v1/cameras', jar)).statusCode).toBe(401);
});

test('an answer of the provider is good once, and only in the browser that asked', async () => {
  await person('somchai@lanta.go.th');
  const jar = new Jar();
  const started = await gateway('/api/v1/session/open-id', jar);
  const back = new URL(await throughProvider(String(started.headers.location), 'somchai'));
  // Sent to somebody else, as to sign them in under this account.
  const victim = new Jar();
  const planted = await gateway(back.pathname + back.search, victim);
  expect(planted.headers.location).toBe('/?sign-in=failed');
  await gateway('/api/v1/session/open-id', victim);
  const mixed = await gateway(back.pathname + back.search, victim);
  expect([mixed.headers.location, await state(victim)]).toEqual(['/?sign-in=failed', 'signed-out']);
  const finished = await gateway(back.pathname + back.search, jar);
  expect(finished.headers.location).toBe('/');
  const replayed = await gateway(back.pathname + back.search, jar);
  expect(replayed.headers.location).toBe('/?sign-in=failed');
});

test('the sign-in page is told of it', async () => {
  expect((await gateway('/api/v1/session', new Jar())).json()).toMatchObject({
    openId: { name: 'ThaID', address: '/api/v1/session/open-id' },
  });
});
