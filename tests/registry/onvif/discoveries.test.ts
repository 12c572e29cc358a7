/** Searches that somebody looks at: how far they are, whose they are, and that they end. */
import { expect, test } from 'vitest';
import {
  DeviceCallCancelled,
  DeviceCalls,
  TooManyDeviceCalls,
} from '#registry/onvif/device-calls.ts';
import {
  DISCOVERY_KEPT_MS,
  DiscoveryNotFound,
  MAX_KEPT,
  openDiscoveries,
  TooManyDiscoveries,
} from '#registry/onvif/discoveries.ts';
import type { DiscoveredDevice, DiscoveryProgress } from '#registry/onvif/discover.ts';

const camera: DiscoveredDevice = {
  ip: '10.0.0.9',
  address: 'http://10.0.0.9/',
  name: null,
  hardware: null,
};
const addresses = ['10.0.0.8', '10.0.0.9'];

/** Searches whose devices answer when the test says so. */
function scripted() {
  const running: {
    progress: (progress: DiscoveryProgress) => void;
    end: (devices: DiscoveredDevice[]) => void;
    signal: AbortSignal | undefined;
  }[] = [];
  let nowMs = 1_790_000_000_000;
  const discoveries = openDiscoveries(
    {
      discover: async (_order, options) => {
        const { promise, resolve, reject } = Promise.withResolvers<DiscoveredDevice[]>();
        const signal = options?.signal;
        signal?.addEventListener('abort', () => reject(new DeviceCallCancelled('ended')));
        running.push({ progress: (told) => options?.onProgress?.(told), end: resolve, signal });
        return promise;
      },
    },
    () => nowMs,
  );
  return { discoveries, running, later: (ms: number) => (nowMs += ms) };
}

const begin = { actorId: 'me', network: '10.0.0.8/31', addresses };
const settled = async () => new Promise((done) => setImmediate(done));

test('what is found is there before the search is over', async () => {
  const { discoveries, running } = scripted();
  const { id } = discoveries.begin(begin);
  expect(discoveries.get(id, 'me')).toMatchObject({ state: 'asking', addresses: 2, asked: 0 });
  running[0]?.progress({ asked: 1, devices: [camera] });
  expect(discoveries.get(id, 'me')).toMatchObject({ state: 'asking', asked: 1, devices: [camera] });
  running[0]?.end([camera]);
  await settled();
  expect(discoveries.get(id, 'me')).toMatchObject({ state: 'done', asked: 2, devices: [camera] });
});

test('one that is ended keeps what it found, and asks nobody any more', async () => {
  const { discoveries, running } = scripted();
  const { id } = discoveries.begin(begin);
  running[0]?.progress({ asked: 1, devices: [camera] });
  expect(discoveries.cancel(id, 'me')).toMatchObject({ state: 'cancelled', devices: [camera] });
  await settled();
  running[0]?.progress({ asked: 2, devices: [] });
  expect(discoveries.get(id, 'me')).toMatchObject({ state: 'cancelled', asked: 1 });
  expect(running[0]?.signal?.aborted).toBe(true);
});

test('it is of one account, one at a time, and for ten minutes; past the bound another has to wait', () => {
  const { discoveries, running, later } = scripted();
  const { id } = discoveries.begin(begin);
  expect(() => discoveries.get(id, 'somebody')).toThrow(DiscoveryNotFound);
  expect(() => discoveries.cancel(id, 'somebody')).toThrow(DiscoveryNotFound);
  const next = discoveries.begin(begin);
  expect(running[0]?.signal?.aborted).toBe(true);
  expect(() => discoveries.get(id, 'me')).toThrow(DiscoveryNotFound);
  for (let one = 1; one < MAX_KEPT; one++) discoveries.begin({ ...begin, actorId: `${one}` });
  expect(() => discoveries.begin({ ...begin, actorId: 'late' })).toThrow(TooManyDiscoveries);
  later(DISCOVERY_KEPT_MS);
  expect(() => discoveries.get(next.id, 'me')).toThrow(DiscoveryNotFound);
  expect(discoveries.begin({ ...begin, actorId: 'late' }).state).toBe('asking');
});

test('one that fails says why', async () => {
  const discoveries = openDiscoveries(
    { discover: async () => Promise.reject(new TooManyDeviceCalls()) },
    Date.now,
  );
  const { id } = discoveries.begin(begin);
  await settled();
  expect(discoveries.get(id, 'me')).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('try again'),
  });
});

test('the thread of one that is ended is ended', async () => {
  const calls = new DeviceCalls({
    workerUrl: new URL('../../../gateway/onvif-worker.ts', import.meta.url),
    cameraNetworks: ['127.0.0.0/8'],
  });
  const ending = new AbortController();
  const begunMs = performance.now();
  const told: number[] = [];
  const search = calls.discover(
    { addresses: ['127.9.8.7'], listenMs: 15_000 },
    {
      signal: ending.signal,
      onProgress: ({ asked }) => {
        told.push(asked);
        ending.abort();
      },
    },
  );
  await expect(search).rejects.toThrow(DeviceCallCancelled);
  expect(told[0]).toBe(1);
  // Not the 15 s that it would have listened.
  expect(performance.now() - begunMs).toBeLessThan(14_000);
});
