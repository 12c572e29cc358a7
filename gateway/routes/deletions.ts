import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { Deletion } from '#storage/catalogue/deletion.ts';
import type { Footage } from '#storage/footage.ts';
import { attachment } from '../attachment.ts';
import { errorBody, TooManyExports } from '../errors.ts';
import { visibleCameras, type ReadPlaces } from '../visible-cameras.ts';
import { time } from '../given-time.ts';
import { iso } from './footage-range.ts';

const MAX_EXPORTS = 2;
/** Rows of an export read at once. */
const EXPORT_PAGE = 1_000;

/** The record of what was deleted. */
export function registerDeletionRoute(
  app: FastifyInstance,
  { footage, readPlaces }: { footage: Pick<Footage, 'deletions'>; readPlaces: ReadPlaces },
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  let exporting = 0;

  typed.get(
    '/api/v1/deletions.csv',
    {
      config: { action: 'deletions.read' },
      exposeHeadRoute: false,
      schema: {
        summary: 'What was deleted, under which rule, with the hash of each file (CSV, RFC 4180)',
        tags: ['footage'],
        querystring: z.object({
          from: time.optional().meta({ description: 'deleted not before' }),
          to: time.optional().meta({ description: 'deleted before' }),
          cameraId: z.uuidv7().optional(),
        }),
        response: { 200: z.unknown(), 400: errorBody, 503: errorBody },
      },
    },
    async (request, reply) => {
      if (exporting >= MAX_EXPORTS) throw new TooManyExports('other exports are running');
      const { from = 0, to = Date.now() + 1, cameraId } = request.query;
      await request.record(
        'deletions.export',
        cameraId === undefined
          ? { kind: 'deletions', id: 'deletions' }
          : { kind: 'camera', id: cameraId },
        { detail: { from: iso(from), to: iso(to) } },
      );
      exporting++;
      reply.raw.once('close', () => exporting--);
      const file = { name: 'บันทึกการลบภาพ', plainName: 'deletions', extension: 'csv' };
      return reply
        .header('Content-Type', 'text/csv; charset=utf-8')
        .header('Content-Disposition', attachment({ ...file, fromMs: Date.now() }))
        .header('Cache-Control', 'no-store')
        .send(Readable.from(linesOf(request, { fromMs: from, toMs: to, cameraId })));
    },
  );

  async function* linesOf(
    request: FastifyRequest,
    filter: { fromMs: number; toMs: number; cameraId?: string | undefined },
  ): AsyncGenerator<string> {
    // The mark by which Excel knows UTF-8.
    yield '\uFEFFrecording,camera,from,to,bytes,sha256,policy,deleted\r\n';
    let after: Deletion | undefined;
    for (;;) {
      const page = await footage.deletions(filter, { after, limit: EXPORT_PAGE });
      const ids = await visibleCameras(
        request,
        'deletions.read',
        page.map(({ cameraId }) => cameraId),
        readPlaces,
      );
      yield page
        .filter(({ cameraId }) => ids.has(cameraId))
        .map(lineOf)
        .join('');
      if (page.length < EXPORT_PAGE) return;
      after = page.at(-1);
    }
  }
}

/** All of it is the gateway's own words: nothing that a spreadsheet would run. */
function lineOf(deletion: Deletion): string {
  const fields = [
    deletion.recordingId,
    deletion.cameraId,
    iso(deletion.startMs),
    iso(deletion.endMs),
    String(deletion.byteLength),
    deletion.sha256 ?? '',
    deletion.policy,
    iso(deletion.deletedMs),
  ];
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\r\n`;
}
