/**
 * Every reply, description and packet that other projects have collected, and what becomes of it: what stands in
 * corpora.md, file by file. A file without a line fails, and so does a line without a file.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ReorderWindow } from '#ingest/rtp/reorder.ts';
import { ReceptionStatistics } from '#ingest/rtp/rtcp.ts';
import { chooseTracks } from '#ingest/rtsp/choose-tracks.ts';
import { RtspClient } from '#ingest/rtsp/client.ts';
import { InterleavedPath } from '#ingest/rtsp/interleaved-path.ts';
import { InterleavedReader, NotRtsp } from '#ingest/rtsp/interleaved.ts';
import { header, MalformedReply, parseReply } from '#ingest/rtsp/message.ts';
import { MalformedDescription, parseSdp } from '#ingest/rtsp/sdp.ts';
import { captures } from '../captures.ts';
import { readCapture } from '../pcap.ts';

const TABLE = new URL('corpora.md', import.meta.url);
const BASE = 'rtsp://camera/stream';

/** What becomes of it, in the table's words. */
function outcomeOf(path: string, bytes: Buffer): string {
  try {
    if (path.endsWith('.pcap') || path.endsWith('.pcapng')) return ofCapture(bytes);
    if (path.endsWith('.rtsp')) return ofFrames(bytes);
    const text = bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (text.startsWith('RTSP/')) return ofReply(text.slice(0, end), text.slice(end + 4));
    if (/^[A-Z]+ \S+ RTSP\//.test(text)) return ofFrames(bytes);
    return ofDescription(text, BASE);
  } catch (error) {
    if (error instanceof MalformedDescription) return `refused: ${error.message}`;
    throw error;
  }
}

function ofDescription(text: string, base: string): string {
  const tracks = chooseTracks(parseSdp(text, base));
  if ('reason' in tracks) return `refused: ${tracks.reason}, ${tracks.detail}`;
  return tracks
    .map(
      ({ encoding, payloadType, control }) =>
        `plays ${encoding} of type ${payloadType} at ${control}`,
    )
    .join('; ');
}

function ofReply(head: string, body: string): string {
  const reply = parseReply(head);
  if (body.trim() !== '') return ofDescription(body, header(reply, 'content-base') ?? BASE);
  const transport = header(reply, 'transport');
  if (transport !== undefined) {
    const path = new InterleavedPath();
    const failure = path.agree(0, transport);
    if (failure !== undefined) return `refused: ${failure.reason}`;
    return `set up on channels ${path.rtpChannels[0]} and ${path.rtcpChannels[0]}`;
  }
  return `${reply.status} ${reply.reason}`;
}

/** What comes on a connection: counted by kind. */
function ofFrames(bytes: Buffer): string {
  const frames = new Map<number, number>();
  let replies = 0;
  const reader = new InterleavedReader({
    frame: (channel) => frames.set(channel, (frames.get(channel) ?? 0) + 1),
    message: () => replies++,
  });
  reader.highestChannel = 3;
  try {
    reader.feed(bytes, 0, bytes.length);
  } catch (error) {
    if (error instanceof NotRtsp || error instanceof MalformedReply) {
      return `refused: ${error.message}`;
    }
    throw error;
  }
  const counted = [...frames].map(([channel, count]) => `${count} frames on channel ${channel}`);
  if (replies > 0) counted.push(`${replies} replies`);
  return counted.length === 0 ? 'passed over: a request, not a reply' : counted.join(', ');
}

/** A conversation is answered as its server answered; packets are put through the window. */
function ofCapture(bytes: Buffer): string {
  const segments = readCapture(bytes);
  const rtp = segments.filter(
    ({ protocol, payload }) =>
      protocol === 'udp' && payload.length >= 12 && (payload[0] ?? 0) >> 6 === 2,
  );
  if (rtp.length > 0) {
    let delivered = 0;
    const window = new ReorderWindow(() => delivered++);
    const statistics = new ReceptionStatistics(8000);
    for (const { payload } of rtp) {
      window.push(payload, 0);
      statistics.packet(payload, 0);
    }
    window.flush();
    return `${delivered} of ${rtp.length} datagrams in order, ${statistics.lost} lost`;
  }
  const fromServer = segments.filter(({ payload }) => payload.toString('latin1', 0, 5) === 'RTSP/');
  const server = fromServer[0]?.from;
  if (server === undefined) {
    const sent = segments.map(({ payload }) => payload.toString('latin1').split(' ')[0]);
    return `no reply in it: ${sent.join(', ')}`;
  }
  return converse(
    Buffer.concat(segments.filter(({ from }) => from === server).map(({ payload }) => payload)),
  );
}

function converse(answers: Buffer): string {
  const sent: string[] = [];
  const failures: string[] = [];
  let playing = false;
  const client = new RtspClient({
    url: BASE,
    credentials: undefined,
    chooseTracks,
    path: new InterleavedPath(),
    events: {
      send: (request) => sent.push(request.split(' ')[0] ?? ''),
      setUp: () => {},
      playing: () => (playing = true),
      redirected: () => failures.push('redirected'),
      failed: ({ reason, detail }) => failures.push(`${reason}, ${detail}`),
    },
  });
  client.start(0);
  // The conversation begins with DESCRIBE.
  client.message('RTSP/1.0 501 Not Implemented\r\nCSeq: 1', Buffer.alloc(0), 0);
  const reader = new InterleavedReader({
    frame: () => {},
    message: (head, body) => {
      const number = String(sent.length);
      client.message(head.replace(/^CSeq:.*$/im, `CSeq: ${number}`), body, 0);
    },
  });
  reader.feed(answers, 0, answers.length);
  const end =
    failures[0] === undefined ? (playing ? 'plays' : 'goes on') : `refused: ${failures[0]}`;
  return `asks ${sent.join(', ')}; ${end}`;
}

function table(): Map<string, string> {
  const rows = readFileSync(TABLE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((row) => {
      const [path = '', outcome = ''] = row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return [path.replaceAll('`', ''), outcome];
    }),
  );
}

describe('every file of the collections', () => {
  test.for(['rtsp', 'rtp'])('%s: each is what its table says', (folder, context) => {
    const seen = captures(context, folder).map(({ path, bytes }): [string, string] => [
      path,
      outcomeOf(path, bytes),
    ]);
    const expected = [...table()].filter(([path]) => path.startsWith(`${folder}/`));
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected));
  });
});
