import { describe, expect, test } from 'vitest';
import { CameraCondition, type ConditionStep } from '#ingest/condition/camera-condition.ts';
import type { PictureLook } from '#ingest/condition/picture-look.ts';
import type { SessionFigures } from '#ingest/condition/stream-figures.ts';
import { usualRules } from '#ingest/liveness.ts';
import type { DownReason } from '#ingest/stream-failure.ts';
import type { StreamBaseline, UsualStream } from '#registry/usual-stream.ts';

const STEP_MS = 500;
/** Noon in Thailand. */
const NOON_MS = Date.UTC(2026, 10, 25, 5);
const HD: UsualStream = { frameRate: 25, width: 1280, height: 720 };

const ALIVE: PictureLook = {
  light: 'day',
  black: false,
  plain: false,
  sameShare: 0.3,
  apartMs: 12_000,
};

/** A camera of which the test says what comes, half a second at a time. */
function watch(options: { canLook?: boolean; baseline?: StreamBaseline; wallMs?: number } = {}) {
  let nowMs = 1_000_000;
  const wallMs = options.wallMs ?? NOON_MS;
  const condition = new CameraCondition({
    rules: usualRules,
    canLook: options.canLook ?? true,
    state: 'unknown',
    reason: null,
    baseline: options.baseline ?? { day: HD, night: HD },
    nowMs,
  });
  condition.sessionBegan();
  condition.sized(HD.width, HD.height);
  const figures: SessionFigures = {
    begunUnits: 0,
    handedOnUnits: 0,
    droppedUnits: 0,
    packets: 0,
    lostPackets: 0,
    timestamp: 0,
  };
  const said: string[] = [];
  const learnt: ConditionStep['learnt'][] = [];
  let looks = 0;
  let groupMs = 0;
  let tail = 0;
  const play = (
    seconds: number,
    show: {
      frameRate?: number;
      lostShare?: number;
      still?: boolean;
      plain?: boolean;
      timeStands?: boolean;
      look?: PictureLook | 'none';
    } = {},
  ): void => {
    const { frameRate = 25, lostShare = 0, look = ALIVE } = show;
    for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
      nowMs += STEP_MS;
      const pictures = (frameRate * STEP_MS) / 1000;
      figures.begunUnits += pictures;
      figures.handedOnUnits += pictures * (1 - lostShare);
      figures.droppedUnits += pictures * lostShare;
      figures.packets += pictures * 10 * (1 - lostShare);
      figures.lostPackets += pictures * 10 * lostShare;
      if (show.timeStands !== true) figures.timestamp = (figures.timestamp ?? 0) + STEP_MS * 90;
      const isEntry = (groupMs += STEP_MS) >= 2_000;
      if (isEntry) {
        groupMs = 0;
        if (show.still !== true) tail++;
      }
      const entryBytes = show.plain === true ? 700 : 40_000;
      const otherBytes = show.still === true || show.plain === true ? 200 : 30_000;
      condition.part({
        entryBytes: isEntry ? entryBytes : undefined,
        entryTail: tail,
        mediaBytes: (isEntry ? entryBytes : 0) + otherBytes,
        pictures: Math.ceil(pictures),
        discontinuity: false,
      });
      take(condition.step(nowMs, wallMs, { ...figures }), look);
    }
  };
  const take = (step: ConditionStep, look: PictureLook | 'none'): void => {
    if (step.change !== undefined) {
      const { state, reason } = step.change;
      said.push(reason === null ? state : `${state} ${reason}`);
    }
    if (step.learnt !== undefined) learnt.push(step.learnt);
    if (step.wantsLook === undefined) return;
    looks++;
    if (look !== 'none') condition.looked(look, nowMs);
  };
  return {
    said,
    learnt,
    looks: () => looks,
    play,
    fail: (seconds: number, reason: DownReason): void => {
      condition.failed(reason);
      for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
        nowMs += STEP_MS;
        take(condition.step(nowMs, wallMs, undefined), 'none');
      }
      condition.sessionBegan();
      Object.assign(figures, {
        begunUnits: 0,
        handedOnUnits: 0,
        droppedUnits: 0,
        packets: 0,
        lostPackets: 0,
      });
    },
  };
}

const same: PictureLook = { ...ALIVE, sameShare: 1 };
const black: PictureLook = { ...ALIVE, light: 'night', black: true };
const byNight: PictureLook = { ...ALIVE, light: 'night' };

describe('a camera', () => {
  test('of an ordinary street is up, and nobody looks at it', () => {
    const camera = watch();
    camera.play(600);
    expect(camera.said).toEqual(['up']);
    expect(camera.looks()).toBe(0);
  });

  test('that freezes is degraded when looks found the same picture, and up when it moves', () => {
    const camera = watch();
    camera.play(30);
    camera.play(90, { still: true, look: same });
    expect(camera.said).toEqual(['up', 'degraded frozen-picture']);
    camera.play(30);
    expect(camera.said.slice(2)).toEqual(['up']);
  });

  test('by night, where nothing moves but noise, is up, and looked at less and less', () => {
    const camera = watch();
    camera.play(30);
    camera.play(3_600, { still: true, look: byNight });
    expect(camera.said).toEqual(['up']);
    expect(camera.looks()).toBeLessThan(10);
  });

  test('that cannot be looked at is frozen by its bytes, and never black', () => {
    const camera = watch({ canLook: false });
    camera.play(30);
    camera.play(90, { still: true });
    expect(camera.said).toEqual(['up', 'degraded frozen-picture']);
    const dark = watch({ canLook: false });
    dark.play(30);
    dark.play(120, { plain: true });
    expect(dark.said).toEqual(['up']);
    expect(camera.looks() + dark.looks()).toBe(0);
  });

  test('that is black is, when the picture says so; few bytes alone are none', () => {
    const camera = watch();
    camera.play(30);
    camera.play(90, { plain: true, look: black });
    expect(camera.said).toEqual(['up', 'degraded black-picture']);
    const fog = watch();
    fog.play(30);
    fog.play(600, { plain: true });
    expect(fog.said).toEqual(['up']);
  });

  test('that was frozen before its worker was started again is not up in between', () => {
    const camera = watch();
    camera.play(90, { still: true, look: same });
    expect(camera.said).toEqual(['degraded frozen-picture']);
  });

  test('whose looks never come is up after a minute all the same', () => {
    const camera = watch();
    camera.play(75, { still: true, look: 'none' });
    expect(camera.said).toEqual(['up']);
  });
});

describe('a rate', () => {
  test('that falls by day is degraded within 90 s', () => {
    const camera = watch();
    camera.play(60);
    camera.play(90, { frameRate: 12 });
    expect(camera.said).toEqual(['up', 'degraded low-frame-rate']);
  });

  test('that falls by night is learnt as that of the night, where none is known, and then held to it', () => {
    const camera = watch({ baseline: { day: HD, night: null } });
    camera.play(60);
    camera.play(300, { frameRate: 6, look: byNight });
    expect(camera.said).toEqual(['up']);
    expect(camera.learnt).toMatchObject([{ light: 'night', usual: { frameRate: 6 } }]);
    camera.play(120, { frameRate: 3, look: byNight });
    expect(camera.said).toEqual(['up', 'degraded low-frame-rate']);
  });

  test('without looks goes by the sun', () => {
    const night = watch({
      canLook: false,
      baseline: { day: HD, night: { ...HD, frameRate: 6 } },
      wallMs: NOON_MS + 10 * 3_600_000,
    });
    night.play(120, { frameRate: 6 });
    expect(night.said).toEqual(['up']);
    const day = watch({ canLook: false, baseline: { day: HD, night: { ...HD, frameRate: 6 } } });
    day.play(120, { frameRate: 6 });
    expect(day.said).toEqual(['degraded low-frame-rate']);
  });

  test('of a stream that nobody knows is learnt within a minute', () => {
    const camera = watch({ baseline: { day: null, night: null } });
    camera.play(75, { frameRate: 8 });
    expect(camera.said).toEqual(['up']);
    expect(camera.learnt).toEqual([{ light: 'day', usual: { ...HD, frameRate: 8 } }]);
  });
});

describe('what comes', () => {
  test('with loss above the bound is degraded, a little is not', () => {
    const camera = watch();
    camera.play(60);
    camera.play(120, { lostShare: 0.01 });
    expect(camera.said).toEqual(['up']);
    camera.play(90, { lostShare: 0.05 });
    expect(camera.said).toEqual(['up', 'degraded packet-loss']);
  });

  test('under a time that stands still is degraded', () => {
    const camera = watch();
    camera.play(60);
    camera.play(90, { timeStands: true });
    expect(camera.said).toEqual(['up', 'degraded stale-timestamps']);
  });

  test('not at all for five minutes is one fall and one return', () => {
    const camera = watch();
    camera.play(60);
    camera.fail(300, 'unreachable');
    camera.play(60);
    expect(camera.said).toEqual(['up', 'down unreachable', 'up']);
  });

  test('not, for want of room at its site, is not its fault', () => {
    const camera = watch();
    camera.play(60);
    camera.fail(120, 'site-budget');
    expect(camera.said).toEqual(['up', 'unknown gateway']);
  });
});
