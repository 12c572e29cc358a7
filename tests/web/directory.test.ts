import { describe, expect, test } from 'vitest';
import { apply, emptyDirectory } from '#gateway/web/camera-directory.ts';
import { CamerasUnavailable, maxRequests, readCameras } from '#gateway/web/camera-pages.ts';
import { liveStateOnWire } from '#gateway/web/wire.ts';
import { camera, liveState } from './cameras.ts';

const first = camera('a', 'จุดที่ 1', 'ทต.เกาะลันตาใหญ่', 'เกาะลันตา');
const second = camera('b', 'จุดที่ 2', 'ทต.เกาะลันตาใหญ่', 'เกาะลันตา');

describe('the directory', () => {
  const read = apply(emptyDirectory, {
    kind: 'cameras',
    cameras: [second, first],
    truncated: false,
    atMs: 1,
  });

  test('holds the cameras in wall order', () => {
    expect(read.cameras?.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('a snapshot forgets states that it does not name', () => {
    const before = apply(read, { kind: 'live', states: [liveState('a', 'up')], atMs: 2 });
    const after = apply(before, { kind: 'snapshot', states: [liveState('b', 'down')], atMs: 3 });
    expect([...after.live.keys()]).toEqual(['b']);
  });

  test('a change of one camera keeps the others as the same objects', () => {
    const states = [liveState('a', 'up'), liveState('b', 'up')];
    const before = apply(read, { kind: 'snapshot', states, atMs: 2 });
    const after = apply(before, { kind: 'live', states: [liveState('b', 'down')], atMs: 3 });
    expect(after.live.get('a')).toBe(before.live.get('a'));
    expect(after.cameras).toBe(before.cameras);
  });

  test('a camera that is told again replaces itself', () => {
    const moved = { ...first, position: 'จุดที่ 9' };
    const after = apply(read, { kind: 'camera', camera: moved, atMs: 2 });
    expect(after.cameras?.map(({ position }) => position)).toEqual(['จุดที่ 2', 'จุดที่ 9']);
  });

  test('losing the gateway keeps what was known, and hearing it again clears the loss', () => {
    const lost = apply(read, { kind: 'lost' });
    expect(lost).toMatchObject({ gateway: 'lost', cameras: read.cameras, heardAtMs: 1 });
    expect(apply(lost, { kind: 'lost' })).toBe(lost);
    expect(apply(lost, { kind: 'snapshot', states: [], atMs: 9 }).gateway).toBe('reached');
  });
});

describe('reading the registry', () => {
  const signal = new AbortController().signal;

  test('follows the cursor to the end', async () => {
    const asked: string[] = [];
    const reading = await readCameras({
      signal,
      fetch: async (address) => {
        asked.push(address);
        return asked.length === 1
          ? Response.json({ cameras: [first], nextCursor: 'a&b' })
          : Response.json({ cameras: [second], nextCursor: null });
      },
    });
    expect(reading).toEqual({ cameras: [first, second], truncated: false });
    expect(asked[1]).toContain('cursor=a%26b');
  });

  test('stops at its bound and says so', async () => {
    let requests = 0;
    const reading = await readCameras({
      signal,
      fetch: async () => {
        requests += 1;
        return Response.json({ cameras: [], nextCursor: String(requests) });
      },
    });
    expect(reading.truncated).toBe(true);
    expect(requests).toBe(maxRequests);
  });

  test.each<[string, () => Promise<Response>, number | null]>([
    ['no answer', async () => Promise.reject(new TypeError('failed')), null],
    ['an error of the gateway', async () => new Response('', { status: 500 }), 500],
    ['an answer of another kind', async () => Response.json({ hello: 1 }), 200],
  ])('%s is the gateway being out of reach', async (_what, fetch, status) => {
    const reading = readCameras({ signal, fetch });
    await expect(reading).rejects.toBeInstanceOf(CamerasUnavailable);
    await expect(reading).rejects.toMatchObject({ code: 'cameras_unavailable', status });
  });
});

test('a live state with a reason and fields of a newer gateway is still read', () => {
  const newer = { ...liveState('a', 'down', { reason: 'stolen' }), extra: 1 };
  expect(liveStateOnWire.parse(newer)).toMatchObject({ reason: 'stolen' });
});
