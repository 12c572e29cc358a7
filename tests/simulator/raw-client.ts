/** An RTSP client that hides nothing, for tests: requests as they are typed, replies and frames as they come. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WAIT_MS } from '../wait-bound.ts';

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface RtpPacket {
  marker: boolean;
  sequence: number;
  timestamp: number;
  payload: Buffer;
}

export class RawClient {
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #changed: (() => void) | undefined;
  #sequence = 0;
  readonly replies: Reply[] = [];
  /** RTP of channel 0 and RTCP of channel 1, in order. */
  readonly packets: RtpPacket[] = [];
  readonly reports: Buffer[] = [];
  /** Bytes that were neither a reply nor a frame. */
  garbageBytes = 0;
  closed = false;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (bytes: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, bytes]);
      this.#read();
      this.#changed?.();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.closed = true;
      this.#changed?.();
    });
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  async request(method: string, url: string, headers: Record<string, string> = {}): Promise<Reply> {
    const wanted = this.replies.length;
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.write(`${method} ${url} RTSP/1.0\r\nCSeq: ${++this.#sequence}\r\n${lines.join('')}\r\n`);
    await this.until(() => this.replies.length > wanted, `a reply to ${method}`);
    return this.replies[wanted] as Reply;
  }

  /** SETUP and PLAY; returns PLAY's reply. */
  async play(url: string, channels = '0-1'): Promise<Reply> {
    const setUp = await this.request('SETUP', `${url}/trackID=0`, {
      Transport: `RTP/AVP/TCP;unicast;interleaved=${channels}`,
    });
    return this.request('PLAY', url, { Session: setUp.headers['session']?.split(';')[0] ?? '' });
  }

  /** Throws after WAIT_MS without it. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const giveUp = performance.now() + WAIT_MS;
    while (!condition()) {
      const left = giveUp - performance.now();
      if (left <= 0) throw new Error(`waited in vain for ${what}`);
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }

  pause(): void {
    this.#socket.pause();
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }

  #read(): void {
    for (;;) {
      const bytes = this.#unread;
      let used: number | undefined;
      if (bytes[0] === 0x24) used = this.#frame(bytes);
      else if (bytes.subarray(0, 5).toString('latin1') === 'RTSP/'.slice(0, bytes.length))
        used = this.#reply(bytes);
      else if (bytes.length > 0) {
        const next = bytes.findIndex((byte, at) => at > 0 && (byte === 0x24 || byte === 0x52));
        used = next < 0 ? bytes.length : next;
        this.garbageBytes += used;
      }
      if (used === undefined || used === 0) return;
      this.#unread = bytes.subarray(used);
    }
  }

  #frame(bytes: Buffer): number | undefined {
    if (bytes.length < 4) return undefined;
    const end = 4 + bytes.readUInt16BE(2);
    if (bytes.length < end) return undefined;
    const content = Buffer.from(bytes.subarray(4, end));
    if (bytes[1] === 0) {
      this.packets.push({
        marker: ((content[1] ?? 0) & 0x80) !== 0,
        sequence: content.readUInt16BE(2),
        timestamp: content.readUInt32BE(4),
        payload: content.subarray(12),
      });
    } else if (bytes[1] === 1) this.reports.push(content);
    return end;
  }

  #reply(bytes: Buffer): number | undefined {
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
    if (bytes.length < end) return undefined;
    const body = bytes.toString('latin1', headEnd + 4, end);
    this.replies.push({ status: Number(first.split(' ')[1]), headers, body });
    return end;
  }
}

/** Packets by picture; a picture ends at its marker. */
export function picturesOf(packets: readonly RtpPacket[]): RtpPacket[][] {
  const pictures: RtpPacket[][] = [];
  let open: RtpPacket[] = [];
  for (const packet of packets) {
    open.push(packet);
    if (!packet.marker) continue;
    pictures.push(open);
    open = [];
  }
  return pictures;
}

/** Whether each packet follows the one before it, over the wrap too. */
export function isUnbroken(packets: readonly RtpPacket[]): boolean {
  return packets.every(({ sequence }, at) => {
    const before = packets[at - 1];
    return before === undefined || sequence === ((before.sequence + 1) & 0xffff);
  });
}
