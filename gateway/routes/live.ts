import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { answerFromWindow, type OriginAnswer, type OriginQuery } from '#ingest/hls/origin.ts';
import type { LiveWindow } from '#ingest/hls/live-window.ts';
import type { LiveStates } from '#ingest/live-states.ts';

/** A viewer that takes longer for one answer loses it: its leases would keep media from being written over. */
const MAX_SEND_MS = 15_000;
/** When to ask again for a camera without a picture, seconds. */
const RETRY_AFTER_SECONDS = 2;

export interface LiveRouteDeps {
  window: (cameraId: string) => LiveWindow | undefined;
  liveStates: LiveStates;
}

/** `/live/:cameraId/…`: playlists and media of the live window, written straight from shared memory. */
export function registerLiveRoutes(app: FastifyInstance, deps: LiveRouteDeps): void {
  app.get<{ Params: { cameraId: string; '*': string }; Querystring: OriginQuery }>(
    '/live/:cameraId/*',
    { schema: { hide: true } },
    (request, reply) => {
      const { cameraId } = request.params;
      const window = deps.window(cameraId);
      if (window === undefined) {
        if (deps.liveStates.get(cameraId)?.state === 'not-linked') noPicture(reply, cameraId, deps);
        else fail(reply, 404, 'camera_not_found', 'no such camera, or it is not linked');
        return;
      }
      const response = reply.raw;
      const stopWaiting = answerFromWindow(window, request.params['*'], request.query, (answer) =>
        send(answer, reply, cameraId, deps),
      );
      response.once('close', stopWaiting);
    },
  );
}

function send(
  answer: OriginAnswer,
  reply: FastifyReply,
  cameraId: string,
  deps: LiveRouteDeps,
): void {
  switch (answer.kind) {
    case 'playlist':
      write(reply, 'application/vnd.apple.mpegurl', 'no-cache', [answer.body], answer.body.length);
      return;
    case 'init':
      write(reply, 'video/mp4', 'private, max-age=60', [answer.body], answer.body.length);
      return;
    case 'media':
      sendMedia(answer, reply);
      return;
    case 'bad-request':
      fail(reply, 400, 'bad_request', answer.message);
      return;
    case 'not-found':
      fail(reply, 404, 'not_found', answer.message);
      return;
    case 'no-picture-yet':
      noPicture(reply, cameraId, deps);
      return;
    case 'unavailable':
      void reply.header('Retry-After', RETRY_AFTER_SECONDS);
      fail(reply, 503, 'nothing_new', answer.message);
  }
}

function sendMedia(answer: Extract<OriginAnswer, { kind: 'media' }>, reply: FastifyReply): void {
  const response = reply.raw;
  if (response.destroyed) {
    answer.release();
    return;
  }
  const timer = setTimeout(() => response.destroy(), MAX_SEND_MS);
  response.once('close', () => {
    clearTimeout(timer);
    answer.release();
  });
  const slices = answer.parts.flatMap((part) =>
    part.slices.map(({ chunk, offset, length }) => part.reader.bytes(chunk, offset, length)),
  );
  write(reply, 'video/mp4', 'private, max-age=60', slices, answer.byteLength);
}

/** Past Fastify's reply: these answers are most of what the gateway sends, and need none of its hooks. */
function write(
  reply: FastifyReply,
  contentType: string,
  cacheControl: string,
  body: readonly Buffer[],
  byteLength: number,
): void {
  reply.hijack();
  const response: ServerResponse = reply.raw;
  if (response.destroyed) return;
  response.writeHead(200, {
    'Content-Type': contentType,
    'Content-Length': byteLength,
    'Cache-Control': cacheControl,
    'X-Content-Type-Options': 'nosniff',
  });
  response.cork();
  for (const bytes of body) response.write(bytes);
  response.end();
  response.uncork();
}

function noPicture(reply: FastifyReply, cameraId: string, deps: LiveRouteDeps): void {
  const live = deps.liveStates.get(cameraId);
  void reply.header('Retry-After', RETRY_AFTER_SECONDS);
  fail(reply, 503, 'no_picture_yet', 'the camera has no picture yet', {
    state: live?.state ?? 'connecting',
    reason: live?.reason ?? null,
  });
}

function fail(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  details?: Record<string, unknown>,
): void {
  if (reply.raw.destroyed || reply.sent) return;
  void reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .send({ error: { code, message, ...(details === undefined ? {} : { details }) } });
}
