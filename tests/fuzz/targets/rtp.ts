import {
  FRAME_SAMPLES,
  readAudioConfig,
  readLatmConfig,
  SoundNotCarried,
} from '#ingest/aac/audio-config.ts';
import { BitsExhausted } from '#ingest/bitstream/bit-reader.ts';
import { AacPayload, type AacFraming } from '#ingest/rtp/aac.ts';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import type { AccessUnits } from '#ingest/bitstream/access-units.ts';
import type { VideoFormat } from '#ingest/bitstream/video-format.ts';
import { H264Format } from '#ingest/h264/format.ts';
import { H265Format } from '#ingest/h265/format.ts';
import { H264Payload } from '#ingest/rtp/h264.ts';
import { H265Payload } from '#ingest/rtp/h265.ts';
import { RtpReceiver, type PayloadReader } from '#ingest/rtp/receiver.ts';
import { Timeline } from '#ingest/rtp/timeline.ts';
import { WallClock } from '#ingest/rtp/wall-clock.ts';
import { AUD, IDR, P, PPS, SEI, SPS } from '../../ingest/h264/nal-units.ts';
import { recordRunIn, type RecordedRun } from '../../ingest/recorded-run.ts';
import * as h265 from '../../ingest/h265/nal-units.ts';
import { accepts, mustHold, type FuzzTarget } from '../target.ts';

/** Between two parts of one timeline: less than a picture. */
const MAX_HOLE_TICKS = 30_000;

interface Codec {
  format: () => VideoFormat;
  payload: (units: AccessUnits) => PayloadReader;
}

const H264: Codec = {
  format: () => new H264Format(),
  payload: (units) => new H264Payload(units),
};
const H265: Codec = {
  format: () => new H265Format(),
  payload: (units) => new H265Payload(units, { decodingOrderNumbers: false }),
};
const H265_WITH_ORDER: Codec = {
  ...H265,
  payload: (units) => new H265Payload(units, { decodingOrderNumbers: true }),
};
const H265_SETS = [h265.VPS, h265.SPS, h265.PPS];
const H265_PICTURES = [
  h265.segment(h265.CRA, 0, 1, { bytes: 60 }),
  h265.segment(h265.TRAIL_R, 4, 2),
  h265.segment(h265.TRAIL_N, 2, 3),
  h265.segment(h265.CRA, 16, 4),
  h265.segment(h265.RASL_N, 12, 5),
  h265.segment(h265.IDR_N_LP, 0, 6),
];
/** Interlaced, by x264: fields or frames, as mutations will have it. */
const INTERLACED_SETS = ['67f40015919c8226c044000003000400000300c87c50a920', '68fb83c44844'].map(
  (hex) => Buffer.from(hex, 'hex'),
);

/** Media memory of all inputs, one after the other: each gives back what it took. */
const POOL_BYTES = 8 * 1024 * 1024;
const pool = new ChunkPool({ maxBytes: POOL_BYTES, onSlab: () => {} });

/** Packets, and what codecs make of their payloads, down to the parts that come out. */
export function rtpTargets(): FuzzTarget[] {
  return [
    { name: 'rtp-h264', seeds: packetSeeds(), run: (input) => receive(input, H264) },
    {
      name: 'h264-payload',
      seeds: [SPS, PPS, SEI, AUD, IDR(1), P(2), stapA(SPS, PPS, IDR(1)), ...fuA(IDR(3, true, 60))],
      run: (input) => receive(packets([SPS, PPS, IDR(1), input, P(2), input, IDR(3)]), H264),
    },
    {
      name: 'h264-fields',
      seeds: [packets([...INTERLACED_SETS, IDR(1), P(2), P(3), P(4), IDR(5)])],
      run: (input) => receive(input, H264),
    },
    {
      name: 'aac-config',
      seeds: ['1408', '400028103fc0', '2b11880000', '1190'].map((hex) => Buffer.from(hex)),
      run: (input) => {
        const hex = input.toString('latin1');
        const read = [readAudioConfig, readLatmConfig].map((parse) =>
          accepts(() => void parse(hex), SoundNotCarried, BitsExhausted),
        );
        return read.includes(true);
      },
    },
    {
      name: 'aac-payload',
      seeds: [
        Buffer.from('0010002001020304', 'hex'),
        Buffer.from('0020002000200102030401020304', 'hex'),
        Buffer.from('0401020304', 'hex'),
      ],
      run: (input) => {
        const lengths = { size: 13, index: 3, indexDelta: 3 };
        const read = [
          takesFrames(input, { kind: 'generic', lengths }),
          takesFrames(input, { kind: 'latm' }),
        ];
        return read.includes(true);
      },
    },
    {
      name: 'rtp-h265',
      seeds: [
        packets([...H265_SETS, ...H265_PICTURES]),
        packets([...H265_SETS, ...H265_PICTURES.flatMap(inFragments)]),
      ],
      run: (input) => receive(input, H265),
    },
    {
      name: 'h265-payload',
      seeds: [...H265_SETS, ...H265_PICTURES, ...H265_PICTURES.flatMap(inFragments)],
      run: (input) => {
        const stream = packets([...H265_SETS, ...H265_PICTURES, input, input]);
        receive(stream, H265_WITH_ORDER);
        return receive(stream, H265);
      },
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

function receive(stream: Buffer, codec: Codec): boolean {
  const run = recordRunIn(pool, codec.format());
  const receiver = new RtpReceiver({
    payloadType: 96,
    clockRate: 90_000,
    payload: codec.payload(run.units),
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
  let startTicks = -1;
  let endTicks = 0;
  for (const part of run.parts) {
    mustHold(part.durationTicks > 0, 'a part lasts');
    // How long the last picture before a break stands is a guess.
    mustHold(part.decodeTicks > startTicks, 'decode times never go back');
    startTicks = part.decodeTicks;
    // A picture that came late breaks the timeline; its decoder goes on all the same.
    const paused = part.decodeTicks - endTicks > MAX_HOLE_TICKS;
    if (part.startsSegment && part.discontinuity && !paused) {
      mustHold(part.independent, 'what follows a loss begins whole');
    }
    endTicks = part.decodeTicks + part.durationTicks;
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

/** Fragmentation units, RFC 7798 §4.4.3. */
function inFragments(nal: Buffer): Buffer[] {
  const type = ((nal[0] as number) >> 1) & 0x3f;
  const half = Math.ceil((nal.length - 2) / 2);
  return [0, 1].map((i) =>
    Buffer.concat([
      Buffer.of(49 << 1, nal[1] as number, (i === 0 ? 0x80 : 0x40) | type),
      nal.subarray(2 + i * half, 2 + (i + 1) * half),
    ]),
  );
}

/** The input as three packets of a timestamp and one of the next. */
function takesFrames(input: Buffer, framing: AacFraming): boolean {
  let frames = 0;
  const payload = new AacPayload({
    framing,
    frameTicks: FRAME_SAMPLES,
    frame: (bytes, start, end) => {
      frames++;
      mustHold(start < end && end <= bytes.length, 'a frame lies in its buffer');
    },
  });
  payload.begin(0);
  for (let i = 0; i < 3; i++) payload.receive(input, 0, input.length);
  payload.lost(true);
  payload.receive(input, 0, input.length);
  payload.end();
  payload.begin(FRAME_SAMPLES);
  payload.receive(input, 0, input.length);
  payload.close();
  mustHold(frames <= 5 * 32, 'frames of a packet are bounded');
  return frames > 0;
}
