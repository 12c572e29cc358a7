/**
 * A day of a camera's pictures by a clock of ours, with every fault of timestamps that is known: media time never goes
 * back or stands still, no pause is left untold, and a picture's wall time stays near its arrival.
 */
import { describe, expect, test } from 'vitest';
import { RtpReceiver } from '#ingest/rtp/receiver.ts';
import { Timeline } from '#ingest/rtp/timeline.ts';
import { WallClock } from '#ingest/rtp/wall-clock.ts';
import { seededRandom } from '../../simulator/seeded-random.ts';
import { PPS, SPS } from '../h264/nal-units.ts';
import { H264Payload } from '#ingest/rtp/h264.ts';
import { AccessUnits } from '#ingest/bitstream/access-units.ts';
import { parseSps } from '#ingest/h264/sps.ts';
import { H264Format } from '#ingest/h264/format.ts';
import { Segmenter, type ClosedPart } from '#ingest/fmp4/segmenter.ts';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { PartWriter } from '#ingest/memory/part-writer.ts';

const DAY_MS = 24 * 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);
const STEP_MS = 500;
const TICKS_PER_MS = 90;
const WALL_LIMIT_MS = 500;
/** Between two parts of one timeline that no DISCONTINUITY parts: less than a picture. */
const MAX_HOLE_TICKS = STEP_MS * TICKS_PER_MS;

interface Fault {
  /** The camera's timestamp of a picture taken at this time, ms since the day began; ticks, unwrapped. */
  ticks: (takenMs: number, index: number) => number;
  /** The camera sends nothing then. */
  silent?: (takenMs: number) => boolean;
  /** What our wall clock was set by. */
  setMs?: (takenMs: number) => number;
  /** Later than it was taken, beside 5-60 ms. */
  delayMs?: (takenMs: number) => number;
  /** So long after a fault the wall time may be further off, ms; and when faults are. */
  recoveryMs?: number;
  faultsMs?: readonly number[];
}

const right = (takenMs: number): number => takenMs * TICKS_PER_MS;
const at = [1, 7, 13, 19].map((hour) => hour * 3_600_000);
const after = (takenMs: number): number => at.filter((ms) => takenMs >= ms).length;
const seconds = (count: number): number => count * 1000 * TICKS_PER_MS;

const FAULTS: Record<string, Fault> = {
  'a right clock, through two wraps': { ticks: right },
  'jumps forward by 6,000 s': { ticks: (ms) => right(ms) + after(ms) * seconds(6000) },
  'jumps forward by 3 s': {
    ticks: (ms) => right(ms) + after(ms) * seconds(3),
    recoveryMs: 15_000,
    faultsMs: at,
  },
  'jumps back by 6,000 s': { ticks: (ms) => right(ms) - after(ms) * seconds(6000) },
  'steps back by 0.7 s': { ticks: (ms) => right(ms) - after(ms) * seconds(0.7) },
  'steps back by exactly one picture': {
    ticks: (ms) => right(ms) - after(ms) * STEP_MS * TICKS_PER_MS,
    recoveryMs: 7_000,
    faultsMs: at,
  },
  'a clock 100 ppm fast': { ticks: (ms) => right(ms) * 1.0001 },
  'a clock 100 ppm slow': { ticks: (ms) => right(ms) * 0.9999 },
  'a clock 1 % fast': { ticks: (ms) => right(ms) * 1.01 },
  'a clock 1 % slow': { ticks: (ms) => right(ms) * 0.99 },
  'a clock 4 % fast': { ticks: (ms) => right(ms) * 1.04 },
  'a clock 4 % slow': { ticks: (ms) => right(ms) * 0.96 },
  'every second picture repeats the timestamp before it': {
    ticks: (ms, index) => right(ms) - (index % 2) * STEP_MS * TICKS_PER_MS,
  },
  'timestamps of whole seconds': { ticks: (ms) => right(Math.floor(ms / 1000) * 1000) },
  'a timestamp that stands still for a minute': {
    ticks: (ms) => right(ms - Math.max(0, Math.min(60_000, ms - 3_600_000))),
    recoveryMs: 75_000,
    faultsMs: [3_600_000],
  },
  'pauses of 8 s that timestamps tell': {
    ticks: right,
    silent: (ms) => ms % 1_800_000 > 1_000_000 && ms % 1_800_000 <= 1_008_000,
  },
  'pauses of 8 s that timestamps do not tell': {
    ticks: (ms) => right(ms) - Math.floor((ms + 800_000) / 1_800_000) * seconds(8),
    silent: (ms) => ms % 1_800_000 >= 992_000 && ms % 1_800_000 < 1_000_000,
    recoveryMs: 15_000,
    faultsMs: Array.from({ length: 48 }, (_, i) => i * 1_800_000 + 992_000),
  },
  'counted at 1,000 Hz': { ticks: (ms) => ms, recoveryMs: 30_000, faultsMs: [0] },
  'counted at 1 MHz': { ticks: (ms) => ms * 1000, recoveryMs: 60_000, faultsMs: [0] },
  'random timestamps': {
    ticks: (_, index) => (index * 2_654_435_761) % 2 ** 32,
    recoveryMs: 15_000,
    faultsMs: [0],
  },
  'our clock set by an hour, forth and back': {
    ticks: right,
    setMs: (ms) => (ms > at[0]! && ms < at[1]! ? 3_600_000 : 0),
  },
  'a network that stands still for 6 s at times': {
    ticks: right,
    delayMs: (ms) => (ms % 3_600_000 < 6_000 ? 6_000 - (ms % 3_600_000) : 0),
    // Later than taken, and told so.
    recoveryMs: 7_000,
    faultsMs: Array.from({ length: 24 }, (_, i) => i * 3_600_000),
  },
};

const { frameNumberBits } = parseSps(SPS);

/** Pictures from one IDR picture to the next. */
const GROUP = 10;

/** One slice whose head tells it from its neighbours: an IDR picture, then P-pictures that count. */
function picture(inGroup: number): Buffer {
  const frameNumber = inGroup.toString(2).padStart(frameNumberBits, '0');
  const bits = `1${inGroup === 0 ? '0001000' : '00110'}1${frameNumber}`.padEnd(32, '1');
  const nal = Buffer.alloc(9, 0x5a);
  nal[0] = inGroup === 0 ? 0x65 : 0x41;
  nal.writeUInt32BE(Number.parseInt(bits, 2), 1);
  return nal;
}

/** A packet for each picture of a group; its sequence number and timestamp are written where they are sent. */
function packets(): Buffer[] {
  return Array.from({ length: GROUP }, (_, inGroup) => {
    const packet = Buffer.concat([Buffer.alloc(12), picture(inGroup)]);
    packet.writeUInt16BE(0x80e0, 0);
    return packet;
  });
}

type PartTimes = Pick<ClosedPart, 'decodeTicks' | 'durationTicks' | 'samples' | 'discontinuity'>;

function run(fault: Fault) {
  const pool = new ChunkPool({ maxBytes: 8 * 1024 * 1024, onSlab: () => {} });
  const parts: PartTimes[] = [];
  const clock = new WallClock();
  const timeline = new Timeline(90_000);
  const segmenter = new Segmenter(
    {
      partAimTicks: 45_000,
      segmentAimTicks: 180_000,
      segmentMaxTicks: 360_000,
      partTarget: undefined,
      wallMs: (ticks) => clock.at(ticks / TICKS_PER_MS),
    },
    new PartWriter(pool),
    {
      init: () => {},
      partTarget: () => {},
      part: ({ slices, decodeTicks, durationTicks, samples, discontinuity }) => {
        parts.push({ decodeTicks, durationTicks, samples, discontinuity });
        for (const { chunk } of slices) pool.release(chunk);
      },
      segmentEnd: () => {},
    },
  );
  let shownTicks: number | undefined;
  const beginUnit = segmenter.beginUnit.bind(segmenter);
  segmenter.beginUnit = (decodeTicks, shown, randomAccess) => {
    shownTicks = shown;
    return beginUnit(decodeTicks, shown, randomAccess);
  };
  const units = new AccessUnits(new H264Format(), segmenter, {
    shift: (by) => timeline.shift(by),
    repeat: (repeats) => timeline.repeat(repeats, receiver.arrivalMonotonicMs),
  });
  for (const set of [SPS, PPS]) units.parameterSet(set);
  const receiver = new RtpReceiver({
    payloadType: 96,
    clockRate: 90_000,
    payload: new H264Payload(units),
    units,
    timeline,
    clock,
  });
  const random = seededRandom(1);
  const seen = { pictures: 0, worstMs: 0, worstAtMs: 0 };
  const group = packets();
  let sequence = 0;
  let lastArrivalMs = 0;
  for (let index = 0; index * STEP_MS < DAY_MS; index++) {
    const takenMs = index * STEP_MS;
    if (fault.silent?.(takenMs) === true) continue;
    const delayMs = 5 + 55 * random() + (fault.delayMs?.(takenMs) ?? 0);
    const arrivalMs = Math.max(lastArrivalMs, takenMs + delayMs);
    lastArrivalMs = arrivalMs;
    receiver.arrivalMonotonicMs = 1_000_000 + arrivalMs;
    const ourMs = START_MS + arrivalMs + (fault.setMs?.(takenMs) ?? 0);
    receiver.arrivalMs = ourMs;
    const packet = group[index % GROUP] as Buffer;
    packet.writeUInt16BE(sequence++ & 0xffff, 2);
    const ticks = Math.round(fault.ticks(takenMs, index)) + 0xffff_0000;
    packet.writeUInt32BE(((ticks % 2 ** 32) + 2 ** 32) % 2 ** 32, 4);
    shownTicks = undefined;
    receiver.receive(packet, 0, packet.length);
    seen.pictures++;
    if (shownTicks === undefined) continue;
    const wallMs = clock.at(shownTicks / TICKS_PER_MS);
    const excused = fault.faultsMs?.some(
      (ms) => takenMs >= ms && takenMs < ms + (fault.recoveryMs ?? 0),
    );
    const offMs = Math.abs(wallMs - ourMs);
    if (excused !== true && offMs > seen.worstMs) {
      seen.worstMs = offMs;
      seen.worstAtMs = takenMs;
    }
  }
  receiver.finish();
  segmenter.end();
  return { ...seen, parts, counters: units.counters };
}

describe('a day of', () => {
  test.each(Object.entries(FAULTS))('%s', { timeout: 60_000 }, (_, fault) => {
    const { parts, pictures, worstMs, worstAtMs, counters } = run(fault);
    expect(counters.dropped).toBe(0);
    expect(parts.reduce((sum, { samples }) => sum + samples, 0)).toBe(pictures);
    let lastTicks = -1;
    let endTicks = parts[0]?.decodeTicks ?? 0;
    let untold = 0;
    for (const part of parts) {
      if (part.decodeTicks <= lastTicks || part.durationTicks <= 0) untold++;
      if (!part.discontinuity && part.decodeTicks - endTicks > MAX_HOLE_TICKS) untold++;
      lastTicks = part.decodeTicks;
      endTicks = part.decodeTicks + part.durationTicks;
    }
    expect(untold).toBe(0);
    expect(worstMs, `at ${worstAtMs / 1000} s`).toBeLessThan(WALL_LIMIT_MS);
  });

  test('a right clock leaves every picture where it is', () => {
    const { parts } = run(FAULTS['a right clock, through two wraps'] as Fault);
    const moved = parts.filter(
      ({ durationTicks, samples }) => durationTicks !== samples * STEP_MS * TICKS_PER_MS,
    );
    expect(moved).toEqual([]);
  });
});
