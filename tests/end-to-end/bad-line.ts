import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { SHARED_ORIGIN } from '../simulator/beat.ts';
import { TICKS_PER_SECOND } from '../simulator/clip.ts';
import { CLIPS, startSimulator } from '../simulator/rtsp-server.ts';
import { decodePictures } from './ffmpeg.ts';
import { startGatewayUnderTest } from './gateway-under-test.ts';
import { recordLive } from './recording.ts';

/** The clip's pictures; one in 20 is a random access point, and each refers to the one before it. */
const CLIP_PICTURES = 600;
const PICTURES_PER_SECOND = 10;
const GROUP = 20;
const UP_MS = 30_000;
const DECODED_AT_ONCE = 4;

export interface BadLineRun {
  sent: number;
  /** Of them, with a packet lost. */
  broken: number;
  handedOn: number;
  runs: number;
  packetsLost: number;
  packetsOvertaken: number;
  /** As the gateway counts. */
  countedLost: number;
  countedDropped: number;
}

/**
 * Plays cameras by UDP over lines that lose and disorder packets, each others; records what the gateway hands on, and
 * expects of each just those pictures that can be right: all from a random access point on until one is broken, and
 * nothing else. What it returns is of all cameras together. Throws what `expect` throws.
 */
export async function playOverBadLine(options: {
  folder: string;
  seconds: number;
  loss: number;
  disorder: number;
  /** At the same time. Default: one. */
  cameras?: number;
}): Promise<BadLineRun> {
  const { folder, seconds, loss, disorder, cameras = 1 } = options;
  const { md5: pictures } = await decodePictures(['-f', 'h264', '-i', CLIPS.main.path]);
  const simulator = await startSimulator();
  const gateway = await startGatewayUnderTest();
  const names = Array.from({ length: cameras }, (_, index) => `gate-${index + 1}`);
  try {
    const recordings = await Promise.all(
      names.map(async (name) => {
        simulator.behave(name, { kind: 'bad-line', loss, disorder });
        const id = await gateway.addCamera({ url: simulator.url(name), transport: 'udp' });
        await gateway.untilLive(id, { state: 'up' }, UP_MS);
        return recordLive(`${gateway.url}/live/${id}/media.m3u8?latency=normal`);
      }),
    );
    await wait(seconds * 1000);
    for (const recording of recordings) await recording.stop();
    const { lostPackets, droppedUnits } = gateway.pool.counters();
    const run: BadLineRun = {
      sent: 0,
      broken: 0,
      handedOn: 0,
      runs: 0,
      packetsLost: 0,
      packetsOvertaken: 0,
      countedLost: lostPackets,
      countedDropped: droppedUnits,
    };
    for (const [index, name] of names.entries()) {
      const { packetsLost, packetsOvertaken } = simulator.stats(name);
      const sent = simulator.sentOnBadLine(name).map(({ timestamp, whole }) => ({
        picture: pictureAt(timestamp),
        whole,
      }));
      const files = recordings[index]?.runs().map(({ file }) => file) ?? [];
      const handedOn = await picturesOf(files, join(folder, name), pictures);
      expectJustTheRightOnes(handedOn, sent);
      run.sent += sent.length;
      run.broken += sent.filter(({ whole }) => !whole).length;
      run.handedOn += handedOn.length;
      run.runs += files.length;
      run.packetsLost += packetsLost;
      run.packetsOvertaken += packetsOvertaken;
    }
    return run;
  } finally {
    await gateway.close();
    await simulator.close();
  }
}

/** Which of the clip's pictures these files hold, decoded; each file begins with a random access point. */
async function picturesOf(
  files: readonly Buffer[],
  pathPrefix: string,
  pictures: readonly string[],
): Promise<number[]> {
  const handedOn: number[] = [];
  for (let at = 0; at < files.length; at += DECODED_AT_ONCE) {
    const some = await Promise.all(
      files.slice(at, at + DECODED_AT_ONCE).map(async (file, index) => {
        const path = `${pathPrefix}-${at + index}.mp4`;
        await writeFile(path, file);
        return decodePictures(['-i', path]);
      }),
    );
    for (const { md5, complaints } of some) {
      expect(complaints).toBe('');
      const places = md5.map((one) => pictures.indexOf(one));
      expect((places[0] ?? 0) % GROUP).toBe(0);
      handedOn.push(...places);
    }
  }
  return handedOn;
}

function expectJustTheRightOnes(
  handedOn: readonly number[],
  sent: readonly { picture: number; whole: boolean }[],
): void {
  expect(
    handedOn.filter((picture) => picture < 0),
    'pictures that the source never had',
  ).toEqual([]);
  const expected = whatCanBeRight(sent);
  // The recording begins and ends within what was sent.
  const first = placeOf(handedOn, expected);
  expect(handedOn).toEqual(expected.slice(first, first + handedOn.length));
}

/** From a whole random access point on, until a picture is broken: it and all that refer to it are nothing to show. */
function whatCanBeRight(sent: readonly { picture: number; whole: boolean }[]): number[] {
  const right: number[] = [];
  let waiting = true;
  for (const { picture, whole } of sent) {
    if (picture % GROUP === 0) waiting = false;
    if (!whole) waiting = true;
    if (!waiting) right.push(picture);
  }
  return right;
}

/** Where the first few of these begin in those. */
function placeOf(some: readonly number[], all: readonly number[]): number {
  const few = some.slice(0, 30);
  const at = all.findIndex((_, index) => few.every((one, offset) => all[index + offset] === one));
  expect(at, 'the pictures handed on are none of those that can be right').toBeGreaterThanOrEqual(
    0,
  );
  return at;
}

function pictureAt(timestamp: number): number {
  const ticks = (timestamp - SHARED_ORIGIN.timestamp) >>> 0;
  return Math.round((ticks * PICTURES_PER_SECOND) / TICKS_PER_SECOND) % CLIP_PICTURES;
}
