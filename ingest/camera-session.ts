import type { Clock } from './clock.ts';
import { AccessUnits } from './h264/access-units.ts';
import type { PartTarget } from './fmp4/part-target.ts';
import { TIMESCALE } from './fmp4/init.ts';
import { Segmenter, type SegmenterOutput } from './fmp4/segmenter.ts';
import type { ChunkPool } from './memory/chunk-pool.ts';
import { PartWriter } from './memory/part-writer.ts';
import { H264Payload } from './rtp/h264.ts';
import { RtpReceiver } from './rtp/receiver.ts';
import { Timeline } from './rtp/timeline.ts';
import { WallClock } from './rtp/wall-clock.ts';
import { RtspClient } from './rtsp/client.ts';
import { openConnection, type Connection } from './rtsp/connection.ts';
import { InterleavedReader, NotRtsp } from './rtsp/interleaved.ts';
import { MalformedReply } from './rtsp/message.ts';
import {
  MalformedDescription,
  parameterSets,
  type MediaDescription,
  type SessionDescription,
} from './rtsp/sdp.ts';
import { SessionLimits } from './session-limits.ts';
import type { StreamFailure } from './stream-failure.ts';
import type { StreamSource } from '#registry/cameras.ts';
import type { CuttingRules } from './worker-protocol.ts';

/** From dialling to the first packet. */
const START_MS = 15_000;
/** Without a byte for so long, the camera is silent. */
const SILENCE_MS = 10_000;
/** Details hold words of the camera's, and go to every screen. */
const MAX_DETAIL_CHARACTERS = 200;
/** Bytes come but no picture that can be shown. */
const NO_PICTURE_MS = 20_000;
/** Smaller reads cannot cost so much that it matters whose they are. */
const TIMED_READ_BYTES = 32 * 1024;

export interface SessionOptions {
  source: StreamSource;
  cutting: CuttingRules;
  partTarget: PartTarget | undefined;
  pool: ChunkPool;
  isAllowed: (address: string) => boolean;
  clock: Clock;
  output: SegmenterOutput;
  /** The camera accepted to play: its handshake is over. */
  onPlaying: () => void;
  /** A first whole picture was received. */
  onUp: () => void;
  /** The session is over; its parts have been handed on. Called once, and not after `close`. */
  onFailure: (failure: StreamFailure) => void;
}

export interface SessionCounters {
  droppedUnits: number;
  lostPackets: number;
}

/**
 * One uninterrupted session with one camera, all stages joined, in the order in which a frame passes them:
 *
 * socket → interleaved frame → RTP packet → H.264 payload → access unit → part and segment.
 *
 * Each stage calls the next; there is no queue, promise or event between them.
 */
export class CameraSession {
  readonly #options: SessionOptions;
  readonly #connection: Connection;
  readonly #client: RtspClient;
  readonly #reader: InterleavedReader;
  readonly #units: AccessUnits;
  readonly #segmenter: Segmenter;
  readonly #clock = new WallClock();
  readonly #limits: SessionLimits;
  #receiver: RtpReceiver | undefined;
  #rtpChannel = 0;
  #startedMs: number;
  /** Of the last read, monotonic. */
  #arrivalMs: number;
  /** Time that reads took since the limits were last looked at. */
  #workMs = 0;
  #lastUnits = 0;
  #lastUnitMs: number;
  #playing = false;
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
    this.#units = new AccessUnits(this.#segmenter);
    this.#reader = new InterleavedReader({
      frame: (channel, bytes, start, end) => {
        if (channel === this.#rtpChannel && !this.#over) {
          this.#receiver?.receive(bytes, start, end);
        }
      },
      message: (head, body) => this.#client.message(head, body, this.#arrivalMs),
    });
    const { username, password } = options.source;
    const url = asciiAddress(options.source.url);
    this.#client = new RtspClient({
      url,
      credentials: username === null ? undefined : { username, password: password ?? '' },
      chooseTrack,
      events: {
        send: (request) => this.#connection.send(request),
        channels: (highest) => {
          this.#reader.highestChannel = Math.max(1, highest);
        },
        playing: (media, rtpChannel) => this.#play(media, rtpChannel),
        failed: (failure) => this.#fail(failure),
      },
    });
    this.#connection = openConnection(new URL(url), options.isAllowed, {
      opened: () => this.#client.start(options.clock.monotonicMs()),
      bytes: (bytes, length) => this.#receive(bytes, length),
      failed: (failure) => this.#fail(failure),
    });
  }

  get counters(): SessionCounters {
    return {
      droppedUnits: this.#units.counters.dropped,
      lostPackets: this.#receiver?.lostPackets ?? 0,
    };
  }

  /** When a picture of this decode time was taken, as far as is known now. Unix ms. */
  wallMs(decodeTicks: number): number {
    return this.#clock.at((decodeTicks * 1000) / TIMESCALE);
  }

  /** Called a few times a second: keepalives and limits. `nowMs` is monotonic. */
  tick(nowMs: number): void {
    if (this.#over) return;
    const exceeded = this.#limits.exceeded(
      nowMs,
      this.#workMs,
      this.#receiver?.begun ?? 0,
      this.#segmenter.initIndex + 1,
    );
    this.#workMs = 0;
    if (exceeded !== undefined) {
      this.#fail({ reason: 'protocol-error', detail: exceeded });
      return;
    }
    this.#client.tick(nowMs);
    const units = this.#receiver?.units ?? 0;
    if (units !== this.#lastUnits) {
      this.#lastUnits = units;
      this.#lastUnitMs = nowMs;
    }
    if (!this.#playing) {
      if (nowMs - this.#startedMs > START_MS) this.#fail(this.#notStarted());
    } else if (nowMs - this.#arrivalMs > SILENCE_MS) {
      this.#fail({ reason: 'silent', detail: 'the camera stopped sending' });
    } else if (nowMs - this.#lastUnitMs > NO_PICTURE_MS) {
      this.#fail({ reason: 'no-video', detail: 'packets come, but no whole picture' });
    }
  }

  /** Leaves the camera politely. Its last part is handed on. */
  close(): void {
    if (this.#over) return;
    this.#end();
  }

  #receive(bytes: Buffer, length: number): void {
    const { clock } = this.#options;
    this.#arrivalMs = clock.monotonicMs();
    if (this.#receiver !== undefined) this.#receiver.arrivalMs = clock.wallMs();
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
    if (length > TIMED_READ_BYTES) this.#workMs += clock.monotonicMs() - this.#arrivalMs;
    if (!this.#up && !this.#over && (this.#receiver?.units ?? 0) > 0) {
      this.#up = true;
      this.#options.onUp();
    }
  }

  #play(media: MediaDescription, rtpChannel: number): void {
    this.#rtpChannel = rtpChannel;
    this.#playing = true;
    this.#options.onPlaying();
    this.#lastUnitMs = this.#arrivalMs;
    for (const set of parameterSets(media)) this.#units.parameterSet(set);
    this.#receiver = new RtpReceiver({
      payloadType: media.payloadType,
      // RFC 6184 §8.1 allows no other; what the description says of it is not believed.
      clockRate: TIMESCALE,
      payload: new H264Payload(this.#units),
      units: this.#units,
      timeline: new Timeline(TIMESCALE),
      clock: this.#clock,
    });
    this.#receiver.arrivalMs = this.#options.clock.wallMs();
  }

  /** Something else than RTSP may listen there (a web server often does): that is no slow line. */
  #notStarted(): StreamFailure {
    return this.#reader.garbageBytes > 0
      ? { reason: 'protocol-error', detail: 'what the camera answers is not RTSP' }
      : { reason: 'timeout', detail: 'the camera did not answer in time' };
  }

  #fail(failure: StreamFailure): void {
    if (this.#over) return;
    this.#end();
    const detail = failure.detail.slice(0, MAX_DETAIL_CHARACTERS);
    this.#options.onFailure({ reason: failure.reason, detail });
  }

  #end(): void {
    this.#over = true;
    this.#client.teardown(this.#arrivalMs);
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

/** The first track that can be played. H.265, MJPEG and sound have their places here when they come. */
function chooseTrack(description: SessionDescription): MediaDescription | StreamFailure {
  const video = description.media.filter((media) => media.kind === 'video');
  if (video.length === 0) {
    return { reason: 'no-video', detail: 'the camera offers no video track' };
  }
  const playable = video.find((media) => media.encoding === 'H264');
  if (playable !== undefined) return playable;
  const names = video.map((media) => media.encoding || `payload type ${media.payloadType}`);
  return { reason: 'codec-not-supported', detail: `the camera offers ${names.join(', ')}` };
}
