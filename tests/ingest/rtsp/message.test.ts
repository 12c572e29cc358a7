import { describe, expect, test } from 'vitest';
import {
  contentLength,
  formatRequest,
  header,
  MalformedReply,
  parseReply,
} from '#ingest/rtsp/message.ts';
import { captures } from '../captures.ts';

describe('a reply', () => {
  test('gives status, reason and headers, their names in any case', () => {
    const reply = parseReply('RTSP/1.0 401 Not Authorised\r\ncSEQ: 7\r\nWWW-Authenticate: Basic');
    expect(reply.status).toBe(401);
    expect(reply.reason).toBe('Not Authorised');
    expect(header(reply, 'cseq')).toBe('7');
    expect(header(reply, 'www-authenticate')).toBe('Basic');
  });

  test('may lack a reason and a CSeq', () => {
    const reply = parseReply('RTSP/1.0 200\r\nSession: 1');
    expect(reply).toMatchObject({ status: 200, reason: '' });
    expect(header(reply, 'cseq')).toBeUndefined();
  });

  test('joins folded lines, by space or tab', () => {
    const reply = parseReply(
      'RTSP/1.0 200 OK\r\nTransport: RTP/AVP/TCP;unicast;\r\n interleaved=2-3\r\n\t;mode="play"\r\nCSeq: 3',
    );
    expect(header(reply, 'transport')).toBe('RTP/AVP/TCP;unicast; interleaved=2-3 ;mode="play"');
    expect(header(reply, 'cseq')).toBe('3');
  });

  test('keeps the values of a repeated header in order', () => {
    const reply = parseReply(
      'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="a"\r\nCSeq: 1\r\nwww-authenticate: Basic realm="b"\r\n folded',
    );
    expect(reply.headers.get('www-authenticate')).toEqual([
      'Digest realm="a"',
      'Basic realm="b" folded',
    ]);
  });

  test('passes over lines that are no header, and lines beyond the bound', () => {
    const many = Array.from({ length: 500 }, (_, i) => `x-${i}: 1`).join('\r\n');
    const reply = parseReply(`RTSP/1.0 200 OK\r\n folded on nothing\r\nnonsense\r\n: x\r\n${many}`);
    expect(reply.headers.get('x-0')).toEqual(['1']);
    expect(reply.headers.size).toBeLessThan(100);
  });

  test.each([
    '',
    'HTTP/1.1 200 OK',
    'RTSP/1.0',
    'RTSP/1.0 20 OK',
    'OPTIONS * RTSP/1.0',
    ' RTSP/1.0 200 OK',
  ])('is refused when its first line is %j', (line) => {
    expect(() => parseReply(line)).toThrow(MalformedReply);
  });

  test('of every camera captured is understood', (context) => {
    const replies = captures(context, 'rtsp/retina').filter(
      ({ path }) => !/_sdp|request\.txt/.test(path),
    );
    for (const { path, bytes } of replies) {
      const head = bytes.toString('latin1').split('\r\n\r\n')[0] ?? '';
      const reply = parseReply(head);
      expect(reply.status, path).toBe(200);
      expect(Number(header(reply, 'cseq')), path).toBeGreaterThanOrEqual(1);
      const rest = bytes.length - Buffer.byteLength(head, 'latin1') - 4;
      if (path.includes('describe')) expect(contentLength(head), path).toBe(rest);
    }
    expect(replies.length).toBeGreaterThan(20);
  });
});

describe('Content-Length', () => {
  test.each([
    ['RTSP/1.0 200 OK\r\nContent-Length: 12', 12],
    ['RTSP/1.0 200 OK\r\ncontent-length :0012 ', 12],
    ['RTSP/1.0 200 OK\r\nContent-Length:\t12\r\nCSeq: 1', 12],
    ['RTSP/1.0 200 OK\r\nCSeq: 1', 0],
    ['RTSP/1.0 200 OK\r\nX-Content-Length: 5', 0],
    ['RTSP/1.0 200 OK\r\nContent-Length: 999999999', 999_999_999],
  ])('of %j is %i', (head, length) => {
    expect(contentLength(head)).toBe(length);
  });

  test.each(['-1', '1e3', '0x10', '', '12, 12', '1000000000', '9'.repeat(400)])(
    'of %j is refused',
    (value) => {
      expect(() => contentLength(`RTSP/1.0 200 OK\r\nContent-Length: ${value}`)).toThrow(
        MalformedReply,
      );
    },
  );
});

describe('a request', () => {
  test('is written as RFC 2326 §6 has it', () => {
    expect(formatRequest('OPTIONS', 'rtsp://c/1', [['CSeq', '1']])).toBe(
      'OPTIONS rtsp://c/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n',
    );
  });

  test.each([['a\r\nX: y'], ['a\nb'], ['a\0b']])('cannot be split by a value of %j', (value) => {
    expect(() => formatRequest('PLAY', 'rtsp://c/1', [['Session', value]])).toThrow(TypeError);
    expect(() => formatRequest('PLAY', `rtsp://c/${value}`, [])).toThrow(TypeError);
  });
});
