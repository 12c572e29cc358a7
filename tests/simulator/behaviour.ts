/**
 * How a simulated camera behaves. Those marked * concern the conversation before the pictures: choosing one closes
 * the camera's present connections, so that the other side meets it at once.
 */
export type Behaviour =
  | { kind: 'normal' }
  /**
   * Closes connections: without a number the present ones, once; with a number every connection after it was sent
   * that many pictures, until another behaviour is chosen.
   */
  | { kind: 'drop'; afterPictures?: number }
  /**
   * Sends no pictures; the connection stays open and requests are answered. Afterwards the stream goes on where it
   * would have been: the sequence numbers between are missing, as after an outage of the line.
   */
  | { kind: 'freeze' }
  /** Sends the same random access picture again and again, with sequence numbers and timestamps that go on. */
  | { kind: 'freeze-picture' }
  /** Leaves packets out: `fraction` of them (0-1, the same ones on every run), or those numbered in `packets`, counted from 0 at the call. */
  | { kind: 'lose-packets'; fraction: number }
  | { kind: 'lose-packets'; packets: readonly number[] }
  /**
   * By UDP: a line that loses a `loss` share of the packets and holds back a `disorder` share of the others until up to
   * eight of their picture have passed them. Clients over TCP know nothing of it.
   */
  | { kind: 'bad-line'; loss: number; disorder: number }
  /**
   * Comes and goes: plays for `onMs`, then closes connections and takes nobody for `offMs`, again and again until another
   * behaviour is chosen.
   */
  | { kind: 'flap'; onMs: number; offMs: number }
  /** Pictures go on under one timestamp; so do sequence numbers. */
  | { kind: 'stale-timestamps' }
  /** Moves the timestamps by `seconds`, forth or back, once and for good; sequence numbers go on. */
  | { kind: 'jump-timestamps'; seconds: number }
  /** Goes on with another clip in the same RTP stream, from its first picture, until another behaviour is chosen. */
  | { kind: 'change-parameter-sets'; clip?: string }
  /** * Takes nobody: closes the connection at the first request, or answers 503. */
  | { kind: 'refuse'; how?: 'close' | '503' }
  /** * Answers 401 to everybody, or to everybody without these credentials. */
  | { kind: 'unauthorised'; credentials?: ServerCredentials }
  /** * Answers 404. */
  | { kind: 'not-found' }
  /** Random bytes in front of every picture, `bytes` of them (64), none of them `$` unless they shall imitate frames. */
  | { kind: 'garbage'; where: 'between-frames'; bytes?: number; imitatesFrames?: boolean }
  /** * Random bytes instead of a reply. */
  | { kind: 'garbage'; where: 'instead-of-reply'; bytes?: number }
  /** * Takes the connection and never answers. */
  | { kind: 'silent' }
  /** * Offers sound only. */
  | { kind: 'no-video' }
  /** * Offers pictures as JPEG only (RFC 2435), like the oldest cameras. */
  | { kind: 'jpeg' }
  /** Answers each request after a wait. */
  | { kind: 'slow-reply'; delayMs: number };

/** What a camera asks for. */
export interface ServerCredentials {
  username: string;
  password: string;
  /** Default: digest. */
  scheme?: 'digest' | 'basic';
  /** Digest with qop="auth" (default) or as RFC 2069 had it. */
  qop?: boolean;
  /** Default: MD5. */
  algorithm?: 'MD5' | 'SHA-256';
}

/** Whether choosing it closes the camera's present connections. */
export function closesConnections(behaviour: Behaviour): boolean {
  switch (behaviour.kind) {
    case 'refuse':
    case 'unauthorised':
    case 'not-found':
    case 'silent':
    case 'no-video':
    case 'jpeg':
      return true;
    case 'garbage':
      return behaviour.where === 'instead-of-reply';
    case 'drop':
      return behaviour.afterPictures === undefined;
    default:
      return false;
  }
}
