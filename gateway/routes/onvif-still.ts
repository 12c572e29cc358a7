import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { stillResults, type DeviceStill, type StillOrder } from '#ingest/device-still.ts';
import { deviceAddress } from '#registry/onvif/device-address.ts';
import { errorBody, TooManyDeviceStills } from '../errors.ts';
import { credential } from './onvif-json.ts';

/** Each holds up to 4 MB. */
const MAX_AT_ONCE = 4;
const MAX_URL_LENGTH = 2_048;

const deviceStill = z
  .object({
    result: z.enum(stillResults).meta({ description: '`ok`: there is a picture. Else why not' }),
    detail: z.string().meta({ description: 'technical, in English' }),
    still: z.string().nullable().meta({ description: 'JPEG in base64, as the device gave it' }),
  })
  .meta({ id: 'OnvifStill' });

/** The picture at a snapshot address that a device told of, before anything is accepted. */
export function registerOnvifStillRoute(
  app: FastifyInstance,
  { fetchStill }: { fetchStill: (order: StillOrder) => Promise<DeviceStill> },
): void {
  let running = 0;
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
      if (running >= MAX_AT_ONCE) {
        throw new TooManyDeviceStills(
          `${MAX_AT_ONCE} pictures are being fetched: try again in a moment`,
        );
      }
      running++;
      try {
        const { still, ...rest } = await fetchStill({
          url: withoutCredentials(url),
          deviceHost: new URL(address).hostname,
          credentials: username === null ? null : { username, password: password ?? '' },
        });
        void reply.header('Cache-Control', 'no-store');
        return { ...rest, still: still === null ? null : still.toString('base64') };
      } finally {
        running--;
      }
    },
  );
}

function withoutCredentials(given: string): string {
  const url = new URL(given);
  url.username = '';
  url.password = '';
  return url.href;
}
