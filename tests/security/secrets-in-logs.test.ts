/**
 * A gateway that logs everything it can is given one secret of every kind, rightly and wrongly, and fails in between. None of them is
 * in its log, its audit log, an answer that has no business with it, or a database in the clear.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SIGNING_KEY_FILE } from '#gateway/audit/signing-key.ts';
import { parseConfig } from '#gateway/config.ts';
import { startGateway, type Gateway } from '#gateway/gateway.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

const START_MS = 120_000;
const given = {
  'administration token': 'SECRET-administration-0123456789abcdef',
  'password of a camera': 'SECRET-of-a-camera',
  'password within an address': 'SECRET-in-an-address',
  'password in a refused body': 'SECRET-in-a-refused-body',
  'password of the first administrator': 'SECRET quite long passphrase',
  'password that was wrong': 'SECRET wrong passphrase',
  'password of a person': 'SECRET passphrase of a person',
  'secret of the OpenID client': 'SECRET-openid-client',
  'token that is not one': 'SECRET-no-token',
  'session that is not one': 'SECRET-no-session',
  'token in a query': 'SECRET-in-a-query',
};

let folder: string;
let gateway: Gateway;
let logged = '';
let answered = '';
const secrets = new Map<string, string>(Object.entries(given));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  const config = parseConfig({
    PORT: '0',
    DATA_DIR: folder,
    WORKERS: '1',
    LOG_LEVEL: 'trace',
    CAMERA_NETWORKS: '127.0.0.0/8',
    ADMIN_TOKEN: given['administration token'],
    OIDC_ISSUER: 'http://127.0.0.1:9/',
    OIDC_CLIENT_ID: 'gateway',
    OIDC_CLIENT_SECRET: given['secret of the OpenID client'],
    OIDC_REDIRECT_URL: 'http://127.0.0.1/api/v1/session/open-id/callback',
  });
  gateway = await startGateway(
    config,
    pino({ level: config.logLevel }, { write: (line: string) => (logged += line) }),
  );
}, START_MS);

afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

/** `tells`: the answer is meant to hold a secret, and is not searched. */
async function ask(
  method: string,
  path: string,
  options: { body?: unknown; raw?: string; headers?: Record<string, string>; tells?: boolean } = {},
): Promise<{ status: number; headers: Headers; json: Record<string, unknown> }> {
  const { body, raw, headers = {}, tells = false } = options;
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(gateway.url + path, {
    method,
    redirect: 'manual',
    headers: {
      origin: gateway.url,
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
  });
  const text = await answer.text();
  if (!tells) answered += text;
  let json: Record<string, unknown> = {};
  if (text.startsWith('{')) json = JSON.parse(text) as Record<string, unknown>;
  return { status: answer.status, headers: answer.headers, json };
}

function keep(kind: string, secret: unknown): string {
  expect([kind, secret]).toEqual([kind, expect.stringMatching(/.{8,}/)]);
  secrets.set(kind, String(secret));
  return String(secret);
}

function cookieOf(headers: Headers): string {
  return keep('session', /session=([^;]+)/.exec(headers.get('set-cookie') ?? '')?.[1]);
}

test('no secret is in a log, an answer, or a database', { timeout: START_MS }, async () => {
  const asAdmin = { authorization: `Bearer ${given['administration token']}` };
  const stream = { username: 'admin', password: given['password of a camera'] };
  const camera = (changes: Record<string, unknown>) => ({
    body: krabiCamera(changes),
    headers: asAdmin,
  });
  const created = await ask(
    'POST',
    '/api/v1/cameras',
    camera({ stream: { url: 'rtsp://127.0.0.1:9/', ...stream } }),
  );
  expect(created.status).toBe(201);
  const within = `rtsp://admin:${given['password within an address']}@127.0.0.1:9/`;
  await ask('POST', '/api/v1/cameras', camera({ position: 'ที่อื่น', stream: { url: within } }));
  await ask('POST', '/api/v1/cameras/test', {
    body: { stream: { url: within } },
    headers: asAdmin,
  });
  const refused = given['password in a refused body'];
  await ask('POST', '/api/v1/cameras', {
    headers: asAdmin,
    raw: `{"stream":{"password":"${refused}"`,
  });
  await ask('POST', '/api/v1/cameras', camera({ stream: { password: `${refused}\n`, url: 'x' } }));
  await ask('POST', '/api/v1/cameras', camera({ stream: { url: `rtsp://a:${refused}@@:0/` } }));
  await ask('GET', `/api/v1/cameras?token=${given['token in a query']}`, { headers: asAdmin });
  await ask('GET', '/api/v1/cameras', {
    headers: { authorization: `Bearer ${given['token that is not one']}` },
  });
  await ask('GET', '/api/v1/profile/sessions', {
    headers: { cookie: `session=${given['session that is not one']}` },
  });
  await ask('GET', '/api/v1/session/open-id');

  const setup = keep('set-up token', gateway.setupLink?.split('#')[1]);
  const password = given['password of the first administrator'];
  const wrong = given['password that was wrong'];
  const person = { name: 'ผู้ดูแล', email: 'first@example.go.th' };
  await ask('POST', '/api/v1/setup', { body: { ...person, token: setup, password: 'short' } });
  const first = await ask('POST', '/api/v1/setup', { body: { ...person, token: setup, password } });
  expect(first.status).toBe(201);
  const session = { cookie: `session=${cookieOf(first.headers)}` };
  await ask('POST', '/api/v1/session', { body: { email: person.email, password: wrong } });
  await ask('POST', '/api/v1/profile/password', {
    body: { current: wrong, password: wrong },
    headers: session,
  });
  const factor = await ask('POST', '/api/v1/profile/second-factor', {
    body: { password },
    headers: session,
    tells: true,
  });
  keep('secret of the second factor', factor.json['secret']);
  await ask('POST', '/api/v1/profile/second-factor/confirm', {
    body: { code: '000000' },
    headers: session,
  });

  const added = await ask('POST', '/api/v1/people', {
    body: {
      name: 'สมชาย',
      email: 'somchai@lanta.go.th',
      grants: [{ role: 'operator', area: { level: 'country' } }],
    },
    headers: asAdmin,
    tells: true,
  });
  const invitation = keep('one-time link', String(added.json['link']).split('#')[1]);
  await ask('GET', `/api/v1/invitations/${invitation}`);
  const own = { password: given['password of a person'] };
  await ask('POST', `/api/v1/invitations/${invitation}`, { body: { password: 'short' } });
  expect((await ask('POST', `/api/v1/invitations/${invitation}`, { body: own })).status).toBe(204);
  const signedIn = await ask('POST', '/api/v1/session', {
    body: { email: 'somchai@lanta.go.th', ...own },
  });
  expect(signedIn.status).toBe(200);
  const operator = { cookie: `session=${cookieOf(signedIn.headers)}` };
  const made = await ask('POST', '/api/v1/profile/tokens', {
    body: { name: 'จอภาพ', scopes: ['live'], days: 1 },
    headers: operator,
    tells: true,
  });
  const token = keep('API token', made.json['token']);
  await ask('GET', `/live/${String(created.json['id'])}/index.m3u8`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await ask('GET', '/api/v1/people', { headers: { authorization: `Bearer ${token}` } });
  await gateway.close();

  const pem = readFileSync(join(folder, SIGNING_KEY_FILE), 'utf8').split('\n')[1];
  secrets.set('signing key', pem ?? '');
  const files = readdirSync(folder).filter((name) => /\.sqlite/.test(name));
  expect(files).toEqual(expect.arrayContaining(['audit.sqlite', 'people.sqlite']));
  const places = new Map([
    ['the log', logged],
    ['an answer', answered],
    ...files.map((name): [string, string] => [name, readFileSync(join(folder, name), 'latin1')]),
  ]);
  expect(logged).toContain('audit anchor');
  for (const [place, text] of places) {
    for (const [kind, secret] of secrets) {
      expect([kind, place, text.includes(secret)]).toEqual([kind, place, false]);
    }
  }
});
