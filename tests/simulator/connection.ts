/** One RTSP connection as a server sees it (RFC 2326): requests in, replies and interleaved frames out. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ServerCredentials } from './behaviour.ts';
import type { Moment } from './beat.ts';
import type { Client, SimulatedCamera } from './camera.ts';
import { onChannel, PAYLOAD_TYPE, TICKS_PER_SECOND, type Clip } from './clip.ts';
import { MalformedRequest, RequestReader, type RtspRequest } from './request.ts';
import { garbage, seededRandom } from './seeded-random.ts';
import { senderReport } from './sender-report.ts';
import { UdpClient, type UdpSender } from './udp.ts';
import { challenge, isAuthorised } from './sign-in.ts';

const PUBLIC = 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN';
const TRACK = 'trackID=0';
const DEFAULT_SESSION_SECONDS = 60;
/** A client is let be this much longer than it was told. */
const SESSION_GRACE = 1.2;
const REPORT_INTERVAL_MS = 5_000;
/** Requests of one client that wait for their reply; a client that sends more is closed. */
const MAX_WAITING_REQUESTS = 64;
const GARBAGE_REPLY_BYTES = 512;

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  302: 'Found',
  401: 'Unauthorized',
  404: 'Not Found',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

type Headers = readonly (readonly [name: string, value: string])[];

export class ServerConnection implements Client {
  readonly #socket: Socket;
  readonly #cameraNamed: (name: string) => SimulatedCamera | undefined;
  readonly #maxUnsentBytes: number;
  readonly #synchronisationSource: number;
  readonly #reader = new RequestReader();
  readonly #waiting: RtspRequest[] = [];
  readonly #nonce = randomBytes(16).toString('hex');
  #delay: NodeJS.Timeout | undefined;
  #camera: SimulatedCamera | undefined;
  #session: string | undefined;
  readonly #udp: UdpSender;
  #udpClient: UdpClient | undefined;
  #rtpChannel = 0;
  #rtcpChannel = 1;
  #playing = false;
  #heardMs = performance.now();
  #reportMs = 0;
  #packets = 0;
  #payloadBytes = 0;

  constructor(
    socket: Socket,
    options: {
      /** The camera at a path, or undefined when there can be none. */
      cameraNamed: (name: string) => SimulatedCamera | undefined;
      /** Bound of what a slow client keeps waiting; beyond it the connection is closed. */
      maxUnsentBytes: number;
      synchronisationSource: number;
      udp: UdpSender;
    },
  ) {
    this.#udp = options.udp;
    this.#socket = socket;
    this.#cameraNamed = options.cameraNamed;
    this.#maxUnsentBytes = options.maxUnsentBytes;
    this.#synchronisationSource = options.synchronisationSource;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    // A client that goes away is no fault of ours; `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  send(moment: Moment, atMs: number, noise: Buffer | undefined): void {
    const camera = this.#camera;
    if (camera === undefined) return;
    if (this.#socket.writableLength > this.#maxUnsentBytes) {
      camera.counts.slowClients++;
      // At once: `close` comes only after the pictures that are due by now.
      camera.leave(this);
      this.#socket.destroy();
      return;
    }
    if (noise !== undefined) this.#socket.write(noise);
    this.#write([moment]);
    if (atMs >= this.#reportMs) this.#report(moment, atMs);
  }

  /** Closes after what was written has left. */
  close(): void {
    this.#camera?.leave(this);
    this.#socket.destroySoon();
  }

  /** Closes a session whose client has said nothing for too long. */
  checkTimeout(): void {
    if (!this.#playing || this.#camera === undefined) return;
    const seconds = this.#camera.options.sessionTimeoutSeconds ?? DEFAULT_SESSION_SECONDS;
    if (performance.now() - this.#heardMs < seconds * 1000 * SESSION_GRACE) return;
    this.#camera.counts.timedOutClients++;
    this.close();
  }

  #write(moments: readonly Moment[]): void {
    const camera = this.#camera;
    if (camera === undefined || moments.length === 0) return;
    for (const { picture } of moments) {
      if (picture.bytes.length === 0) continue;
      if (this.#udpClient !== undefined) this.#udpClient.send(picture, camera.behaviour);
      else this.#socket.write(onChannel(picture, this.#rtpChannel).bytes);
      const packets = picture.frameStarts.length;
      this.#packets += packets;
      this.#payloadBytes += picture.bytes.length - packets * 16;
      camera.counts.picturesSent++;
      camera.counts.packetsSent += packets;
      camera.counts.bytesSent += picture.bytes.length;
    }
  }

  #report(moment: Moment, atMs: number): void {
    this.#reportMs = atMs + REPORT_INTERVAL_MS;
    const report = senderReport({
      channel: this.#rtcpChannel,
      synchronisationSource: this.#synchronisationSource,
      atMs,
      timestamp: moment.timestamp,
      packets: this.#packets,
      payloadBytes: this.#payloadBytes,
    });
    if (this.#udpClient !== undefined) this.#udpClient.report(report);
    else this.#socket.write(report);
  }

  #receive(bytes: Buffer): void {
    this.#heardMs = performance.now();
    try {
      this.#waiting.push(...this.#reader.feed(bytes));
    } catch (error) {
      if (!(error instanceof MalformedRequest)) throw error;
      this.#socket.destroy();
      return;
    }
    if (this.#waiting.length > MAX_WAITING_REQUESTS) this.#socket.destroy();
    else if (this.#delay === undefined) this.#answerWaiting();
  }

  /** Replies leave in the order of their requests, however long one takes. */
  #answerWaiting(): void {
    for (;;) {
      const request = this.#waiting.shift();
      if (request === undefined || this.#socket.destroyed) return;
      const camera = this.#enter(request);
      if (camera?.behaviour.kind === 'slow-reply') {
        this.#delay = setTimeout(() => {
          this.#delay = undefined;
          this.#answer(request, camera);
          this.#answerWaiting();
        }, camera.behaviour.delayMs);
        return;
      }
      this.#answer(request, camera);
    }
  }

  /** The camera that a request is about; a connection belongs to the first that it asked for. */
  #enter(request: RtspRequest): SimulatedCamera | undefined {
    if (this.#camera === undefined) {
      this.#camera = this.#cameraNamed(cameraName(request.url));
      this.#camera?.connections.add(this);
    }
    const requests = this.#camera?.counts.requests;
    if (requests !== undefined) requests[request.method] = (requests[request.method] ?? 0) + 1;
    return this.#camera;
  }

  #answer(request: RtspRequest, camera: SimulatedCamera | undefined): void {
    if (camera === undefined) {
      this.#reply(request, request.method === 'OPTIONS' ? 200 : 404, [['Public', PUBLIC]]);
      return;
    }
    const behaviour = camera.behaviour;
    switch (behaviour.kind) {
      case 'silent':
        return;
      case 'refuse':
        if (behaviour.how === '503') this.#reply(request, 503);
        else this.#socket.destroy();
        return;
      case 'not-found':
        this.#reply(request, 404);
        return;
      case 'garbage':
        if (behaviour.where === 'instead-of-reply') {
          this.#socket.write(garbage(seededRandom(1), behaviour.bytes ?? GARBAGE_REPLY_BYTES));
          return;
        }
        break;
      case 'flap':
        if (camera.isAway) {
          this.#socket.destroy();
          return;
        }
        break;
      case 'unauthorised':
      case 'stale-timestamps':
      case 'normal':
      case 'drop':
      case 'freeze':
      case 'freeze-picture':
      case 'lose-packets':
      case 'bad-line':
      case 'jump-timestamps':
      case 'change-parameter-sets':
      case 'no-video':
      case 'jpeg':
      case 'slow-reply':
        break;
    }
    if (request.method !== 'OPTIONS' && !this.#signedIn(request, camera)) return;
    this.#perform(request, camera);
  }

  #signedIn(request: RtspRequest, camera: SimulatedCamera): boolean {
    const { behaviour } = camera;
    const credentials =
      behaviour.kind === 'unauthorised' ? behaviour.credentials : camera.options.credentials;
    if (credentials === undefined && behaviour.kind !== 'unauthorised') return true;
    const authorization = request.headers.get('authorization');
    const { method, url } = request;
    if (
      credentials !== undefined &&
      isAuthorised(credentials, this.#nonce, { method, url, authorization })
    ) {
      return true;
    }
    const asked: ServerCredentials = credentials ?? { username: '', password: '' };
    this.#reply(request, 401, [['WWW-Authenticate', challenge(asked, this.#nonce)]]);
    return false;
  }

  #perform(request: RtspRequest, camera: SimulatedCamera): void {
    switch (request.method) {
      case 'OPTIONS':
        this.#reply(request, 200, [['Public', PUBLIC]]);
        return;
      case 'DESCRIBE':
        if (camera.options.refersTo !== undefined) {
          this.#reply(request, 302, [['Location', camera.options.refersTo]]);
          return;
        }
        this.#reply(
          request,
          200,
          [
            ['Content-Base', `${request.url.replace(/\/$/, '')}/`],
            ['Content-Type', 'application/sdp'],
          ],
          description(camera),
        );
        return;
      case 'SETUP':
        this.#setUp(request, camera);
        return;
      case 'PLAY':
        this.#play(request, camera);
        return;
      case 'GET_PARAMETER':
        if (this.#hasSession(request)) this.#reply(request, 200);
        return;
      case 'TEARDOWN':
        if (!this.#hasSession(request)) return;
        camera.leave(this);
        this.#playing = false;
        this.#reply(request, 200);
        this.#session = undefined;
        return;
      default:
        this.#reply(request, 501);
    }
  }

  #setUp(request: RtspRequest, camera: SimulatedCamera): void {
    const transport = request.headers.get('transport') ?? '';
    if (this.#playing) {
      this.#reply(request, 455);
      return;
    }
    if (!request.url.includes(TRACK)) {
      this.#reply(request, 404);
      return;
    }
    const byUdp = !/^RTP\/AVP\/TCP\b/i.test(transport);
    const granted = camera.options.transports ?? ['tcp', 'udp'];
    if (!granted.includes(byUdp ? 'udp' : 'tcp')) {
      this.#reply(request, 461);
      return;
    }
    if (byUdp) {
      this.#setUpUdp(request, camera, transport);
      return;
    }
    const channels = /interleaved=(\d{1,3})-(\d{1,3})/.exec(transport);
    this.#rtpChannel = Math.min(254, Number(channels?.[1] ?? 0));
    this.#rtcpChannel = Math.min(255, Number(channels?.[2] ?? this.#rtpChannel + 1));
    const told = `interleaved=${this.#rtpChannel}-${this.#rtcpChannel}`;
    this.#grant(request, camera, `RTP/AVP/TCP;unicast;${told}`);
  }

  #setUpUdp(request: RtspRequest, camera: SimulatedCamera, transport: string): void {
    const ports = /client_port=(\d{1,5})-(\d{1,5})/.exec(transport);
    const client = ports === null ? undefined : { rtp: Number(ports[1]), rtcp: Number(ports[2]) };
    if (client === undefined || client.rtcp > 0xffff) {
      this.#reply(request, 461);
      return;
    }
    this.#udpClient?.close();
    this.#udpClient = new UdpClient(this.#udp, {
      address: this.#socket.remoteAddress ?? '',
      ...client,
      blocked: camera.options.udpBlocked === true,
      camera: camera.name,
      counts: camera.counts,
      heard: () => {
        this.#heardMs = performance.now();
      },
    });
    const { rtpPort, rtcpPort } = this.#udp;
    const told = `client_port=${client.rtp}-${client.rtcp};server_port=${rtpPort}-${rtcpPort}`;
    this.#grant(request, camera, `RTP/AVP;unicast;${told}`);
  }

  #grant(request: RtspRequest, camera: SimulatedCamera, transport: string): void {
    this.#session ??= randomBytes(8).toString('hex');
    const source = this.#synchronisationSource.toString(16).padStart(8, '0').toUpperCase();
    const seconds = camera.options.sessionTimeoutSeconds ?? DEFAULT_SESSION_SECONDS;
    this.#reply(request, 200, [
      ['Transport', `${transport};ssrc=${source}`],
      ['Session', `${this.#session};timeout=${seconds}`],
    ]);
  }

  #play(request: RtspRequest, camera: SimulatedCamera): void {
    if (!this.#hasSession(request)) return;
    if (this.#playing) {
      this.#reply(request, 200);
      return;
    }
    this.#playing = true;
    const start = camera.play(this);
    const track = `${request.url.replace(/\/$/, '')}/${TRACK}`;
    this.#reply(request, 200, [
      ['Range', 'npt=now-'],
      ['RTP-Info', `url=${track};seq=${start.sequence};rtptime=${start.timestamp}`],
    ]);
    this.#write(start.moments);
  }

  #hasSession(request: RtspRequest): boolean {
    const session = request.headers.get('session')?.split(';')[0]?.trim();
    if (this.#session !== undefined && session === this.#session) return true;
    this.#reply(request, 454);
    return false;
  }

  #reply(request: RtspRequest, status: number, headers: Headers = [], body = ''): void {
    const lines = [`RTSP/1.0 ${status} ${REASONS[status] ?? ''}`];
    lines.push(`CSeq: ${request.headers.get('cseq') ?? '0'}`, 'Server: camera simulator');
    for (const [name, value] of headers) lines.push(`${name}: ${value}`);
    const named = headers.some(([name]) => name === 'Session');
    if (this.#session !== undefined && !named) lines.push(`Session: ${this.#session}`);
    if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  #closed(): void {
    clearTimeout(this.#delay);
    this.#udpClient?.close();
    this.#camera?.leave(this);
    this.#camera?.connections.delete(this);
  }
}

/** `rtsp://host:port/name/trackID=0?query` → `name`. */
function cameraName(url: string): string {
  const path = /^rtsps?:\/\/[^/]*\/([^?]*)/i.exec(url)?.[1] ?? '';
  return path.replace(new RegExp(`/?${TRACK}$`), '').replace(/\/$/, '');
}

function description(camera: SimulatedCamera): string {
  switch (camera.behaviour.kind) {
    case 'no-video':
      return sdp(['m=audio 0 RTP/AVP 8', 'a=rtpmap:8 PCMA/8000', `a=control:${TRACK}`]);
    case 'jpeg':
      return sdp(['m=video 0 RTP/AVP 26', `a=control:${TRACK}`]);
    default:
      return videoSdp(camera);
  }
}

function videoSdp(camera: SimulatedCamera): string {
  const clip = camera.clip;
  const sets = camera.options.parameterSetsInSdp === false ? '' : parameterSetsFmtp(clip);
  return sdp([
    `m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
    `a=rtpmap:${PAYLOAD_TYPE} H264/${TICKS_PER_SECOND}`,
    `a=fmtp:${PAYLOAD_TYPE} packetization-mode=1${sets}`,
    `a=framerate:${clip.framesPerSecond}`,
    `a=control:${TRACK}`,
  ]);
}

function parameterSetsFmtp({ sps, pps }: Clip): string {
  const profile = sps.toString('hex', 1, 4).toUpperCase();
  return `;profile-level-id=${profile};sprop-parameter-sets=${sps.toString('base64')},${pps.toString('base64')}`;
}

function sdp(media: readonly string[]): string {
  const session = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=Simulated camera',
    'c=IN IP4 0.0.0.0',
    't=0 0',
  ];
  return [...session, 'a=control:*', 'a=range:npt=now-', ...media, ''].join('\r\n');
}
