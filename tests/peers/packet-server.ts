import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Packet } from './packetise.ts';

export interface ServedTrack {
  /** `video` or `audio`. */
  kind: string;
  /** As after `a=rtpmap:96 `. */
  encoding: string;
  /** As after `a=fmtp:96 `; none when empty. */
  formatParameters?: string;
  packets: readonly Packet[];
}

export interface PacketServer {
  url: string;
  close: () => Promise<void>;
}

/**
 * An RTSP server that plays given packets over TCP at once and says goodbye: the plainest that RFC 2326 allows. Tracks
 * are interleaved by their place in `order`, or one after the other.
 */
export async function servePackets(
  tracks: readonly ServedTrack[],
  order?: readonly number[],
): Promise<PacketServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      let end = text.indexOf('\r\n\r\n');
      while (end >= 0) {
        answer(socket, text.slice(0, end), tracks, order);
        text = text.slice(end + 4);
        end = text.indexOf('\r\n\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/stream`,
    close: () => closed(server, sockets),
  };
}

function answer(
  socket: Socket,
  request: string,
  tracks: readonly ServedTrack[],
  order: readonly number[] | undefined,
): void {
  const [method = '', url = ''] = request.split(' ');
  const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
  const reply = (headers: readonly string[], body = ''): void => {
    const lines = ['RTSP/1.0 200 OK', `CSeq: ${sequence}`, ...headers];
    if (body !== '') lines.push(`Content-Length: ${body.length}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  };
  switch (method) {
    case 'OPTIONS':
      reply(['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
      return;
    case 'DESCRIBE':
      reply(['Content-Type: application/sdp', `Content-Base: ${url}/`], description(tracks));
      return;
    case 'SETUP': {
      const interleaved = /interleaved=(\d+-\d+)/.exec(request)?.[1] ?? '0-1';
      const track = Number(/track(\d+)/.exec(url)?.[1] ?? 0);
      channels(socket).set(track, Number(interleaved.split('-')[0]));
      reply([`Transport: RTP/AVP/TCP;unicast;interleaved=${interleaved}`, 'Session: 1']);
      return;
    }
    case 'PLAY':
      reply(['Session: 1']);
      play(socket, tracks, order);
      return;
    case 'TEARDOWN':
      socket.end();
      return;
    default:
      reply([]);
  }
}

const channelsOf = new WeakMap<Socket, Map<number, number>>();

function channels(socket: Socket): Map<number, number> {
  let known = channelsOf.get(socket);
  if (known === undefined) channelsOf.set(socket, (known = new Map()));
  return known;
}

function play(
  socket: Socket,
  tracks: readonly ServedTrack[],
  order: readonly number[] | undefined,
): void {
  const next = tracks.map(() => 0);
  const turns = order ?? tracks.flatMap(({ packets }, track) => packets.map(() => track));
  for (const track of turns) {
    const number = next[track] as number;
    next[track] = number + 1;
    const packet = tracks[track]?.packets[number];
    const channel = channels(socket).get(track);
    if (packet === undefined || channel === undefined) continue;
    const head = Buffer.alloc(16);
    head[0] = 0x24;
    head[1] = channel;
    head.writeUInt16BE(12 + packet.payload.length, 2);
    head[4] = 0x80;
    head[5] = (96 + track) | (packet.marker ? 0x80 : 0);
    head.writeUInt16BE((65_000 + number) & 0xffff, 6);
    head.writeUInt32BE((packet.timestamp + 0xfff0_0000) >>> 0, 8);
    head.writeUInt32BE(0x5eed_0000 + track, 12);
    socket.write(Buffer.concat([head, packet.payload]));
  }
  socket.end();
}

function description(tracks: readonly ServedTrack[]): string {
  const lines = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  for (const [track, { kind, encoding, formatParameters }] of tracks.entries()) {
    const type = 96 + track;
    lines.push(`m=${kind} 0 RTP/AVP ${type}`, `a=rtpmap:${type} ${encoding}`);
    if (formatParameters !== undefined) lines.push(`a=fmtp:${type} ${formatParameters}`);
    lines.push(`a=control:track${track}`);
  }
  return `${lines.join('\r\n')}\r\n`;
}

async function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}
