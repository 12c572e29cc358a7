import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { ConnectionTests } from '#ingest/connection-tests.ts';
import { newStream } from '#registry/camera.ts';
import { errorBody } from '../errors.ts';

const nullableNumber = z.number().nullable();

/** What trying an address found. */
const connectionTest = z
  .object({
    result: z.string().meta({
      description:
        '`ok`: pictures came. Else why not, by the same words as the reason of a live state: refused, unreachable, ' +
        'timeout, unauthorised, not-found, no-video, codec-not-supported, no-whole-picture, transport-refused, tls, ' +
        'address-not-allowed, silent, closed-by-camera, protocol-error',
      examples: ['ok', 'unauthorised'],
    }),
    detail: z.string().meta({ description: 'technical, in English' }),
    transport: z.enum(['tcp', 'udp']).meta({ description: 'the way that was tried last' }),
    codec: z
      .string()
      .nullable()
      .meta({ description: 'RFC 6381', examples: ['avc1.64001F'] }),
    width: nullableNumber,
    height: nullableNumber,
    frameRate: nullableNumber.meta({ description: 'measured over some seconds' }),
    bitsPerSecond: nullableNumber,
    clockOffsetMs: nullableNumber.meta({
      description: "the camera's own clock minus the gateway's, where it told its time",
    }),
    firstPictureMs: nullableNumber.meta({
      description: 'from dialling to the first whole picture',
    }),
    still: z
      .string()
      .nullable()
      .meta({ description: 'the first picture: JPEG in base64, at most 1280 pixels wide' }),
    stillOutcome: z.enum(['made', 'no_picture', 'no_ffmpeg', 'not_decodable']),
  })
  .meta({ id: 'ConnectionTest' });

/** Tries an address before, or without, registering it. */
export function registerConnectionTestRoute(
  app: FastifyInstance,
  { connectionTests }: { connectionTests: Pick<ConnectionTests, 'run'> },
): void {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/api/v1/cameras/test',
    {
      config: { action: 'camera.test' },
      schema: {
        summary: 'Try the address of a camera',
        description:
          'One short session: the codec, the size and the rate of what comes, and its first picture, or what is wrong. Takes ' +
          'up to half a minute; four run at once. Nothing is stored.',
        tags: ['cameras'],
        body: z.strictObject({ stream: newStream }).meta({
          examples: [
            {
              stream: {
                url: 'rtsp://192.168.1.64/stream1',
                username: 'viewer',
                password: 'secret',
              },
            },
          ],
        }),
        response: { 200: connectionTest, 400: errorBody, 503: errorBody },
      },
    },
    async (request) => {
      const { url, username, password, transport, tls } = request.body.stream;
      // Without path and query, in which some cameras take their password.
      await request.record('camera.test', { kind: 'address', id: new URL(url).host });
      const { reason, still, ...tested } = await connectionTests.run({
        cameraId: 'connection test',
        url,
        username,
        password,
        transport,
        tls,
        site: null,
      });
      return {
        result: reason ?? 'ok',
        ...tested,
        still: still === null ? null : still.toString('base64'),
      };
    },
  );
}
