import { describe, expect, test } from 'vitest';
import { H264Payload } from '#ingest/rtp/h264.ts';
import { AUD, IDR, P, PPS, SEI, SPS } from '../h264/nal-units.ts';
import { recordRun } from '../recorded-run.ts';

/** Payloads in, one picture after another; out come the NAL units of the pictures that were handed on. */
function unpack(...pictures: Buffer[][]) {
  const run = recordRun();
  run.units.parameterSet(SPS);
  run.units.parameterSet(PPS);
  const payload = new H264Payload(run.units);
  for (const [i, packets] of pictures.entries()) {
    run.units.begin(i * 3600);
    for (const packet of packets) {
      const bytes = Buffer.concat([Buffer.from([1, 2]), packet, Buffer.from([3])]);
      payload.receive(bytes, 2, 2 + packet.length);
      bytes.fill(0xff);
    }
    run.units.end();
  }
  run.segmenter.end();
  return { ...run, ignored: payload.ignored, seen: run.pictures.map(({ nalUnits }) => nalUnits) };
}

function aggregate(...nalUnits: Buffer[]): Buffer {
  const sized = nalUnits.flatMap((nal) => [Buffer.from([nal.length >> 8, nal.length & 255]), nal]);
  return Buffer.concat([Buffer.from([0x78]), ...sized]);
}

/** FU-A packets of one NAL unit, RFC 6184 §5.8. */
function fragments(nal: Buffer, bytes: number): Buffer[] {
  const [header = 0] = nal;
  const packets: Buffer[] = [];
  for (let at = 1; at < nal.length; at += bytes) {
    const start = at === 1 ? 0x80 : 0;
    const end = at + bytes >= nal.length ? 0x40 : 0;
    const head = Buffer.from([(header & 0xe0) | 28, start | end | (header & 0x1f)]);
    packets.push(Buffer.concat([head, nal.subarray(at, at + bytes)]));
  }
  return packets;
}

describe('H.264 payloads', () => {
  test('a single NAL unit is handed on as it is', () => {
    expect(unpack([IDR(1)], [P(2)]).seen).toEqual([[IDR(1)], [P(2)]]);
  });

  test('STAP-A is taken apart, its parameter sets and delimiter left out', () => {
    expect(unpack([aggregate(AUD, SPS, PPS, SEI, IDR(1), IDR(2, false))]).seen).toEqual([
      [SEI, IDR(1), IDR(2, false)],
    ]);
  });

  test.each([1, 2, 7, 100, 5000])(
    'FU-A of %i bytes is joined, its header byte put back',
    (bytes) => {
      const idr = IDR(1, true, 4000);
      const last = P(3, false, 70_000);
      const { seen } = unpack(fragments(idr, bytes), [
        ...fragments(P(2, true, 300), bytes),
        ...fragments(last, Math.max(bytes, 1000)),
      ]);
      expect(seen).toEqual([[idr], [P(2, true, 300), last]]);
    },
  );

  test('the three kinds mix in one picture', () => {
    const sets = aggregate(SPS, PPS);
    const idr = IDR(1, true, 90);
    expect(unpack([sets, SEI, ...fragments(idr, 40), aggregate(IDR(2, false))]).seen).toEqual([
      [SEI, idr, IDR(2, false)],
    ]);
  });

  test.each([
    ['start', 0],
    ['middle', 2],
    ['end', 4],
  ])('FU-A whose %s was lost drops its picture and those after it', (_, lost) => {
    const broken = fragments(P(2, true, 100), 20).filter((_, i) => i !== lost);
    const { seen, units } = unpack([IDR(1)], broken, [P(3)], [IDR(4)]);
    // The middle one leaves no trace in the payload: only the sequence number tells, see the receiver's tests.
    if (lost === 2) {
      expect(seen).toHaveLength(4);
    } else {
      expect(seen).toEqual([[IDR(1)], [IDR(4)]]);
      expect(units.counters.dropped).toBe(2);
    }
  });

  test('a start after a start without an end drops the picture', () => {
    const [start] = fragments(P(2, true, 100), 20) as [Buffer];
    expect(unpack([IDR(1)], [start, P(3, false)], [P(4)]).seen).toEqual([[IDR(1)]]);
  });

  test('an aggregate that is cut off drops the picture, for what was cut off may be a slice', () => {
    const cut = aggregate(P(2), P(3, false)).subarray(0, -4);
    const { seen, ignored } = unpack([IDR(1)], [cut], [P(4)], [IDR(5)]);
    expect(seen).toEqual([[IDR(1)], [IDR(5)]]);
    expect(ignored).toBe(1);
  });

  test('zeros behind an aggregate are padding', () => {
    const padded = Buffer.concat([aggregate(P(2)), Buffer.alloc(6)]);
    expect(unpack([IDR(1)], [padded]).seen).toEqual([[IDR(1)], [P(2)]]);
  });

  test.each([0, 25, 26, 27, 29, 30, 31])(
    'packets of type %i are passed over and counted',
    (type) => {
      const { seen, ignored } = unpack([IDR(1)], [Buffer.from([0x60 | type, 0x80, 0, 0]), P(2)]);
      expect(seen).toEqual([[IDR(1)], [P(2)]]);
      expect(ignored).toBe(1);
    },
  );

  test('payloads of no or one byte are passed over and counted', () => {
    const { seen, ignored } = unpack([IDR(1), Buffer.alloc(0), Buffer.from([0x7c])]);
    expect(seen).toEqual([[IDR(1)]]);
    expect(ignored).toBe(2);
  });
});
