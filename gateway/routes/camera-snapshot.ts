import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import type { Cameras } from '#registry/cameras.ts';
import type { DeviceStills } from '../device-stills.ts';
import { errorBody } from '../errors.ts';
import { deviceStill, stillJson } from './onvif-json.ts';

/** Nobody gave the camera an address of its still pictures. */
class NoSnapshotAddress extends Error {
  readonly code = 'no_snapshot_address';
}

/** What a camera shows at this moment by its snapshot address: also where no stream of it comes, or no browser plays it. */
export function registerCameraSnapshotRoute(
  app: FastifyInstance,
  deps: { cameras: Pick<Cameras, 'snapshot'>; deviceStills: DeviceStills },
): void {
  const { cameras, deviceStills } = deps;
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/v1/cameras/:id/snapshot',
    {
      config: { action: 'camera.watch', subject: 'camera' },
      schema: {
        summary: 'A still picture from the camera, now',
        description:
          'Fetched by the gateway from `stream.snapshotUrl`, only where cameras may be (also after redirections), at most 4 MB within 8 seconds. The ' +
          'password goes to that address’s own host and port alone. It is audited as a view, and nothing is stored. 409 `no_snapshot_address`: the camera has none.',
        tags: ['cameras'],
        params: z.object({ id: z.string() }),
        response: { 200: deviceStill, 404: errorBody, 409: errorBody, 503: errorBody },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const source = await cameras.snapshot(id);
      if (source === undefined) throw new CameraNotFound(id);
      if (source === null) {
        throw new NoSnapshotAddress(
          'the camera has no snapshot address: give it stream.snapshotUrl',
        );
      }
      await request.record('camera.watch.still', { kind: 'camera', id });
      const { url, username, password } = source;
      const { origin } = new URL(url);
      const fetched = await deviceStills.fetch({
        url,
        isDevice: (asked) => asked.origin === origin,
        credentials: username === null ? null : { username, password: password ?? '' },
      });
      void reply.header('Cache-Control', 'no-store');
      return stillJson(fetched);
    },
  );
}
