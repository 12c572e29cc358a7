import * as z from 'zod';
import type { Camera } from '#registry/camera.ts';
import { isOutside, outsideThai, type CameraNetworks } from '#registry/camera-networks.ts';

export const cameraWarning = z
  .object({
    path: z.string().meta({ description: 'JSON pointer of the field', examples: ['/stream/url'] }),
    code: z.enum(['address_outside_networks']),
    message: z.string(),
    thai: z.string(),
  })
  .meta({
    id: 'CameraWarning',
    description: 'what is saved as it was given, and does not work as the gateway is set up now',
  });
export type CameraWarning = z.infer<typeof cameraWarning>;

/** Of a camera that is stored. `networks` undefined: it is not known from where streams may be pulled. */
export function cameraWarnings(
  { stream }: Pick<Camera, 'stream'>,
  networks: CameraNetworks | undefined,
): CameraWarning[] {
  if (stream === null || networks === undefined) return [];
  return (['url', 'subUrl'] as const).flatMap((field) => {
    const address = stream[field];
    if (address === null || !isOutside(networks, address)) return [];
    return {
      path: `/stream/${field}`,
      code: 'address_outside_networks' as const,
      message: 'saved, and not connected before CAMERA_NETWORKS allows its network',
      thai: outsideThai,
    };
  });
}
