/** POST /api/v1/cameras/test: what an owner is told of an address, by the whole gateway. */
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConnectionTests, TooManyConnectionTests } from '#ingest/connection-tests.ts';
import { NotDecoded } from '#ingest/normalise/first-picture.ts';
import { stillOf } from '#ingest/normalise/still.ts';
import { selfSigned, selfSignedFingerprint } from '#tests/simulator/certificate.ts';
import { startSimulator, type Simulator } from '#tests/simulator/rtsp-server.ts';
import { startGatewayUnderTest, type GatewayUnderTest } from '../end-to-end/gateway-under-test.ts';
import { missingParts } from '../end-to-end/machine.ts';

const missing = missingParts('ffmpeg');
let simulator: Simulator;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  simulator = await startSimulator({
    cameras: {
      locked: { credentials: { username: 'viewer', password: 'secret' } },
      'udp-only': { transports: ['udp'] },
      neither: { transports: [] },
    },
  });
  simulator.behave('absent', { kind: 'not-found' });
  simulator.behave('radio', { kind: 'no-video' });
  simulator.behave('old', { kind: 'jpeg' });
  gateway = await startGatewayUnderTest();
});

afterAll(async () => {
  await gateway.close();
  await simulator.close();
});

async function tryOut(stream: Record<string, unknown>): Promise<Record<string, unknown>> {
  const reply = await fetch(`${gateway.url}/api/v1/cameras/test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stream }),
  });
  return (await reply.json()) as Record<string, unknown>;
}

describe('a camera that gives pictures', () => {
  test('is told by codec, size and rate', async () => {
    const answer = await tryOut({ url: simulator.url('gate') });
    expect(answer).toMatchObject({
      result: 'ok',
      transport: 'tcp',
      codec: 'avc1.64001F',
      width: 640,
      height: 480,
    });
    expect(answer['frameRate']).toBeCloseTo(10, 0);
    expect(answer['bitsPerSecond']).toBeGreaterThan(10_000);
  });

  test.skipIf(missing.length > 0)('is shown by its first picture', async () => {
    const answer = await tryOut({ url: simulator.url('gate') });
    expect(answer).toMatchObject({ stillOutcome: 'made' });
    const jpeg = Buffer.from(String(answer['still']), 'base64');
    expect(jpeg.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    // 480 by 640 stand in its frame header, ITU-T T.81 §B.2.2.
    expect(jpeg.includes(Buffer.from('01e00280', 'hex'))).toBe(true);
  });

  test('by UDP alone is found out', async () => {
    const answer = await tryOut({ url: simulator.url('udp-only') });
    expect(answer).toMatchObject({ result: 'ok', transport: 'udp' });
  });

  test('is let in with its password, within the address or beside it', async () => {
    const url = simulator.url('locked');
    expect(await tryOut({ url: url.replace('//', '//viewer:secret@') })).toMatchObject({
      result: 'ok',
    });
  });
});

describe('what is wrong is told in a word of its own', () => {
  test.each([
    ['locked', {}, 'unauthorised'],
    ['locked', { username: 'viewer', password: 'no' }, 'unauthorised'],
    ['absent', {}, 'not-found'],
    ['radio', {}, 'no-video'],
    ['old', {}, 'codec-not-supported'],
    ['neither', {}, 'transport-refused'],
  ])('%s %j: %s', async (name, more, result) => {
    const answer = await tryOut({ url: simulator.url(name), ...more });
    expect(answer).toMatchObject({ result, codec: null, still: null, stillOutcome: 'no_picture' });
    expect(JSON.stringify(answer)).not.toContain('"no"');
  });

  test('nobody listens, or where no camera may be', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    expect(await tryOut({ url: `rtsp://127.0.0.1:${port}/x` })).toMatchObject({
      result: 'refused',
    });
    expect(await tryOut({ url: 'rtsp://8.8.8.8/x' })).toMatchObject({
      result: 'address-not-allowed',
    });
    expect(await tryOut({ url: 'rtsp://no-such-name.invalid/x' })).toMatchObject({
      result: 'unreachable',
    });
  });

  test('a certificate that nobody vouches for', async () => {
    const secure = await startSimulator({ tls: selfSigned });
    const url = secure.url('gate');
    expect(await tryOut({ url })).toMatchObject({ result: 'tls' });
    const tls = { verify: 'pin', fingerprint: selfSignedFingerprint };
    expect(await tryOut({ url, tls })).toMatchObject({ result: 'ok' });
    await secure.close();
  });

  test('a codec that is not carried is called by its name', async () => {
    expect(await tryOut({ url: simulator.url('old') })).toMatchObject({
      detail: 'the camera offers JPEG',
    });
  });

  test('an address that is none is refused before anything is dialled', async () => {
    expect(await tryOut({ url: 'http://127.0.0.1/' })).toMatchObject({
      error: { code: 'request_not_valid' },
    });
  });
});

const tests = (withinMs: number): ConnectionTests =>
  new ConnectionTests({
    workerUrl: new URL('../../gateway/connection-test-worker.ts', import.meta.url),
    cameraNetworks: ['127.0.0.0/8'],
    withinMs,
  });
const source = (name: string) => ({
  cameraId: name,
  url: simulator.url(name),
  username: null,
  password: null,
  transport: 'tcp' as const,
  tls: { verify: 'system' as const, fingerprint: null },
  site: null,
});

describe('tests are bounded', () => {
  test('in time: a camera that says nothing ends its test', async () => {
    simulator.behave('mute', { kind: 'silent' });
    expect(await tests(1_000).run(source('mute'))).toMatchObject({ reason: 'timeout' });
  });

  test('in number: the fifth is asked to come again', async () => {
    const bounded = tests(1_000);
    const four = Array.from({ length: 4 }, () => bounded.run(source('mute')));
    await expect(bounded.run(source('gate'))).rejects.toBeInstanceOf(TooManyConnectionTests);
    await Promise.all(four);
    expect(await bounded.run(source('mute'))).toMatchObject({ reason: 'timeout' });
  });
});

test.skipIf(missing.length > 0)('what is no film gives no still, and says so', async () => {
  await expect(stillOf(Buffer.from('#EXTM3U\nfile:///etc/passwd\n'))).rejects.toMatchObject({
    code: 'not_decodable',
  });
});

test('without ffmpeg there is no still, and that is said', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    await expect(stillOf(Buffer.alloc(100))).rejects.toBeInstanceOf(NotDecoded);
  } finally {
    process.env['PATH'] = path;
  }
});
