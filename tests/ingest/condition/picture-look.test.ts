import { describe, expect, test, vi } from 'vitest';
import { PictureLooks } from '#ingest/condition/picture-looks.ts';
import {
  LOOK_BYTES,
  LOOK_HEIGHT,
  LOOK_WIDTH,
  lookAt,
  type PictureLook,
} from '#ingest/condition/picture-look.ts';
import { seededRandom } from '#tests/simulator/seeded-random.ts';

const POINTS = LOOK_WIDTH * LOOK_HEIGHT;

/** Y by point; U and V of one colour. */
function planes(luma: (point: number) => number, u = 110, v = 150): Uint8Array {
  const bytes = new Uint8Array(LOOK_BYTES);
  for (let i = 0; i < POINTS; i++) bytes[i] = luma(i);
  bytes.fill(u, POINTS, 2 * POINTS);
  bytes.fill(v, 2 * POINTS);
  return bytes;
}

const street = (seed: number): Uint8Array => {
  const random = seededRandom(seed);
  return planes((i) => 60 + ((i * 7) % 120) + random() * 20);
};
const compared = (now: Uint8Array, before: Uint8Array): PictureLook =>
  lookAt(now, { luma: before.subarray(0, POINTS), apartMs: 12_000 });

describe('a decoded picture', () => {
  test('of a street is day, and unlike the one before it', () => {
    const look = compared(street(1), street(2));
    expect(look).toMatchObject({ light: 'day', black: false, plain: false, apartMs: 12_000 });
    expect(look.sameShare).toBeLessThan(0.2);
  });

  test('that is the same but for a clock is nearly all the same', () => {
    const before = street(1);
    const now = Uint8Array.from(before);
    for (let i = 0; i < POINTS * 0.03; i++) now[i] = (before[i] ?? 0) ^ 0x40;
    expect(compared(now, before).sameShare).toBeCloseTo(0.97, 2);
  });

  test('without colour, or dark, is night', () => {
    expect(
      lookAt(
        planes((i) => 60 + (i % 100), 128, 128),
        undefined,
      ).light,
    ).toBe('night');
    expect(
      lookAt(
        planes((i) => 30 + (i % 20)),
        undefined,
      ).light,
    ).toBe('night');
  });

  test('of nothing but black is black, with a clock in it as well', () => {
    expect(
      lookAt(
        planes(() => 16, 128, 128),
        undefined,
      ),
    ).toMatchObject({ black: true, plain: false });
    const clock = planes((i) => (i < POINTS * 0.02 ? 235 : 16), 128, 128);
    expect(lookAt(clock, undefined).black).toBe(true);
  });

  test('of a dark night has noise, and lamps: it is not black', () => {
    const random = seededRandom(3);
    expect(
      lookAt(
        planes(() => 16 + random() * 9, 128, 128),
        undefined,
      ).black,
    ).toBe(false);
    expect(
      lookAt(
        planes((i) => (i % 20 === 0 ? 90 : 17), 128, 128),
        undefined,
      ).black,
    ).toBe(false);
  });

  test('of one colour is plain', () => {
    const words = planes((i) => (i % 10 === 0 ? 235 : 41), 240, 110);
    expect(lookAt(words, undefined)).toMatchObject({ black: false, plain: true });
  });
});

function rig(decodeMs = 100) {
  vi.useFakeTimers();
  const decoded: string[] = [];
  const looks = new PictureLooks({
    monotonicMs: () => Date.now(),
    decode: async (file) => {
      decoded.push(Buffer.from(file).toString());
      await new Promise((resolve) => setTimeout(resolve, decodeMs));
      return street(1);
    },
  });
  const answers: (PictureLook | undefined)[] = [];
  const want = (cameraId: string, urgent = false, key = '1/0'): void => {
    looks.want({
      cameraId,
      urgent,
      file: () => ({ bytes: Buffer.from(cameraId), key }),
      answer: (look) => answers.push(look),
    });
  };
  return { looks, decoded, answers, want };
}

describe('looks', () => {
  test('are one at a time, for a quarter of the time, who suspects something first', async () => {
    const { looks, decoded, want } = rig();
    for (const name of ['a', 'b', 'c']) want(name, name !== 'a');
    await vi.advanceTimersByTimeAsync(399);
    expect(decoded).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(401);
    expect(decoded).toEqual(['a', 'b', 'c']);
    looks.close();
    vi.useRealTimers();
  });

  test('that nobody waits for are for a fiftieth of the time, and hold up no suspicion', async () => {
    const { looks, decoded, want } = rig();
    for (const name of ['a', 'b', 'c']) want(name);
    await vi.advanceTimersByTimeAsync(1_000);
    want('d', true);
    await vi.advanceTimersByTimeAsync(1);
    expect(decoded).toEqual(['a', 'd']);
    await vi.advanceTimersByTimeAsync(4_998);
    expect(decoded).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(decoded).toEqual(['a', 'd', 'b']);
    looks.close();
    vi.useRealTimers();
  });

  test('do not take a picture that was looked at for another one: a long group of pictures', async () => {
    const { looks, decoded, answers, want } = rig();
    want('a', true, '7/0');
    await vi.advanceTimersByTimeAsync(2_000);
    want('a', true, '7/0');
    await vi.advanceTimersByTimeAsync(2_000);
    want('a', true, '8/0');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(decoded).toHaveLength(2);
    expect(answers.map((look) => look?.sameShare)).toEqual([null, null, 1]);
    expect(answers[2]?.apartMs).toBe(4_000);
    looks.close();
    vi.useRealTimers();
  });

  test('that cannot be decoded are answered all the same', async () => {
    vi.useFakeTimers();
    const looks = new PictureLooks({
      monotonicMs: () => Date.now(),
      decode: () => Promise.reject(new Error('not a picture')),
    });
    const answers: unknown[] = [];
    looks.want({
      cameraId: 'a',
      urgent: true,
      file: () => ({ bytes: Buffer.alloc(1), key: '' }),
      answer: (look) => answers.push(look),
    });
    await vi.advanceTimersByTimeAsync(10);
    expect(answers).toEqual([undefined]);
    looks.close();
    vi.useRealTimers();
  });
});
