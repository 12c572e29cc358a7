import { describe, expect, test } from 'vitest';
import { H264Payload } from '#ingest/rtp/h264.ts';
import { RtpReceiver } from '#ingest/rtp/receiver.ts';
import { Timeline } from '#ingest/rtp/timeline.ts';
import { WallClock } from '#ingest/rtp/wall-clock.ts';
import { IDR, P, PPS, SPS } from '../h264/nal-units.ts';
import { recordRun } from '../recorded-run.ts';

interface Packet {
  sequence: number;
  timestamp: number;
  payload: Buffer;
  marker?: boolean;
  payloadType?: number;
  source?: number;
}

function rtp({ sequence, timestamp, payload, marker, payloadType, source }: Packet): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = (marker === false ? 0 : 0x80) | (payloadType ?? 96);
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(source ?? 0x1234, 8);
  return Buffer.concat([header, payload]);
}

function receiving() {
  const run = recordRun();
  run.units.parameterSet(SPS);
  run.units.parameterSet(PPS);
  const receiver = new RtpReceiver({
    payloadType: 96,
    clockRate: 90_000,
    payload: new H264Payload(run.units),
    units: run.units,
    timeline: new Timeline(90_000),
    clock: new WallClock(),
  });
  const bytes = (packet: Buffer): void => {
    // Never at the start of its buffer, and followed by what is not its own.
    const read = Buffer.concat([Buffer.alloc(3, 0xaa), packet, Buffer.alloc(5, 0xbb)]);
    receiver.receive(read, 3, 3 + packet.length);
    read.fill(0);
  };
  const packet = (packet: Packet): void => bytes(rtp(packet));
  /** What was handed on, as first payload byte after the header byte's type, for instance `5:1`. */
  const end = () => {
    receiver.finish();
    run.segmenter.end();
    return run.pictures;
  };
  return { ...run, receiver, bytes, packet, end };
}

/** A picture each of one packet: an IDR, then others. */
function pictures(first: number, count: number, more: Partial<Packet> = {}): Packet[] {
  return Array.from({ length: count }, (_, i) => ({
    sequence: first + i,
    timestamp: (first + i) * 3600,
    payload: i === 0 ? IDR(first) : P(first + i),
    ...more,
  }));
}

const content = (nalUnits: Buffer[][]): string[] =>
  nalUnits.map((units) => units.map((nal) => nal.toString('hex')).join(' '));

const hexOf = (packets: Packet[]): string[] =>
  packets.map(({ payload }) => payload.toString('hex'));

describe('an RTP packet', () => {
  test('gives its payload, with contributing sources, extension and padding left out', () => {
    const camera = receiving();
    const [idr, ...rest] = pictures(1, 4) as [Packet, ...Packet[]];
    camera.packet(idr);
    const dressed = (packet: Packet, flags: number, before: Buffer, after: Buffer): Buffer => {
      const plain = rtp(packet);
      plain[0] = 0x80 | flags;
      return Buffer.concat([plain.subarray(0, 12), before, plain.subarray(12), after]);
    };
    const sources = Buffer.alloc(8, 0xcc);
    const extension = Buffer.from('bede00020102030405060708', 'hex');
    const padding = Buffer.from([0, 0, 0, 4]);
    camera.bytes(dressed(rest[0] as Packet, 0x02, sources, Buffer.alloc(0)));
    camera.bytes(dressed(rest[1] as Packet, 0x10, extension, Buffer.alloc(0)));
    camera.bytes(dressed(rest[2] as Packet, 0x32, Buffer.concat([sources, extension]), padding));
    const seen = camera.end();
    expect(content(seen.map(({ nalUnits }) => nalUnits))).toEqual(hexOf([idr, ...rest]));
    expect(camera.receiver).toMatchObject({ packets: 4, lostPackets: 0, malformed: 0 });
    expect(camera.units.counters.handedOn).toBe(4);
  });

  test.each([
    ['shorter than a header', Buffer.alloc(11, 0x80)],
    ['empty', Buffer.alloc(0)],
    ['of another version', Buffer.concat([Buffer.from([0x40, 0x60]), Buffer.alloc(20)])],
    ['with more sources than bytes', Buffer.concat([Buffer.from([0x8f, 0x60]), Buffer.alloc(12)])],
    [
      'with more padding than bytes',
      Buffer.concat([Buffer.from([0xa0, 0x60]), Buffer.alloc(12), Buffer.from([200])]),
    ],
    [
      'with a longer extension than itself',
      Buffer.concat([Buffer.from([0x90, 0x60]), Buffer.alloc(12), Buffer.from([0xff, 0xff, 1])]),
    ],
    [
      'with half an extension header',
      Buffer.concat([Buffer.from([0x90, 0x60]), Buffer.alloc(10), Buffer.from([0x65, 0x88])]),
    ],
  ])('%s is counted and harms nothing', (_, bytes) => {
    const camera = receiving();
    camera.packet(pictures(1, 1)[0] as Packet);
    camera.bytes(bytes);
    expect(camera.receiver).toMatchObject({ malformed: 1, packets: 1 });
    expect(camera.end()).toHaveLength(1);
  });
});

describe('sequence numbers', () => {
  test('wrap without a loss', () => {
    const camera = receiving();
    const packets = pictures(65_533, 8);
    for (const packet of packets) camera.packet(packet);
    expect(content(camera.end().map(({ nalUnits }) => nalUnits))).toEqual(hexOf(packets));
    expect(camera.receiver.lostPackets).toBe(0);
  });

  test('a repeated or late packet is passed over', () => {
    const camera = receiving();
    const packets = pictures(65_534, 6);
    for (const [i, packet] of packets.entries()) {
      camera.packet(packet);
      camera.packet(packet);
      if (i > 1) camera.packet(packets[i - 2] as Packet);
    }
    expect(content(camera.end().map(({ nalUnits }) => nalUnits))).toEqual(hexOf(packets));
    expect(camera.receiver).toMatchObject({ packets: 6, lostPackets: 0 });
  });

  test('a lost picture is followed by nothing until the next random access point', () => {
    const camera = receiving();
    const packets = [...pictures(1, 5), ...pictures(6, 3)];
    for (const packet of packets) if (packet.sequence !== 3) camera.packet(packet);
    const seen = camera.end();
    const expected = packets.filter(({ sequence }) => [1, 2, 6, 7, 8].includes(sequence));
    expect(content(seen.map(({ nalUnits }) => nalUnits))).toEqual(hexOf(expected));
    expect(seen.map(({ discontinuity }) => discontinuity)).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(camera.receiver.lostPackets).toBe(1);
    expect(camera.units.counters.dropped).toBe(2);
  });

  test('a loss inside a picture drops it, wherever it was', () => {
    for (const lost of [2, 3, 4]) {
      const camera = receiving();
      const slices = [2, 3, 4].map((sequence): Packet => ({
        sequence,
        timestamp: 7200,
        payload: P(sequence, sequence === 2),
        marker: sequence === 4,
      }));
      const packets = [...pictures(1, 1), ...slices, ...pictures(5, 2)];
      for (const packet of packets) if (packet.sequence !== lost) camera.packet(packet);
      const seen = camera.end().map(({ nalUnits }) => nalUnits);
      const expected = packets.filter(({ sequence }) => [1, 5, 6].includes(sequence));
      expect(content(seen), `lost ${lost}`).toEqual(hexOf(expected));
    }
  });

  test('a loss is not hidden by a camera that marks every packet', () => {
    const camera = receiving();
    const packets = [...pictures(1, 1)];
    for (const timestamp of [2, 3, 4]) {
      for (const slice of [0, 1, 2]) {
        const sequence = packets.length + 1;
        packets.push({ sequence, timestamp: timestamp * 3600, payload: P(sequence, slice === 0) });
      }
    }
    const last = packets.length + 1;
    packets.push(...pictures(last, 2));
    // The last slice of the second picture: a marker came before it and another timestamp after it.
    for (const packet of packets) if (packet.sequence !== 7) camera.packet(packet);
    const seen = camera.end();
    expect(seen.map(({ nalUnits }) => nalUnits.length)).toEqual([1, 3, 1, 1]);
    expect(seen.map(({ randomAccess }) => randomAccess)).toEqual([true, false, true, false]);
  });
});

describe('what else comes', () => {
  test('another payload type is passed over, whether it counts with ours or by itself', () => {
    for (const source of [0x1234, 0x9999]) {
      const camera = receiving();
      let sequence = 1;
      const ours = pictures(1, 6);
      for (const packet of ours) {
        camera.packet({ ...packet, sequence: sequence++ });
        const number = source === 0x1234 ? sequence++ : 40_000;
        camera.packet({ ...packet, sequence: number, source, payloadType: 50 });
      }
      expect(content(camera.end().map(({ nalUnits }) => nalUnits))).toEqual(hexOf(ours));
      expect(camera.receiver.lostPackets).toBe(0);
    }
  });

  test('another sender ends the picture of the first, and its own begin at a random access point', () => {
    const camera = receiving();
    const before = pictures(1, 3);
    // Its sequence numbers happen to go on where those of the first ended.
    const after = [...pictures(3, 3, { source: 7 }).slice(1), ...pictures(6, 2, { source: 7 })];
    for (const packet of before) camera.packet(packet);
    for (const packet of after) camera.packet(packet);
    const seen = camera.end();
    expect(content(seen.map(({ nalUnits }) => nalUnits))).toEqual(
      hexOf([...before, ...after.slice(2)]),
    );
    expect(seen[3]?.discontinuity).toBe(true);
  });

  test('a marker is not needed: another timestamp ends a picture', () => {
    const camera = receiving();
    const packets = pictures(1, 4, { marker: false });
    for (const packet of packets) camera.packet(packet);
    // The last one has no end that could be seen.
    expect(content(camera.end().map(({ nalUnits }) => nalUnits))).toEqual(
      hexOf(packets.slice(0, 3)),
    );
  });

  test('nothing at all is nothing', () => {
    const camera = receiving();
    expect(camera.end()).toEqual([]);
    expect(camera.leases()).toBe(0);
  });
});
