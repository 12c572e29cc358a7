import { closesConnections, type Behaviour, type ServerCredentials } from './behaviour.ts';
import { momentAt, placeAt, randomAccessAfter, randomAccessBefore, SHARED_ORIGIN } from './beat.ts';
import type { Beat, Moment, Origin, Ticking } from './beat.ts';
import { losePackets, TICKS_PER_SECOND, type Clip } from './clip.ts';
import { garbage, seededRandom, type Random } from './seeded-random.ts';

const DEFAULT_GARBAGE_BYTES = 64;
const DOLLAR = 0x24;
const SEED = 0x5eed;

export interface CameraOptions {
  /** A name from the simulator's clips. Default: `main`. */
  clip?: string;
  /** Asked for from DESCRIBE on. Default: none. */
  credentials?: ServerCredentials;
  /**
   * What a client that says PLAY gets: the group of pictures so far at once (default), or nothing until the next
   * random access picture.
   */
  start?: 'current-group' | 'next-random-access';
  /** Whether the SDP carries SPS and PPS; they come in the stream in any case. Default: true. */
  parameterSetsInSdp?: boolean;
  /** Ways of sending that SETUP is granted; 461 to others. Default: both. */
  transports?: readonly ('tcp' | 'udp')[];
  /** Grants UDP and sends nothing, as from behind a firewall. Default: false. */
  udpBlocked?: boolean;
  /** DESCRIBE is answered 302 with this address. Default: none. */
  refersTo?: string;
  /** Told in the Session header; a client that says nothing for longer is closed. Default: 60. */
  sessionTimeoutSeconds?: number;
}

export interface CameraStats {
  /** Connections that asked for this camera and are open. */
  connections: number;
  playing: number;
  /** Times that PLAY was granted. */
  plays: number;
  /** Requests by method. */
  requests: Readonly<Record<string, number>>;
  /** To all clients together. */
  picturesSent: number;
  packetsSent: number;
  bytesSent: number;
  /** Left out by `lose-packets`. */
  packetsLost: number;
  /** Datagrams that overtook others on a bad line. */
  packetsOvertaken: number;
  /** RTCP that came by UDP from clients: reports, and what opens a way through a NAT. */
  reportsReceived: number;
  /** Clients closed because they read too slowly. */
  slowClients: number;
  /** Clients closed because their session timed out. */
  timedOutClients: number;
}

/** A client that this camera plays to. */
export interface Client {
  /** Sends one picture; `noise` goes in front of it. */
  send(moment: Moment, atMs: number, noise: Buffer | undefined): void;
  close(): void;
}

/** Where a client's stream begins, and what it is sent at once. */
export interface Start {
  sequence: number;
  timestamp: number;
  moments: readonly Moment[];
}

/** One simulated camera: what it shows to its clients, and how it behaves. */
export class SimulatedCamera implements Ticking {
  readonly name: string;
  options: Readonly<CameraOptions>;
  behaviour: Behaviour = { kind: 'normal' };
  readonly counts = {
    plays: 0,
    requests: {} as Record<string, number>,
    picturesSent: 0,
    packetsSent: 0,
    bytesSent: 0,
    packetsLost: 0,
    packetsOvertaken: 0,
    reportsReceived: 0,
    slowClients: 0,
    timedOutClients: 0,
  };
  readonly connections = new Set<Client>();
  readonly #playing = new Map<Client, { waiting: boolean; pictures: number }>();
  readonly #clipNamed: (name: string) => Clip;
  readonly #beatOf: (framesPerSecond: number) => Beat;
  #clip: Clip;
  #beat: Beat;
  /** Once this camera's stream differs from what all others on its beat send; until its last client leaves. */
  #own: { next: number; origin: Origin } | undefined;
  #packetsSinceChosen = 0;
  #flapping: NodeJS.Timeout | undefined;
  #random: Random = seededRandom(SEED);

  constructor(
    name: string,
    options: Readonly<CameraOptions>,
    clipNamed: (name: string) => Clip,
    beatOf: (framesPerSecond: number) => Beat,
  ) {
    this.name = name;
    this.options = options;
    this.#clipNamed = clipNamed;
    this.#beatOf = beatOf;
    this.#clip = clipNamed(options.clip ?? 'main');
    this.#beat = beatOf(this.#clip.framesPerSecond);
  }

  /** While it flaps: it takes nobody now. */
  isAway = false;

  /** What it shows now. */
  get clip(): Clip {
    return this.#clip;
  }

  stats(): CameraStats {
    return {
      ...this.counts,
      requests: { ...this.counts.requests },
      connections: this.connections.size,
      playing: this.#playing.size,
    };
  }

  behave(behaviour: Behaviour): void {
    this.#show(
      behaviour.kind === 'change-parameter-sets' ? (behaviour.clip ?? 'small') : this.options.clip,
    );
    this.behaviour = behaviour;
    clearTimeout(this.#flapping);
    this.isAway = false;
    if (behaviour.kind === 'flap') this.#flap(behaviour);
    this.#packetsSinceChosen = 0;
    this.#random = seededRandom(SEED);
    for (const state of this.#playing.values()) state.pictures = 0;
    if (closesConnections(behaviour)) this.#closeAll();
    if (behaviour.kind === 'freeze-picture' && this.#playing.size > 0) {
      const own = this.#ownRun();
      const next = randomAccessBefore(this.#clip, own.next);
      own.origin = { ...placeAt(this.#clip, own.next, own.origin), position: next };
      own.next = next;
    } else if (behaviour.kind === 'stale-timestamps' && this.#playing.size > 0) {
      this.#ownRun();
    } else if (behaviour.kind === 'jump-timestamps' && this.#playing.size > 0) {
      const own = this.#ownRun();
      own.origin = {
        ...own.origin,
        timestamp: own.origin.timestamp + Math.round(behaviour.seconds * TICKS_PER_SECOND),
      };
    }
    // These two are done at once; what follows is a normal camera.
    if (
      behaviour.kind === 'jump-timestamps' ||
      (behaviour.kind === 'drop' && behaviour.afterPictures === undefined)
    ) {
      this.behaviour = { kind: 'normal' };
    }
  }

  /** A client said PLAY; `start` tells what it gets first. It is sent pictures from the next tick on. */
  play(client: Client): Start {
    if (this.#playing.size === 0) this.#beat.join(this);
    this.counts.plays++;
    const next = this.#next();
    const origin = this.#own?.origin ?? SHARED_ORIGIN;
    const frozen = this.behaviour.kind === 'freeze';
    const waiting = frozen || this.options.start === 'next-random-access';
    const state = { waiting, pictures: 0 };
    this.#playing.set(client, state);
    if (waiting) {
      return { ...placeAt(this.#clip, randomAccessAfter(this.#clip, next), origin), moments: [] };
    }
    const first = randomAccessBefore(this.#clip, next);
    const moments: Moment[] = [];
    const allowed = this.behaviour.kind === 'drop' ? (this.behaviour.afterPictures ?? 0) : Infinity;
    for (let position = first; position < next && moments.length < allowed; position++) {
      moments.push(momentAt(this.#clip, position, origin));
    }
    state.pictures = moments.length;
    return { ...placeAt(this.#clip, first, origin), moments };
  }

  leave(client: Client): void {
    if (!this.#playing.delete(client) || this.#playing.size > 0) return;
    this.#beat.leave(this);
    this.#own = undefined;
  }

  /** A picture is due. */
  tick(atMs: number): void {
    const behaviour = this.behaviour;
    if (behaviour.kind === 'freeze') {
      if (this.#own !== undefined) this.#own.next++;
      return;
    }
    let moment = this.#takeMoment();
    if (behaviour.kind === 'lose-packets') {
      const lost = losses(behaviour, this.#random, this.#packetsSinceChosen);
      const whole = moment.picture.frameStarts.length;
      moment = { ...moment, picture: losePackets(moment.picture, lost) };
      this.#packetsSinceChosen += whole;
      this.counts.packetsLost += whole - moment.picture.frameStarts.length;
    }
    let noise: Buffer | undefined;
    if (behaviour.kind === 'garbage' && behaviour.where === 'between-frames') {
      const without = behaviour.imitatesFrames === true ? undefined : DOLLAR;
      noise = garbage(this.#random, behaviour.bytes ?? DEFAULT_GARBAGE_BYTES, without);
    }
    for (const [client, state] of this.#playing) {
      if (behaviour.kind === 'drop' && state.pictures >= (behaviour.afterPictures ?? 0)) {
        client.close();
        continue;
      }
      if (state.waiting && !moment.randomAccess) continue;
      state.waiting = false;
      client.send(moment, atMs, noise);
      state.pictures++;
    }
  }

  #takeMoment(): Moment {
    const own = this.#own;
    if (own === undefined) return this.#beat.sharedMoment(this.#clip, this.#next());
    const moment = momentAt(this.#clip, own.next, own.origin);
    own.next++;
    if (this.behaviour.kind === 'stale-timestamps') {
      const { sequence } = placeAt(this.#clip, own.next, own.origin);
      own.origin = { sequence, timestamp: moment.timestamp, position: own.next };
    }
    if (this.behaviour.kind === 'freeze-picture') {
      own.origin = { ...placeAt(this.#clip, own.next, own.origin), position: own.next - 1 };
      own.next--;
    }
    return moment;
  }

  #next(): number {
    return this.#own?.next ?? this.#beat.nextPosition(this.#clip);
  }

  #ownRun(): { next: number; origin: Origin } {
    this.#own ??= { next: this.#next(), origin: SHARED_ORIGIN };
    return this.#own;
  }

  /** Goes on with another clip from its first picture, in the same RTP stream. */
  #show(name = 'main'): void {
    const clip = this.#clipNamed(name);
    if (clip === this.#clip) return;
    const beat = this.#beatOf(clip.framesPerSecond);
    if (this.#playing.size > 0) {
      const own = this.#ownRun();
      own.origin = { ...placeAt(this.#clip, own.next, own.origin), position: 0 };
      own.next = 0;
      this.#beat.leave(this);
      beat.join(this);
    }
    this.#clip = clip;
    this.#beat = beat;
  }

  #flap({ onMs, offMs }: Extract<Behaviour, { kind: 'flap' }>): void {
    const turn = (): void => {
      this.isAway = !this.isAway;
      if (this.isAway) this.#closeAll();
      this.#flapping = setTimeout(turn, this.isAway ? offMs : onMs);
      this.#flapping.unref();
    };
    this.#flapping = setTimeout(turn, onMs);
    this.#flapping.unref();
  }

  #closeAll(): void {
    for (const client of this.connections) client.close();
  }
}

function losses(
  behaviour: Extract<Behaviour, { kind: 'lose-packets' }>,
  random: Random,
  before: number,
): (packet: number) => boolean {
  if ('packets' in behaviour) return (packet) => behaviour.packets.includes(before + packet);
  return () => random() < behaviour.fraction;
}
