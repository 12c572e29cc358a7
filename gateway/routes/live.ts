import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerFromWindow, type OriginAnswer, type OriginQuery } from '#ingest/hls/origin.ts';
import type { LiveWindow } from '#ingest/hls/live-window.ts';
import type { LiveStates } from '#ingest/live-states.ts';
import type { LivePermit } from '../auth/live-permits.ts';

/** A viewer that takes longer for one answer loses it: its leases would keep media from being written over. */
const MAX_SEND_MS = 15_000;
/** When to ask again for a camera without a picture, seconds. */
const RETRY_AFTER_SECONDS = '2';

export interface LiveDeps {
  window: (cameraId: string) => LiveWindow | undefined;
  liveStates: LiveStates;
  /** Why this request may not be answered, if it may not. */
  refuse: (
    request: IncomingMessage,
  ) => { status: number; code: string; message: string } | undefined;
  /** Who asks, and whether they may watch this camera. */
  permit: (request: IncomingMessage, cameraId: string) => LivePermit | Promise<LivePermit>;
}

/** True when the request was one for `/live/` and has been, or will be, answered. */
export type LiveHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * `/live/:cameraId/…`: playlists and media of the live window, written straight from shared memory.
 *
 * It stands before Fastify: these are nearly all the answers that the gateway gives, hundreds a second to a wall, and
 * routing, hooks and headers took more than half of each (decisions/0006).
 */
export function liveHandler(deps: LiveDeps): LiveHandler {
  return (request, response) => {
    const address = /^\/live\/([^/?]*)\/([^?]*)(?:\?(.*))?$/s.exec(request.url ?? '');
    if (address === null) return false;
    const [, cameraId = '', path = '', query = ''] = address;
    const refusal = deps.refuse(request);
    if (refusal !== undefined) {
      fail(response, refusal.status, refusal.code, refusal.message);
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      fail(response, 405, 'method_not_allowed', 'live streams are only read');
    } else {
      const permit = deps.permit(request, cameraId);
      if (permit instanceof Promise) {
        void permit.then((given) => answerIf(given, deps, cameraId, path, query, response));
      } else {
        answerIf(permit, deps, cameraId, path, query, response);
      }
    }
    return true;
  };
}

function answerIf(
  permit: LivePermit,
  deps: LiveDeps,
  cameraId: string,
  path: string,
  query: string,
  response: ServerResponse,
): void {
  // Gone while it was looked up.
  if (response.destroyed) return;
  if (permit.allowed) {
    answer(deps, permit, cameraId, path, parseQuery(query), response);
    return;
  }
  const { status, code, message, retryAfter } = permit.error;
  if (retryAfter !== undefined && !response.headersSent) {
    response.setHeader('Retry-After', retryAfter);
  }
  fail(response, status, code, message);
}

function answer(
  deps: LiveDeps,
  permit: Extract<LivePermit, { allowed: true }>,
  cameraId: string,
  path: string,
  query: OriginQuery,
  response: ServerResponse,
): void {
  const window = deps.window(cameraId);
  if (window === undefined) {
    if (deps.liveStates.get(cameraId)?.state === 'not-linked') noPicture(response, cameraId, deps);
    else fail(response, 404, 'camera_not_found', 'no such camera, or it is not linked');
    return;
  }
  let answered = false;
  const stopWaiting = answerFromWindow(window, path, query, (given) => {
    answered = true;
    send(given, response, cameraId, deps);
  });
  // What is written at once is the socket's. What waits, or takes its time to be sent, ends with the right to it.
  if (answered && response.writableFinished) return;
  const over = permit.whileAllowed(() => response.destroy());
  response.once('close', () => {
    over();
    if (!answered) stopWaiting();
  });
}

function send(
  given: OriginAnswer,
  response: ServerResponse,
  cameraId: string,
  deps: LiveDeps,
): void {
  switch (given.kind) {
    case 'playlist':
      writeHead(response, 'application/vnd.apple.mpegurl', 'no-cache', given.body.length);
      // As text it leaves in one piece with the head.
      response.end(given.body, 'latin1');
      return;
    case 'init':
      writeHead(response, 'video/mp4', 'private, max-age=60', given.body.length);
      response.end(given.body);
      return;
    case 'media':
      sendMedia(given, response);
      return;
    case 'bad-request':
      fail(response, 400, 'bad_request', given.message);
      return;
    case 'not-found':
      fail(response, 404, 'not_found', given.message);
      return;
    case 'no-picture-yet':
      noPicture(response, cameraId, deps);
      return;
    case 'unavailable':
      response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
      fail(response, 503, 'nothing_new', given.message);
  }
}

function sendMedia(
  given: Extract<OriginAnswer, { kind: 'media' }>,
  response: ServerResponse,
): void {
  if (response.destroyed) {
    given.release();
    return;
  }
  writeHead(response, 'video/mp4', 'private, max-age=60', given.byteLength);
  // All in one write to the socket; the last piece goes with the end, or that would be one more.
  const { bytes } = given;
  response.cork();
  for (let i = 0; i < bytes.length - 1; i++) response.write(bytes[i]);
  response.end(bytes.at(-1));
  response.uncork();
  // Nearly always the kernel has taken all of it already.
  if (response.socket?.writableLength === 0) {
    given.release();
    return;
  }
  const timer = setTimeout(() => response.destroy(), MAX_SEND_MS);
  response.once('close', () => {
    clearTimeout(timer);
    given.release();
  });
}

function writeHead(
  response: ServerResponse,
  contentType: string,
  cacheControl: string,
  byteLength: number,
): void {
  response.writeHead(200, [
    'Content-Type',
    contentType,
    'Content-Length',
    String(byteLength),
    'Cache-Control',
    cacheControl,
    'X-Content-Type-Options',
    'nosniff',
    'Cross-Origin-Resource-Policy',
    'same-origin',
  ]);
}

function noPicture(response: ServerResponse, cameraId: string, deps: LiveDeps): void {
  const live = deps.liveStates.get(cameraId);
  response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
  fail(response, 503, 'no_picture_yet', 'the camera has no picture yet', {
    state: live?.state ?? 'connecting',
    reason: live?.reason ?? null,
  });
}

function fail(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  details?: Record<string, unknown>,
): void {
  if (response.destroyed || response.headersSent) return;
  const body = JSON.stringify({ error: { code, message, details } });
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(body);
}

/** The few names that are known; a value never needs decoding. */
function parseQuery(text: string): OriginQuery {
  const query: OriginQuery = {};
  if (text === '') return query;
  for (const pair of text.split('&', 16)) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? '' : pair.slice(equals + 1);
    if (name === '_HLS_msn' || name === '_HLS_part' || name === '_HLS_skip' || name === 'latency') {
      query[name] = value;
    }
  }
  return query;
}
