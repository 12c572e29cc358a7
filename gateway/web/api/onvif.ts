import * as z from 'zod/mini';
import { call } from './call.ts';

/** Devices asked by ONVIF what they are: suggestions for a form, none of them believed. */

const ONVIF = '/api/v1/onvif';
/** A device is asked within 20 s. */
const WITHIN_MS = 60_000;

const discoveryOnWire = z.object({
  id: z.string(),
  /** `asking` until it is over. */
  state: z.string(),
  addresses: z.number(),
  asked: z.number(),
  devices: z.array(
    z.object({
      ip: z.string(),
      address: z.string(),
      name: z.nullable(z.string()),
      hardware: z.nullable(z.string()),
    }),
  ),
  detail: z.string(),
});
export type Discovery = z.infer<typeof discoveryOnWire>;

const addressOnWire = z.object({ url: z.nullable(z.string()), elsewhere: z.boolean() });
const streamOnWire = z.object({
  channel: z.number(),
  profile: z.nullable(z.string()),
  resolution: z.nullable(z.string()),
  encoding: z.nullable(z.string()),
  frameRate: z.nullable(z.number()),
  stream: z.nullable(addressOnWire),
  snapshot: z.nullable(addressOnWire),
  /** Registered with this address already. */
  cameras: z.array(z.object({ id: z.string(), position: z.string(), lao: z.string() })),
});
export type OfferedStream = z.infer<typeof streamOnWire>;

const probeOnWire = z.object({
  result: z.string(),
  detail: z.string(),
  suggestions: z.array(z.object({ field: z.string(), value: z.union([z.string(), z.number()]) })),
  streams: z.array(streamOnWire),
  channelsLeftOut: z.number(),
});
export type DeviceProbe = z.infer<typeof probeOnWire>;

export const deviceStillOnWire = z.object({
  result: z.string(),
  detail: z.string(),
  /** JPEG in base64. */
  still: z.nullable(z.string()),
});
export type DeviceStill = z.infer<typeof deviceStillOnWire>;

export function beginDiscovery(network: string): Promise<Discovery> {
  return call(discoveryOnWire, `${ONVIF}/discoveries`, { method: 'POST', body: { network } });
}

export function readDiscovery(id: string, signal: AbortSignal): Promise<Discovery> {
  return call(discoveryOnWire, addressOf(id), { signal });
}

/** What it found stays. */
export function endDiscovery(id: string): Promise<Discovery> {
  return call(discoveryOnWire, addressOf(id), { method: 'DELETE' });
}

export interface AskedDevice {
  address: string;
  username: string | null;
  password: string | null;
}

/** `cameraId`: of a registered camera, beside whose fields the answer is kept. */
export function probeDevice(
  device: AskedDevice & { cameraId: string | null },
  signal: AbortSignal,
): Promise<DeviceProbe> {
  return call(probeOnWire, `${ONVIF}/probe`, {
    method: 'POST',
    body: device,
    signal,
    withinMs: WITHIN_MS,
  });
}

/** `url`: where the device says that its picture is. */
export function readDeviceStill(
  device: AskedDevice & { url: string },
  signal: AbortSignal,
): Promise<DeviceStill> {
  return call(deviceStillOnWire, `${ONVIF}/still`, { method: 'POST', body: device, signal });
}

function addressOf(id: string): string {
  return `${ONVIF}/discoveries/${encodeURIComponent(id)}`;
}
