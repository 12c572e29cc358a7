import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AuditUnavailable } from '#gateway/audit/audit.ts';
import { trackViews, type LiveViews } from '#gateway/audit/views.ts';
import { AuditInMemory } from './audit-in-memory.ts';

let audit: AuditInMemory;
let views: LiveViews;
let nowMs = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  audit = new AuditInMemory();
  nowMs = 0;
  views = trackViews({ audit, now: () => nowMs, onLost: () => {}, maxViews: 3 });
});
afterEach(async () => {
  await views.close();
  vi.useRealTimers();
});

const touch = (actorId: string, cameraId: string, address = '10.0.0.1') =>
  views.touch({
    actor: { id: actorId, name: actorId },
    cameraId,
    from: { address, userAgent: null },
  });

async function pass(ms: number): Promise<void> {
  nowMs += ms;
  vi.advanceTimersByTime(ms);
  await setImmediate();
}

test('a view is recorded before it is served, once, however many requests it takes', async () => {
  const first = touch('a', 'one');
  expect(first).toBeInstanceOf(Promise);
  // A second request does not slip past the first one's entry.
  expect(touch('a', 'one')).toBeInstanceOf(Promise);
  await first;
  expect(touch('a', 'one')).toBeUndefined();
  expect(audit.acts).toEqual(['camera.watch.start done one']);
});

test('another camera, another actor and another address are other views', async () => {
  await touch('a', 'one');
  await touch('a', 'two');
  await touch('a', 'one', '10.0.0.2');
  expect(audit.acts).toHaveLength(3);
  expect(audit.entries.map(({ from }) => from.address)).toEqual([
    '10.0.0.1',
    '10.0.0.1',
    '10.0.0.2',
  ]);
});

test('it ends when nothing was asked for in 30 s, with how long it took', async () => {
  await touch('a', 'one');
  for (let i = 0; i < 10; i++) {
    await pass(10_000);
    void touch('a', 'one');
  }
  expect(views.size).toBe(1);
  await pass(40_000);
  expect(views.size).toBe(0);
  expect(audit.acts).toEqual(['camera.watch.start done one', 'camera.watch.end done one']);
  expect(audit.entries[1]?.detail).toEqual({ reason: 'idle', seconds: 100, requests: 11 });
  await touch('a', 'one');
  expect(audit.acts).toHaveLength(3);
});

test('a view that cannot be recorded is refused, and the next try records again', async () => {
  audit.full = true;
  await expect(touch('a', 'one')).rejects.toBeInstanceOf(AuditUnavailable);
  expect(views.size).toBe(0);
  audit.full = false;
  await touch('a', 'one');
  expect(audit.acts).toEqual(['camera.watch.start done one']);
});

test('past the bound a view is refused, and those that are open go on', async () => {
  for (const camera of ['one', 'two', 'three']) await touch('a', camera);
  await expect(touch('a', 'four')).rejects.toBeInstanceOf(AuditUnavailable);
  expect(touch('a', 'one')).toBeUndefined();
});

test('a right that ends ends its views; closing ends the rest', async () => {
  await touch('a', 'one');
  await touch('b', 'one');
  views.end(({ actor }) => actor.id === 'a', 'right-ended');
  await setImmediate();
  await views.close();
  expect(audit.entries.slice(2).map(({ actor, detail }) => [actor.id, detail?.['reason']])).toEqual(
    [
      ['a', 'right-ended'],
      ['b', 'gateway-stopped'],
    ],
  );
});

test('a view that is closed while its start is being written has both entries, in order', async () => {
  void touch('a', 'one');
  await views.close();
  expect(audit.acts).toEqual(['camera.watch.start done one', 'camera.watch.end done one']);
});
