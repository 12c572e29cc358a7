import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { retentionIn } from '#storage/catalogue/retentions.ts';
import { gapCauses } from '#storage/catalogue/tables.ts';
import type { Footage } from '#storage/footage.ts';
import { expiryMs, type CameraRetention, type Shortenings } from '#storage/shortening.ts';
import type { Timeline } from '#storage/timeline.ts';
import { byteRange, RangeNotSatisfiable } from '../byte-range.ts';
import { errorBody } from '../errors.ts';
import type { WhileAllowed } from '../footage-under-way.ts';
import type { SignedLinks } from '../signed-links.ts';
import { sendPart } from './footage-bytes.ts';
import { cameraParams, iso, isoTime, range, signature, unixSeconds } from './footage-range.ts';

/** A playlist of two hours has some 1,800 segments; a longer one is asked for in pieces. */
const MAX_PLAYLIST_MS = 2 * 3_600_000;
const MAX_TIMELINE_MS = 31 * 86_400_000;
const HOUR_MS = 3_600_000;
/** What a playlist names can be played so long: as long as a session lasts at most. */
const PLAYLIST_GOOD_MS = 12 * HOUR_MS;

const timelineJson = z
  .object({
    cameraId: z.string(),
    from: isoTime,
    to: isoTime,
    next: isoTime.nullable().meta({
      description:
        'where to ask on: of a camera that was up and down too often, an answer ends before the `to` that was asked for; null: this is all',
    }),
    spans: z.array(
      z.object({
        from: isoTime,
        to: isoTime,
        hoursUntilExpiry: z.number().nullable().meta({
          description:
            'until the first of it that no hold keeps is deleted; null: a hold keeps all of it',
        }),
      }),
    ),
    gaps: z.array(
      z.object({
        from: isoTime,
        to: isoTime,
        cause: z.enum([...gapCauses, 'unknown']),
        detail: z.string().nullable(),
      }),
    ),
    deletions: z
      .array(
        z.object({
          from: isoTime,
          to: isoTime,
          policy: z.string().meta({ description: 'as the deletion record says it' }),
          retentionDays: z.int().nullable().meta({
            description: 'how long it was kept by that policy; null: it does not say',
          }),
          shorteningId: z.string().nullable().meta({
            description: 'of the approved shortening by which it was so few days; null: none',
          }),
          firstDeletedAt: isoTime.nullable(),
          lastDeletedAt: isoTime.nullable().meta({
            description:
              'its recordings go one by one, as each is too old; null: their deletion has begun, and the store has not let go of all of them yet',
          }),
        }),
      )
      .meta({
        description:
          'there was footage, and a rule has deleted it, or is about to; each file with its hash: /api/v1/deletions.csv',
      }),
    elsewhere: z.array(z.object({ from: isoTime, to: isoTime })).meta({
      description:
        'of it, what waits in the spool of another gateway on this database: it plays there alone until it is stored. Of a minute that was not finished there the time is a gap',
    }),
    holds: z.array(
      z.object({
        id: z.string(),
        from: isoTime,
        to: isoTime,
        reason: z.string(),
        placedBy: z.string(),
      }),
    ),
    retentionDays: z.int().meta({ description: 'how long recordings of the camera are kept now' }),
  })
  .meta({
    id: 'Timeline',
    description:
      'All time from `from` to `to` is in a span of footage, in a gap with its cause, or was deleted. `unknown`: before the first recording, what comes after a recording that grows (`detail` `latest`), or nobody told why.',
  });

export interface FootageRouteDeps {
  footage: Pick<Footage, 'timeline' | 'playlist' | 'source'>;
  shortenings: Pick<Shortenings, 'retention'>;
  /** Of playlists. */
  links: SignedLinks;
  whileAllowed: WhileAllowed;
  now: () => number;
}

/** What was recorded of a camera: when, and to play. Playing stands in the audit log, with the range that was played. */
export function registerFootageRoutes(app: FastifyInstance, deps: FootageRouteDeps): void {
  const { footage, shortenings, links, now } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/cameras/:id/timeline',
    {
      config: { action: 'footage.list', subject: 'camera' },
      schema: {
        summary: 'What is recorded of a camera, and what is missing and why',
        description:
          'Of 31 days at most, and of 2,000 stretches of footage, gaps or deletions: what is beyond is asked for from `next` on. Of what is to come there are no gaps.',
        tags: ['footage'],
        params: cameraParams,
        querystring: range(MAX_TIMELINE_MS),
        response: { 200: timelineJson, 400: errorBody, 404: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { from, to } = request.query;
      const [found, retention] = await Promise.all([
        footage.timeline(id, { fromMs: from, toMs: to }),
        shortenings.retention(id),
      ]);
      void reply.header('Cache-Control', 'no-store');
      return {
        cameraId: id,
        from: iso(from),
        to: iso(found.toMs),
        next: found.nextMs === null ? null : iso(found.nextMs),
        spans: found.spans.map((span) => ({
          from: iso(span.startMs),
          to: iso(span.endMs),
          hoursUntilExpiry: hoursUntilExpiry(span, found.holds, retention, now()),
        })),
        gaps: untilNow(found.gaps, now()).map(({ startMs, endMs, cause, detail }) => ({
          from: iso(startMs),
          to: iso(endMs),
          cause,
          detail,
        })),
        deletions: found.deleted.map((gone) => ({
          from: iso(gone.startMs),
          to: iso(gone.endMs),
          policy: gone.policy,
          retentionDays: retentionIn(gone.policy)?.days ?? null,
          shorteningId: retentionIn(gone.policy)?.shorteningId ?? null,
          firstDeletedAt: gone.firstDeletedMs === null ? null : iso(gone.firstDeletedMs),
          lastDeletedAt: gone.lastDeletedMs === null ? null : iso(gone.lastDeletedMs),
        })),
        elsewhere: found.elsewhere.map(({ startMs, endMs }) => ({
          from: iso(startMs),
          to: iso(endMs),
        })),
        holds: found.holds.map(({ id: holdId, fromMs, toMs, reason, placed }) => ({
          id: holdId,
          from: iso(fromMs),
          to: iso(toMs),
          reason,
          placedBy: placed.name,
        })),
        retentionDays: retention.days,
      };
    },
  );

  typed.get(
    '/recorded/:id/index.m3u8',
    {
      config: { action: 'footage.play', subject: 'camera' },
      schema: {
        summary: 'Footage of a camera as an HLS VOD playlist',
        description:
          'Of two hours at most. What it names can be asked for by whoever asked for the playlist, for twelve hours.',
        tags: ['footage'],
        params: cameraParams,
        querystring: range(MAX_PLAYLIST_MS),
        response: { 400: errorBody, 404: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { from, to } = request.query;
      const until = Math.ceil((now() + PLAYLIST_GOOD_MS) / 1_000);
      const playlist = await footage.playlist(
        id,
        { fromMs: from, toMs: to },
        (recordingId, { start, end }) => {
          const sig = links.sign(statementOf(request, { id, recordingId, start, end, until }));
          return `${recordingId}.mp4?start=${start}&end=${end}&until=${until}&sig=${sig}`;
        },
      );
      await request.record(
        'footage.play',
        { kind: 'camera', id },
        { detail: { from: iso(from), to: iso(to) } },
      );
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
        description:
          'Only bytes of the range that the playlist was asked for, which is what the audit log says was played.',
        tags: ['footage'],
        params: cameraParams.extend({ recordingId: z.uuid() }),
        querystring: z.object({
          start: z.coerce.number().int().min(0),
          end: z.coerce.number().int().min(0),
          until: unixSeconds,
          sig: signature,
        }),
        response: { 400: errorBody, 403: errorBody, 404: errorBody, 416: errorBody },
      },
    },
    async (request, reply) => {
      const { id, recordingId } = request.params;
      const { start, end, until, sig } = request.query;
      const statement = statementOf(request, { id, recordingId, start, end, until });
      links.check(statement, sig, until * 1_000);
      const source = await footage.source(id, recordingId);
      const asked = within(request.headers.range, source, { start, end });
      // A recording that still grows is another one a moment later; what was read of it does not change.
      void reply.header('Cache-Control', 'private, max-age=3600');
      const { byteLength } = source;
      return sendPart(request, reply, { ...asked, byteLength }, async (part) =>
        deps.whileAllowed(await source.readWhole(part), {
          cameraId: id,
          accountId: request.actor?.id ?? '',
          action: 'footage.play',
        }),
      );
    },
  );
}

/** What a playlist allows, and whom. */
function statementOf(
  { actor }: FastifyRequest,
  of: { id: string; recordingId: string; start: number; end: number; until: number },
): (string | number)[] {
  return ['play', actor?.id ?? '', of.id, of.recordingId, of.start, of.end, of.until];
}

/** The init segment, or bytes of the media that the playlist names; one that reaches further is cut there. */
function within(
  header: string | undefined,
  source: { byteLength: number; initBytes: number },
  media: { start: number; end: number },
): { start: number; end: number } {
  const asked = byteRange(header, source.byteLength);
  const allowed = [{ start: 0, end: source.initBytes }, media].find(
    ({ start, end }) => asked !== undefined && asked.start >= start && asked.start < end,
  );
  if (asked === undefined || allowed === undefined) {
    throw new RangeNotSatisfiable(source.byteLength);
  }
  return { start: asked.start, end: Math.min(asked.end, allowed.end) };
}

/** Of what is to come nobody knows whether it is missing. */
function untilNow(gaps: Timeline['gaps'], nowMs: number): Timeline['gaps'] {
  const begun = gaps.filter(({ startMs }) => startMs < nowMs);
  return begun.map((gap) => ({ ...gap, endMs: Math.min(gap.endMs, nowMs) }));
}

/** Of the first moment of a span that no hold keeps; null: there is none. To a tenth, never below 0. */
function hoursUntilExpiry(
  span: { startMs: number; endMs: number },
  holds: Timeline['holds'],
  retention: CameraRetention,
  nowMs: number,
): number | null {
  let firstMs = span.startMs;
  for (const { fromMs, toMs } of holds.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (fromMs <= firstMs) firstMs = Math.max(firstMs, toMs);
  }
  if (firstMs >= span.endMs) return null;
  const leftMs = Math.max(0, expiryMs(firstMs, retention) - nowMs);
  return Math.round(leftMs / (HOUR_MS / 10)) / 10;
}
