import * as z from 'zod/mini';
import { call } from './call.ts';

/** Devices asked by ONVIF what they are: suggestions for a form, none of them believed. */

const ONVIF = '/api/v1/onvif';
/** A network of 1,024 addresses is asked within some seconds, a device within 20. */
const WITHIN_MS = 60_000;

const discoveryOnWire = z.object({
  asked: z.number(),
  devices: z.array(
    z.object({
      ip: z.string(),
      address: z.string(),
      name: z.nullable(z.string()),
      hardware: z.nullable(z.string()),
    }),
  ),
});
export type Discovery = z.infer<typeof discoveryOnWire>;

const probeOnWire = z.object({
  result: z.string(),
  detail: z.string(),
  suggestions: z.array(z.object({ field: z.string(), value: z.union([z.string(), z.number()]) })),
  streams: z.array(
    z.object({
      resolution: z.nullable(z.string()),
      encoding: z.nullable(z.string()),
      stream: z.nullable(z.object({ url: z.nullable(z.string()), elsewhere: z.boolean() })),
    }),
  ),
});
export type DeviceProbe = z.infer<typeof probeOnWire>;

export function discoverDevices(network: string, signal: AbortSignal): Promise<Discovery> {
  const body = { network };
  return call(discoveryOnWire, `${ONVIF}/discover`, {
    method: 'POST',
    body,
    signal,
    withinMs: WITHIN_MS,
  });
}

/** `cameraId`: of a registered camera, beside whose fields the answer is kept. */
export function probeDevice(
  device: {
    address: string;
    username: string | null;
    password: string | null;
    cameraId: string | null;
  },
  signal: AbortSignal,
): Promise<DeviceProbe> {
  return call(probeOnWire, `${ONVIF}/probe`, {
    method: 'POST',
    body: device,
    signal,
    withinMs: WITHIN_MS,
  });
}
