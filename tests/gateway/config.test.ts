import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { InvalidConfig, parseConfig } from '#gateway/config.ts';
import { isAllowed } from '#registry/camera-networks.ts';

function problemsOf(environment: Record<string, string>): string[] {
  try {
    parseConfig(environment);
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems.map(({ variable }) => variable);
    throw error;
  }
  return [];
}

test('an empty environment listens on this machine only, with data under ./data', () => {
  for (const environment of [{}, { HOST: '', PORT: ' ', CAMERA_NETWORKS: '' }]) {
    const config = parseConfig(environment);
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      dataDir: resolve('data'),
      logLevel: 'info',
    });
    expect(config.workers).toBeGreaterThanOrEqual(1);
    expect(isAllowed(config.cameraNetworks, '192.168.1.9')).toBe(true);
    expect(isAllowed(config.cameraNetworks, '127.0.0.1')).toBe(false);
  }
});

test('a host that others can reach is warned of while nothing is encrypted', () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'camera.example', '127.0.0.1.evil.example']) {
    expect(parseConfig({ HOST: host }).warnings).toEqual([expect.stringMatching(/can be read/)]);
    expect(parseConfig({ HOST: host, TRUST_PROXY: '10.0.0.1' }).warnings).toEqual([]);
    expect(parseConfig({ HOST: host, TLS_CERT: 'c.pem', TLS_KEY: 'k.pem' }).warnings).toEqual([]);
  }
  for (const host of ['127.0.0.1', 'localhost', '::1']) {
    expect(parseConfig({ HOST: host })).toMatchObject({ host, warnings: [] });
  }
});

test('a short ADMIN_TOKEN is warned of on this machine, and refused where others can guess it', () => {
  expect(parseConfig({ ADMIN_TOKEN: 'short' }).warnings).toEqual([
    expect.stringMatching(/shorter than 32/),
  ]);
  expect(problemsOf({ ADMIN_TOKEN: 'short', HOST: '0.0.0.0' })).toEqual(['ADMIN_TOKEN']);
  expect(problemsOf({ ADMIN_TOKEN: 'a b' })).toEqual(['ADMIN_TOKEN']);
  expect(parseConfig({ ADMIN_TOKEN: 'x'.repeat(32) })).toMatchObject({
    adminToken: 'x'.repeat(32),
    warnings: [],
  });
});

test('variables that go together are asked for together, and secrets go by TLS', () => {
  expect(problemsOf({ TLS_CERT: 'c.pem' })).toEqual(['TLS_KEY']);
  const openId = {
    OIDC_ISSUER: 'https://id.example.go.th',
    OIDC_CLIENT_ID: 'cctv',
    OIDC_CLIENT_SECRET: 'secret',
    OIDC_REDIRECT_URL: 'https://cctv.example.go.th/api/v1/session/open-id/callback',
  };
  expect(parseConfig(openId).openId).toMatchObject({ name: 'id.example.go.th', clientId: 'cctv' });
  expect(problemsOf({ OIDC_ISSUER: openId.OIDC_ISSUER })).toEqual([
    'OIDC_CLIENT_ID',
    'OIDC_CLIENT_SECRET',
    'OIDC_REDIRECT_URL',
  ]);
  expect(problemsOf({ ...openId, OIDC_ISSUER: 'http://id.example.go.th' })).toEqual([
    'OIDC_ISSUER',
  ]);
  expect(
    problemsOf({ ...openId, OIDC_REDIRECT_URL: 'https://cctv.example.go.th/elsewhere' }),
  ).toEqual(['OIDC_REDIRECT_URL']);
});

test('proxies are believed by address; a bare yes means this machine and its networks', () => {
  expect(parseConfig({ TRUST_PROXY: '10.0.0.1, 192.168.0.0/16' }).trustProxy).toEqual([
    '10.0.0.1',
    '192.168.0.0/16',
  ]);
  expect(parseConfig({ TRUST_PROXY: 'true' }).trustProxy).toEqual([
    'loopback',
    'linklocal',
    'uniquelocal',
  ]);
  expect(problemsOf({ TRUST_PROXY: 'everybody' })).toEqual(['TRUST_PROXY']);
});

test('demo accounts stay on this machine', () => {
  const DEMO_ACCOUNTS = JSON.stringify([
    {
      name: 'สมชาย',
      email: 'owner@example.go.th',
      password: 'known',
      grants: [{ role: 'dla', area: { level: 'country' } }],
    },
  ]);
  expect(parseConfig({ DEMO_ACCOUNTS }).demoAccounts).toHaveLength(1);
  expect(problemsOf({ DEMO_ACCOUNTS, HOST: '0.0.0.0' })).toEqual(['DEMO_ACCOUNTS']);
  expect(problemsOf({ DEMO_ACCOUNTS: 'not json' })).toEqual(['DEMO_ACCOUNTS']);
});

test('every variable that is wrong is named at once', () => {
  const wrong = {
    PORT: '65536',
    WORKERS: '0',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://localhost/registry',
    CAMERA_NETWORKS: '10.0.0.0/8,10.0.0.0/33',
  };
  expect(problemsOf(wrong).toSorted()).toEqual(Object.keys(wrong).toSorted());
  for (const port of ['80a', '-1', '1e3', '8080.5'])
    expect(problemsOf({ PORT: port })).toEqual(['PORT']);
  expect(parseConfig({ PORT: '0' }).port).toBe(0);
});

test('camera networks replace the private ranges', () => {
  const { cameraNetworks } = parseConfig({ CAMERA_NETWORKS: ' 127.0.0.0/8 , 203.0.113.7 ' });
  expect(cameraNetworks.ranges).toEqual(['127.0.0.0/8', '203.0.113.7']);
  expect(isAllowed(cameraNetworks, '127.0.0.1')).toBe(true);
  expect(isAllowed(cameraNetworks, '203.0.113.7')).toBe(true);
  expect(isAllowed(cameraNetworks, '10.0.0.1')).toBe(false);
});

test('notices go by e-mail when both the server and the sender are given, and nothing is smuggled in by them', () => {
  expect(parseConfig({}).notices).toMatchObject({ fallenAfterMs: 30 * 60_000, mail: undefined });
  expect(problemsOf({ SMTP_URL: 'smtp://mail.example' })).toEqual(['MAIL_FROM']);
  expect(problemsOf({ SMTP_URL: 'http://mail.example', MAIL_FROM: 'a@b' })).toEqual(['SMTP_URL']);
  const from = 'ระบบกล้อง <cctv@example.go.th>';
  const given = { SMTP_URL: 'smtps://u:p@mail.example', MAIL_FROM: from };
  expect(parseConfig({ ...given, PUBLIC_URL: 'https://cctv.example/' }).notices).toMatchObject({
    mail: { url: 'smtps://u:p@mail.example', from },
    publicUrl: 'https://cctv.example',
  });
  expect(problemsOf({ ...given, MAIL_FROM: 'a@b\r\nBcc: c@d' })).toEqual(['MAIL_FROM']);
  expect(problemsOf({ PUBLIC_URL: 'javascript:alert(1)' })).toEqual(['PUBLIC_URL']);
});

test('brokers are a list of host and port, or it says what they must be', () => {
  expect(parseConfig({}).kafkaBrokers).toBeUndefined();
  const list = ' kafka-1.example:9092, [fd00::1]:9093 ,';
  expect(parseConfig({ KAFKA_BROKERS: list }).kafkaBrokers).toEqual([
    'kafka-1.example:9092',
    '[fd00::1]:9093',
  ]);
  for (const wrong of ['kafka', 'kafka://a:1', ',', 'a:b']) {
    expect(() => parseConfig({ KAFKA_BROKERS: wrong })).toThrow(/KAFKA_BROKERS: must be host:port/);
  }
});
