import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { deviceAddress } from '#registry/onvif/device-address.ts';
import type { DeviceStills } from '../device-stills.ts';
import { errorBody } from '../errors.ts';
import { credential, deviceStill, stillJson } from './onvif-json.ts';

const MAX_URL_LENGTH = 2_048;

/** The picture at a snapshot address that a device told of, before anything is accepted. */
export function registerOnvifStillRoute(
  app: FastifyInstance,
  { deviceStills }: { deviceStills: DeviceStills },
): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/v1/onvif/still',
    {
      config: { action: 'camera.test' },
      schema: {
        summary: 'The picture at a snapshot address',
        description:
          'Fetched by the gateway, only where cameras may be (also after redirections), at most 4 MB within 8 seconds. The password goes to ' +
          'the host of `address` alone. Nothing is stored.',
        tags: ['cameras'],
        body: z
          .strictObject({
            address: deviceAddress.meta({ description: 'of the device that told of it' }),
            url: z
              .url({ protocol: /^https?$/ })
              .max(MAX_URL_LENGTH)
              .meta({ description: '`snapshot.url` of a probe' }),
            username: credential,
            password: credential.meta({ writeOnly: true }),
          })
          .meta({
            examples: [
              {
                address: '192.168.1.64',
                url: 'http://192.168.1.64/onvif/snapshot',
                username: null,
              },
            ],
          }),
        response: { 200: deviceStill, 400: errorBody, 503: errorBody },
      },
    },
    async (request, reply) => {
      const { address, url, username, password } = request.body;
      await request.record('camera.test', { kind: 'address', id: new URL(url).host });
      const { hostname } = new URL(address);
      const fetched = await deviceStills.fetch({
        url: withoutCredentials(url),
        isDevice: (asked) => asked.hostname === hostname,
        credentials: username === null ? null : { username, password: password ?? '' },
      });
      void reply.header('Cache-Control', 'no-store');
      return stillJson(fetched);
    },
  );
}

function withoutCredentials(given: string): string {
  const url = new URL(given);
  url.username = '';
  url.password = '';
  return url.href;
}
