import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { Cameras } from '#registry/cameras.ts';
import { stillOf } from '#ingest/normalise/still.ts';
import type { Footage } from '#storage/footage.ts';
import type { Clip } from '#storage/retrieval/clip.ts';
import { attachment, cameraFileName, fileNameOf, type FileOf } from '../attachment.ts';
import { errorBody, TooManyStills } from '../errors.ts';
import type { WhileAllowed } from '../footage-under-way.ts';
import { time } from '../given-time.ts';
import { LinkNotValid, type SignedLinks } from '../signed-links.ts';
import { sendBytes } from './footage-bytes.ts';
import { cameraParams, iso, isoTime, range, signature, unixSeconds } from './footage-range.ts';

const MAX_CLIP_MS = 6 * 3_600_000;
/** A camera that begins anew so often is asked for in shorter ranges. */
const MAX_FILES = 100;
/** A download must begin, or go on, within it; one that runs is not broken off by it. */
const LINK_GOOD_MS = 15 * 60_000;
/** Of a download, between the store and the client. */
const READ_AHEAD_BYTES = 1024 * 1024;
/** Each is a process of ffmpeg's. */
const MAX_STILLS = 3;
const STILL_WIDTH = 3_840;
const PLAIN_NAME = 'camera';

const filesJson = z
  .object({
    expiresAt: isoTime.meta({ description: 'a download must begin, or go on, before it' }),
    files: z.array(
      z.object({
        url: z
          .string()
          .meta({ description: 'relative to this server; whoever has it has the file' }),
        fileName: z.string(),
        from: isoTime,
        to: isoTime,
        byteLength: z.int(),
      }),
    ),
  })
  .meta({ id: 'ClipFiles' });

export interface DownloadRouteDeps {
  footage: Pick<Footage, 'clip' | 'clipPieces' | 'picture'>;
  /** What a file is called by. */
  cameras: Pick<Cameras, 'get'>;
  links: SignedLinks;
  /** Whether the account that a link was made for may still use it. */
  mayDownload: (accountId: string, cameraId: string) => Promise<boolean>;
  whileAllowed: WhileAllowed;
  now: () => number;
}

/** Footage to take away: clips as MP4 files, pictures as JPEG. Each stands in the audit log before a byte is sent. */
export function registerDownloadRoutes(app: FastifyInstance, deps: DownloadRouteDeps): void {
  const { footage, links, cameras, now } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  let stills = 0;

  async function fileOf(
    cameraId: string,
    extension: 'mp4' | 'jpg',
    fromMs: number,
    toMs?: number,
  ): Promise<FileOf> {
    const camera = await cameras.get(cameraId);
    const name = camera === undefined ? PLAIN_NAME : cameraFileName(camera);
    return {
      name,
      plainName: PLAIN_NAME,
      extension,
      fromMs,
      ...(toMs === undefined ? {} : { toMs }),
    };
  }

  typed.get(
    '/api/v1/cameras/:id/clip.mp4',
    {
      config: { action: 'footage.download', subject: 'camera' },
      schema: {
        summary: 'Footage of a camera as one MP4 file',
        description:
          'Copied, not encoded. Where the camera began anew in between, one file cannot hold it: 409 `several_clips` names the ' +
          'pieces; `recording` asks for one of them.',
        tags: ['footage'],
        params: cameraParams,
        querystring: range(MAX_CLIP_MS).safeExtend({ recording: z.uuid().optional() }),
        response: { 400: errorBody, 404: errorBody, 409: errorBody, 416: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { from, to, recording: recordingId } = request.query;
      const clip = await footage.clip(id, { fromMs: from, toMs: to, recordingId });
      // Nothing is taken away by asking how long it is.
      if (request.method !== 'HEAD') {
        await request.record(
          'footage.download',
          { kind: 'camera', id },
          { detail: { from: iso(from), to: iso(to) } },
        );
      }
      const accountId = request.actor?.id ?? '';
      return sendClip({ request, reply, accountId }, id, clip, await fileOf(id, 'mp4', from, to));
    },
  );

  typed.post(
    '/api/v1/cameras/:id/clips',
    {
      config: { action: 'footage.download', subject: 'camera' },
      schema: {
        summary: 'Addresses from which footage of a camera can be downloaded for a short time',
        description:
          'One file for each run of the camera and each of its parameter sets. An address needs no session, goes on where a ' +
          'download broke (Range), gives the file as it is now whatever is recorded later, and ends with the right of whoever asked for it.',
        tags: ['footage'],
        params: cameraParams,
        body: range(MAX_CLIP_MS)
          .strict()
          .meta({
            examples: [{ from: '2026-11-25T08:00:00+07:00', to: '2026-11-25T08:05:00+07:00' }],
          }),
        response: { 201: filesJson, 400: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { from, to } = request.body;
      const pieces = await footage.clipPieces(id, { fromMs: from, toMs: to });
      if (pieces.length > MAX_FILES) throw new TooManyClips(pieces.length);
      await request.record(
        'footage.download',
        { kind: 'camera', id },
        { detail: { from: iso(from), to: iso(to), files: pieces.length } },
      );
      const until = Math.ceil((now() + LINK_GOOD_MS) / 1_000);
      const files = [];
      for (const piece of pieces) {
        const clip = await footage.clip(id, piece);
        const asked = {
          camera: id,
          from: piece.fromMs,
          to: piece.toMs,
          recording: piece.recordingId,
          bytes: clip.byteLength,
          by: request.actor?.id ?? '',
          until,
        };
        const query = new URLSearchParams(
          Object.entries({ ...asked, sig: links.sign(statementOf(asked)) }).map(([name, value]) => [
            name,
            String(value),
          ]),
        );
        files.push({
          url: `/download/clip.mp4?${query.toString()}`,
          fileName: fileNameOf(await fileOf(id, 'mp4', piece.fromMs, piece.toMs)),
          from: iso(piece.fromMs),
          to: iso(piece.toMs),
          byteLength: clip.byteLength,
        });
      }
      void reply.code(201).header('Cache-Control', 'no-store');
      return { expiresAt: iso(until * 1_000), files };
    },
  );

  typed.get(
    '/download/clip.mp4',
    {
      // The signature is the right: it was made for somebody who has it, and who is looked up again.
      config: { action: 'public' },
      schema: {
        summary: 'A clip by an address of POST /api/v1/cameras/:id/clips',
        tags: ['footage'],
        querystring: z.object({
          camera: z.string(),
          from: z.coerce.number().int().min(0).max(8_640_000_000_000),
          to: z.coerce.number().int().min(0).max(8_640_000_000_000),
          recording: z.uuid(),
          bytes: z.coerce.number().int().min(0),
          by: z.string(),
          until: unixSeconds,
          sig: signature,
        }),
        response: {
          400: errorBody,
          403: errorBody,
          404: errorBody,
          410: errorBody,
          416: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { sig, ...asked } = request.query;
      const { camera, from, to, recording: recordingId, bytes: byteLength, by } = asked;
      links.check(statementOf(asked), sig, asked.until * 1_000);
      if (!(await deps.mayDownload(by, camera))) {
        throw new LinkNotValid('the right that this link was made with has ended');
      }
      const clip = await footage.clip(camera, { fromMs: from, toMs: to, recordingId, byteLength });
      const file = await fileOf(camera, 'mp4', from, to);
      return sendClip({ request, reply, accountId: by }, camera, clip, file);
    },
  );

  typed.get(
    '/api/v1/cameras/:id/still.jpg',
    {
      config: { action: 'footage.download', subject: 'camera' },
      schema: {
        summary: 'A recorded picture of a camera as JPEG',
        description:
          'The one shown at `at`, or the next within a second. Needs ffmpeg on the server.',
        tags: ['footage'],
        params: cameraParams,
        querystring: z.object({ at: time }),
        response: { 400: errorBody, 404: errorBody, 501: errorBody, 503: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { at } = request.query;
      if (stills >= MAX_STILLS) throw new TooManyStills('other stills are being made');
      stills++;
      try {
        const { file, skipSeconds } = await footage.picture(id, at);
        await request.record('footage.still', { kind: 'camera', id }, { detail: { at: iso(at) } });
        const still = await stillOf(file, { skipSeconds, maxWidth: STILL_WIDTH });
        return await reply
          .type('image/jpeg')
          .header('Cache-Control', 'no-store')
          .header('Content-Disposition', attachment(await fileOf(id, 'jpg', at)))
          .send(still as never);
      } finally {
        stills--;
      }
    },
  );

  async function sendClip(
    {
      request,
      reply,
      accountId,
    }: { request: FastifyRequest; reply: FastifyReply; accountId: string },
    cameraId: string,
    clip: Clip,
    file: FileOf,
  ): Promise<FastifyReply> {
    void reply
      .header('ETag', clip.etag)
      .header('Cache-Control', 'private, no-cache')
      .header('Content-Disposition', attachment(file));
    // What the rest is asked of has changed: all of it is sent (RFC 9110 §13.1.5).
    const ifRange = request.headers['if-range'];
    if (ifRange !== undefined && ifRange !== clip.etag) delete request.headers.range;
    return sendBytes(request, reply, clip.byteLength, (asked) =>
      deps.whileAllowed(
        // In bytes, or it would wait for the client after each chunk that the store sends.
        Readable.from(clip.read(asked), { objectMode: false, highWaterMark: READ_AHEAD_BYTES }),
        { cameraId, accountId, action: 'footage.download' },
      ),
    );
  }
}

/** One request asks for more files than are given at once. */
class TooManyClips extends Error {
  readonly code = 'too_many_clips';
  constructor(files: number) {
    super(`the range takes ${files} files, of ${MAX_FILES} at most: ask for a shorter one`);
  }
}

function statementOf(asked: {
  camera: string;
  from: number;
  to: number;
  recording: string;
  bytes: number;
  by: string;
  until: number;
}): (string | number)[] {
  const { camera, from, to, recording, bytes, by, until } = asked;
  return ['clip', camera, from, to, recording, bytes, by, until];
}
