import { describe, expect, test } from 'vitest';
import { RtspClient } from '#ingest/rtsp/client.ts';
import { InterleavedPath } from '#ingest/rtsp/interleaved-path.ts';
import { MalformedReply } from '#ingest/rtsp/message.ts';
import { MalformedDescription } from '#ingest/rtsp/sdp.ts';
import type { StreamFailure } from '#ingest/stream-failure.ts';
import { capture } from '../captures.ts';

const URL = 'rtsp://camera/stream';
const SDP = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n';
const CREDENTIALS = { username: 'admin', password: 'secret' };

interface Request {
  method: string;
  url: string;
  headers: Map<string, string>;
}

/** A client and the camera it speaks to: what the client sent, what it told, and how to answer it. */
function converse(
  options: {
    credentials?: typeof CREDENTIALS;
    failTrack?: StreamFailure;
    tracks?: number;
    basicAllowed?: boolean;
  } = {},
) {
  const sent: Request[] = [];
  const failures: StreamFailure[] = [];
  const playing: { control: string; channel: number }[] = [];
  const channels: number[] = [];
  const setUp: string[] = [];
  const redirected: string[] = [];
  const path = new InterleavedPath();
  let nowMs = 1_000_000;
  const client = new RtspClient({
    url: URL,
    credentials: options.credentials,
    chooseTracks: (description) =>
      options.failTrack ?? description.media.slice(0, options.tracks ?? 1),
    path,
    basicAllowed: options.basicAllowed ?? true,
    events: {
      send: (text) => {
        const [line = '', ...rest] = text.trimEnd().split('\r\n');
        const [method = '', url = ''] = line.split(' ');
        const headers = rest.map((header): [string, string] => {
          const colon = header.indexOf(':');
          return [header.slice(0, colon).toLowerCase(), header.slice(colon + 2)];
        });
        sent.push({ method, url, headers: new Map(headers) });
      },
      setUp: (tracks) => {
        setUp.push(...tracks.map(({ control }) => control));
        channels.push(path.highestChannel);
      },
      playing: () => {
        playing.push({ control: setUp[0] ?? '', channel: path.rtpChannels[0] ?? -1 });
      },
      redirected: (url) => redirected.push(url),
      failed: (failure) => failures.push(failure),
    },
  });
  const last = (): Request => sent.at(-1) as Request;
  const answer = (status: number | string, headers: readonly string[] = [], body = ''): void => {
    const head = [`RTSP/1.0 ${status}`, `CSeq: ${last().headers.get('cseq')}`, ...headers];
    client.message(head.join('\r\n'), Buffer.from(body), nowMs);
  };
  return {
    client,
    sent,
    failures,
    playing,
    channels,
    redirected,
    path,
    last,
    answer,
    methods: () => sent.map(({ method }) => method),
    start: () => client.start(nowMs),
    later: (ms: number) => client.tick((nowMs += ms)),
    /** Answers in the camera's favour until PLAY, whose reply is the caller's. */
    setUp: (
      options: { public?: string; session?: string; transport?: string | undefined } = {},
    ): void => {
      client.start(nowMs);
      answer('200 OK', [`Public: ${options.public ?? 'DESCRIBE, SETUP, PLAY'}`]);
      answer('200 OK', ['Content-Type: application/sdp'], SDP);
      answer('200 OK', [
        `Session: ${options.session ?? '12345;timeout=60'}`,
        ...('transport' in options && options.transport === undefined
          ? []
          : [`Transport: ${options.transport ?? 'RTP/AVP/TCP;unicast;interleaved=0-1'}`]),
      ]);
    },
  };
}

const digest = (nonce: string, more = ''): string =>
  `WWW-Authenticate: Digest realm="c", nonce="${nonce}"${more}`;

describe('a camera that wants no password', () => {
  test('is asked in four steps, and its packets come on the channel agreed on', () => {
    const camera = converse();
    camera.setUp();
    expect(camera.last()).toMatchObject({ method: 'PLAY', url: URL });
    expect(camera.playing).toEqual([]);
    camera.answer('200 OK');
    expect(camera.methods()).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']);
    expect(camera.sent.map(({ headers }) => headers.get('cseq'))).toEqual(['1', '2', '3', '4']);
    expect(camera.sent[1]?.headers.get('accept')).toBe('application/sdp');
    expect(camera.sent[2]).toMatchObject({ url: `${URL}/track1` });
    expect(camera.sent[2]?.headers.get('transport')).toBe('RTP/AVP/TCP;unicast;interleaved=0-1');
    expect(camera.sent[3]?.headers.get('session')).toBe('12345');
    expect(camera.playing).toEqual([{ control: `${URL}/track1`, channel: 0 }]);
    expect(camera.failures).toEqual([]);
  });

  test('is never told a password that it did not ask for', () => {
    const camera = converse({ credentials: CREDENTIALS });
    camera.setUp();
    camera.answer('200 OK');
    expect(camera.sent.filter(({ headers }) => headers.has('authorization'))).toEqual([]);
  });

  test('may refuse OPTIONS', () => {
    const camera = converse();
    camera.start();
    camera.answer('501 Not Implemented');
    expect(camera.last().method).toBe('DESCRIBE');
  });

  test('may say 100 Continue first, answer what was not asked, and leave CSeq out', () => {
    const camera = converse();
    camera.start();
    camera.answer('100 Continue');
    camera.client.message('RTSP/1.0 200 OK\r\nCSeq: 77', Buffer.alloc(0), 0);
    expect(camera.methods()).toEqual(['OPTIONS']);
    camera.client.message('RTSP/1.0 200 OK', Buffer.alloc(0), 0);
    expect(camera.methods()).toEqual(['OPTIONS', 'DESCRIBE']);
  });

  test('may move the base of its tracks with Content-Base, unless that has no scheme', () => {
    const camera = converse();
    camera.start();
    camera.answer('200 OK');
    camera.answer('200 OK', ['Content-Base: rtsp://other/base/'], SDP);
    expect(camera.last().url).toBe('rtsp://other/base/track1');
    const plain = converse();
    plain.start();
    plain.answer('200 OK');
    plain.answer(
      '200 OK',
      ['Content-Base: 192.168.0.9/base/', 'Content-Location: RTSP://l/x'],
      SDP,
    );
    expect(plain.last().url).toBe('RTSP://l/x/track1');
  });

  test('of Wowza is played from its own replies', (context) => {
    const camera = converse();
    camera.start();
    camera.answer('200 OK');
    for (const step of ['describe', 'setup', 'play']) {
      const bytes = capture(context, `rtsp/retina/bunny_${step}.txt`);
      const end = bytes.indexOf('\r\n\r\n');
      const head = bytes
        .toString('latin1', 0, end)
        .replace(/CSeq: \d+/, `CSeq: ${camera.last().headers.get('cseq')}`);
      camera.client.message(head, bytes.subarray(end + 4), 0);
    }
    const base = 'rtsp://wowzaec2demo.streamlock.net/vod/mp4:BigBuckBunny_115k.mov/';
    // The first track is its sound.
    expect(camera.sent.map(({ url }) => url)).toEqual([URL, URL, `${base}trackID=1`, base]);
    expect(camera.playing).toEqual([{ control: `${base}trackID=1`, channel: 0 }]);
    camera.later(30_000);
    expect(camera.last().headers.get('session')).toBe('551045787');
  });
});

describe('what a camera says', () => {
  test('cannot write requests of its own', () => {
    const camera = converse();
    camera.start();
    camera.answer('200 OK');
    // U+010D and U+010A are a line break when cut to a byte; a zero byte is no part of an address.
    const control = 'a\u010d\u010aEvil:1\0';
    camera.answer('200 OK', [], `m=video 0 RTP/AVP 96\r\na=control:${control}\r\n`);
    const bytes = Buffer.from(camera.last().url, 'latin1');
    expect(bytes.toString('utf8')).toBe(`${URL}/a\u010d\u010aEvil:1`);
    expect(camera.last().headers.has('evil')).toBe(false);
  });
});

describe('the transport', () => {
  test.each([
    [undefined, 0, 1],
    ['RTP/AVP/TCP;unicast', 0, 1],
    ['RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=30A98EE7', 4, 5],
    ['RTP/AVP/TCP;interleaved = 7', 7, 8],
    ['RTP/AVP/TCP;INTERLEAVED=3-2', 3, 3],
    ['RTP/AVP/TCP;interleaved=254-255', 254, 255],
  ])('%j means packets on channel %i, nothing of ours beyond %i', (transport, rtp, highest) => {
    const camera = converse();
    camera.setUp({ transport });
    expect(camera.channels).toEqual([highest]);
    camera.answer('200 OK');
    expect(camera.playing[0]?.channel).toBe(rtp);
  });

  test('with channels out of range is refused', () => {
    const camera = converse();
    camera.setUp({ transport: 'RTP/AVP/TCP;interleaved=255-256' });
    expect(camera.failures).toMatchObject([{ reason: 'protocol-error' }]);
    expect(camera.last().method).toBe('SETUP');
  });
});

describe('two tracks', () => {
  const TWO = `${SDP}m=audio 0 RTP/AVP 97\r\na=control:track2\r\n`;
  function setUpTwo(first: string, second: string) {
    const camera = converse({ tracks: 2 });
    camera.start();
    camera.answer('200 OK');
    camera.answer('200 OK', [], TWO);
    camera.answer('200 OK', ['Session: 1', `Transport: ${first}`]);
    expect(camera.last()).toMatchObject({ method: 'SETUP', url: `${URL}/track2` });
    expect(camera.last().headers.get('transport')).toBe('RTP/AVP/TCP;unicast;interleaved=2-3');
    expect(camera.last().headers.get('session')).toBe('1');
    camera.answer('200 OK', [`Transport: ${second}`]);
    expect(camera.last().method).toBe('PLAY');
    return camera;
  }

  test('are set up one after the other, in one session', () => {
    const camera = setUpTwo('RTP/AVP/TCP;interleaved=0-1', 'RTP/AVP/TCP;interleaved=2-3');
    expect(camera.path.rtpChannels).toEqual([0, 2]);
    expect(camera.channels).toEqual([3]);
  });

  test('answered with the same channels come on those that were asked for', () => {
    const camera = setUpTwo('RTP/AVP/TCP;interleaved=0-1', 'RTP/AVP/TCP;interleaved=0-1');
    expect(camera.path.rtpChannels).toEqual([0, 2]);
    expect(camera.path.rtcpChannels).toEqual([1, 3]);
  });
});

describe('a camera that refers to another address', () => {
  test.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary'])('by %s', (status) => {
    const camera = converse();
    camera.start();
    camera.answer('200 OK');
    camera.answer(status, ['Location: rtsp://elsewhere:8554/x']);
    expect(camera.redirected).toEqual(['rtsp://elsewhere:8554/x']);
    expect(camera.failures).toEqual([]);
    camera.answer('200 OK', [], SDP);
    camera.client.teardown(0);
    expect(camera.methods()).toEqual(['OPTIONS', 'DESCRIBE']);
  });

  test.each([[[]], [['Location: http://elsewhere/']], [['Location: rtsp:///x']]])(
    'with %j is not followed',
    (headers) => {
      const camera = converse();
      camera.start();
      camera.answer('302 Moved', headers);
      expect(camera.redirected).toEqual([]);
      expect(camera.failures).toMatchObject([{ reason: 'protocol-error' }]);
    },
  );

  test('does not get the password there by Basic, but its digest', () => {
    const basic = converse({ credentials: CREDENTIALS, basicAllowed: false });
    basic.start();
    basic.answer('401 No', ['WWW-Authenticate: Basic realm="c"']);
    expect(basic.failures).toMatchObject([{ reason: 'unauthorised' }]);
    expect(basic.sent).toHaveLength(1);
    const both = converse({ credentials: CREDENTIALS, basicAllowed: false });
    both.start();
    both.answer('401 No', ['WWW-Authenticate: Basic realm="c"', digest('n1')]);
    expect(both.last().headers.get('authorization')).toMatch(/^Digest /);
  });
});

describe('PLAY', () => {
  test('that is refused for its Range is asked again without one, once', () => {
    const camera = converse();
    camera.setUp();
    expect(camera.last().headers.get('range')).toBe('npt=0.000-');
    camera.answer('457 Invalid Range');
    expect(camera.last().method).toBe('PLAY');
    expect(camera.last().headers.has('range')).toBe(false);
    camera.answer('457 Invalid Range');
    expect(camera.failures).toMatchObject([{ reason: 'protocol-error' }]);
  });
});

describe('a password', () => {
  test('is given when asked for, and with every request from then on', () => {
    const camera = converse({ credentials: CREDENTIALS });
    camera.start();
    camera.answer('200 OK');
    camera.answer('401 Unauthorized', [digest('n1', ', qop="auth"')]);
    expect(camera.last()).toMatchObject({ method: 'DESCRIBE' });
    expect(camera.last().headers.get('authorization')).toMatch(/username="admin".*nc=00000001/);
    expect(camera.last().headers.get('accept')).toBe('application/sdp');
    camera.answer('200 OK', [], SDP);
    expect(camera.last().headers.get('authorization')).toMatch(
      /uri="rtsp:\/\/camera\/stream\/track1".*nc=00000002/,
    );
    camera.answer('200 OK', ['Session: 1']);
    camera.answer('200 OK');
    expect(camera.playing).toHaveLength(1);
    expect(JSON.stringify(camera.sent)).not.toContain('secret');
  });

  test('asked for at SETUP leaves the transport in the second asking', () => {
    const camera = converse({ credentials: CREDENTIALS });
    camera.start();
    camera.answer('200 OK');
    camera.answer('200 OK', [], SDP);
    camera.answer('401 Unauthorized', ['WWW-Authenticate: Basic realm="c"']);
    expect(camera.last().headers.get('transport')).toContain('interleaved=0-1');
    expect(camera.last().headers.get('authorization')).toBe('Basic YWRtaW46c2VjcmV0');
  });

  test('refused with the same nonce is not tried again', () => {
    const camera = converse({ credentials: CREDENTIALS });
    camera.start();
    camera.answer('200 OK');
    camera.answer('401 Unauthorized', [digest('n1')]);
    camera.answer('401 Unauthorized', [digest('n1')]);
    expect(camera.failures).toMatchObject([{ reason: 'unauthorised' }]);
    expect(camera.methods()).toEqual(['OPTIONS', 'DESCRIBE', 'DESCRIBE']);
    expect(JSON.stringify(camera.failures)).not.toContain('secret');
  });

  test('asked for again with the same nonce, later in the conversation, goes on counting', () => {
    const camera = converse({ credentials: CREDENTIALS });
    camera.start();
    camera.answer('401 No', [digest('n1', ', qop="auth"')]);
    camera.answer('200 OK');
    camera.answer('401 No', [digest('n1', ', qop="auth"')]);
    expect(camera.last().headers.get('authorization')).toMatch(/nonce="n1".*nc=00000003/);
  });

  test('refused by Basic is not tried again', () => {
    const camera = converse({ credentials: CREDENTIALS });
    camera.start();
    camera.answer('401 No', ['WWW-Authenticate: Basic realm="c"']);
    camera.answer('401 No', ['WWW-Authenticate: Basic realm="c"']);
    expect(camera.failures).toMatchObject([{ reason: 'unauthorised' }]);
    expect(camera.sent).toHaveLength(2);
  });

  test('a second challenge with another nonce, or a stale one, is answered once', () => {
    for (const second of [digest('n2'), digest('n1', ', stale=true')]) {
      const camera = converse({ credentials: CREDENTIALS });
      camera.start();
      camera.answer('401 No', [digest('n1')]);
      camera.answer('401 No', [second]);
      expect(camera.failures).toEqual([]);
      expect(camera.sent).toHaveLength(3);
      camera.answer('401 No', [digest('n3')]);
      expect(camera.failures).toMatchObject([{ reason: 'unauthorised' }]);
      expect(camera.sent).toHaveLength(3);
    }
  });

  test('that is not known is asked for in vain', () => {
    const camera = converse();
    camera.start();
    camera.answer('401 No', [digest('n1')]);
    expect(camera.failures).toMatchObject([{ reason: 'unauthorised' }]);
    expect(camera.sent).toHaveLength(1);
  });

  test.each([[[]], [['WWW-Authenticate: Bearer']]])(
    'asked for by %j cannot be given',
    (headers) => {
      const camera = converse({ credentials: CREDENTIALS });
      camera.start();
      camera.answer('401 No', headers);
      expect(camera.failures).toMatchObject([{ reason: 'unauthorised' }]);
    },
  );
});

describe('a refusal', () => {
  test.each([
    ['404 Not Found', 'not-found'],
    ['410 Gone', 'not-found'],
    ['403 Forbidden', 'unauthorised'],
    ['453 Not Enough Bandwidth', 'refused'],
    ['503 Service Unavailable', 'refused'],
    ['461 Unsupported Transport', 'transport-refused'],
    ['500 Internal', 'protocol-error'],
    ['302 Moved', 'protocol-error'],
  ])('%s is told as %s, with the step', (status, reason) => {
    const camera = converse();
    camera.start();
    camera.answer('200 OK');
    camera.answer(status);
    expect(camera.failures).toEqual([{ reason, detail: `DESCRIBE was answered ${status}` }]);
  });

  test('of the transport at SETUP', () => {
    const camera = converse();
    camera.start();
    camera.answer('200 OK');
    camera.answer('200 OK', [], SDP);
    camera.answer('461 Unsupported Transport');
    expect(camera.failures).toEqual([
      { reason: 'transport-refused', detail: 'SETUP was answered 461 Unsupported Transport' },
    ]);
  });

  test('of the sound at SETUP leaves the picture to be played', () => {
    const camera = converse({ tracks: 2 });
    camera.start();
    camera.answer('200 OK');
    camera.answer('200 OK', [], `${SDP}m=audio 0 RTP/AVP 97\r\na=control:sound\r\n`);
    camera.answer('200 OK', ['Session: 1', 'Transport: RTP/AVP/TCP;interleaved=0-1']);
    camera.answer('461 Unsupported Transport');
    camera.answer('200 OK');
    expect(camera.failures).toEqual([]);
    expect(camera.methods()).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'SETUP', 'PLAY']);
    camera.answer('200 OK');
    expect(camera.playing).toHaveLength(1);
  });

  test('of ours, when no track can be played', () => {
    const failTrack: StreamFailure = { reason: 'codec-not-supported', detail: 'MJPEG' };
    const camera = converse({ failTrack });
    camera.start();
    camera.answer('200 OK');
    camera.answer('200 OK', [], SDP);
    expect(camera.failures).toEqual([failTrack]);
    expect(camera.methods()).toEqual(['OPTIONS', 'DESCRIBE']);
  });

  test('malformed replies and descriptions are their own errors', () => {
    const camera = converse();
    camera.start();
    expect(() => camera.client.message('HTTP/1.1 200 OK', Buffer.alloc(0), 0)).toThrow(
      MalformedReply,
    );
    camera.answer('200 OK');
    expect(() => camera.answer('200 OK', [], 'no description')).toThrow(MalformedDescription);
  });
});

describe('keepalive', () => {
  test.each([
    ['1;timeout=60', 30_000],
    ['1; Timeout = 20', 10_000],
    ['1', 30_000],
    ['1;timeout=0', 30_000],
    ['1;timeout=1', 1_000],
    ['1;timeout=x', 30_000],
  ])('with Session %j comes every %i ms', (session, everyMs) => {
    const camera = converse();
    camera.setUp({ session });
    camera.answer('200 OK');
    camera.later(everyMs - 1);
    expect(camera.sent).toHaveLength(4);
    camera.later(1);
    expect(camera.sent).toHaveLength(5);
    camera.later(everyMs - 1);
    expect(camera.sent).toHaveLength(5);
    camera.later(1);
    expect(camera.sent).toHaveLength(6);
    expect(camera.last().headers.get('session')).toBe('1');
  });

  test.each([
    ['OPTIONS, GET_PARAMETER, PLAY', 'GET_PARAMETER'],
    ['options,get_parameter', 'GET_PARAMETER'],
    ['OPTIONS, SET_PARAMETER', 'OPTIONS'],
    ['', 'OPTIONS'],
  ])('of a camera that offers %j is %s', (methods, method) => {
    const camera = converse();
    camera.setUp({ public: methods });
    camera.answer('200 OK');
    camera.later(30_000);
    expect(camera.last().method).toBe(method);
  });

  test('is not waited for, and may be refused', () => {
    const camera = converse();
    camera.setUp();
    camera.answer('200 OK');
    for (const status of ['200 OK', '454 Session Not Found', '501 Not Implemented', '401 No']) {
      camera.later(30_000);
      camera.answer(status);
    }
    expect(camera.sent).toHaveLength(8);
    expect(camera.failures).toEqual([]);
  });

  test('refused because its nonce is too old is sent again with the new one, once', () => {
    const camera = converse({ credentials: CREDENTIALS });
    camera.start();
    camera.answer('401 No', [digest('n1', ', qop="auth"')]);
    camera.answer('200 OK');
    camera.answer('200 OK', [], SDP);
    camera.answer('200 OK', ['Session: 1']);
    camera.answer('200 OK');
    camera.later(30_000);
    expect(camera.sent).toHaveLength(6);
    camera.answer('401 No', [digest('n2', ', qop="auth", stale=true')]);
    expect(camera.sent).toHaveLength(7);
    expect(camera.last().headers.get('authorization')).toMatch(/nonce="n2".*nc=00000001/);
    camera.answer('401 No', [digest('n3', ', qop="auth"')]);
    expect(camera.sent).toHaveLength(7);
    expect(camera.failures).toEqual([]);
    camera.later(30_000);
    expect(camera.last().headers.get('authorization')).toMatch(/nonce="n3".*nc=00000001/);
  });

  test('does not come before PLAY was accepted', () => {
    const camera = converse();
    camera.setUp();
    camera.later(120_000);
    expect(camera.last().method).toBe('PLAY');
  });
});

describe('leaving', () => {
  test('a session that was set up is torn down, once', () => {
    const camera = converse();
    camera.setUp();
    camera.client.teardown(0);
    camera.client.teardown(0);
    expect(camera.methods()).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN']);
    expect(camera.last()).toMatchObject({ url: URL });
    expect(camera.last().headers.get('session')).toBe('12345');
  });

  test('without a session nothing is said', () => {
    const camera = converse();
    camera.start();
    camera.client.teardown(0);
    expect(camera.methods()).toEqual(['OPTIONS']);
  });

  test('nothing is asked of a camera after it was left', () => {
    const camera = converse();
    camera.setUp();
    camera.client.teardown(0);
    camera.client.message('RTSP/1.0 200 OK\r\nCSeq: 4', Buffer.alloc(0), 0);
    camera.later(60_000);
    expect(camera.sent).toHaveLength(5);
    expect(camera.playing).toEqual([]);
  });
});
