import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { isAllowed, type CameraNetworks } from '#registry/camera-networks.ts';
import { discoveryRange } from '#registry/onvif/discovery-range.ts';
import type { Discoveries, Discovery } from '#registry/onvif/discoveries.ts';
import { DeviceAddressNotAllowed } from '#registry/onvif/guarded-agent.ts';
import { actingIn } from '../auth/acting.ts';
import { errorBody } from '../errors.ts';
import { foundDevice } from './onvif-json.ts';

const discovery = z
  .object({
    id: z.string(),
    network: z.string(),
    state: z.enum(['asking', 'done', 'cancelled', 'failed']),
    addresses: z.int().meta({ description: 'how many are asked in all' }),
    asked: z.int().meta({ description: 'of them, so far; answers come within some seconds' }),
    devices: z.array(foundDevice).meta({ description: 'so far, by address' }),
    detail: z.string().meta({ description: 'why it failed: technical, in English' }),
  })
  .meta({ id: 'OnvifDiscoveryRun' });

const params = z.object({ discoveryId: z.string() });

/** Looks for devices in a network, and tells how far it is: begun, looked at until it is over, or ended early. */
export function registerOnvifDiscoveryRoutes(
  app: FastifyInstance,
  deps: { discoveries: Discoveries; cameraNetworks: CameraNetworks },
): void {
  const { discoveries, cameraNetworks } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.post(
    '/api/v1/onvif/discoveries',
    {
      config: { action: 'camera.test' },
      schema: {
        summary: 'Begin to look for devices in a network by ONVIF',
        description:
          'Asks each address of an IPv4 network of at most 1,024, one by one (WS-Discovery). Ask for its state until it is not ' +
          '`asking`. One an account: an earlier one is ended. Kept for ten minutes.',
        tags: ['cameras'],
        body: z
          .strictObject({ network: discoveryRange })
          .meta({ examples: [{ network: '192.168.1.0/24' }] }),
        response: { 202: discovery, 400: errorBody, 503: errorBody },
      },
    },
    async (request, reply) => {
      const { network, addresses } = request.body.network;
      await request.record('camera.discover', { kind: 'network', id: network });
      const allowed = addresses.filter((address) => isAllowed(cameraNetworks, address));
      if (allowed.length === 0) throw new DeviceAddressNotAllowed(network);
      const begun = discoveries.begin({
        actorId: actingIn(request).id,
        network,
        addresses: allowed,
      });
      return reply
        .code(202)
        .header('Location', `/api/v1/onvif/discoveries/${begun.id}`)
        .send(told(begun));
    },
  );

  typed.get(
    '/api/v1/onvif/discoveries/:discoveryId',
    {
      config: { action: 'camera.test' },
      schema: {
        summary: 'How far a search for devices is, and what it found so far',
        tags: ['cameras'],
        params,
        response: { 200: discovery, 404: errorBody },
      },
    },
    async (request) => told(discoveries.get(request.params.discoveryId, actingIn(request).id)),
  );

  typed.delete(
    '/api/v1/onvif/discoveries/:discoveryId',
    {
      config: { action: 'camera.test' },
      schema: {
        summary: 'End a search for devices; what it found stays to be looked at',
        tags: ['cameras'],
        params,
        response: { 200: discovery, 404: errorBody },
      },
    },
    async (request) => told(discoveries.cancel(request.params.discoveryId, actingIn(request).id)),
  );
}

function told(one: Discovery): z.infer<typeof discovery> {
  const { id, network, state, addresses, asked, devices, detail } = one;
  return { id, network, state, addresses, asked, devices: [...devices], detail };
}
