import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BitsExhausted } from '#ingest/bitstream/bit-reader.ts';
import { InvalidParameterSet } from '#ingest/bitstream/invalid-parameter-set.ts';
import { parseSps, parsePps } from '#ingest/h264/sps.ts';
import { H264Payload } from '#ingest/rtp/h264.ts';
import { RtpReceiver } from '#ingest/rtp/receiver.ts';
import { Timeline } from '#ingest/rtp/timeline.ts';
import { WallClock } from '#ingest/rtp/wall-clock.ts';
import { RtspClient } from '#ingest/rtsp/client.ts';
import { InterleavedPath } from '#ingest/rtsp/interleaved-path.ts';
import { authorization, chooseChallenge } from '#ingest/rtsp/digest.ts';
import { InterleavedReader, NotRtsp } from '#ingest/rtsp/interleaved.ts';
import { contentLength, MalformedReply, parseReply } from '#ingest/rtsp/message.ts';
import { MalformedDescription, parameterSets, parseSdp } from '#ingest/rtsp/sdp.ts';
import { goLiterals } from '../fuzz/corpus.ts';
import { captures } from './captures.ts';
import { AUD, FILLER, IDR, LARGE_PPS, LARGE_SPS, P, PPS, SEI, SPS } from './h264/nal-units.ts';
import { recordRun } from './recorded-run.ts';

/** FUZZ_RUNS makes it as long as wanted. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 100);
const TIMEOUT_MS = 30_000 + numRuns * 50;

const CODED = [
  BitsExhausted,
  InvalidParameterSet,
  MalformedDescription,
  MalformedReply,
  NotRtsp,
] as const;

/** Runs it; an error that is not one of ingest's own goes on. */
function own(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!CODED.some((kind) => error instanceof kind)) throw error;
  }
}

function readAll(bytes: Buffer, cuts: readonly number[]): { frames: number; messages: number } {
  const seen = { frames: 0, messages: 0 };
  const reader = new InterleavedReader({
    frame: (_channel, from, start, end) => {
      expect(start).toBeLessThanOrEqual(end);
      expect(end).toBeLessThanOrEqual(from.length);
      seen.frames++;
    },
    message: (head) => {
      seen.messages++;
      own(() => void parseReply(head));
    },
  });
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    const end = Math.min(bytes.length, at + cut);
    reader.feed(bytes, at, end);
    at = end;
  }
  reader.feed(bytes, at, bytes.length);
  return seen;
}

function receiver(run: ReturnType<typeof recordRun>) {
  const payload = new H264Payload(run.units);
  return new RtpReceiver({
    payloadType: 96,
    clockRate: 90_000,
    payload,
    units: run.units,
    timeline: new Timeline(90_000),
    clock: new WallClock(),
  });
}

/** What came out can be shown in order, and all memory was given back. */
function expectSound(run: ReturnType<typeof recordRun>): void {
  run.segmenter.end();
  expect(run.leases()).toBe(0);
  for (const part of run.parts) {
    expect(part.durationTicks).toBeGreaterThan(0);
    if (part.startsSegment && part.discontinuity) expect(part.independent).toBe(true);
  }
  for (const { nalUnits } of run.pictures) expect(nalUnits.length).toBeGreaterThan(0);
}

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array));
const header = fc.constantFrom(
  'CSeq: 1',
  'Content-Length: 5',
  'Content-Length: -1',
  ' folded',
  ':',
  'x',
);
const pieces = fc.oneof(
  bytes(60),
  fc.tuple(fc.nat(40), bytes(300)).map(([channel, payload]) => {
    const head = Buffer.from([0x24, channel, payload.length >> 8, payload.length & 255]);
    return Buffer.concat([head, payload]);
  }),
  fc
    .array(header, { maxLength: 5 })
    .map((lines) => Buffer.from(['RTSP/1.0 200 OK', ...lines, '', ''].join('\r\n'))),
  fc.constantFrom('$', 'R', 'RTSP', 'RTSP/1.0 ', '\r\n\r\n').map((text) => Buffer.from(text)),
);

describe('any bytes', { timeout: TIMEOUT_MS }, () => {
  test('on a connection give frames, replies or a coded error, the same wherever they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 40 }),
        (parts, cuts) => {
          const stream = Buffer.concat(parts);
          let whole: ReturnType<typeof readAll> | undefined;
          own(() => (whole = readAll(stream, [])));
          if (whole !== undefined) expect(readAll(stream, cuts)).toEqual(whole);
          else own(() => void readAll(stream, cuts));
        },
      ),
      { numRuns },
    );
  });

  test('as a reply, a description, a challenge', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .array(
          fc.constantFrom(
            'm=video 0 RTP/AVP 96',
            'm=',
            'a=rtpmap:96 H264/90000',
            'a=fmtp:96 sprop-parameter-sets=AAAB,,=;x',
            'a=control:',
            'Digest realm="',
            'nonce=1,',
            'Basic ',
            '\r\n',
            '\\',
            '"',
            ',',
          ),
          { maxLength: 30 },
        )
        .map((words) => words.join('\n')),
    );
    fc.assert(
      fc.property(text, (value) => {
        own(() => void parseReply(value));
        own(() => void contentLength(value));
        own(() => {
          for (const media of parseSdp(value, 'rtsp://c/').media) parameterSets(media);
        });
        const challenge = chooseChallenge([value, `Digest nonce="${value}`]);
        if (challenge !== undefined) {
          const answer = authorization(
            challenge,
            { username: value, password: value },
            'X',
            'u',
            1,
          );
          expect(answer).not.toMatch(/[\r\n\0]/);
        }
      }),
      { numRuns },
    );
  });

  test('as an answer to any request end in a coded error or a failure told, never in endless requests', () => {
    const status = fc.constantFrom('200 OK', '401 No', '404 No', '100 Wait', '461 No', '');
    const headers = fc.array(
      fc.constantFrom(
        'WWW-Authenticate: Digest realm="r", nonce="1"',
        'WWW-Authenticate: Digest realm="\0", nonce="2", stale=true',
        'WWW-Authenticate: Basic',
        'Session: ;timeout=0',
        'Session: a\0b',
        'Transport: interleaved=999',
        'Transport: interleaved=2-3',
        'Content-Base: rtsp://x\0y',
        'Public: GET_PARAMETER',
      ),
      { maxLength: 3 },
    );
    const body = fc.constantFrom('', 'm=video 0 RTP/AVP 96', 'm=video\na=control:a\0b');
    fc.assert(
      fc.property(fc.array(fc.tuple(status, headers, body), { maxLength: 100 }), (answers) => {
        let requests = 0;
        let failures = 0;
        const path = new InterleavedPath();
        const client = new RtspClient({
          url: 'rtsp://c/',
          credentials: { username: 'u', password: 'p' },
          chooseTracks: (description) => description.media.slice(0, 2),
          path,
          events: {
            send: () => requests++,
            setUp: () => expect(path.highestChannel).toBeLessThan(256),
            playing: () => {},
            redirected: () => failures++,
            failed: () => failures++,
          },
        });
        client.start(0);
        for (const [line, more, sdp] of answers) {
          if (failures > 0) break;
          const head = [`RTSP/1.0 ${line}`, ...more].join('\r\n');
          own(() => client.message(head, Buffer.from(sdp), 0));
        }
        expect(requests).toBeLessThan(60);
      }),
      { numRuns },
    );
  });

  test('as parameter sets', () => {
    const near = fc
      .tuple(fc.constantFrom(SPS, LARGE_SPS), fc.nat(40), fc.nat(255))
      .map(([sps, at, value]) => {
        const copy = Buffer.from(sps);
        copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(bytes(200), near), (nal) => {
        own(() => {
          const { width, height } = parseSps(nal);
          expect(width).toBeGreaterThan(0);
          expect(height).toBeLessThanOrEqual(16_880);
        });
        own(() => void parsePps(nal));
      }),
      { numRuns: numRuns * 10 },
    );
  });

  test('as RTP packets', () => {
    const payload = fc.oneof(
      bytes(100),
      fc.constantFrom(SPS, PPS, LARGE_SPS, LARGE_PPS, SEI, AUD, FILLER, IDR(1), P(2), P(3, false)),
      fc.constantFrom(IDR(1, true, 70_000), P(2, true, 66_000)),
      fc
        .tuple(fc.constantFrom(0x80, 0x40, 0, 0xc0), fc.constantFrom(1, 5, 6, 7, 8, 9), bytes(50))
        .map(([flags, type, rest]) =>
          Buffer.concat([Buffer.from([0x7c, flags | type, 0x88]), rest]),
        ),
      bytes(60).map((rest) => Buffer.concat([Buffer.from([0x78, 0, 2]), rest])),
    );
    const packet = fc.tuple(
      payload,
      fc.constantFrom(1, 1, 1, 1, 1, 0, 2, 65_535, 300),
      fc.constantFrom(0, 0, 3600, 3600, -3600, 10_000_000, 2 ** 31),
      fc.constantFrom(0x80, 0x80, 0x80, 0x80, 0xa0, 0x90, 0x83),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
        const run = recordRun(8 * 1024 * 1024);
        for (const set of [SPS, PPS]) run.units.parameterSet(set);
        const receiving = receiver(run);
        let sequence = 65_530;
        let timestamp = 2 ** 32 - 5000;
        for (const [content, step, ticks, first, marker] of packets) {
          sequence = (sequence + step) & 0xffff;
          timestamp = (timestamp + ticks) >>> 0;
          const head = Buffer.alloc(12);
          head[0] = first;
          head[1] = 96 | (marker ? 0x80 : 0);
          head.writeUInt16BE(sequence, 2);
          head.writeUInt32BE(timestamp, 4);
          const whole = Buffer.concat([head, content]);
          receiving.receive(whole, 0, whole.length);
        }
        receiving.finish();
        expectSound(run);
        expect(run.pictures.length).toBeLessThanOrEqual(packets.length);
      }),
      { numRuns },
    );
  });
});

/** So long that a parser which goes over them more than a few times is not done before the test's timeout. */
describe('lines made to be slow to read', () => {
  const LONG = 1_000_000;
  test.each([
    ['a parameter without end', `Digest ${'a'.repeat(LONG)}`],
    ['spaces', `Digest a${' '.repeat(LONG)}`],
    ['commas', `Digest ${', '.repeat(LONG / 2)}`],
    ['an open quoted string', `Digest a="${'\\"'.repeat(LONG / 2)}`],
    ['many open quoted strings', `Digest ${'a="\\'.repeat(LONG / 4)}`],
    ['commas and spaces', `Digest a=b${`,${' '.repeat(100)}`.repeat(LONG / 101)}`],
  ])('a challenge of %s is none', (_, value) => {
    expect(chooseChallenge([value])).toBeUndefined();
  });

  test.each([
    ['colons', ':'.repeat(LONG)],
    ['Content-Length without a colon', 'content-length '.repeat(LONG / 15)],
    ['Content-Length and spaces', `Content-Length${' '.repeat(LONG)}`],
    ['folded lines', '\r\n a'.repeat(LONG / 4)],
  ])('a reply of %s has no header', (_, value) => {
    const head = `RTSP/1.0 200 OK\r\n${value}`;
    expect(parseReply(head).headers.size).toBe(0);
    expect(contentLength(head)).toBe(0);
  });

  test.each([
    ['digits', 1, `a=rtpmap:${'9'.repeat(LONG)}`],
    ['spaces', 1, `a=fmtp:96${' '.repeat(LONG)}`],
    ['semicolons', 1, `a=fmtp:96 ${';'.repeat(LONG)}`],
    ['commas', 1, `a=fmtp:96 sprop-parameter-sets=${'AAA,'.repeat(LONG / 4)}`],
    ['line ends', 1, '\r\n'.repeat(LONG / 2)],
    ['many tracks', 32, 'm=video 0 RTP/AVP 96\na=x\n'.repeat(LONG / 25)],
  ])('a description of %s has %i tracks without parameter sets', (_, tracks, value) => {
    const { media } = parseSdp(`m=video 0 RTP/AVP 96\n${value}`, 'rtsp://c/');
    expect(media).toHaveLength(tracks);
    expect(media.flatMap(parameterSets)).toEqual([]);
  });
});

describe('what others found by fuzzing', { timeout: TIMEOUT_MS }, () => {
  test.for([
    ['fuzz/gortsplib', 139],
    ['fuzz/mediacommon', 108],
  ] as const)('%s', ([folder, least], context) => {
    const files = captures(context, folder);
    for (const { path, bytes } of files) {
      for (const input of goLiterals(bytes.toString('latin1'))) {
        try {
          feed(path, input);
        } catch (error) {
          throw new Error(`${path}: ${String(error)}`, { cause: error });
        }
      }
    }
    expect(files.length).toBeGreaterThanOrEqual(least);
  });
});

/** Every parser may be given every input: a file is named after the parser it once broke, and others read the same. */
function feed(path: string, input: Buffer): void {
  const text = input.toString('utf8');
  own(() => void readAll(input, [1, 1, 3]));
  own(() => void parseReply(text));
  own(() => void contentLength(text));
  own(() => {
    for (const media of parseSdp(text, 'rtsp://c/').media) parameterSets(media);
  });
  const challenge = chooseChallenge([text, `Digest ${text}`, `Basic ${text}`]);
  if (challenge !== undefined)
    authorization(challenge, { username: 'u', password: 'p' }, 'A', 'b', 1);
  const head = Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n');
  own(() => void readAll(Buffer.concat([head, input, head]), []));
  for (const header of ['Transport', 'Session', 'WWW-Authenticate', 'RTP-Info', 'Range']) {
    own(() => void parseReply(`RTSP/1.0 200 OK\r\n${header}: ${text}`));
  }
  own(() => void parseSps(input));
  own(() => void parsePps(input));
  const run = recordRun(8 * 1024 * 1024);
  for (const set of [SPS, PPS, input]) run.units.parameterSet(set);
  const receiving = receiver(run);
  const units = path.includes('h264') ? splitAnnexB(input) : [input];
  for (const [i, unit] of [IDR(1), ...units, P(2), input, IDR(3)].entries()) {
    const rtp = Buffer.alloc(12);
    rtp.writeUInt16BE(0x80e0, 0);
    rtp.writeUInt16BE(i, 2);
    rtp.writeUInt32BE(i * 3600, 4);
    const packet = Buffer.concat([rtp, unit]);
    receiving.receive(packet, 0, packet.length);
    receiving.receive(unit, 0, unit.length);
  }
  receiving.finish();
  expectSound(run);
}

function splitAnnexB(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split('\0\0\u0001')
    .filter((unit) => unit !== '')
    .map((unit) => Buffer.from(unit, 'latin1'));
}
