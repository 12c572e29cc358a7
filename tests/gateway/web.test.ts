import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerWeb } from '#gateway/routes/web.ts';

let folder: string;
let app: FastifyInstance;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'web-'));
  mkdirSync(join(folder, 'dist/assets'), { recursive: true });
  writeFileSync(join(folder, 'dist/index.html'), '<title>screens</title>');
  writeFileSync(join(folder, 'dist/favicon.svg'), '<svg/>');
  writeFileSync(join(folder, 'dist/assets/index-abc.js'), 'let a');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  app = Fastify();
  registerWeb(app, { webFolder: join(folder, 'dist') });
});

afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

test('the page is asked for anew each time, assets are kept for good', async () => {
  for (const url of ['/', '/cameras/abc', '/?tab=wall']) {
    const page = await app.inject({ url, headers: { accept: 'text/html,*/*' } });
    expect([page.statusCode, page.body]).toEqual([200, '<title>screens</title>']);
    expect(page.headers['cache-control']).toBe('no-store');
  }
  const asset = await app.inject('/assets/index-abc.js');
  expect(asset.headers['cache-control']).toContain('immutable');
  expect((await app.inject('/favicon.svg')).headers['cache-control']).toBe('no-cache');
});

test('every page has a nonce of its own, in its policy and in itself', async () => {
  writeFileSync(
    join(folder, 'dist/index.html'),
    '<meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>',
  );
  const again = Fastify();
  registerWeb(again, { webFolder: join(folder, 'dist') });
  const nonces = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const { headers, body } = await again.inject({ url: '/', headers: { accept: 'text/html' } });
    const policy = String(headers['content-security-policy']);
    const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(body.split(`nonce="${nonce}"`)).toHaveLength(3);
    expect(policy).not.toContain('unsafe');
    nonces.add(nonce);
  }
  expect(nonces.size).toBe(3);
  await again.close();
});

test('a missing asset is not answered with the page', async () => {
  const answer = await app.inject({ url: '/assets/old.js', headers: { accept: 'text/html' } });
  expect(answer.statusCode).toBe(404);
});

test('nothing outside the folder is served', async () => {
  for (const url of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2f..%2fsecret.txt']) {
    const answer = await app.inject(url);
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.body).not.toContain('secret\n');
  }
});
