import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { H264Payload } from '#ingest/rtp/h264.ts';
import { RtpReceiver } from '#ingest/rtp/receiver.ts';
import { Timeline } from '#ingest/rtp/timeline.ts';
import { WallClock } from '#ingest/rtp/wall-clock.ts';
import { AUD, IDR, P, PPS, SEI, SPS } from '../../ingest/h264/nal-units.ts';
import { recordRunIn, type RecordedRun } from '../../ingest/recorded-run.ts';
import { mustHold, type FuzzTarget } from '../target.ts';

/** Media memory of all inputs, one after the other: each gives back what it took. */
const POOL_BYTES = 8 * 1024 * 1024;
const pool = new ChunkPool({ maxBytes: POOL_BYTES, onSlab: () => {} });

/** Packets, and what codecs make of their payloads, down to the parts that come out. */
export function rtpTargets(): FuzzTarget[] {
  return [
    { name: 'rtp-h264', seeds: packetSeeds(), run: (input) => receive(input) },
    {
      name: 'h264-payload',
      seeds: [SPS, PPS, SEI, AUD, IDR(1), P(2), stapA(SPS, PPS, IDR(1)), ...fuA(IDR(3, true, 60))],
      run: (input) => receive(packets([SPS, PPS, IDR(1), input, P(2), input, IDR(3)])),
    },
  ];
}

/** A stream of packets: two bytes of length, then the packet, and so on. */
function packets(payloads: readonly Buffer[]): Buffer {
  return Buffer.concat(
    payloads.flatMap((payload, i) => {
      const head = Buffer.alloc(14);
      head.writeUInt16BE((12 + payload.length) & 0xffff, 0);
      head.writeUInt16BE(0x80e0, 2);
      head.writeUInt16BE(i, 4);
      head.writeUInt32BE(i * 3600, 6);
      return [head, payload];
    }),
  );
}

function receive(stream: Buffer): boolean {
  const run = recordRunIn(pool);
  const receiver = new RtpReceiver({
    payloadType: 96,
    clockRate: 90_000,
    payload: new H264Payload(run.units),
    units: run.units,
    timeline: new Timeline(90_000),
    clock: new WallClock(),
  });
  let at = 0;
  while (at + 2 <= stream.length) {
    const end = Math.min(stream.length, at + 2 + stream.readUInt16BE(at));
    receiver.receive(stream, at + 2, end);
    at = end;
  }
  receiver.finish();
  return isSound(run);
}

/** What came out can be shown in order, and all memory was given back. */
function isSound(run: RecordedRun): boolean {
  run.segmenter.end();
  mustHold(run.leases() === 0, 'memory is given back');
  for (const part of run.parts) {
    mustHold(part.durationTicks > 0, 'a part lasts');
    if (part.startsSegment && part.discontinuity) mustHold(part.independent, 'a run begins whole');
  }
  for (const { nalUnits } of run.pictures) mustHold(nalUnits.length > 0, 'a picture has units');
  return run.pictures.length > 0;
}

function packetSeeds(): Buffer[] {
  return [
    packets([SPS, PPS, SEI, IDR(1), P(2), P(3), IDR(4), P(5)]),
    packets([stapA(SPS, PPS), ...fuA(IDR(1, true, 60)), P(2)]),
    packets([SPS, PPS, IDR(1), IDR(2, false), P(3), P(4, false)]),
  ];
}

function stapA(...nalUnits: readonly Buffer[]): Buffer {
  const sized = nalUnits.flatMap((nal) => [Buffer.from([nal.length >> 8, nal.length & 255]), nal]);
  return Buffer.concat([Buffer.from([0x78]), ...sized]);
}

function fuA(nal: Buffer): Buffer[] {
  const header = nal[0] as number;
  const third = Math.ceil((nal.length - 1) / 3);
  return [0, 1, 2].map((i) => {
    const flags = i === 0 ? 0x80 : i === 2 ? 0x40 : 0;
    const head = Buffer.from([(header & 0xe0) | 28, flags | (header & 0x1f)]);
    return Buffer.concat([head, nal.subarray(1 + i * third, 1 + (i + 1) * third)]);
  });
}
