import { randomBytes } from 'node:crypto';
import { authorization, chooseChallenge, type Challenge, type Credentials } from './digest.ts';
import {
  openConnection,
  type Connection,
  type ConnectionEvents,
  type ConnectionOptions,
} from './connection.ts';
import { header, parseHttpReply } from './message.ts';
import type { StreamFailure } from '../stream-failure.ts';

/**
 * RTSP within HTTP, as QuickTime brought it up and cameras, ONVIF (Streaming specification §5.1.1.4) and GStreamer have
 * it: a GET whose answer has no end carries replies and packets, a POST that has none carries the requests, in base64.
 * A cookie tells the server that the two belong together.
 */
const MAX_HEAD_BYTES = 16 * 1024;
/** So much is announced for the POST, which ends when the connection does. */
const POST_BYTES = 32_767;
/** Base64 of so much fits in what was announced; then a new POST is opened. */
const END_OF_HEAD = '\r\n\r\n';

export interface TunnelOptions extends ConnectionOptions {
  credentials: Credentials | undefined;
}

/** `url` begins with http: or https:. Looks like any other connection from outside. */
export function openTunnel(url: URL, options: TunnelOptions, events: ConnectionEvents): Connection {
  const cookie = randomBytes(11).toString('hex');
  const target = `${url.pathname}${url.search}`;
  let over = false;
  let down: Connection;
  let up: Connection | undefined;
  let upOpen = false;
  let upBytes = 0;
  const waiting: string[] = [];
  let head = '';
  let headOver = false;
  let challenge: Challenge | undefined;
  let nonceCount = 0;

  const fail = (failure: StreamFailure): void => {
    if (over) return;
    over = true;
    down.close();
    up?.close();
    events.failed(failure);
  };
  const request = (method: string, fields: readonly string[]): string =>
    [
      `${method} ${target} HTTP/1.0`,
      `Host: ${url.host}`,
      `x-sessioncookie: ${cookie}`,
      'Pragma: no-cache',
      'Cache-Control: no-cache',
      ...(challenge === undefined || options.credentials === undefined
        ? []
        : [
            `Authorization: ${authorization(challenge, options.credentials, method, target, ++nonceCount)}`,
          ]),
      ...fields,
      '',
      '',
    ].join('\r\n');

  const openDown = (): void => {
    head = '';
    down = openConnection(url, options, {
      opened: () => down.send(request('GET', ['Accept: application/x-rtsp-tunnelled'])),
      bytes: (bytes, length) => {
        if (headOver) events.bytes(bytes, length);
        else readHead(bytes, length);
      },
      failed: fail,
    });
  };

  const readHead = (bytes: Buffer, length: number): void => {
    head += bytes.toString('latin1', 0, length);
    const end = head.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (head.length > MAX_HEAD_BYTES) fail(notATunnel('the head of its answer does not end'));
      return;
    }
    const reply = parseHttpReply(head.slice(0, end));
    if (reply === undefined) {
      fail(notATunnel('its answer is not HTTP'));
    } else if (
      reply.status === 401 &&
      challenge === undefined &&
      options.credentials !== undefined
    ) {
      challenge = chooseChallenge(reply.headers.get('www-authenticate') ?? []);
      if (challenge === undefined) {
        fail({
          reason: 'unauthorised',
          detail: 'the kind of sign-in asked for by HTTP is not known',
        });
        return;
      }
      down.close();
      openDown();
    } else if (reply.status === 401) {
      fail({ reason: 'unauthorised', detail: 'user name or password was refused by HTTP' });
    } else if (reply.status === 404) {
      fail({ reason: 'not-found', detail: 'GET was answered 404' });
    } else if (reply.status !== 200) {
      fail(notATunnel(`GET was answered ${reply.status}`));
    } else if (/text\/html/i.test(header(reply, 'content-type') ?? '')) {
      fail(notATunnel('a web page answers there'));
    } else {
      headOver = true;
      openUp();
      // What came behind the head belongs to the stream.
      const rest = Buffer.from(head.slice(end + END_OF_HEAD.length), 'latin1');
      head = '';
      if (rest.length > 0) events.bytes(rest, rest.length);
    }
  };

  const openUp = (): void => {
    upOpen = false;
    upBytes = 0;
    const opening = openConnection(url, options, {
      opened: () => {
        upOpen = true;
        opening.send(
          request('POST', [
            'Content-Type: application/x-rtsp-tunnelled',
            `Content-Length: ${POST_BYTES}`,
            'Expires: Sun, 9 Jan 1972 00:00:00 GMT',
          ]),
        );
        if (waiting.length > 0) {
          for (const text of waiting.splice(0)) sendUp(text);
        } else if (!opened) {
          opened = true;
          events.opened();
        }
      },
      // Some answer it; nothing of that matters.
      bytes: () => {},
      failed: (failure) => {
        // Some close it after each request, and want the next in a new one.
        if (up !== opening) return;
        up = undefined;
        upOpen = false;
        if (!opened) fail(failure);
      },
    });
    up = opening;
  };
  let opened = false;

  const sendUp = (text: string): void => {
    const encoded = Buffer.from(text, 'latin1').toString('base64');
    upBytes += encoded.length;
    up?.send(encoded);
  };

  openDown();
  return {
    send(text) {
      if (over) return;
      if (up !== undefined && upOpen && upBytes + text.length * 2 < POST_BYTES) {
        sendUp(text);
        return;
      }
      waiting.push(text);
      if (upOpen || up === undefined) {
        up?.close();
        openUp();
      }
    },
    remoteAddress: () => down.remoteAddress(),
    localAddress: () => down.localAddress(),
    readOnDemand: () => down.readOnDemand(),
    read: () => down.read(),
    close() {
      over = true;
      up?.close();
      down.close();
    },
  };
}

function notATunnel(detail: string): StreamFailure {
  return { reason: 'protocol-error', detail: `no RTSP within HTTP there: ${detail}` };
}
