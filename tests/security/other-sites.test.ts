/** What another web site's page, or text that somebody planted, can make of a colleague's browser, our answers and our log. */
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServerRig } from '../gateway/auth/server-rig.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

const lao = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const country = { level: 'country' } as const;

let rig: ServerRig;
let logged: string;

beforeEach(async () => {
  logged = '';
  rig = await ServerRig.start({
    log: pino({ level: 'trace' }, { write: (line: string) => (logged += line) }),
    requestLimits: { requestsPerMinute: 60, changesPerMinute: 20 },
  });
});
afterEach(async () => rig.close());

async function administrator() {
  return (await rig.signedIn([{ role: 'administrator', area: country }])).headers;
}

test('a change by a session must say that it comes from our own page', async () => {
  const { origin: _, ...session } = await administrator();
  const payload = krabiCamera({ lao, stream: null });
  const refused = [
    {},
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:9999' },
    { origin: 'http://localhost.evil.example' },
    { origin: 'http://localhost', 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of refused) {
    for (const [method, url] of [
      ['POST', '/api/v1/cameras'],
      ['DELETE', '/api/v1/session'],
      ['POST', '/api/v1/profile/tokens'],
    ] as const) {
      const answer = await rig.app.inject({
        method,
        url,
        headers: { ...session, ...headers },
        ...(method === 'POST' ? { payload } : {}),
      });
      expect([headers, url, answer.statusCode]).toEqual([headers, url, 403]);
      expect(answer.json()).toMatchObject({ error: { code: 'origin_not_allowed' } });
    }
  }
  expect(await rig.cameras.list({ limit: 10 })).toEqual([]);
  for (const headers of [{ origin: 'http://localhost' }, { 'sec-fetch-site': 'same-origin' }]) {
    const answer = await rig.app.inject({
      method: 'POST',
      url: '/api/v1/cameras?confirm=duplicate',
      headers: { ...session, ...headers },
      payload: { ...payload, position: JSON.stringify(headers) },
    });
    expect([headers, answer.statusCode]).toEqual([headers, 201]);
  }
});

test('a form of another site cannot send what we would read: only JSON is taken', async () => {
  const headers = await administrator();
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const answer = await rig.app.inject({
      method: 'POST',
      url: '/api/v1/cameras',
      headers: { ...headers, 'content-type': type },
      payload: JSON.stringify(krabiCamera({ lao, stream: null })),
    });
    expect([type, answer.statusCode]).toEqual([type, 415]);
  }
});

test('no answer may be framed, read across origins, or taken for another kind of file', async () => {
  for (const url of [
    '/',
    '/api/v1/session',
    '/api/v1/cameras',
    '/api/docs/static/index.html',
    '/no',
  ]) {
    const { headers } = await rig.app.inject({
      url,
      headers: { host: 'localhost', origin: 'http://evil.example' },
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(headers['x-powered-by']).toBeUndefined();
    // Plain HTTP: a browser would be locked out.
    expect(headers['strict-transport-security']).toBeUndefined();
  }
});

test('behind TLS, ours or a trusted proxy’s, browsers are told to keep to it', async () => {
  const pem = fileURLToPath(new URL('../simulator/self-signed.pem', import.meta.url));
  for (const more of [{ tls: { certFile: pem, keyFile: pem } }, { trustProxy: ['10.0.0.1'] }]) {
    const secured = await ServerRig.start({ config: { host: '127.0.0.1', ...more } });
    try {
      for (const url of ['/', '/api/v1/session', '/no']) {
        const { headers } = await secured.app.inject({ url, headers: { host: 'localhost' } });
        // A year, of this name only: what lies below it is not ours.
        expect([url, headers['strict-transport-security']]).toEqual([url, 'max-age=31536000']);
      }
    } finally {
      await secured.close();
    }
  }
});

test('a name cannot begin a header or a line of the log', async () => {
  const headers = await administrator();
  const evil = 'x\r\nSet-Cookie: session=stolen\r\n\r\n{"level":30,"msg":"all is well"}';
  const encoded = encodeURIComponent(evil);
  const answers = [
    await rig.app.inject({
      method: 'POST',
      url: '/api/v1/cameras',
      headers,
      payload: krabiCamera({ lao, stream: null, position: evil }),
    }),
    await rig.app.inject({ url: `/api/v1/cameras/${encoded}`, headers }),
    await rig.app.inject({ url: `/api/v1/people?query=${encoded}`, headers }),
    await rig.app.inject({ url: `/${encoded}`, headers }),
    await rig.app.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers: { host: 'localhost', 'user-agent': 'a\tb' },
      payload: { email: evil, password: evil },
    }),
  ];
  for (const answer of answers) {
    expect(answer.statusCode).toBeLessThan(500);
    expect(String(answer.headers['set-cookie'] ?? '')).not.toContain('stolen');
  }
  // Each line is JSON of ours: what is quoted within is escaped.
  for (const line of logged.split('\n').filter((text) => text !== '')) {
    expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect((JSON.parse(line) as { msg?: string }).msg).not.toBe('all is well');
  }
});

test('too large a body is refused before it is read, by its length or as it comes', async () => {
  const headers = await administrator();
  const payload = JSON.stringify({ position: 'x'.repeat(2_000_000) });
  for (const url of ['/api/v1/cameras', '/api/v1/profile/tokens']) {
    const answer = await rig.app.inject({
      method: 'POST',
      url,
      headers: { ...headers, 'content-type': 'application/json' },
      payload,
    });
    expect([url, answer.statusCode]).toEqual([url, 413]);
  }
  const long = await rig.app.inject({
    url: '/api/v1/session',
    headers: { host: 'localhost', cookie: `session=${'x'.repeat(8_000)}` },
  });
  expect(long.json()).toMatchObject({ state: 'signed-out' });
});

async function ask(method: 'GET' | 'DELETE', remoteAddress: string) {
  return rig.app.inject({
    method,
    url: '/api/v1/session',
    remoteAddress,
    headers: { host: 'localhost' },
  });
}

test('one address has so many requests a minute, fewer changes, and is told when to come again', async () => {
  for (let i = 0; i < 20; i++) expect((await ask('DELETE', '10.0.0.1')).statusCode).toBe(204);
  const refused = await ask('DELETE', '10.0.0.1');
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ error: { code: 'too_many_requests' } });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  for (let i = 0; i < 39; i++) expect((await ask('GET', '10.0.0.1')).statusCode).toBe(200);
  expect((await ask('GET', '10.0.0.1')).statusCode).toBe(429);
  expect((await ask('DELETE', '10.0.0.2')).statusCode).toBe(204);
  // IPv6 comes by the /64.
  for (let i = 0; i < 20; i++) await ask('DELETE', `2001:db8::${i}`);
  expect((await ask('DELETE', '2001:db8::ffff')).statusCode).toBe(429);
});
