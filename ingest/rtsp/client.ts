import { authorization, chooseChallenge, type Challenge, type Credentials } from './digest.ts';
import { formatRequest, header, parseReply, type RtspReply } from './message.ts';
import type { PacketPath } from './packet-path.ts';
import { parseSdp, type MediaDescription, type SessionDescription } from './sdp.ts';
import type { StreamFailure } from '../stream-failure.ts';

/** Session timeout when the server names none, RFC 2326 §12.37. */
const DEFAULT_SESSION_SECONDS = 60;
const MIN_KEEPALIVE_MS = 1_000;
/** Policy `second-challenge`. Challenges answered for one request: the first, and one that is stale or follows. */
const MAX_CHALLENGES = 2;
const MAX_REQUESTS = 40;
const USER_AGENT = 'CCTV-Linkage-Gateway/0.1';

export interface RtspClientEvents {
  send(request: string): void;
  /** All tracks are set up and PLAY is asked for: packets may come before its reply does. */
  setUp(tracks: readonly MediaDescription[]): void;
  /** PLAY was accepted. */
  playing(): void;
  /** The stream is at another address, which nobody has looked at yet; RFC 2326 §11.3. */
  redirected(url: string): void;
  failed(failure: StreamFailure): void;
}

interface Waiting {
  step: Step;
  sequence: number;
  url: string;
  challenges: number;
}

type Step = 'OPTIONS' | 'DESCRIBE' | 'SETUP' | 'PLAY';

/** What a step's request says besides what every request does; the same when it is repeated after a challenge. */
const STEP_HEADERS: Readonly<Record<Step, ReadonlyArray<readonly [string, string]>>> = {
  OPTIONS: [],
  DESCRIBE: [['Accept', 'application/sdp']],
  SETUP: [],
  PLAY: [['Range', 'npt=0.000-']],
};

/**
 * One conversation with a camera: OPTIONS, DESCRIBE, SETUP of each track, PLAY, then keepalives (RFC 2326 §10). It knows
 * no socket: requests go out through `send`, replies come in through `message`, time is told to it. How packets arrive
 * is the path's matter.
 */
export class RtspClient {
  readonly #url: string;
  readonly #credentials: Credentials | undefined;
  readonly #basicAllowed: boolean;
  readonly #chooseTracks: (
    description: SessionDescription,
  ) => readonly MediaDescription[] | StreamFailure;
  readonly #path: PacketPath;
  readonly #events: RtspClientEvents;
  #sequence = 0;
  #waiting: Waiting | undefined;
  #challenge: Challenge | undefined;
  #nonceCount = 0;
  #session: string | undefined;
  #keepaliveMs = (DEFAULT_SESSION_SECONDS * 1000) / 2;
  #keepaliveMethod = 'OPTIONS';
  #keepaliveRepeated = false;
  #lastRequestMs = 0;
  #description: SessionDescription | undefined;
  #tracks: readonly MediaDescription[] = [];
  /** Of them, set up so far. */
  #tracksSetUp = 0;
  #rangeRefused = false;
  #playing = false;
  #over = false;

  constructor(options: {
    /** Without credentials. */
    url: string;
    credentials: Credentials | undefined;
    /** False: a server that a camera's address merely led to does not get the password itself, only its digest. */
    basicAllowed?: boolean;
    /** The tracks to play, at least one, or why there is none. */
    chooseTracks: (description: SessionDescription) => readonly MediaDescription[] | StreamFailure;
    path: PacketPath;
    events: RtspClientEvents;
  }) {
    this.#url = options.url;
    this.#credentials = options.credentials;
    this.#basicAllowed = options.basicAllowed ?? true;
    this.#chooseTracks = options.chooseTracks;
    this.#path = options.path;
    this.#events = options.events;
  }

  start(nowMs: number): void {
    this.#request('OPTIONS', this.#url, nowMs);
  }

  /** A reply came. Throws MalformedReply, MalformedDescription. */
  message(head: string, body: Buffer, nowMs: number): void {
    const reply = parseReply(head);
    const waiting = this.#waiting;
    const sequence = header(reply, 'cseq');
    if (this.#over) return;
    if (this.#playing && reply.status === 401) this.#keepaliveChallenged(reply, nowMs);
    // Keepalives are not waited for, so a reply to none of ours is passed over (policy
    // `keepalive-refused`). Some replies have no number at all (policy `no-cseq`).
    if (waiting === undefined || (sequence !== undefined && Number(sequence) !== waiting.sequence))
      return;
    if (reply.status >= 100 && reply.status < 200) return;
    this.#waiting = undefined;
    if (reply.status === 401) {
      this.#authenticate(reply, waiting, nowMs);
    } else if (reply.status >= 200 && reply.status < 300) {
      this.#accepted(waiting.step, reply, body, nowMs);
    } else if (reply.status >= 300 && reply.status < 400) {
      this.#redirected(waiting.step, reply);
    } else if (waiting.step === 'OPTIONS') {
      // Policy `refuses-options`. Only a courtesy: what matters is whether DESCRIBE is answered.
      this.#request('DESCRIBE', this.#url, nowMs);
    } else if (waiting.step === 'PLAY' && reply.status === 457 && !this.#rangeRefused) {
      // Policy `refuses-range`: some servers of live streams call any Range invalid.
      this.#rangeRefused = true;
      this.#request('PLAY', waiting.url, nowMs);
    } else if (waiting.step === 'SETUP' && this.#goWithout()) {
      this.#playOrSetUp(nowMs);
    } else {
      this.#fail(refusal(waiting.step, reply));
    }
  }

  /** How far it has come, for whoever has to judge why it did not come further. */
  get stage(): 'asking' | 'setting-up' | 'playing' {
    if (this.#playing) return 'playing';
    return this.#tracks.length > 0 ? 'setting-up' : 'asking';
  }

  /** Called now and then; keeps the session from timing out (RFC 2326 §12.37). */
  tick(nowMs: number): void {
    if (!this.#playing || nowMs - this.#lastRequestMs < this.#keepaliveMs) return;
    this.#keepaliveRepeated = false;
    this.#keepalive(nowMs);
  }

  /** Policy `stale-sessions`. Leaves: old sessions left open leak frames into new connections. */
  teardown(nowMs: number): void {
    if (this.#session !== undefined && !this.#over) {
      this.#send('TEARDOWN', this.#description?.control ?? this.#url, [], nowMs);
    }
    this.#over = true;
  }

  #accepted(step: Step, reply: RtspReply, body: Buffer, nowMs: number): void {
    switch (step) {
      case 'OPTIONS': {
        const methods = (header(reply, 'public') ?? '').toUpperCase();
        if (methods.includes('GET_PARAMETER')) this.#keepaliveMethod = 'GET_PARAMETER';
        this.#request('DESCRIBE', this.#url, nowMs);
        return;
      }
      case 'DESCRIBE': {
        this.#description = parseSdp(body.toString('latin1'), this.#base(reply));
        const tracks = this.#chooseTracks(this.#description);
        if ('reason' in tracks) {
          this.#fail(tracks);
          return;
        }
        this.#tracks = tracks;
        this.#setUpNext(nowMs);
        return;
      }
      case 'SETUP': {
        this.#readSession(reply);
        const failure = this.#path.agree(this.#tracksSetUp, header(reply, 'transport'));
        if (failure === undefined) this.#tracksSetUp++;
        else if (!this.#goWithout()) {
          this.#fail(failure);
          return;
        }
        this.#playOrSetUp(nowMs);
        return;
      }
      case 'PLAY': {
        this.#readSession(reply);
        this.#playing = true;
        this.#events.playing();
        return;
      }
    }
  }

  /** Policy `sound-refused`: the picture, which comes first, is set up; without what is beside it the camera still plays. */
  #goWithout(): boolean {
    if (this.#tracksSetUp === 0) return false;
    this.#tracks = this.#tracks.slice(0, this.#tracksSetUp);
    return true;
  }

  #playOrSetUp(nowMs: number): void {
    if (this.#tracksSetUp < this.#tracks.length) {
      this.#setUpNext(nowMs);
      return;
    }
    this.#events.setUp(this.#tracks);
    this.#request('PLAY', this.#description?.control ?? this.#url, nowMs);
  }

  #setUpNext(nowMs: number): void {
    this.#request('SETUP', this.#tracks[this.#tracksSetUp]?.control ?? this.#url, nowMs);
  }

  #redirected(step: Step, reply: RtspReply): void {
    const location = header(reply, 'location');
    if (location === undefined || !/^rtsps?:\/\/[^/]/i.test(location)) {
      this.#fail(refusal(step, reply));
      return;
    }
    this.#over = true;
    this.#events.redirected(location);
  }

  #authenticate(reply: RtspReply, waiting: Waiting, nowMs: number): void {
    const challenge = chooseChallenge(reply.headers.get('www-authenticate') ?? []);
    const refused = this.#challenge !== undefined && waiting.challenges > 0;
    const again = challenge?.scheme === 'digest' && challenge.stale;
    if (this.#credentials === undefined) {
      this.#fail({
        reason: 'unauthorised',
        detail: 'the camera asks for a user name and password',
      });
    } else if (challenge === undefined) {
      this.#fail({
        reason: 'unauthorised',
        detail: 'the camera asks for a kind of sign-in that is not known',
      });
    } else if (challenge.scheme === 'basic' && !this.#basicAllowed) {
      this.#fail({
        reason: 'unauthorised',
        detail: 'the server that the camera refers to asks for the password itself',
      });
    } else if (
      waiting.challenges >= MAX_CHALLENGES ||
      (refused && !again && sameNonce(challenge, this.#challenge))
    ) {
      this.#fail({ reason: 'unauthorised', detail: 'user name or password was refused' });
    } else {
      // A count that was used with a nonce is not used with it again: RFC 7616 §3.4.
      if (!sameNonce(challenge, this.#challenge)) this.#nonceCount = 0;
      this.#challenge = challenge;
      this.#request(waiting.step, waiting.url, nowMs, waiting.challenges + 1);
    }
  }

  #keepalive(nowMs: number): void {
    this.#send(this.#keepaliveMethod, this.#description?.control ?? this.#url, [], nowMs);
  }

  /** Policy `nonce-ages`. The nonce has become too old. Without the new one every keepalive would be refused, and the session end. */
  #keepaliveChallenged(reply: RtspReply, nowMs: number): void {
    const challenge = chooseChallenge(reply.headers.get('www-authenticate') ?? []);
    if (this.#credentials === undefined || challenge?.scheme !== 'digest') return;
    if (sameNonce(challenge, this.#challenge)) return;
    this.#challenge = challenge;
    this.#nonceCount = 0;
    if (this.#keepaliveRepeated) return;
    this.#keepaliveRepeated = true;
    this.#keepalive(nowMs);
  }

  #readSession(reply: RtspReply): void {
    const session = header(reply, 'session');
    // Policy `no-session-header`: goes on without one.
    if (session === undefined) return;
    const [id = '', ...parameters] = session.split(';');
    this.#session = id.trim();
    const timeout = /^\s*timeout\s*=\s*(\d{1,6})/i.exec(
      parameters.find((p) => /timeout/i.test(p)) ?? '',
    );
    const seconds = Number(timeout?.[1] ?? DEFAULT_SESSION_SECONDS) || DEFAULT_SESSION_SECONDS;
    this.#keepaliveMs = Math.max(MIN_KEEPALIVE_MS, (seconds * 1000) / 2);
  }

  /**
   * RFC 2326 §C.1.1: Content-Base, Content-Location, then the request's own address. Policy `base-without-scheme`: what
   * is no whole address is passed over.
   */
  #base(reply: RtspReply): string {
    for (const name of ['content-base', 'content-location']) {
      const value = header(reply, name);
      if (value !== undefined && /^rtsps?:\/\//i.test(value)) return value;
    }
    return this.#url;
  }

  #request(step: Step, url: string, nowMs: number, challenges = 0): void {
    const sequence = this.#send(step, url, this.#headersOf(step), nowMs);
    this.#waiting = { step, sequence, url, challenges };
  }

  #headersOf(step: Step): ReadonlyArray<readonly [string, string]> {
    if (step === 'SETUP') return [['Transport', this.#path.offer(this.#tracksSetUp)]];
    if (step === 'PLAY' && this.#rangeRefused) return [];
    return STEP_HEADERS[step];
  }

  #send(
    method: string,
    url: string,
    headers: ReadonlyArray<readonly [string, string]>,
    nowMs: number,
  ): number {
    const sequence = ++this.#sequence;
    if (!this.#playing && sequence > MAX_REQUESTS) {
      this.#fail({ reason: 'protocol-error', detail: 'the conversation does not come to an end' });
      return sequence;
    }
    const all: [string, string][] = [
      ['CSeq', String(sequence)],
      ['User-Agent', USER_AGENT],
    ];
    if (this.#session !== undefined) all.push(['Session', this.#session]);
    if (this.#challenge !== undefined && this.#credentials !== undefined) {
      all.push([
        'Authorization',
        authorization(this.#challenge, this.#credentials, method, url, ++this.#nonceCount),
      ]);
    }
    this.#lastRequestMs = nowMs;
    this.#events.send(formatRequest(method, url, [...all, ...headers]));
    return sequence;
  }

  #fail(failure: StreamFailure): void {
    if (this.#over) return;
    this.#events.failed(failure);
  }
}

function sameNonce(a: Challenge, b: Challenge | undefined): boolean {
  if (a.scheme === 'basic') return b?.scheme === 'basic';
  return b?.scheme === 'digest' && a.nonce === b.nonce;
}

function refusal(step: Step, reply: RtspReply): StreamFailure {
  const detail = `${step} was answered ${reply.status} ${reply.reason}`.trim();
  if (reply.status === 404 || reply.status === 410) return { reason: 'not-found', detail };
  if (reply.status === 403) return { reason: 'unauthorised', detail };
  if (reply.status === 503 || reply.status === 453) return { reason: 'refused', detail };
  if (reply.status === 461) return { reason: 'transport-refused', detail };
  return { reason: 'protocol-error', detail };
}
