import type { Clock } from './clock.ts';
import { AccessUnits } from './bitstream/access-units.ts';
import { H264Format } from './h264/format.ts';
import { H265Format } from './h265/format.ts';
import type { PartTarget } from './fmp4/part-target.ts';
import { TIMESCALE } from './fmp4/init.ts';
import { Segmenter, type SegmenterOutput } from './fmp4/segmenter.ts';
import type { ChunkPool } from './memory/chunk-pool.ts';
import { PartWriter } from './memory/part-writer.ts';
import { H264Payload } from './rtp/h264.ts';
import { H265Payload } from './rtp/h265.ts';
import { RtpReceiver } from './rtp/receiver.ts';
import { Timeline } from './rtp/timeline.ts';
import { WallClock } from './rtp/wall-clock.ts';
import { CameraClock } from './rtp/camera-clock.ts';
import { senderReportIn } from './rtp/rtcp.ts';
import { readWaitMs, type ReadSchedule, type ScheduledReader } from './read-schedule.ts';
import { openSound } from './aac/sound-track.ts';
import { chooseTracks } from './rtsp/choose-tracks.ts';
import { RtspClient } from './rtsp/client.ts';
import type { Connection } from './rtsp/connection.ts';
import { InterleavedPath } from './rtsp/interleaved-path.ts';
import { InterleavedReader, NotRtsp } from './rtsp/interleaved.ts';
import { isTunnelled, openLine, requestAddress } from './rtsp/line.ts';
import { MalformedReply } from './rtsp/message.ts';
import type { PacketPath } from './rtsp/packet-path.ts';
import { redirectTarget } from './rtsp/redirect.ts';
import {
  hasDecodingOrderNumbers,
  MalformedDescription,
  parameterSets,
  type MediaDescription,
} from './rtsp/sdp.ts';
import type { Transport } from './rtsp/transport-choice.ts';
import { UdpPath } from './rtsp/udp-path.ts';
import type { SessionFigures } from './condition/stream-figures.ts';
import { SessionLimits } from './session-limits.ts';
import type { Progress, StreamFailure } from './stream-failure.ts';
import type { StreamSource } from '#registry/cameras.ts';
import type { CuttingRules } from './worker-protocol.ts';

/** From dialling to the first packet. */
const START_MS = 15_000;
/** Without a byte of media for so long, the camera is silent. */
const SILENCE_MS = 10_000;
/** By UDP the first packet comes in this time, or a firewall keeps them away. */
const FIRST_DATAGRAM_MS = 5_000;
/** Other addresses that one may lead to, one after the other. */
const MAX_REDIRECTS = 3;
/** Details hold words of the camera's, and go to every screen. */
const MAX_DETAIL_CHARACTERS = 200;
/** Bytes come but no picture that can be shown. */
const NO_PICTURE_MS = 20_000;
/** Smaller reads cannot cost so much that it matters whose they are. */
const TIMED_READ_BYTES = 64 * 1024;
/** Share of the latest read in the measured rate. */
const RATE_SHARE = 1 / 8;
/** Until it is measured: 2 Mbit/s. */
const FIRST_BYTES_PER_MS = 250;

export interface SessionOptions {
  source: StreamSource;
  /** How packets are asked for. Within HTTP there is only one way, and this is passed over. */
  transport: Transport;
  cutting: CuttingRules;
  partTarget: PartTarget | undefined;
  pool: ChunkPool;
  /** Who reads the socket once the camera plays; without one the event loop does, whenever there is something. */
  schedule?: ReadSchedule | undefined;
  isAllowed: (address: string) => boolean;
  clock: Clock;
  output: SegmenterOutput;
  /** The camera accepted to play: its handshake is over. */
  onPlaying: () => void;
  /** A first whole picture was received. */
  onUp: () => void;
  /** The session is over; its parts have been handed on. Called once, and not after `close`. */
  onFailure: (failure: StreamFailure, progress: Progress) => void;
}

/**
 * One uninterrupted session with one camera, all stages joined, in the order in which a frame passes them:
 *
 * socket → interleaved frame, or datagram → RTP packet → NAL units → access unit → part and segment.
 *
 * Each stage calls the next; there is no queue, promise or event between them.
 */
export class CameraSession implements ScheduledReader {
  readonly #options: SessionOptions;
  readonly #credentials: { username: string; password: string } | undefined;
  #connection: Connection;
  /** Once the line is open. */
  #client: RtspClient | undefined;
  #udp: UdpPath | undefined;
  #reader: InterleavedReader;
  #units: AccessUnits | undefined;
  readonly #segmenter: Segmenter;
  readonly #clock = new WallClock();
  readonly #limits: SessionLimits;
  readonly #cameraClock = new CameraClock();
  #receiver: RtpReceiver | undefined;
  #soundReceiver: RtpReceiver | undefined;
  /** Of the picture's track; -1 by UDP. */
  #rtpChannel = -1;
  #rtcpChannel = -1;
  #soundChannel = -1;
  #redirects = 0;
  #bytes = 0;
  /** In the schedule; -1 while the event loop reads. */
  #place = -1;
  #bytesPerMs = FIRST_BYTES_PER_MS;
  #lastReadBytes = 0;
  #startedMs: number;
  /** Of the last read, monotonic. */
  #arrivalMs: number;
  /** Time that reads took since the limits were last looked at. */
  #workMs = 0;
  #lastUnits = 0;
  #lastUnitMs: number;
  #playing = false;
  #playingMs = 0;
  #up = false;
  #over = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#startedMs = this.#arrivalMs = this.#lastUnitMs = options.clock.monotonicMs();
    this.#limits = new SessionLimits(this.#startedMs);
    const { cutting } = options;

    this.#segmenter = new Segmenter(
      {
        partAimTicks: ticks(cutting.partAimMs),
        segmentAimTicks: ticks(cutting.segmentAimMs),
        segmentMaxTicks: ticks(cutting.segmentMaxMs),
        partTarget: options.partTarget,
        wallMs: (decodeTicks) => this.wallMs(decodeTicks),
      },
      new PartWriter(options.pool),
      options.output,
    );
    const { username, password } = options.source;
    this.#credentials = username === null ? undefined : { username, password: password ?? '' };
    this.#reader = this.#newReader();
    this.#connection = this.#dial(asciiAddress(options.source.url), true);
  }

  /** Opens the line to an address, and begins the conversation when it is there. */
  #dial(address: string, basicAllowed: boolean): Connection {
    const { isAllowed, clock, source } = this.#options;
    const url = new URL(address);
    const credentials = this.#credentials;
    const transport = isTunnelled(url) ? 'tcp' : this.#options.transport;
    const connection = openLine(
      url,
      { isAllowed, tls: source.tls, credentials: basicAllowed ? credentials : undefined },
      {
        opened: () => {
          if (transport === 'tcp') begin(new InterleavedPath());
          else this.#openUdp(begin);
        },
        bytes: (bytes, length) => this.#receive(bytes, length),
        failed: (failure) => this.#fail(failure),
      },
    );
    const begin = (path: PacketPath): void => {
      const client = new RtspClient({
        url: requestAddress(address),
        credentials,
        basicAllowed,
        chooseTracks: (description) => chooseTracks(description, source.sound),
        path,
        events: {
          send: (request) => connection.send(request),
          setUp: (tracks) => this.#setUp(tracks, path),
          playing: () => this.#play(),
          redirected: (location) => this.#redirect(address, location),
          failed: (failure) => this.#fail(failure),
        },
      });
      this.#client = client;
      client.start(clock.monotonicMs());
    };
    return connection;
  }

  /** Of one line: what it has kept of the last read belongs to that line. */
  #newReader(): InterleavedReader {
    return new InterleavedReader({
      frame: (channel, bytes, start, end) => {
        if (this.#over) return;
        if (channel === this.#rtpChannel) this.#receiver?.receive(bytes, start, end);
        else if (channel === this.#rtcpChannel) this.#report(bytes, start, end);
        else if (channel === this.#soundChannel) this.#receiveSound(bytes, start, end);
      },
      message: (head, body) => this.#client?.message(head, body, this.#arrivalMs),
    });
  }

  #openUdp(begin: (path: PacketPath) => void): void {
    const { isAllowed, clock } = this.#options;
    const udp = new UdpPath({
      remoteAddress: this.#connection.remoteAddress() ?? '',
      localAddress: this.#connection.localAddress(),
      tracks: this.#options.source.sound === true ? 2 : 1,
      isAllowed,
      clock,
      onDemand: this.#options.schedule !== undefined,
      events: {
        packet: (track, packet) => {
          if (track === 0) this.#datagram(packet);
          else if (!this.#over) this.#receiveSound(packet, 0, packet.length);
        },
        report: (track, packet) => {
          if (track === 0) this.#report(packet, 0, packet.length);
        },
        failed: (failure) => this.#fail(failure),
      },
    });
    this.#udp = udp;
    udp.open(() => {
      if (!this.#over) begin(udp);
    });
  }

  /** RFC 2326 §11.3. The new address is resolved and asked about like the first one. */
  #redirect(from: string, location: string): void {
    const target = redirectTarget(from, asciiAddress(location));
    if (target === undefined || ++this.#redirects > MAX_REDIRECTS) {
      const detail = `the camera refers to ${location}, which is not followed`;
      this.#fail({ reason: 'protocol-error', detail });
      return;
    }
    this.#client = undefined;
    this.#udp?.close();
    this.#udp = undefined;
    this.#connection.close();
    this.#reader = this.#newReader();
    this.#connection = this.#dial(target.url, target.sameHost);
  }

  get figures(): SessionFigures {
    const units = this.#units?.counters;
    return {
      begunUnits: units?.begun ?? 0,
      handedOnUnits: units?.handedOn ?? 0,
      droppedUnits: units?.dropped ?? 0,
      packets: this.#receiver?.packets ?? 0,
      lostPackets: this.#receiver?.lostPackets ?? 0,
      timestamp: this.#receiver?.timestamp,
    };
  }

  /** Received since it began, media and all else. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Of the part that is being written. */
  get openBytes(): number {
    return this.#segmenter.openBytes;
  }

  /** Camera's clock minus ours, ms; undefined until it has told its time. */
  get cameraClockOffsetMs(): number | undefined {
    return this.#cameraClock.offsetMs;
  }

  /** When a picture of this decode time was taken, as far as is known now. Unix ms. */
  wallMs(decodeTicks: number): number {
    return this.#clock.at((decodeTicks * 1000) / TIMESCALE);
  }

  /** Whether `wallMs` of the run's first pictures is final but for the slow drift of clocks. */
  get isTimed(): boolean {
    return this.#clock.isSettled(this.#options.clock.wallMs());
  }

  /** Called a few times a second: keepalives and limits. `nowMs` is monotonic. */
  tick(nowMs: number): void {
    if (this.#over) return;
    const exceeded = this.#limits.exceeded(
      nowMs,
      this.#workMs,
      this.#units?.counters.begun ?? 0,
      this.#segmenter.initIndex + 1,
    );
    this.#workMs = 0;
    if (exceeded !== undefined) {
      this.#fail({ reason: 'protocol-error', detail: exceeded });
      return;
    }
    this.#client?.tick(nowMs);
    this.#udp?.tick(nowMs);
    const units = this.#units?.counters.handedOn ?? 0;
    if (units !== this.#lastUnits) {
      this.#lastUnits = units;
      this.#lastUnitMs = nowMs;
    }
    if (!this.#playing) {
      if (nowMs - this.#startedMs > START_MS) this.#fail(this.#notStarted());
    } else if (nowMs - this.#arrivalMs > SILENCE_MS) {
      this.#fail({ reason: 'silent', detail: 'the camera stopped sending' });
    } else if (
      this.#udp !== undefined &&
      this.#progress() === 'playing' &&
      nowMs - this.#playingMs > FIRST_DATAGRAM_MS
    ) {
      this.#fail({ reason: 'silent', detail: 'no packet came by UDP' });
    } else if (nowMs - this.#lastUnitMs > NO_PICTURE_MS) {
      this.#fail(
        this.#options.pool.isFull
          ? { reason: 'memory-full', detail: 'no media memory is free' }
          : this.#progress() === 'receiving'
            ? { reason: 'no-whole-picture', detail: 'packets come, but no whole picture' }
            : { reason: 'no-video', detail: 'the camera plays, but sends no picture' },
      );
    }
  }

  /** See ReadSchedule. */
  read(nowMs: number): number {
    const beforeMs = this.#arrivalMs;
    this.#lastReadBytes = 0;
    if (this.#udp === undefined) this.#connection.read();
    else this.#readDatagrams(this.#udp);
    if (this.#lastReadBytes > 0 && nowMs > beforeMs) {
      const rate = this.#lastReadBytes / (nowMs - beforeMs);
      this.#bytesPerMs += (rate - this.#bytesPerMs) * RATE_SHARE;
    }
    // As fast as it comes: waits of ours would stretch the burst that a camera begins with.
    if (!this.isTimed) return nowMs;
    const closeTicks = this.#segmenter.expectedCloseTicks;
    const untilCloseMs =
      closeTicks === undefined ? undefined : this.wallMs(closeTicks) - this.#options.clock.wallMs();
    return nowMs + readWaitMs(untilCloseMs, this.#bytesPerMs);
  }

  /** Leaves the camera politely. Its last part is handed on. */
  close(): void {
    if (this.#over) return;
    this.#end();
  }

  #receive(bytes: Buffer, length: number): void {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    this.#bytes += length;
    // By UDP, answers to keepalives are no sign of media.
    if (this.#udp === undefined || !this.#playing) this.#arrivalMs = beganMs;
    this.#lastReadBytes = length;
    const receiver = this.#receiver;
    if (receiver !== undefined) {
      receiver.arrivalMs = clock.wallMs();
      receiver.arrivalMonotonicMs = beganMs;
    }
    try {
      this.#reader.feed(bytes, 0, length);
    } catch (error) {
      if (
        error instanceof NotRtsp ||
        error instanceof MalformedReply ||
        error instanceof MalformedDescription
      ) {
        this.#fail({ reason: 'protocol-error', detail: error.message });
        return;
      }
      throw error;
    }
    if (length > TIMED_READ_BYTES) this.#workMs += clock.monotonicMs() - beganMs;
    this.#lookForPicture();
  }

  #readDatagrams(udp: UdpPath): void {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    udp.read();
    if (this.#lastReadBytes > TIMED_READ_BYTES) this.#workMs += clock.monotonicMs() - beganMs;
  }

  /** An RTP packet that came by itself, in its turn. */
  #datagram(packet: Buffer): void {
    const receiver = this.#receiver;
    if (this.#over || receiver === undefined) return;
    const { clock } = this.#options;
    this.#arrivalMs = clock.monotonicMs();
    this.#lastReadBytes += packet.length;
    this.#bytes += packet.length;
    receiver.arrivalMs = clock.wallMs();
    receiver.arrivalMonotonicMs = this.#arrivalMs;
    receiver.receive(packet, 0, packet.length);
    this.#lookForPicture();
  }

  #receiveSound(bytes: Buffer, start: number, end: number): void {
    const sound = this.#soundReceiver;
    const { clock } = this.#options;
    if (sound === undefined) return;
    sound.arrivalMs = clock.wallMs();
    sound.arrivalMonotonicMs = clock.monotonicMs();
    sound.receive(bytes, start, end);
  }

  #lookForPicture(): void {
    if (this.#up || this.#over || (this.#units?.counters.handedOn ?? 0) === 0) return;
    this.#up = true;
    this.#options.onUp();
  }

  /** RTCP of the picture's track. */
  #report(bytes: Buffer, start: number, end: number): void {
    const report = senderReportIn(bytes, start, end);
    if (report === undefined) return;
    this.#cameraClock.observe(report, this.#options.clock.wallMs());
    this.#udp?.senderReport(0, report);
  }

  #progress(): Progress {
    if ((this.#receiver?.packets ?? 0) > 0) return 'receiving';
    return this.#client?.stage ?? 'asking';
  }

  #play(): void {
    this.#playing = true;
    const nowMs = this.#options.clock.monotonicMs();
    this.#playingMs = this.#lastUnitMs = this.#arrivalMs = nowMs;
    this.#options.onPlaying();
    this.#udp?.punch();
    const { schedule } = this.#options;
    if (schedule !== undefined && (this.#udp !== undefined || this.#connection.readOnDemand())) {
      this.#place = schedule.add(this);
    }
  }

  /** Packets may come from here on, before PLAY is answered. */
  #setUp([media, sound]: readonly MediaDescription[], path: PacketPath): void {
    if (media === undefined) return;
    if (path instanceof InterleavedPath) {
      this.#reader.highestChannel = path.highestChannel;
      this.#rtpChannel = path.rtpChannels[0] ?? -1;
      this.#rtcpChannel = path.rtcpChannels[0] ?? -1;
      this.#soundChannel = sound === undefined ? -1 : (path.rtpChannels[1] ?? -1);
    } else {
      this.#udp?.punch();
    }
    if (sound !== undefined) this.#soundReceiver = openSound(sound, this.#segmenter, this.#clock);
    const timeline = new Timeline(TIMESCALE);
    const isH265 = media.encoding === 'H265';
    const units = new AccessUnits(isH265 ? new H265Format() : new H264Format(), this.#segmenter, {
      shift: (by) => timeline.shift(by),
      repeat: (repeats) => timeline.repeat(repeats, this.#receiver?.arrivalMonotonicMs ?? 0),
    });
    this.#units = units;
    for (const set of parameterSets(media)) units.parameterSet(set);
    this.#receiver = new RtpReceiver({
      payloadType: media.payloadType,
      // RFC 6184 §8.1 and RFC 7798 §7.1 allow no other; what the description says of it is not believed.
      clockRate: TIMESCALE,
      payload: isH265
        ? new H265Payload(units, { decodingOrderNumbers: hasDecodingOrderNumbers(media) })
        : new H264Payload(units),
      units,
      timeline,
      clock: this.#clock,
    });
    this.#receiver.arrivalMs = this.#options.clock.wallMs();
    this.#receiver.arrivalMonotonicMs = this.#options.clock.monotonicMs();
  }

  /** Policy `web-server-answers`. Something else than RTSP may listen there: that is no slow line. */
  #notStarted(): StreamFailure {
    return this.#reader.garbageBytes > 0
      ? { reason: 'protocol-error', detail: 'what the camera answers is not RTSP' }
      : { reason: 'timeout', detail: 'the camera did not answer in time' };
  }

  #fail(failure: StreamFailure): void {
    if (this.#over) return;
    const progress = this.#progress();
    this.#end();
    const detail = failure.detail.slice(0, MAX_DETAIL_CHARACTERS);
    this.#options.onFailure({ reason: failure.reason, detail }, progress);
  }

  #end(): void {
    // What waits for a packet before it is handed on first.
    this.#udp?.close();
    this.#over = true;
    this.#client?.teardown(this.#arrivalMs);
    if (this.#place >= 0) this.#options.schedule?.remove(this.#place);
    this.#connection.close();
    this.#receiver?.finish();
    this.#segmenter.end();
  }
}

/** Requests are ASCII; all else stays letter for letter, for firmwares compare addresses as text. */
function asciiAddress(url: string): string {
  return url.toWellFormed().replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent);
}

function ticks(ms: number): number {
  return (ms * TIMESCALE) / 1000;
}
