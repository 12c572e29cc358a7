import { RtspClient } from '#ingest/rtsp/client.ts';
import { authorization, chooseChallenge } from '#ingest/rtsp/digest.ts';
import { InterleavedPath } from '#ingest/rtsp/interleaved-path.ts';
import { InterleavedReader, NotRtsp } from '#ingest/rtsp/interleaved.ts';
import { contentLength, MalformedReply, parseReply } from '#ingest/rtsp/message.ts';
import { redirectTarget } from '#ingest/rtsp/redirect.ts';
import { MalformedDescription, parameterSets, parseSdp } from '#ingest/rtsp/sdp.ts';
import { accepts, mustHold, type FuzzTarget } from '../target.ts';

const REPLIES = [
  'RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER\r\n\r\n',
  'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="IP Camera", nonce="88f0", qop="auth", stale=FALSE\r\n\r\n',
  'RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 1234567;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=4F2A\r\n\r\n',
  'RTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Type: application/sdp\r\nContent-Base: rtsp://c/\r\nContent-Length: 21\r\n\r\nm=video 0 RTP/AVP 96\n',
];
const DESCRIPTIONS = [
  'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\na=control:trackID=1\r\n',
  'm=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\na=fmtp:98 sprop-vps=QAEMAf//;sprop-sps=QgEB;sprop-pps=RAHA\nm=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/16000/1\na=fmtp:97 config=1408;sizelength=13;indexlength=3;indexdeltalength=3\n',
];

/** The conversation: messages, session descriptions, challenges, frames between them. */
export function rtspTargets(): FuzzTarget[] {
  const replies = REPLIES.map((text) => Buffer.from(text));
  const descriptions = DESCRIPTIONS.map((text) => Buffer.from(text));
  return [
    {
      name: 'rtsp-reply',
      seeds: replies,
      run: (input) =>
        accepts(() => {
          const text = input.toString('latin1');
          contentLength(text);
          parseReply(text);
        }, MalformedReply),
    },
    {
      name: 'rtsp-connection',
      seeds: [
        ...replies.map((reply) => Buffer.concat([reply, frame(0, 40), reply, frame(1, 3)])),
        Buffer.concat([frame(0, 20), frame(1, 0), Buffer.from('noise'), frame(0, 9)]),
      ],
      run: readFrames,
    },
    {
      name: 'sdp',
      seeds: descriptions,
      run: (input) =>
        accepts(() => {
          const { media } = parseSdp(input.toString('latin1'), 'rtsp://c/');
          mustHold(media.length > 0, 'a description has a track');
          for (const track of media) {
            for (const set of parameterSets(track)) mustHold(set.length > 1, 'a set has a header');
          }
        }, MalformedDescription),
    },
    {
      name: 'challenge',
      seeds: [
        'Digest realm="a", nonce="b", qop="auth,auth-int", algorithm=SHA-256, opaque="c"',
        'Basic realm="x", Digest realm="y", nonce="z", stale=true',
        'Digest nonce=unquoted, realm=',
      ].map((text) => Buffer.from(text)),
      run: (input) => {
        const challenge = chooseChallenge([input.toString('latin1')]);
        if (challenge === undefined) return false;
        const credentials = { username: 'u', password: 'p' };
        const answer = authorization(challenge, credentials, 'DESCRIBE', 'rtsp://c/', 1);
        mustHold(!/[\r\n\0]/.test(answer), 'an answer is one line');
        return true;
      },
    },
    { name: 'rtsp-conversation', seeds: replies, run: converse },
  ];
}

function frame(channel: number, bytes: number): Buffer {
  const head = Buffer.from([0x24, channel, bytes >> 8, bytes & 255]);
  return Buffer.concat([head, Buffer.alloc(bytes, 0x80)]);
}

/** The same frames and messages, wherever reads cut the bytes. */
function readFrames(input: Buffer): boolean {
  const whole = seen(input, input.length);
  const cut = seen(input, 7);
  if (whole !== undefined && cut !== undefined) mustHold(whole === cut, 'cuts change nothing');
  return whole !== undefined && whole !== '';
}

function seen(input: Buffer, step: number): string | undefined {
  const found: string[] = [];
  const reader = new InterleavedReader({
    frame: (channel, from, start, end) => {
      mustHold(start <= end && end <= from.length, 'a frame lies in its buffer');
      found.push(`${channel}:${end - start}`);
    },
    message: (head, body) => found.push(`${head.length}+${body.length}`),
  });
  const lawful = accepts(
    () => {
      for (let at = 0; at < input.length; at += step) {
        reader.feed(input, at, Math.min(input.length, at + step));
      }
    },
    NotRtsp,
    MalformedReply,
  );
  return lawful ? found.join(' ') : undefined;
}

/** Whatever is answered, the requests come to an end. */
function converse(input: Buffer): boolean {
  let requests = 0;
  let failures = 0;
  let playing = false;
  const path = new InterleavedPath();
  const client = new RtspClient({
    url: 'rtsp://c/',
    credentials: { username: 'u', password: 'p' },
    chooseTracks: (description) => description.media.slice(0, 2),
    path,
    events: {
      send: (request) => {
        requests++;
        mustHold(!request.includes('\0'), 'no request carries a zero byte');
      },
      setUp: () => mustHold(path.highestChannel < 256, 'a channel is one byte'),
      playing: () => (playing = true),
      redirected: (location) => {
        failures++;
        const target = redirectTarget('rtsps://c/', location);
        mustHold(target === undefined || /^rtsps:/i.test(target.url), 'TLS stays TLS');
      },
      failed: () => failures++,
    },
  });
  client.start(0);
  const lawful = accepts(
    () => {
      for (let i = 0; i < 60; i++) {
        if (failures > 0) return;
        const text = input.toString('latin1').replace(/CSeq: \d+/i, `CSeq: ${i + 1}`);
        const [head = '', body = ''] = text.split('\r\n\r\n', 2);
        client.message(head, Buffer.from(body), i);
      }
    },
    MalformedReply,
    MalformedDescription,
  );
  mustHold(requests < 60, 'requests come to an end');
  return lawful && (playing || requests > 1);
}
