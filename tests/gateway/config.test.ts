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

test('a host that others can reach is refused, with the reason', () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'camera.example', '127.0.0.1.evil.example']) {
    expect(problemsOf({ HOST: host })).toEqual(['HOST']);
  }
  expect(() => parseConfig({ HOST: '0.0.0.0' })).toThrow(/until the gateway has accounts/);
  for (const host of ['127.0.0.1', 'localhost', '::1']) {
    expect(parseConfig({ HOST: host }).host).toBe(host);
  }
});

test('every variable that is wrong is named at once', () => {
  const wrong = {
    HOST: '0.0.0.0',
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
