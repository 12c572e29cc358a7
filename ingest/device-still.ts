import { request as httpRequest, type IncomingMessage } from 'node:http';
import {
  DeviceAddressNotAllowed,
  DeviceReplyTooLarge,
  GuardedAgent,
} from '#registry/onvif/guarded-agent.ts';
import { authorization, chooseChallenge, type Credentials } from './rtsp/digest.ts';

/** A still of 4K is 2 MB; with its headers. */
export const MAX_STILL_BYTES = 4 * 1024 * 1024;
/** From the first request to the last byte, sign-in and redirections included. */
export const STILL_MS = 8_000;
/** One to sign in, and as many that lead elsewhere. */
const MAX_REQUESTS = 4;

export const stillResults = [
  'ok',
  'address-not-allowed',
  'refused',
  'unreachable',
  'timeout',
  'unauthorised',
  'reply-too-large',
  'no-picture',
] as const;
export type StillResult = (typeof stillResults)[number];

export interface DeviceStill {
  result: StillResult;
  /** Technical, in English, never with a credential. */
  detail: string;
  /** JPEG, as the device gave it. */
  still: Buffer | null;
}

export interface StillOrder {
  /** http, without credentials. */
  url: string;
  /** Whom the credentials are for: no other address gets them. */
  isDevice: (url: URL) => boolean;
  credentials: Credentials | null;
  withinMs?: number;
}

/**
 * The picture at a device's snapshot address (ONVIF Media §5.15.1), by Basic or Digest where it wants to know who asks. Each
 * connection, also of a redirection, is opened only where cameras may be, after DNS. Nothing is believed to be a picture but
 * what begins as a JPEG.
 */
export async function fetchStill(
  order: StillOrder,
  isAllowed: (address: string) => boolean,
): Promise<DeviceStill> {
  let refusal: Error | undefined;
  const agent = new GuardedAgent({
    isAllowed,
    onRefused: (error) => (refusal ??= error),
    maxReplyBytes: MAX_STILL_BYTES,
  });
  const signal = AbortSignal.timeout(order.withinMs ?? STILL_MS);
  try {
    return await stillAt(order, async (url, headers) => get(url, { agent, headers, signal }));
  } catch (error) {
    const thrown: unknown = refusal ?? error;
    const detail = thrown instanceof Error ? thrown.message.slice(0, 200) : 'unknown';
    return { result: signal.aborted ? 'timeout' : resultOf(thrown), detail, still: null };
  } finally {
    agent.destroy();
  }
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

async function stillAt(
  { url: first, isDevice, credentials }: StillOrder,
  ask: (url: URL, headers: Record<string, string>) => Promise<Answer>,
): Promise<DeviceStill> {
  let url = new URL(first);
  let signIn: Record<string, string> = {};
  for (let requests = 0; requests < MAX_REQUESTS; requests++) {
    if (url.protocol !== 'http:') return none('no-picture', `not fetched by ${url.protocol}`);
    const { status, headers, body } = await ask(url, signIn);
    if (status === 200) {
      const isJpeg = body[0] === 0xff && body[1] === 0xd8 && body[2] === 0xff;
      return isJpeg
        ? { result: 'ok', detail: '', still: body }
        : none('no-picture', `${body.length} bytes that are no JPEG`);
    }
    if (status === 401) {
      const challenge = chooseChallenge([headers['www-authenticate'] ?? ''].flat());
      const own = isDevice(url);
      if (challenge === undefined || credentials === null || !own || 'authorization' in signIn) {
        return none('unauthorised', `HTTP 401${own ? '' : ', on another host than the device'}`);
      }
      const uri = url.pathname + url.search;
      signIn = { authorization: authorization(challenge, credentials, 'GET', uri, 1) };
      continue;
    }
    const { location } = headers;
    if (status < 300 || status > 399 || location === undefined || !URL.canParse(location, url)) {
      return none('no-picture', `HTTP ${status}`);
    }
    url = new URL(location, url);
    url.username = '';
    url.password = '';
    signIn = {};
  }
  return none('no-picture', `led on more than ${MAX_REQUESTS} times`);
}

function none(result: StillResult, detail: string): DeviceStill {
  return { result, detail, still: null };
}

async function get(
  url: URL,
  options: { agent: GuardedAgent; headers: Record<string, string>; signal: AbortSignal },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = httpRequest(url, { ...options, method: 'GET' }, (reply) => {
    const pieces: Buffer[] = [];
    // The agent ends the connection beyond its bound: what comes here is no more.
    reply.on('data', (piece: Buffer) => pieces.push(piece));
    reply.on('error', reject);
    reply.on('end', () => {
      resolve({
        status: reply.statusCode ?? 0,
        headers: reply.headers,
        body: Buffer.concat(pieces),
      });
    });
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

function resultOf(error: unknown): StillResult {
  if (error instanceof DeviceAddressNotAllowed) return 'address-not-allowed';
  if (error instanceof DeviceReplyTooLarge) return 'reply-too-large';
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'unreachable';
    default:
      return 'no-picture';
  }
}
