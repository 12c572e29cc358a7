import { describe, expect, test } from 'vitest';
import { InterleavedReader, NotRtsp } from '#ingest/rtsp/interleaved.ts';
import { MalformedReply } from '#ingest/rtsp/message.ts';

/** A frame whose payload begins as RTP and RTCP do. */
function frame(channel: number, length: number, fill = 7): Buffer {
  const bytes = Buffer.alloc(4 + length, fill);
  bytes[0] = 0x24;
  bytes[1] = channel;
  bytes.writeUInt16BE(length, 2);
  if (length > 0) bytes[4] = 0x80;
  return bytes;
}

const reply = (body = '', more = ''): Buffer =>
  Buffer.from(`RTSP/1.0 200 OK\r\nCSeq: 9\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`);

function reading(highestChannel = 1) {
  const seen: string[] = [];
  const reader = new InterleavedReader({
    frame: (channel, bytes, start, end) =>
      seen.push(`${channel}: ${bytes.toString('hex', start, end)}`),
    message: (head, body) => seen.push(`${head}\n\n${body.toString('latin1')}`),
  });
  reader.highestChannel = highestChannel;
  const feed = (bytes: Buffer): void => reader.feed(bytes, 0, bytes.length);
  return { seen, reader, feed };
}

/** What was understood of the bytes, fed in one go. */
function whole(bytes: Buffer): string[] {
  const { seen, feed } = reading();
  feed(bytes);
  return seen;
}

const stream = Buffer.concat([
  reply('v=0\r\nm=video'),
  frame(0, 20),
  frame(1, 0),
  reply(),
  frame(1, 9),
  frame(0, 3000),
  frame(5, 12),
  frame(0, 1),
  Buffer.from('garbage $ with \0 RTSx and R'),
  frame(0, 40),
  reply('', 'X: folded\r\n more\r\n'),
  frame(0, 8),
]);

describe('frames and replies on one connection', () => {
  test('are told apart and handed on in order', () => {
    const seen = whole(stream);
    expect(seen.map((line) => line.slice(0, 3))).toEqual([
      'RTS',
      '0: ',
      '1: ',
      'RTS',
      '1: ',
      '0: ',
      '0: ',
      '0: ',
      'RTS',
      '0: ',
    ]);
    expect(seen[0]).toMatch(/\n\nv=0\r\nm=video$/);
    expect(seen[1]).toBe(`0: 80${'07'.repeat(19)}`);
    expect(seen[2]).toBe('1: ');
  });

  test('are the same wherever a read cuts them in two', () => {
    const expected = whole(stream);
    for (let cut = 1; cut < stream.length; cut++) {
      const { seen, feed } = reading();
      feed(stream.subarray(0, cut));
      feed(stream.subarray(cut));
      expect(seen, `cut at ${cut}`).toEqual(expected);
    }
  });

  test.each([1, 2, 3, 5, 7, 64, 1000])('are the same in reads of %i bytes', (size) => {
    const { seen, feed, reader } = reading();
    for (let at = 0; at < stream.length; at += size) feed(stream.subarray(at, at + size));
    expect(seen).toEqual(whole(stream));
    expect(reader.garbageBytes).toBe(27);
  });

  test('an empty frame cut in two waits for nothing that follows', () => {
    const { seen, feed } = reading();
    feed(frame(1, 0).subarray(0, 2));
    feed(frame(1, 0).subarray(2));
    expect(seen).toEqual(['1: ']);
  });

  test('what a cut shows to be no frame holds nothing back', () => {
    const { seen, feed } = reading();
    feed(Buffer.from([0x24]));
    feed(Buffer.concat([Buffer.from([0x24, 0xff, 0xff, 0]), frame(0, 2)]));
    expect(seen).toEqual(['0: 8007']);
  });

  test('need not begin at the start of the read buffer', () => {
    const { seen, reader } = reading();
    const buffer = Buffer.concat([Buffer.alloc(11, 0x24), frame(0, 5), Buffer.alloc(9, 0x24)]);
    reader.feed(buffer, 11, 20);
    expect(seen).toEqual(['0: 8007070707']);
  });

  test('a read buffer may be used again at once', () => {
    const { seen, reader } = reading();
    const buffer = Buffer.alloc(64);
    for (const part of [frame(0, 30).subarray(0, 20), frame(0, 30).subarray(20)]) {
      buffer.fill(0xee);
      part.copy(buffer);
      reader.feed(buffer, 0, part.length);
    }
    expect(seen).toEqual([`0: 80${'07'.repeat(29)}`]);
  });
});

describe('what is not ours', () => {
  test('a frame on a channel above ours is passed over whole, and is not garbage', () => {
    const { seen, feed, reader } = reading();
    const inner = Buffer.concat([frame(2, 24), frame(0, 2)]);
    frame(0, 4).copy(inner, 8); // looks like a frame of ours, inside one that is not
    feed(inner);
    expect(seen).toEqual(['0: 8007']);
    expect(reader.garbageBytes).toBe(0);
  });

  test('channels that SETUP told of are ours', () => {
    const { seen, feed } = reading(11);
    feed(frame(10, 2));
    expect(seen).toEqual(['10: 8007']);
  });

  test('garbage is passed over up to the next frame or reply, and counted', () => {
    const { seen, feed, reader } = reading();
    feed(
      Buffer.concat([frame(0, 4), Buffer.alloc(500, 0x41), frame(0, 2), Buffer.alloc(9), reply()]),
    );
    expect(seen).toHaveLength(3);
    expect(reader.garbageBytes).toBe(509);
  });

  test('a dollar before anything but RTP or RTCP is no frame', () => {
    const { seen, feed, reader } = reading();
    const wrong = frame(0, 60_000);
    wrong[4] = 0x10;
    feed(Buffer.concat([wrong.subarray(0, 40), frame(0, 2)]));
    expect(seen).toEqual(['0: 8007']);
    expect(reader.garbageBytes).toBe(40);
  });

  test('a request of the camera is passed over', () => {
    const { seen, feed } = reading();
    const request = Buffer.from('OPTIONS rtsp://gateway/ RTSP/1.0\r\nCSeq: 1\r\n\r\n');
    const bytes = Buffer.concat([frame(0, 2), request, frame(0, 3)]);
    for (let cut = 1; cut < bytes.length; cut++) {
      seen.length = 0;
      feed(bytes.subarray(0, cut));
      feed(bytes.subarray(cut));
      expect(seen, `cut at ${cut}`).toEqual(['0: 8007', '0: 800707']);
    }
  });
});

describe('bounds', () => {
  test('a megabyte without a frame or a reply ends it', () => {
    const { feed } = reading();
    const chunk = Buffer.alloc(64 * 1024, 0x41);
    expect(() => {
      for (let i = 0; i < 20; i++) feed(chunk);
    }).toThrow(NotRtsp);
  });

  test('garbage between frames adds up to nothing as long as frames come', () => {
    const { feed, seen } = reading();
    const chunk = Buffer.concat([Buffer.alloc(256 * 1024, 0x41), frame(0, 2)]);
    for (let i = 0; i < 8; i++) feed(chunk);
    expect(seen).toHaveLength(8);
  });

  test('a head without end is refused, in one read or many', () => {
    const head = Buffer.from(`RTSP/1.0 200 OK\r\nX: ${'a'.repeat(20_000)}`);
    expect(() => whole(head)).toThrow(MalformedReply);
    const { feed } = reading();
    expect(() => {
      for (let at = 0; at < head.length; at += 500) feed(head.subarray(at, at + 500));
    }).toThrow(MalformedReply);
  });

  test('a head that ends beyond 16 KB is refused', () => {
    expect(() => whole(reply('', `X: ${'a'.repeat(17_000)}\r\n`))).toThrow(MalformedReply);
  });

  test('a body beyond 256 KB is refused before it comes', () => {
    const { feed } = reading();
    expect(() => feed(Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 300000\r\n\r\n'))).toThrow(
      MalformedReply,
    );
  });

  test('the longest frame passes, cut or whole', () => {
    const longest = frame(0, 65_535);
    expect(whole(longest)).toHaveLength(1);
    const { feed, seen } = reading();
    for (let at = 0; at < longest.length; at += 1460) feed(longest.subarray(at, at + 1460));
    expect(seen).toEqual(whole(longest));
  });
});
