/** The simulator's end of UDP: two ports for all its clients, as many servers have (RFC 3550 §11). */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Behaviour } from './behaviour.ts';
import type { PacketisedPicture } from './clip.ts';
import { seededRandom, type Random } from './seeded-random.ts';

const FRAME_HEADER_BYTES = 4;
const RTP_HEADER_BYTES = 12;
/** In this the clips have their parameter sets, and nothing else (clip.ts). */
const STAP_A = 24;
const PAIR_TRIES = 20;
/** Pictures of the log; at ten a second, hours. */
const MAX_LOGGED = 100_000;
/** A packet on a bad line is overtaken by so many at most. */
const MAX_OVERTAKEN = 8;
const SEED = 0x0dd;

export interface SentPicture {
  /** Name of the camera. */
  camera: string;
  timestamp: number;
  whole: boolean;
}

export interface UdpSender {
  rtpPort: number;
  rtcpPort: number;
  rtp: Socket;
  rtcp: Socket;
  /** By address and port: who is told that something came from there. */
  listeners: Map<string, () => void>;
  /** Of clients on a bad line: each picture in order, by its timestamp, and whether all packets of it left. */
  log: SentPicture[];
  clients(): { rtp: number; rtcp: number }[];
  close(): void;
}

export async function openUdpSender(host: string): Promise<UdpSender> {
  for (let tries = 1; ; tries++) {
    const type = isIPv6(host) ? 'udp6' : 'udp4';
    const rtp = createSocket({ type, sendBufferSize: 1024 * 1024 });
    const rtcp = createSocket(type);
    try {
      rtp.bind(0, host);
      await once(rtp, 'listening');
      const rtpPort = rtp.address().port;
      if (rtpPort % 2 !== 0) throw new Error('an odd port');
      rtcp.bind(rtpPort + 1, host);
      await once(rtcp, 'listening');
      const listeners = new Map<string, () => void>();
      rtcp.on('message', (_, { address, port }) => listeners.get(`${address} ${port}`)?.());
      // A client that is gone is no fault of ours.
      rtp.on('error', () => {});
      rtcp.on('error', () => {});
      let closed = false;
      // Once or more often, as the server above it.
      const close = (): void => {
        if (closed) return;
        closed = true;
        rtp.close();
        rtcp.close();
      };
      const clients = (): { rtp: number; rtcp: number }[] =>
        [...listeners.keys()].map((key) => {
          const port = Number(key.split(' ')[1]);
          return { rtp: port - 1, rtcp: port };
        });
      return { rtpPort, rtcpPort: rtpPort + 1, rtp, rtcp, listeners, log: [], clients, close };
    } catch (error) {
      rtp.close();
      rtcp.close();
      if (tries === PAIR_TRIES) throw error;
    }
  }
}

export interface UdpClientOptions {
  address: string;
  rtp: number;
  rtcp: number;
  /** Nothing is sent, as from behind a firewall. */
  blocked: boolean;
  /** Its name; cameras lose different packets, each the same ones on every run. */
  camera: string;
  counts: { packetsLost: number; packetsOvertaken: number; reportsReceived: number };
  /** The client gave a sign of life. */
  heard: () => void;
}

/** One client's two ports. */
export class UdpClient {
  readonly #sender: UdpSender;
  readonly #to: UdpClientOptions;
  readonly #key: string;
  readonly #random: Random;
  /** Held back on a bad line, and how many have yet to pass. */
  #held: { packet: Buffer; passes: number }[] = [];

  constructor(sender: UdpSender, to: UdpClientOptions) {
    this.#sender = sender;
    this.#to = to;
    this.#random = seededRandom(SEED + Buffer.from(to.camera).reduce((sum, byte) => sum + byte, 0));
    this.#key = `${to.address} ${to.rtcp}`;
    sender.listeners.set(this.#key, () => {
      to.counts.reportsReceived++;
      to.heard();
    });
  }

  send({ bytes, frameStarts }: PacketisedPicture, behaviour: Behaviour): void {
    let whole = true;
    for (const [index, start] of frameStarts.entries()) {
      const packet = bytes.subarray(
        start + FRAME_HEADER_BYTES,
        frameStarts[index + 1] ?? bytes.length,
      );
      if (behaviour.kind !== 'bad-line') {
        this.#put(packet);
        continue;
      }
      if (this.#random() < behaviour.loss) {
        this.#to.counts.packetsLost++;
        // Parameter sets come again and again: a picture is whole without them.
        if (((packet[RTP_HEADER_BYTES] ?? 0) & 0x1f) !== STAP_A) whole = false;
        continue;
      }
      if (this.#random() < behaviour.disorder) {
        this.#held.push({ packet, passes: 1 + Math.floor(this.#random() * MAX_OVERTAKEN) });
        this.#to.counts.packetsOvertaken++;
        continue;
      }
      this.#put(packet);
      for (const held of this.#held) if (--held.passes === 0) this.#put(held.packet);
      this.#held = this.#held.filter(({ passes }) => passes > 0);
    }
    if (behaviour.kind === 'bad-line' && this.#sender.log.length < MAX_LOGGED) {
      const timestamp = bytes.readUInt32BE((frameStarts[0] ?? 0) + FRAME_HEADER_BYTES + 4);
      this.#sender.log.push({ camera: this.#to.camera, timestamp, whole });
    }
    // Lines change the order of what follows closely, not of pictures a tenth of a second apart.
    for (const { packet } of this.#held) this.#put(packet);
    this.#held = [];
  }

  /** An interleaved frame with RTCP in it. */
  report(frame: Buffer): void {
    if (this.#to.blocked) return;
    this.#sender.rtcp.send(frame.subarray(FRAME_HEADER_BYTES), this.#to.rtcp, this.#to.address);
  }

  close(): void {
    this.#sender.listeners.delete(this.#key);
  }

  #put(packet: Buffer): void {
    if (this.#to.blocked) return;
    this.#sender.rtp.send(packet, this.#to.rtp, this.#to.address, () => {});
  }
}
