import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { CameraUse } from '#storage/catalogue/storage-use.ts';
import { errorBody } from '../errors.ts';
import type { ReadPlaces } from '../visible-cameras.ts';

/** Counted anew when it is asked for and older than this: it asks for every camera's place and days. */
const KEEP_MS = 10 * 60_000;

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
          description: 'once every camera has recorded for its days of retention at this rate',
        }),
        oldest: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'StorageUse' });

/** What recordings take, and will take, by camera, LAO, or class (days of retention). */
export function registerStorageRoutes(
  app: FastifyInstance,
  deps: {
    use: () => Promise<CameraUse[]>;
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
        lao: place === undefined ? '' : [place.name, place.district, place.province].join(' · '),
        retentionDays: await deps.retentionDays(use.cameraId),
      });
    }
    return { atMs, cameras };
  }

  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/storage/use',
    {
      config: { action: 'metrics.read' },
      schema: {
        summary: 'What recordings take and will take, by camera, LAO or days of retention',
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
      return { asOf: iso(atMs), rows: summed(cameras, keyOf[request.query.by]) };
    },
  );
}

interface CountedCamera extends CameraUse {
  lao: string;
  retentionDays: number;
}

const keyOf = {
  camera: ({ cameraId }: CountedCamera) => cameraId,
  lao: ({ lao }: CountedCamera) => lao,
  retention: ({ retentionDays }: CountedCamera) => String(retentionDays),
};

function summed(
  cameras: readonly CountedCamera[],
  key: (camera: CountedCamera) => string,
): z.infer<typeof useJson>['rows'] {
  const rows = new Map<string, z.infer<typeof useJson>['rows'][number]>();
  for (const camera of cameras) {
    const name = key(camera);
    const row = rows.get(name);
    const expected = camera.dayBytes * camera.retentionDays;
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
