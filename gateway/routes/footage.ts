import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { gapCauses } from '#storage/catalogue/tables.ts';
import type { RecordingService } from '#storage/recording-service.ts';
import type { Audit } from '../audit/audit.ts';
import { auditActorOf, auditOriginOf } from '../audit/request-entry.ts';
import { byteRange } from '../byte-range.ts';
import { errorBody } from '../errors.ts';

/** A playlist of two hours has some 1,800 segments; a longer one is asked for in pieces. */
const MAX_PLAYLIST_MS = 2 * 3_600_000;
const MAX_CLIP_MS = 6 * 3_600_000;
const MAX_TIMELINE_MS = 31 * 86_400_000;

const time = z.iso
  .datetime({
    offset: true,
    error: 'must be a time with its zone, such as 2026-11-25T08:00:00+07:00',
  })
  .transform((text) => Date.parse(text));

/** `from` to `to`, half-open. */
function range(longestMs: number) {
  return z
    .object({ from: time, to: time })
    .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after from' })
    .refine(({ from, to }) => to - from <= longestMs, {
      path: ['to'],
      message: `may be ${longestMs / 3_600_000} hours after from at most`,
    });
}

const isoTime = z.iso.datetime();
const cameraParams = z.object({ id: z.string() });

const timelineJson = z
  .object({
    cameraId: z.string(),
    from: isoTime,
    to: isoTime,
    spans: z.array(z.object({ from: isoTime, to: isoTime })),
    gaps: z.array(
      z.object({
        from: isoTime,
        to: isoTime,
        cause: z.enum([...gapCauses, 'unknown']),
        detail: z.string().nullable(),
      }),
    ),
    holds: z.array(z.object({ from: isoTime, to: isoTime, reason: z.string() })),
  })
  .meta({
    id: 'Timeline',
    description: 'All time from `from` to `to` is in a span of footage or in a gap with its cause.',
  });

/** What was recorded of a camera: when, to play, and to take away. Playing and taking away stand in the audit log. */
export function registerFootageRoutes(
  app: FastifyInstance,
  { recording, audit }: { recording: RecordingService; audit: Audit },
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/cameras/:id/timeline',
    {
      config: { action: 'footage.list', subject: 'camera' },
      schema: {
        summary: 'What is recorded of a camera, and what is missing and why',
        tags: ['footage'],
        params: cameraParams,
        querystring: range(MAX_TIMELINE_MS),
        response: { 200: timelineJson, 400: errorBody, 404: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { from, to } = request.query;
      const found = await recording.timeline(id, { fromMs: from, toMs: to });
      void reply.header('Cache-Control', 'no-store');
      return {
        cameraId: id,
        from: iso(from),
        to: iso(to),
        spans: found.spans.map((span) => ({ from: iso(span.startMs), to: iso(span.endMs) })),
        gaps: found.gaps.map(({ startMs, endMs, cause, detail }) => ({
          from: iso(startMs),
          to: iso(endMs),
          cause,
          detail,
        })),
        holds: found.holds.map(({ fromMs, toMs, reason }) => ({
          from: iso(fromMs),
          to: iso(toMs),
          reason,
        })),
      };
    },
  );

  typed.get(
    '/recorded/:id/index.m3u8',
    {
      config: { action: 'footage.play', subject: 'camera' },
      schema: {
        summary: 'Footage of a camera as an HLS VOD playlist',
        tags: ['footage'],
        params: cameraParams,
        querystring: range(MAX_PLAYLIST_MS),
        response: { 400: errorBody, 404: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { from, to } = request.query;
      const playlist = await recording.playlist(
        id,
        { fromMs: from, toMs: to },
        (recordingId) => `${recordingId}.mp4`,
      );
      await note(request, 'footage.play', id, { from, to });
      return reply
        .type('application/vnd.apple.mpegurl')
        .header('Cache-Control', 'no-store')
        .send(playlist as never);
    },
  );

  typed.get(
    '/recorded/:id/:recordingId.mp4',
    {
      config: { action: 'footage.play', subject: 'camera' },
      schema: {
        summary: 'Bytes of a recording that a playlist names',
        tags: ['footage'],
        params: cameraParams.extend({ recordingId: z.uuid() }),
        response: { 404: errorBody, 416: errorBody },
      },
    },
    async (request, reply) => {
      const { id, recordingId } = request.params;
      const source = await recording.source(id, recordingId);
      // A recording that still grows is another one a moment later; what was read of it does not change.
      void reply.header('Cache-Control', 'private, max-age=3600');
      return sendBytes(request, reply, source.byteLength, async (asked) => source.read(asked));
    },
  );

  typed.get(
    '/api/v1/cameras/:id/clip.mp4',
    {
      config: { action: 'footage.download', subject: 'camera' },
      schema: {
        summary: 'Footage of a camera as one MP4 file',
        description:
          'Copied, not encoded. Where the camera began anew in between, one file cannot hold it: 409 `several_clips` names the pieces.',
        tags: ['footage'],
        params: cameraParams,
        querystring: range(MAX_CLIP_MS),
        response: { 400: errorBody, 404: errorBody, 409: errorBody, 416: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { from, to } = request.query;
      const clip = await recording.clip(id, { fromMs: from, toMs: to });
      await note(request, 'footage.download', id, { from, to });
      void reply
        .header('ETag', clip.etag)
        .header('Cache-Control', 'private, no-cache')
        .header('Content-Disposition', `attachment; filename="${fileName(id, from)}"`);
      // What the rest is asked of has changed: all of it is sent (RFC 9110 §13.1.5).
      const ifRange = request.headers['if-range'];
      if (ifRange !== undefined && ifRange !== clip.etag) delete request.headers.range;
      return sendBytes(request, reply, clip.byteLength, (asked) => Readable.from(clip.read(asked)));
    },
  );

  async function note(
    request: FastifyRequest,
    action: 'footage.play' | 'footage.download',
    cameraId: string,
    asked: { from: number; to: number },
  ): Promise<void> {
    await audit.record({
      actor: auditActorOf(request.actor),
      action,
      object: { kind: 'camera', id: cameraId },
      outcome: 'done',
      from: auditOriginOf(request),
      detail: { from: iso(asked.from), to: iso(asked.to) },
    });
  }
}

/** The whole, or the range that was asked for (RFC 9110 §14.2). */
async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  byteLength: number,
  read: (range: { start: number; end: number }) => Readable | Promise<Readable>,
): Promise<FastifyReply> {
  const asked = byteRange(request.headers.range, byteLength);
  void reply.header('Accept-Ranges', 'bytes').type('video/mp4');
  if (asked !== undefined) {
    const { start, end } = asked;
    void reply.code(206).header('Content-Range', `bytes ${start}-${end - 1}/${byteLength}`);
  }
  const { start, end } = asked ?? { start: 0, end: byteLength };
  void reply.header('Content-Length', end - start);
  if (request.method === 'HEAD') return reply.send();
  return reply.send(await read({ start, end }));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function fileName(cameraId: string, fromMs: number): string {
  return `${cameraId}_${iso(fromMs).replaceAll(/[:.]/g, '-')}.mp4`;
}
