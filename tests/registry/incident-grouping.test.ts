import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fallenTogether,
  isOver,
  joins,
  TOGETHER_MS,
  type Common,
  type FallenCamera,
} from '#registry/incident-grouping.ts';

const START_MS = Date.UTC(2026, 10, 25, 9);

function fallen(count: number, site: string, apartMs = 1_000, zone?: string): FallenCamera[] {
  const commons: Common[] = [{ kind: 'site', key: site }];
  if (zone !== undefined) commons.unshift({ kind: 'network', key: zone });
  return Array.from({ length: count }, (_, index) => ({
    cameraId: `${site}-${index}`,
    sinceMs: START_MS + index * apartMs,
    commons,
    site,
  }));
}
const ofEach = (linked: number) => () => linked;

describe('cameras that fall', () => {
  test('half of a site within a minute are one incident, since the first of them', () => {
    expect(fallenTogether(fallen(3, 'ตลาด'), ofEach(6))).toEqual([
      { kind: 'site', key: 'ตลาด', fromMs: START_MS, cameraIds: ['ตลาด-0', 'ตลาด-1', 'ตลาด-2'] },
    ]);
  });

  test.each([
    ['fewer than half', fallen(3, 'ตลาด'), 7],
    ['two of three', fallen(2, 'ตลาด'), 3],
    ['one alone', fallen(1, 'ตลาด'), 1],
    ['over an hour, one by one', fallen(6, 'ตลาด', 600_000), 6],
  ])('%s are faults of their own', (_, cameras, linked) => {
    expect(fallenTogether(cameras, ofEach(linked))).toEqual([]);
  });

  test('both of a site of two are one', () => {
    expect(fallenTogether(fallen(2, 'ตลาด'), ofEach(2))).toHaveLength(1);
  });

  test('those of several sites of one network are one incident of the network', () => {
    const cameras = [...fallen(3, 'ก', 1_000, 'zone'), ...fallen(3, 'ข', 1_000, 'zone')];
    expect(fallenTogether(cameras, ({ kind }) => (kind === 'network' ? 8 : 3))).toMatchObject([
      { kind: 'network', key: 'zone' },
    ]);
  });

  test('those of one site of a network are the site’s', () => {
    expect(fallenTogether(fallen(6, 'ก', 1_000, 'zone'), ofEach(8))).toMatchObject([
      { kind: 'site', key: 'ก' },
    ]);
  });

  test('what was our doing needs no number', () => {
    const [camera] = fallen(1, 'ก');
    const ours = { ...camera, commons: [{ kind: 'worker', key: 'worker-0' }] } as FallenCamera;
    expect(fallenTogether([ours], ofEach(0))).toMatchObject([{ kind: 'worker' }]);
  });

  test('those that fell before the others are not with them', () => {
    const [early, ...rest] = fallen(4, 'ตลาด');
    const before = { ...early, sinceMs: START_MS - TOGETHER_MS - 5_000 } as FallenCamera;
    expect(fallenTogether([before, ...rest], ofEach(4))[0]?.cameraIds).toHaveLength(3);
  });

  test('a camera is in one incident, and those of an incident fell within a minute', () => {
    const camera = fc.record({
      cameraId: fc.uuid(),
      sinceMs: fc.integer({ min: START_MS, max: START_MS + 300_000 }),
      commons: fc.subarray<Common>([
        { kind: 'network', key: 'z' },
        { kind: 'site', key: 'ก' },
        { kind: 'site', key: 'ข' },
      ]),
      site: fc.constantFrom('ก', 'ข', null),
    });
    fc.assert(
      fc.property(fc.uniqueArray(camera, { selector: (one) => one.cameraId }), (cameras) => {
        const incidents = fallenTogether(cameras, ofEach(4));
        const ids = incidents.flatMap(({ cameraIds }) => cameraIds);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { cameraIds, fromMs } of incidents) {
          for (const { cameraId, sinceMs } of cameras) {
            if (cameraIds.includes(cameraId)) expect(sinceMs - fromMs).toBeLessThanOrEqual(60_000);
          }
        }
      }),
    );
  });
});

describe('an incident that goes on', () => {
  const incident = { kind: 'site', key: 'ตลาด', fromMs: START_MS } as const;

  test('takes those of its site that fall later, none that fell long before, and none of others', () => {
    const [camera] = fallen(1, 'ตลาด');
    const at = (ms: number): FallenCamera =>
      ({ ...camera, sinceMs: START_MS + ms }) as FallenCamera;
    expect(joins(at(3_600_000), incident)).toBe(true);
    expect(joins(at(-TOGETHER_MS), incident)).toBe(true);
    expect(joins(at(-TOGETHER_MS - 1), incident)).toBe(false);
    expect(joins(at(0), { ...incident, key: 'ท่าเรือ' })).toBe(false);
  });

  test('is over when half of its cameras are back', () => {
    expect(isOver(5, 2)).toBe(false);
    expect(isOver(5, 3)).toBe(true);
    expect(isOver(4, 2)).toBe(true);
  });
});
