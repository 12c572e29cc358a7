import { describe, expect, test, type TestContext } from 'vitest';
import { H264Payload } from '#ingest/rtp/h264.ts';
import { RtpReceiver } from '#ingest/rtp/receiver.ts';
import { Timeline } from '#ingest/rtp/timeline.ts';
import { WallClock } from '#ingest/rtp/wall-clock.ts';
import { InterleavedReader } from '#ingest/rtsp/interleaved.ts';
import { capture } from './captures.ts';
import { recordRun } from './recorded-run.ts';

/** Wowza playing BigBuckBunny_115k.mov: sound on channel 0, H.264 of type 97 on channel 2. */
const VIDEO_CHANNEL = 2;

/** All that comes after PLAY, through the stages of a camera session, in reads of so many bytes. */
function play(bytes: Buffer, readBytes: number, isLost: (packet: number) => boolean = () => false) {
  const run = recordRun();
  const receiver = new RtpReceiver({
    payloadType: 97,
    clockRate: 90_000,
    payload: new H264Payload(run.units),
    units: run.units,
    timeline: new Timeline(90_000),
    clock: new WallClock(),
  });
  let packets = 0;
  const reader = new InterleavedReader({
    frame: (channel, from, start, end) => {
      if (channel === VIDEO_CHANNEL && !isLost(packets++)) receiver.receive(from, start, end);
    },
    message: () => {},
  });
  reader.highestChannel = 3;
  const buffer = Buffer.alloc(readBytes);
  for (let at = 0; at < bytes.length; at += readBytes) {
    reader.feed(buffer, 0, bytes.copy(buffer, 0, at, at + readBytes));
  }
  receiver.finish();
  run.segmenter.end();
  return { ...run, receiver, reader };
}

/** The same file taken apart the plain way: NAL units per picture, parameter sets left out. */
function reference(bytes: Buffer): Buffer[][] {
  const pictures = new Map<number, Buffer[]>();
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at + 1] !== VIDEO_CHANNEL) continue;
    const packet = bytes.subarray(at + 4, at + 4 + bytes.readUInt16BE(at + 2));
    const units = pictures.get(packet.readUInt32BE(4)) ?? [];
    pictures.set(packet.readUInt32BE(4), units);
    const payload = packet.subarray(12);
    const [indicator = 0, header = 0] = payload;
    if ((indicator & 31) === 28) {
      const first = Buffer.from([(indicator & 0xe0) | (header & 31)]);
      const begun = (header & 0x80) === 0 ? (units.pop() as Buffer) : first;
      units.push(Buffer.concat([begun, payload.subarray(2)]));
    } else if ((indicator & 31) === 24) {
      for (let from = 1; from < payload.length; from += 2 + payload.readUInt16BE(from)) {
        units.push(payload.subarray(from + 2, from + 2 + payload.readUInt16BE(from)));
      }
    } else {
      units.push(payload);
    }
  }
  return [...pictures.values()].map((units) =>
    units.filter((nal) => ![7, 8].includes((nal[0] as number) & 31)),
  );
}

const wowza = (context: TestContext): Buffer =>
  capture(context, 'rtp/wowza_bunny_interleaved.rtsp');

describe('ten seconds of a real server', () => {
  test.for([160, 1460, 65_536, 524_288])(
    'come out picture by picture, byte by byte, from reads of %i bytes',
    (readBytes, context) => {
      const bytes = wowza(context);
      const { pictures, receiver, reader, units, inits, leases } = play(bytes, readBytes);
      expect(pictures.map(({ nalUnits }) => nalUnits)).toEqual(reference(bytes));
      // As ffprobe counts them in the same bytes.
      expect(pictures).toHaveLength(245);
      expect(pictures.filter(({ randomAccess }) => randomAccess)).toHaveLength(6);
      expect(pictures.at(-1)?.ptsTicks).toBe(915_030);
      expect(receiver).toMatchObject({ lostPackets: 0, malformed: 0 });
      expect(reader.garbageBytes).toBe(0);
      expect(units.counters).toEqual({
        begun: 245,
        handedOn: 245,
        dropped: 0,
        badParameterSets: 0,
      });
      expect(inits).toMatchObject([{ config: { codec: 'avc1.42C01E', width: 240, height: 160 } }]);
      expect(leases()).toBe(0);
    },
  );

  test('with any one packet lost, only whole pictures that can be decoded come out', (context) => {
    const bytes = wowza(context);
    const all = play(bytes, 65_536);
    const whole = new Set(
      all.pictures.map(({ nalUnits }) => Buffer.concat(nalUnits).toString('latin1')),
    );
    const harmless: number[] = [];
    for (let lost = 0; lost < 269; lost += 3) {
      const { pictures, inits } = play(bytes, 65_536, (packet) => packet === lost);
      let follows = false;
      let lastTicks = -1;
      for (const picture of pictures) {
        expect(whole.has(Buffer.concat(picture.nalUnits).toString('latin1'))).toBe(true);
        if (picture.discontinuity) follows = false;
        follows ||= picture.randomAccess;
        expect(follows, `packet ${lost} lost`).toBe(true);
        expect(picture.ptsTicks).toBeGreaterThan(lastTicks);
        lastTicks = picture.ptsTicks;
      }
      expect(inits.length).toBeLessThanOrEqual(1);
      if (pictures.length === 245) harmless.push(lost);
      expect(pictures.length).toBeGreaterThan(180);
    }
    // It held nothing but a parameter set that is known already, and came between two pictures.
    expect(harmless).toEqual([96]);
  });
});
