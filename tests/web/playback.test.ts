import { describe, expect, test } from 'vitest';
import {
  decidePlayback,
  detached,
  failed,
  moved,
  pictured,
  wallLimits,
  type Decision,
  type Playback,
  type PlaybackLimits,
  type Tile,
} from '#gateway/web/playback.ts';

const limits: PlaybackLimits = { ...wallLimits, playing: 4, starting: 2 };
const up = '2026-11-24T02:00:00.000Z';
const upAgain = '2026-11-24T02:05:00.000Z';

function tile(change: Partial<Tile> = {}): Tile {
  return { inView: true, state: 'up', since: up, playable: true, playback: detached, ...change };
}

function playing(movedAtMs: number, failures = 0): Playback {
  return { phase: 'playing', failures, sinceMs: 0, upSince: up, movedAtMs };
}

function decide(tiles: Record<string, Tile>, nowMs = 0, watched = true): Decision {
  return decidePlayback(new Map(Object.entries(tiles)), watched, limits, nowMs);
}

function many(count: number, change: Partial<Tile> = {}): Record<string, Tile> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`c${index}`, tile(change)]),
  );
}

const idsOf = (decided: { cameraId: string }[]): string[] =>
  decided.map(({ cameraId }) => cameraId);

describe('a tile without a player', () => {
  test('gets one when it is in view and its camera is up', () => {
    expect(idsOf(decide({ a: tile() }).attach)).toEqual(['a']);
  });

  test.each<[string, Partial<Tile>]>([
    ['is out of view', { inView: false }],
    ['has a camera that is down', { state: 'down' }],
    ['has a camera that is connecting', { state: 'connecting' }],
    ['has a camera that is not linked', { state: 'not-linked' }],
    ['has a codec that this browser cannot play', { playable: false }],
  ])('gets none when it %s', (_what, change) => {
    expect(decide({ a: tile(change) })).toEqual({
      attach: [],
      detach: [],
      queued: new Set(),
      againAtMs: null,
    });
  });

  test('gets none while the page is not watched', () => {
    expect(decide({ a: tile() }, 0, false).attach).toEqual([]);
  });
});

describe('a tile with a player', () => {
  test.each<[string, Partial<Tile>]>([
    ['it leaves the view', { inView: false }],
    ['its camera goes down', { state: 'down' }],
    ['its codec turns out not to be playable', { playable: false }],
  ])('loses it when %s', (_what, change) => {
    const { detach, attach } = decide({ a: tile({ playback: playing(0), ...change }) });
    expect(detach).toEqual([{ cameraId: 'a', playback: detached }]);
    expect(attach).toEqual([]);
  });

  test('loses it when the page is no longer watched', () => {
    expect(idsOf(decide({ a: tile({ playback: playing(0) }) }, 0, false).detach)).toEqual(['a']);
  });

  test('gets a new one for a new run of its camera, in the same decision', () => {
    const { detach, attach } = decide({ a: tile({ playback: playing(0), since: upAgain }) });
    expect(idsOf(detach)).toEqual(['a']);
    expect(attach).toEqual([
      { cameraId: 'a', playback: { phase: 'starting', failures: 0, sinceMs: 0, upSince: upAgain } },
    ]);
  });

  test('loses it when the picture has not moved for a while, and rests', () => {
    const frozen = tile({ playback: playing(0) });
    expect(decide({ a: frozen }, limits.frozenAfterMs - 1).detach).toEqual([]);
    const { detach, againAtMs } = decide({ a: frozen }, limits.frozenAfterMs);
    expect(detach[0]?.playback.phase).toBe('resting');
    expect(againAtMs).toBe(limits.frozenAfterMs + limits.restFirstMs);
  });

  test('loses it when no first picture comes in time', () => {
    const starting: Playback = { phase: 'starting', failures: 0, sinceMs: 0, upSince: up };
    expect(decide({ a: tile({ playback: starting }) }, limits.startWithinMs).detach).toHaveLength(
      1,
    );
  });
});

describe('a player that failed', () => {
  const rested = failed(playing(1_000), limits, 1_000);

  test('is begun anew after its rest', () => {
    expect(rested).toMatchObject({ phase: 'resting', untilMs: 1_000 + limits.restFirstMs });
    const resting = decide({ a: tile({ playback: rested }) }, 1_000);
    expect(resting.attach).toEqual([]);
    expect(resting.againAtMs).toBe(1_000 + limits.restFirstMs);
    expect(
      idsOf(decide({ a: tile({ playback: rested }) }, 1_000 + limits.restFirstMs).attach),
    ).toEqual(['a']);
  });

  test('is begun anew at once, its failures forgotten, when the camera comes up again', () => {
    const { attach } = decide({ a: tile({ playback: rested, since: upAgain }) }, 1_001);
    expect(attach[0]?.playback).toMatchObject({ phase: 'starting', failures: 0 });
  });

  test('rests twice as long after every failure, up to a bound', () => {
    let playback: Playback = { phase: 'starting', failures: 0, sinceMs: 0, upSince: up };
    const restsMs: number[] = [];
    for (let failure = 0; failure < 8; failure += 1) {
      const rest = failed(playback, limits, 0);
      if (rest.phase !== 'resting') throw new Error('a player that failed rests');
      restsMs.push(rest.untilMs);
      playback = { phase: 'starting', failures: rest.failures, sinceMs: 0, upSince: up };
    }
    expect(restsMs).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('counts as the first failure again after it had played for a while', () => {
    const settled: Playback = playing(60_000, 5);
    expect(failed(settled, limits, 60_000)).toMatchObject({ failures: 1 });
  });
});

describe('the limits', () => {
  test('only a few players start at a time, the first tiles first', () => {
    expect(idsOf(decide(many(6)).attach)).toEqual(['c0', 'c1']);
  });

  test('a first picture makes room for the next start', () => {
    const tiles = many(3);
    for (const { cameraId, playback } of decide(tiles).attach) {
      tiles[cameraId] = tile({ playback: pictured(playback, 10) });
    }
    expect(idsOf(decide(tiles, 10).attach)).toEqual(['c2']);
  });

  test('tiles beyond the number that play at a time wait and are named', () => {
    const tiles = { ...many(4, { playback: playing(0) }), extra: tile() };
    expect(decide(tiles, 1)).toMatchObject({ attach: [], queued: new Set(['extra']) });
  });

  test('a tile that leaves the view makes room in the same decision', () => {
    const tiles = {
      ...many(3, { playback: playing(0) }),
      gone: tile({ playback: playing(0), inView: false }),
      extra: tile(),
    };
    const { detach, attach } = decide(tiles, 1);
    expect([idsOf(detach), idsOf(attach)]).toEqual([['gone'], ['extra']]);
  });
});

test('a picture that moves puts the freeze off', () => {
  const playback = moved(playing(0), 11_000);
  expect(decide({ a: tile({ playback }) }, limits.frozenAfterMs).detach).toEqual([]);
});
