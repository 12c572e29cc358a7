import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planNotices, type SeenCamera } from '#gateway/notices/plan-notices.ts';

const MINUTE_MS = 60_000;
const NOW_MS = 1_790_000_000_000;
const rules = { fallenAfterMs: 30 * MINUTE_MS, returnedAfterMs: 10 * MINUTE_MS };
const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const klongyang = { ...lanta, name: 'อบต.คลองยาง' };
const site = { id: 'incident-1', kind: 'site', key: 'ตู้เทศบาล' };

function seen(cameraId: string, minutes: number, more: Partial<SeenCamera> = {}): SeenCamera {
  return {
    cameraId,
    position: `จุด ${cameraId}`,
    lao: lanta,
    state: 'down',
    reason: 'unreachable',
    sinceMs: NOW_MS - minutes * MINUTE_MS,
    incident: null,
    ownerKnows: false,
    ...more,
  };
}
const plan = (broken: SeenCamera[], notified: SeenCamera[] = [], nowMs = NOW_MS) =>
  planNotices(
    { broken, notified: new Map(notified.map((camera) => [camera.cameraId, camera])) },
    rules,
    nowMs,
  );
const titles = ({ notices }: ReturnType<typeof plan>) =>
  notices.map(({ kind, content }) => [kind, content.place.lao, content.count]);

describe('a camera that falls', () => {
  test('is told of once it has been down for the time that is set, and once', () => {
    expect(plan([seen('a', 29)]).notices).toEqual([]);
    const fell = plan([seen('a', 30)]);
    expect(titles(fell)).toEqual([['cameras-fell', lanta.name, 1]]);
    expect(fell.told).toEqual(['a']);
    expect(plan([seen('a', 45)], [seen('a', 45)]).notices).toEqual([]);
  });

  test('is one notice with the others of its LAO', () => {
    const broken = ['a', 'b', 'c'].map((id) => seen(id, 40));
    expect(titles(plan([...broken, seen('d', 40, { lao: klongyang })]))).toEqual([
      ['cameras-fell', lanta.name, 3],
      ['cameras-fell', klongyang.name, 1],
    ]);
  });

  test('of which the owner knows is no news', () => {
    expect(plan([seen('a', 40, { ownerKnows: true })])).toMatchObject({ notices: [], told: [] });
  });
});

describe('an incident', () => {
  test('is one notice an LAO, also for the cameras that join it later', () => {
    const first = plan([seen('a', 40, { incident: site }), seen('b', 40, { incident: site })]);
    expect(titles(first)).toEqual([['cameras-fell', lanta.name, 2]]);
    expect(first.notices[0]?.content.incident).toEqual({ kind: 'site', key: 'ตู้เทศบาล' });
    const later = plan(
      [seen('c', 31, { incident: site })],
      [seen('a', 50, { incident: site })],
      NOW_MS + 10 * MINUTE_MS,
    );
    // The board takes a subject once.
    expect(later.notices.map(({ subject }) => subject)).toEqual([first.notices[0]?.subject]);
    expect(later.told).toEqual(['c']);
  });

  test('of ours is nobody’s to repair', () => {
    for (const kind of ['worker', 'gateway']) {
      const ours = { id: 'i', kind, key: '1' };
      expect(plan([seen('a', 400, { incident: ours })])).toMatchObject({ notices: [], told: [] });
    }
  });
});

describe('a camera that returns', () => {
  test('is told of when it has been good for ten minutes', () => {
    const soon = seen('a', 9, { state: 'up', reason: null });
    expect(plan([], [soon])).toMatchObject({ notices: [], settled: [] });
    const good = plan([], [{ ...soon, sinceMs: NOW_MS - 10 * MINUTE_MS }]);
    expect(titles(good)).toEqual([['cameras-returned', lanta.name, 1]]);
    expect(good.settled).toEqual(['a']);
  });

  test('and one that was deleted or unlinked is settled without a word', () => {
    const notified = new Map([
      ['gone', undefined],
      ['unlinked', seen('unlinked', 1, { state: 'not-linked' })],
    ]);
    expect(planNotices({ broken: [], notified }, rules, NOW_MS)).toEqual({
      notices: [],
      told: [],
      settled: ['gone', 'unlinked'],
    });
  });
});

test('whatever falls, an LAO gets one notice an incident and one of the rest, and no camera is in two', () => {
  const camera = fc.record({
    id: fc.integer({ min: 0, max: 60 }),
    minutes: fc.integer({ min: 0, max: 120 }),
    lao: fc.constantFrom(lanta, klongyang),
    incident: fc.constantFrom(null, site, { id: 'i2', kind: 'gateway', key: 'g' }),
    ownerKnows: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(camera, { selector: ({ id }) => id }), (given) => {
      const broken = given.map(({ id, minutes, ...more }) => seen(String(id), minutes, more));
      const { notices, told } = plan(broken);
      expect(notices.length).toBeLessThanOrEqual(4);
      expect(new Set(notices.map(({ subject }) => subject)).size).toBe(notices.length);
      expect(notices.reduce((sum, { content }) => sum + content.count, 0)).toBe(told.length);
      const named = notices.flatMap(({ content }) => content.cameras.map(({ id }) => id));
      expect(new Set(named).size).toBe(named.length);
    }),
  );
});
