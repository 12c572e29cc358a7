import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { contains, type Area, type Place } from '#registry/area.ts';
import type { CameraUse } from '#storage/catalogue/storage-use.ts';
import type { SpoolBounds, SpoolUse } from '#storage/spool/spool-bound.ts';
import { storageNoticeCodes, type StorageNotice } from '#storage/storage-notices.ts';
import { errorBody } from '../errors.ts';
import type { ReadPlaces } from '../visible-cameras.ts';

/** Counted anew when it is asked for and older than this: it asks for every camera's place and days. */
const KEEP_MS = 10 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Days begin at midnight in Thailand. */
const THAI_OFFSET_MS = 7 * HOUR_MS;
/** A camera's first minutes tell little of its days. */
const LEAST_MS = HOUR_MS;

const useJson = z
  .object({
    asOf: z.iso.datetime(),
    rows: z.array(
      z.object({
        key: z.string().meta({
          description: 'camera id; LAO, district and province; or days of retention',
          examples: ['อบต.คลองยาง · เกาะลันตา · กระบี่'],
        }),
        cameras: z.int(),
        recordings: z.int(),
        bytes: z.int(),
        bytesADay: z
          .int()
          .meta({ description: 'recorded yesterday, or today if that is more already' }),
        bytesExpected: z.int().meta({
          description:
            'once every camera has recorded for its days of retention at that pace; of one that began within it, at the pace since it began',
        }),
        oldest: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'StorageUse' });

const noticesJson = z
  .object({
    notices: z
      .array(
        z.object({
          code: z.enum(storageNoticeCodes),
          since: z.iso.datetime(),
          files: z
            .object({ count: z.int(), bytes: z.int() })
            .optional()
            .meta({ description: 'of `spool-files-left` and `recordings-elsewhere`' }),
          where: z
            .array(z.string())
            .optional()
            .meta({ description: 'of `recordings-elsewhere`: machines and folders' }),
        }),
      )
      .meta({
        description:
          'Worst first. `disk-full`, `spool-failed`, `recorder-behind`: cameras are not recorded now. `recordings-dropped`: within the last hour, at a bound of ' +
          'the spool. `sync-late`: the disk keeps what is written later than `SPOOL_SYNC_MS`. `store-full`, `store-refused`, `store-folder-absent`, `store-away`, `catalogue-away`: recordings wait on this machine. ' +
          '`spool-files-left`: files of the spool could not be entered, or the store refuses them for good; `npm run reconcile` names them. ' +
          '`recordings-elsewhere`: recordings wait in the spool of a gateway that recorded before this one. ' +
          '`recorded-elsewhere`: another gateway on this database records, and this one does not. ' +
          '`deletion-refused`: the store does not delete what is past its days; the log names the first. ' +
          '`deletion-behind`: deleting is a day and more behind the clock of the machine, which ran ahead, or no gateway ran.',
      }),
    waiting: z
      .object({ recordings: z.int(), bytes: z.int(), oldest: z.iso.datetime().nullable() })
      .meta({ description: 'for the store, in the spool' }),
    bounds: z
      .object({ bytes: z.int(), hours: z.number() })
      .meta({ description: 'of what may wait; beyond them the oldest that nobody holds goes' }),
  })
  .meta({
    id: 'StorageNotices',
    examples: [
      {
        notices: [{ code: 'store-away', since: '2026-11-26T01:00:00.000Z' }],
        waiting: { recordings: 1000, bytes: 15_000_000_000, oldest: '2026-11-26T00:59:10.000Z' },
        bounds: { bytes: 500_000_000_000, hours: 72 },
      },
    ],
  });

/** What an operator has to look at now; and what recordings take and will take, by camera, LAO, or class (days of retention). */
export function registerStorageRoutes(
  app: FastifyInstance,
  deps: {
    use: () => Promise<CameraUse[]>;
    notices: () => readonly StorageNotice[];
    waiting: () => SpoolUse;
    bounds: SpoolBounds;
    retentionDays: (cameraId: string) => Promise<number>;
    readPlaces: ReadPlaces;
    now: () => number;
  },
): void {
  let counted: Promise<{ atMs: number; cameras: CountedCamera[] }> | undefined;
  let countedMs = Number.NEGATIVE_INFINITY;

  async function count(): Promise<{ atMs: number; cameras: CountedCamera[] }> {
    const atMs = deps.now();
    const uses = await deps.use();
    const places = await deps.readPlaces(uses.map(({ cameraId }) => cameraId));
    const cameras: CountedCamera[] = [];
    for (const use of uses) {
      const place = places.get(use.cameraId);
      cameras.push({
        ...use,
        place,
        retentionDays: await deps.retentionDays(use.cameraId),
      });
    }
    return { atMs, cameras };
  }

  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/storage/notices',
    {
      config: { action: 'metrics.read' },
      schema: {
        summary: 'What is wrong with recording and its store now, and what waits',
        tags: ['footage'],
        response: { 200: noticesJson },
      },
    },
    async (_request, reply) => {
      const { recordings, byteLength, oldestStartMs } = deps.waiting();
      void reply.header('Cache-Control', 'no-store');
      return {
        notices: deps.notices().map(({ code, sinceMs, files, where }) => ({
          code,
          since: iso(sinceMs),
          ...(files && { files: { count: files.count, bytes: files.byteLength } }),
          ...(where && { where }),
        })),
        waiting: {
          recordings,
          bytes: byteLength,
          oldest: oldestStartMs === undefined ? null : iso(oldestStartMs),
        },
        bounds: {
          bytes: Math.floor(deps.bounds.maxBytes),
          hours: deps.bounds.maxAgeMs / HOUR_MS,
        },
      };
    },
  );

  typed.get(
    '/api/v1/storage/use',
    {
      config: { action: 'metrics.read' },
      schema: {
        summary: 'What recordings take and will take, by camera, LAO or days of retention',
        description:
          'Of cameras in your area; counted anew when what was counted is ten minutes old.',
        tags: ['footage'],
        querystring: z.object({ by: z.enum(['camera', 'lao', 'retention']).default('lao') }),
        response: { 200: useJson, 400: errorBody },
      },
    },
    async (request) => {
      if (counted === undefined || deps.now() - countedMs > KEEP_MS) {
        countedMs = deps.now();
        counted = count();
        counted.catch(() => (counted = undefined));
      }
      const { atMs, cameras } = await counted;
      const visible = cameras.filter(within(request.areasFor('metrics.read')));
      return { asOf: iso(atMs), rows: summed(visible, keyOf[request.query.by], atMs) };
    },
  );
}

interface CountedCamera extends CameraUse {
  /** Undefined for one that the registry does not know any more. */
  place: Place | undefined;
  retentionDays: number;
}

/** The disk is everybody's, but whose cameras there are is not: each sees those of their areas. */
function within(areas: readonly Area[]): (camera: CountedCamera) => boolean {
  return ({ place }) =>
    areas.some((area) => (place === undefined ? area.level === 'country' : contains(area, place)));
}

const keyOf = {
  camera: ({ cameraId }: CountedCamera) => cameraId,
  lao: ({ place }: CountedCamera) =>
    place === undefined ? '' : [place.name, place.district, place.province].join(' · '),
  retention: ({ retentionDays }: CountedCamera) => String(retentionDays),
};

/**
 * A whole day at the pace of the one that was counted: yesterday, or today where that is more. Of a camera that began
 * within these, that is the longer of the two.
 */
function bytesADay({ dayBytes, oldestStartMs }: CountedCamera, atMs: number): number {
  const midnightMs = Math.floor((atMs + THAI_OFFSET_MS) / DAY_MS) * DAY_MS - THAI_OFFSET_MS;
  const yesterdayMs = midnightMs - oldestStartMs;
  const todayMs = atMs - Math.max(midnightMs, oldestStartMs);
  const countedMs = Math.max(LEAST_MS, yesterdayMs, todayMs);
  return countedMs >= DAY_MS ? dayBytes : (dayBytes * DAY_MS) / countedMs;
}

function summed(
  cameras: readonly CountedCamera[],
  key: (camera: CountedCamera) => string,
  atMs: number,
): z.infer<typeof useJson>['rows'] {
  const rows = new Map<string, z.infer<typeof useJson>['rows'][number]>();
  for (const camera of cameras) {
    const name = key(camera);
    const row = rows.get(name);
    const expected = Math.round(bytesADay(camera, atMs) * camera.retentionDays);
    const oldest = iso(camera.oldestStartMs);
    if (row === undefined) {
      rows.set(name, {
        key: name,
        cameras: 1,
        recordings: camera.recordings,
        bytes: camera.byteLength,
        bytesADay: camera.dayBytes,
        bytesExpected: expected,
        oldest,
      });
      continue;
    }
    row.cameras++;
    row.recordings += camera.recordings;
    row.bytes += camera.byteLength;
    row.bytesADay += camera.dayBytes;
    row.bytesExpected += expected;
    if (oldest < row.oldest) row.oldest = oldest;
  }
  return [...rows.values()].toSorted((a, b) => b.bytes - a.bytes);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
