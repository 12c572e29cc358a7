import { randomInt } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import type { Clock } from '../clock.ts';
import { ReorderWindow } from '../rtp/reorder.ts';
import { ReceptionStatistics, type SenderReport } from '../rtp/rtcp.ts';
import type { StreamFailure } from '../stream-failure.ts';
import { directDatagramReader, NOTHING } from './direct-read.ts';
import { rangeIn, type PacketPath } from './packet-path.ts';

/**
 * Asked of the kernel for each socket, which grants up to net.core.rmem_max: what comes while a round sleeps lies there,
 * and a large picture comes all at once.
 */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
/** Ports tried in search of an even one with its odd neighbour free. */
const MAX_PAIR_TRIES = 20;
/** RFC 3550 §6.2; nobody else is in the session, so without its randomness. */
const REPORT_MS = 5_000;
/** RTP's own way through a NAT is opened anew after so many reports: mappings last half a minute and more. */
const REPORTS_A_PUNCH = 4;
const RTP_HEADER_BYTES = 12;
/** The longest datagram. */
const DATAGRAM_BYTES = 64 * 1024;
/** Of one track in one read: 40 Mbit/s. A flood is left in the kernel, which drops it. */
const MAX_DATAGRAMS_A_READ = 1_000;
/** All paths of a thread read into this one: a datagram is used up before the next is read. */
const datagram = Buffer.allocUnsafeSlow(DATAGRAM_BYTES);
const VERSION_2 = 2;
const FIRST_RTCP_TYPE = 200;
const LAST_RTCP_TYPE = 204;

export interface UdpPathOptions {
  /** The two ends of the conversation's connection. Packets come from the one to the other. */
  remoteAddress: string;
  localAddress: string | undefined;
  /** Tracks that may be set up; each has two ports. */
  tracks: number;
  isAllowed: (address: string) => boolean;
  clock: Clock;
  /** `read` will be called: once the camera's port is known, datagrams wait for it in the kernel. */
  onDemand?: boolean;
  events: UdpPathEvents;
}

export interface UdpPathEvents {
  /** A packet of a track, in the order in which it was sent; valid during the call only. */
  packet(track: number, packet: Buffer): void;
  /** An RTCP packet. */
  report(track: number, packet: Buffer): void;
  failed(failure: StreamFailure): void;
}

interface Track {
  rtp: Socket;
  rtcp: Socket;
  /** Even; RTCP's is the next. RFC 3550 §11. */
  port: number;
  cameraAddress: string;
  /** Where the camera sends from: told in SETUP's answer, else learnt from the first packet. 0: not known. */
  cameraRtpPort: number;
  cameraRtcpPort: number;
  /** The camera's RTP port has been seen, and holds from then on. */
  locked: boolean;
  /** To that port alone; then datagrams can be read directly. */
  connected: boolean;
  readDirectly: ((into: Buffer) => number) | undefined;
  window: ReorderWindow;
  statistics: ReceptionStatistics;
}

/**
 * Packets come by UDP to two ports of ours a track (RFC 2326 §12.39, RFC 3550 §11), and reports go back.
 *
 * A pair of ports for each track, not one for all cameras: a camera that floods fills its own receive buffer only.
 * Datagrams of other hosts are passed over, and of other ports once the camera's has been seen.
 */
export class UdpPath implements PacketPath {
  /** Datagrams that were not the camera's. */
  strangers = 0;
  readonly #options: UdpPathOptions;
  readonly #tracks: Track[] = [];
  readonly #ours = randomInt(0x1_0000_0000);
  /** Beside the conversation's own: a `source=` of the answer, if streams may come from there. */
  #otherSource: string | undefined;
  #reportMs = 0;
  #reports = 0;
  #over = false;

  constructor(options: UdpPathOptions) {
    this.#options = options;
  }

  /** Binds the ports; `ready` follows, or `failed`. */
  open(ready: () => void): void {
    const next = (): void => {
      if (this.#over) return;
      if (this.#tracks.length === this.#options.tracks) ready();
      else this.#openPair(MAX_PAIR_TRIES, next);
    };
    next();
  }

  offer(track: number): string {
    const port = this.#tracks[track]?.port ?? 0;
    // Policy `udp-unspelt`: live555 refuses RTP/AVP/UDP. Policy `unicast-said`: VLC answers with multicast otherwise.
    return `RTP/AVP;unicast;client_port=${port}-${port + 1}`;
  }

  agree(index: number, transport = ''): StreamFailure | undefined {
    if (/interleaved\s*=|\/TCP/i.test(transport)) {
      return { reason: 'transport-refused', detail: `asked for UDP, answered ${transport}` };
    }
    if (/;\s*multicast/i.test(transport)) {
      return { reason: 'transport-refused', detail: `asked for unicast, answered ${transport}` };
    }
    const track = this.#tracks[index];
    if (track === undefined) {
      return { reason: 'protocol-error', detail: 'more tracks than were asked for' };
    }
    // Policy `no-server-port`: 0, 0-1 or none at all is learnt from the first packet.
    const ports = rangeIn(transport, 'server_port');
    if (ports !== undefined && ports.first > 1 && ports.first < 0xffff) {
      track.cameraRtpPort = ports.first;
      track.cameraRtcpPort = ports.second ?? ports.first + 1;
    }
    const source = /source\s*=\s*\[?([0-9a-f.:]+)/i.exec(transport)?.[1] ?? '';
    if (isIP(source) !== 0 && this.#options.isAllowed(source)) this.#otherSource = source;
    return undefined;
  }

  /** Opens the way for packets through a firewall or NAT on our side, by sending where they will come from. */
  punch(): void {
    for (const track of this.#tracks) {
      const empty = Buffer.alloc(RTP_HEADER_BYTES);
      empty[0] = VERSION_2 << 6;
      empty.writeUInt32BE(this.#ours, 8);
      this.#send(track, track.rtp, empty, track.cameraRtpPort);
      // An empty receiver report, RFC 3550 §6.4.2.
      const report = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 0]);
      report.writeUInt32BE(this.#ours, 4);
      this.#send(track, track.rtcp, report, track.cameraRtcpPort);
    }
  }

  /** Reads what has come on the media's ports. */
  read(): void {
    for (const [index, track] of this.#tracks.entries()) {
      const { readDirectly } = track;
      if (readDirectly === undefined) continue;
      for (let count = 0; count < MAX_DATAGRAMS_A_READ && !this.#over; count++) {
        const length = readDirectly(datagram);
        if (length === NOTHING) break;
        this.#take(index, track, datagram.subarray(0, length));
      }
      track.window.tick(this.#options.clock.monotonicMs());
    }
  }

  /** Called a few times a second. */
  tick(nowMs: number): void {
    for (const track of this.#tracks) track.window.tick(nowMs);
    if (nowMs - this.#reportMs < REPORT_MS) return;
    this.#reportMs = nowMs;
    for (const track of this.#tracks) {
      const report = track.statistics.receiverReport(this.#ours, nowMs);
      if (report !== undefined) this.#send(track, track.rtcp, report, track.cameraRtcpPort);
    }
    if (++this.#reports % REPORTS_A_PUNCH === 0) this.punch();
  }

  senderReport(track: number, report: SenderReport): void {
    this.#tracks[track]?.statistics.senderReport(report, this.#options.clock.monotonicMs());
  }

  /** What waits in the windows is handed on, then the ports are given back. */
  close(): void {
    if (this.#over) return;
    for (const track of this.#tracks) track.window.flush();
    this.#over = true;
    for (const { rtp, rtcp } of this.#tracks) {
      rtp.close();
      rtcp.close();
    }
  }

  /** RTP on an even port, RTCP on the odd one above: whichever the system gave first, its neighbour is asked for. */
  #openPair(tries: number, done: () => void): void {
    const first = this.#socket();
    first.once('error', (error) => {
      first.close();
      this.#failed(error);
    });
    first.bind({ port: 0, ...this.#bindAddress() }, () => {
      if (this.#over) return void first.close();
      const { port } = first.address();
      const even = port % 2 === 0;
      const second = this.#socket();
      second.once('error', (error) => {
        first.close();
        second.close();
        if (this.#over) return;
        if (tries > 1) this.#openPair(tries - 1, done);
        else this.#failed(error);
      });
      second.bind({ port: even ? port + 1 : port - 1, ...this.#bindAddress() }, () => {
        if (this.#over) {
          first.close();
          second.close();
          return;
        }
        const [rtp, rtcp] = even ? [first, second] : [second, first];
        this.#addTrack(rtp, rtcp, even ? port : port - 1);
        done();
      });
    });
  }

  #socket(): Socket {
    return createSocket({
      type: isIPv6(this.#options.remoteAddress) ? 'udp6' : 'udp4',
      recvBufferSize: RECEIVE_BUFFER_BYTES,
    });
  }

  #bindAddress(): { address?: string; exclusive: true } {
    const { localAddress } = this.#options;
    return localAddress === undefined
      ? { exclusive: true }
      : { address: localAddress, exclusive: true };
  }

  #addTrack(rtp: Socket, rtcp: Socket, port: number): void {
    const { events } = this.#options;
    const index = this.#tracks.length;
    const track: Track = {
      rtp,
      rtcp,
      port,
      cameraAddress: this.#options.remoteAddress,
      cameraRtpPort: 0,
      cameraRtcpPort: 0,
      locked: false,
      connected: false,
      readDirectly: undefined,
      window: new ReorderWindow((packet) => events.packet(index, packet)),
      statistics: new ReceptionStatistics(90_000),
    };
    this.#tracks.push(track);
    for (const socket of [rtp, rtcp]) {
      socket.removeAllListeners('error');
      socket.on('error', (error) => this.#failed(error));
    }
    rtp.on('message', (packet: Buffer, from: RemoteInfo) => {
      if (this.#over || !this.#isCamera(from.address)) this.strangers++;
      else if (isReport(packet) || this.#isItsPort(track, packet, from)) {
        this.#take(index, track, packet);
      } else this.strangers++;
    });
    rtcp.on('message', (packet: Buffer, from: RemoteInfo) => {
      if (this.#over || !this.#isCamera(from.address)) {
        this.strangers++;
        return;
      }
      if (track.cameraRtcpPort === 0) track.cameraRtcpPort = from.port;
      events.report(index, packet);
    });
  }

  /** A datagram of the camera's, on the port of RTP. */
  #take(index: number, track: Track, packet: Buffer): void {
    // Policy `rtcp-among-rtp`, RFC 5761 §4.
    if (isReport(packet)) {
      this.#options.events.report(index, packet);
      return;
    }
    if (!isRtp(packet)) return;
    const nowMs = this.#options.clock.monotonicMs();
    track.statistics.packet(packet, nowMs);
    track.window.push(packet, nowMs);
  }

  /** From here on the kernel passes over all but the camera's datagrams, and keeps them until `read`. */
  #connect(track: Track): void {
    if (this.#options.onDemand !== true) return;
    track.rtp.connect(track.cameraRtpPort, track.cameraAddress, () => {
      if (this.#over) return;
      track.connected = true;
      track.readDirectly = directDatagramReader(track.rtp);
    });
  }

  #isCamera(address: string): boolean {
    return address === this.#options.remoteAddress || address === this.#otherSource;
  }

  /**
   * The port told in SETUP's answer; by policy `nat-changes-port`, or where none was told, the first that a packet comes
   * from.
   */
  #isItsPort(track: Track, packet: Buffer, from: RemoteInfo): boolean {
    if (!isRtp(packet)) return false;
    if (track.locked) {
      return from.port === track.cameraRtpPort && from.address === track.cameraAddress;
    }
    track.locked = true;
    track.cameraAddress = from.address;
    track.cameraRtpPort = from.port;
    if (track.cameraRtcpPort === 0) track.cameraRtcpPort = from.port + 1;
    this.#connect(track);
    return true;
  }

  #send(track: Track, socket: Socket, packet: Buffer, port: number): void {
    if (port === 0 || port > 0xffff || this.#over) return;
    // Lost on its way or not sent at all: the next one follows in seconds.
    if (socket === track.rtp && track.connected) socket.send(packet, () => {});
    else socket.send(packet, port, track.cameraAddress, () => {});
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#over) return;
    const detail = `no port to receive packets: ${error.code ?? error.message}`;
    this.#options.events.failed({ reason: 'unreachable', detail });
  }
}

function isRtp(packet: Buffer): boolean {
  return packet.length >= RTP_HEADER_BYTES && (packet[0] as number) >> 6 === VERSION_2;
}

function isReport(packet: Buffer): boolean {
  const type = packet[1] ?? 0;
  return type >= FIRST_RTCP_TYPE && type <= LAST_RTCP_TYPE;
}
