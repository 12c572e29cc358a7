import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isParameterSet, readPictures, UnplayableClip } from './annex-b.ts';
import {
  momentAt,
  placeAt,
  randomAccessAfter,
  randomAccessBefore,
  SHARED_ORIGIN,
  type Moment,
} from './beat.ts';
import { loadClip } from './clip.ts';
import { CLIPS } from './rtsp-server.ts';

const FU_A = 28;
const STAP_A = 24;
const clip = loadClip(CLIPS.main, 0x1234);

function packets({ picture }: Moment): Buffer[] {
  return picture.frameStarts.map((start, at) =>
    picture.bytes.subarray(start + 4, picture.frameStarts[at + 1] ?? picture.bytes.length),
  );
}

/** NAL units of one picture's packets (RFC 6184 §5.6-5.8), written apart from the packetiser. */
function reassemble(moment: Moment): Buffer[] {
  const nalUnits: Buffer[] = [];
  let open: Buffer[] | undefined;
  for (const packet of packets(moment)) {
    const payload = packet.subarray(12);
    const type = payload.readUInt8(0) & 0x1f;
    if (type === STAP_A) {
      for (let at = 1; at < payload.length; at += 2 + payload.readUInt16BE(at)) {
        nalUnits.push(payload.subarray(at + 2, at + 2 + payload.readUInt16BE(at)));
      }
    } else if (type === FU_A) {
      const header = payload.readUInt8(1);
      if ((header & 0x80) !== 0) {
        expect(open).toBeUndefined();
        open = [Buffer.from([(payload.readUInt8(0) & 0xe0) | (header & 0x1f)])];
      }
      open?.push(payload.subarray(2));
      if ((header & 0x40) !== 0 && open !== undefined) {
        nalUnits.push(Buffer.concat(open));
        open = undefined;
      }
    } else {
      nalUnits.push(payload);
    }
  }
  expect(open).toBeUndefined();
  return nalUnits;
}

test('the clips are as the README says: a random access picture with parameter sets every 20', () => {
  for (const [source, count] of [
    [CLIPS.main, 600],
    [CLIPS.small, 100],
  ] as const) {
    const pictures = readPictures(readFileSync(source.path));
    expect(pictures).toHaveLength(count);
    for (const [index, { randomAccess, nalUnits }] of pictures.entries()) {
      expect(randomAccess).toBe(index % 20 === 0);
      expect(nalUnits.filter(isParameterSet)).toHaveLength(randomAccess ? 2 : 0);
    }
  }
});

test('every picture comes out of its packets as it went in', () => {
  const pictures = readPictures(readFileSync(CLIPS.main.path));
  for (const [position, { nalUnits }] of pictures.entries()) {
    const sorted = [
      ...nalUnits.filter(isParameterSet),
      ...nalUnits.filter((n) => !isParameterSet(n)),
    ];
    expect(Buffer.concat(reassemble(momentAt(clip, position, SHARED_ORIGIN)))).toEqual(
      Buffer.concat(sorted),
    );
  }
});

test('packets fit an Ethernet frame, and the last of a picture alone has the marker', () => {
  for (let position = 0; position < clip.pictures.length; position++) {
    const all = packets(momentAt(clip, position, SHARED_ORIGIN));
    expect(Math.max(...all.map((packet) => packet.length))).toBeLessThanOrEqual(1412);
    expect(all.map((packet) => (packet.readUInt8(1) & 0x80) !== 0)).toEqual(
      all.map((_, at) => at === all.length - 1),
    );
  }
});

test('sequence numbers and timestamps wrap', () => {
  const origin = { position: 0, sequence: 65_535, timestamp: 2 ** 32 - 9000 };
  expect(placeAt(clip, 1, origin)).toEqual({
    sequence: clip.pictures[0]!.frameStarts.length - 1,
    timestamp: 0,
  });
  const first = packets(momentAt(clip, 0, origin));
  expect(first.slice(0, 3).map((packet) => packet.readUInt16BE(2))).toEqual([65_535, 0, 1]);
  expect(placeAt(clip, 600, SHARED_ORIGIN).sequence).toBe(
    (SHARED_ORIGIN.sequence + clip.packets) % 65_536,
  );
});

test('random access points around a position, through the end of the loop', () => {
  expect(randomAccessBefore(clip, 1219)).toBe(1200);
  expect(randomAccessBefore(clip, 1220)).toBe(1220);
  expect(randomAccessAfter(clip, 1220)).toBe(1220);
  expect(randomAccessAfter(clip, 599)).toBe(600);
});

test('a stream that does not begin with an IDR picture is refused', () => {
  const pFrame = Buffer.from([0, 0, 0, 1, 0x41, 0x9a, 0x00]);
  expect(() => readPictures(pFrame)).toThrow(UnplayableClip);
});
