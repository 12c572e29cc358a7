import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { contains } from '#registry/area.ts';
import { isAllowed, type CameraNetworks } from '#registry/camera-networks.ts';
import { CameraNotFound } from '#registry/camera-refusals.ts';
import type { CameraAtAddress } from '#registry/cameras-at-address.ts';
import type { Cameras } from '#registry/cameras.ts';
import { deviceAddress } from '#registry/onvif/device-address.ts';
import type { DeviceCalls } from '#registry/onvif/device-calls.ts';
import { discoveryRange } from '#registry/onvif/discovery-range.ts';
import { DeviceAddressNotAllowed } from '#registry/onvif/guarded-agent.ts';
import { probeResults } from '#registry/onvif/probe.ts';
import { observedFields } from '#registry/provenance.ts';
import { actingIn } from '../auth/acting.ts';
import { NotAllowed } from '../auth/refusal.ts';
import type { DeviceReading, DeviceReadings } from '../device-readings.ts';
import { errorBody } from '../errors.ts';
import { credential, foundDevice } from './onvif-json.ts';

const offeredAddress = z
  .object({
    url: z.string().nullable().meta({ description: 'without user name and password' }),
    elsewhere: z.boolean().meta({
      description:
        'it is on another host than the one that was asked: ask the person before a password goes there',
    }),
    refused: z.enum(['address-not-allowed', 'not-valid']).nullable(),
  })
  .meta({ id: 'OnvifOfferedAddress' });

const deviceProbe = z
  .object({
    result: z.enum(probeResults).meta({
      description: '`ok`: the device told of itself. Else why not',
    }),
    detail: z.string().meta({ description: 'technical, in English' }),
    suggestions: z
      .array(
        z.object({
          field: z.enum(observedFields),
          value: z.union([z.string(), z.number()]),
          source: z.literal('onvif'),
        }),
      )
      .meta({
        description:
          'what a person may accept into the form. The frame rate is what the device says it is set to, not a measurement',
      }),
    streams: z
      .array(
        z.object({
          channel: z.int().meta({
            description: 'from 1: a camera has one, a recorder box one for each of its cameras',
          }),
          profile: z.string().nullable(),
          encoding: z
            .string()
            .nullable()
            .meta({ examples: ['H264'] }),
          resolution: z.string().nullable(),
          frameRate: z.number().nullable(),
          stream: offeredAddress.nullable(),
          snapshot: offeredAddress.nullable(),
          cameras: z
            .array(z.object({ id: z.string(), position: z.string(), lao: z.string() }))
            .meta({
              description: 'of your area, that are registered with this address already',
            }),
        }),
      )
      .meta({ description: 'by channel; of each the largest picture first' }),
    channelsLeftOut: z.int().meta({
      description:
        'of a recorder: how many more there are, whose addresses it did not tell in time',
    }),
    stored: z.boolean().meta({
      description: 'the suggestions now stand beside the registered fields of `cameraId`',
    }),
  })
  .meta({ id: 'OnvifProbe' });

const discovery = z
  .object({ asked: z.int().meta({ description: 'addresses' }), devices: z.array(foundDevice) })
  .meta({ id: 'OnvifDiscovery' });

export interface OnvifRouteDeps {
  deviceCalls: Pick<DeviceCalls, 'probe' | 'discover'>;
  cameras: Pick<Cameras, 'get' | 'observe'>;
  camerasAt: (urls: readonly string[]) => Promise<Map<string, CameraAtAddress[]>>;
  cameraNetworks: CameraNetworks;
  deviceReadings: Pick<DeviceReadings, 'keep'>;
}

/** Looks for devices, and asks one what it is: for the form, or beside what is registered. */
export function registerOnvifRoutes(app: FastifyInstance, deps: OnvifRouteDeps): void {
  const { deviceCalls, cameras, camerasAt, cameraNetworks, deviceReadings } = deps;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  typed.post(
    '/api/v1/onvif/discover',
    {
      config: { action: 'camera.test' },
      schema: {
        summary: 'Look for devices in a network by ONVIF',
        description:
          'Asks each address of an IPv4 network of at most 1,024, one by one (WS-Discovery). Takes some seconds. Devices that ' +
          'answer to multicast alone are not found: give their address to the probe. To see how far it is, begin it with ' +
          '`POST /api/v1/onvif/discoveries`.',
        tags: ['cameras'],
        body: z
          .strictObject({ network: discoveryRange })
          .meta({ examples: [{ network: '192.168.1.0/24' }] }),
        response: { 200: discovery, 400: errorBody, 503: errorBody },
      },
    },
    async (request) => {
      const { network, addresses } = request.body.network;
      await request.record('camera.discover', { kind: 'network', id: network });
      const allowed = addresses.filter((address) => isAllowed(cameraNetworks, address));
      if (allowed.length === 0) throw new DeviceAddressNotAllowed(network);
      const devices = await deviceCalls.discover({ addresses: allowed });
      return { asked: allowed.length, devices };
    },
  );
  typed.post(
    '/api/v1/onvif/probe',
    {
      config: { action: 'camera.test' },
      schema: {
        summary: 'Ask a device by ONVIF what it is',
        description:
          'Brand, model, resolutions, frame rate and addresses as the device tells them: suggestions, none of them believed. Takes ' +
          'up to 20 seconds; four run at once. What was told may be accepted for four hours (`PATCH …?source=onvif`). With `cameraId` what was read is kept beside the registered fields, which stay as ' +
          'they are.',
        tags: ['cameras'],
        body: z
          .strictObject({
            address: deviceAddress.meta({
              description: 'a host, host:port, or the http address of its device service',
            }),
            username: credential,
            password: credential.meta({ writeOnly: true }),
            cameraId: z.uuidv7().nullable().default(null),
          })
          .meta({
            examples: [{ address: '192.168.1.64', username: 'viewer', password: 'secret' }],
          }),
        response: { 200: deviceProbe, 400: errorBody, 404: errorBody, 503: errorBody },
      },
    },
    async (request) => {
      const { cameraId, ...order } = request.body;
      if (cameraId !== null) {
        const camera = await cameras.get(cameraId);
        if (camera === undefined) throw new CameraNotFound(cameraId);
        try {
          await request.permit('camera.edit', { kind: 'camera', lao: camera.lao });
        } catch (error) {
          // Of an area that is not theirs it is not even said that it is there.
          throw error instanceof NotAllowed ? new CameraNotFound(cameraId) : error;
        }
      }
      await request.record(
        'camera.discover',
        { kind: 'address', id: new URL(order.address).host },
        cameraId === null ? {} : { detail: { cameraId } },
      );
      const probe = await deviceCalls.probe(order);
      if (probe.result === 'ok') {
        deviceReadings.keep(actingIn(request).id, [
          ...probe.suggestions.map(({ field, value }): DeviceReading => [field, value]),
          // Of a recorder each channel is a camera.
          ...probe.streams.flatMap(
            ({ resolution, frameRate, stream, snapshot }): DeviceReading[] => [
              ...(stream?.url == null ? [] : [['stream.url', stream.url] as const]),
              ...(snapshot?.url == null ? [] : [['stream.snapshotUrl', snapshot.url] as const]),
              ...(resolution === null ? [] : [['recordedResolution', resolution] as const]),
              ...(frameRate === null ? [] : [['frameRate', frameRate] as const]),
            ],
          ),
        ]);
      }
      const stored = cameraId !== null && probe.result === 'ok';
      if (stored) {
        const values = Object.fromEntries(
          probe.suggestions.map(({ field, value }) => [field, value]),
        );
        await cameras.observe(cameraId, 'onvif', values);
      }
      const urls = probe.streams.flatMap(({ stream }) => stream?.url ?? []);
      const registered = await camerasAt([...new Set(urls)]);
      const areas = request.areasFor('camera.read');
      const streams = probe.streams.map((one) => ({
        ...one,
        cameras: (registered.get(one.stream?.url ?? '') ?? [])
          .filter(({ lao }) => areas.some((area) => contains(area, lao)))
          .map(({ id, position, lao }) => ({ id, position, lao: lao.name })),
      }));
      return { ...probe, streams, stored };
    },
  );
}
