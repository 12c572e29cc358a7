import * as z from 'zod';
import { addressParts, type Camera } from '#registry/camera.ts';
import { isOutside, outsideThai, type CameraNetworks } from '#registry/camera-networks.ts';
import type { GivenNames } from '#registry/known-names.ts';

export const cameraWarning = z
  .object({
    path: z.string().meta({ description: 'JSON pointer of the field', examples: ['/stream/url'] }),
    code: z.enum(['address_outside_networks', 'name_not_listed']),
    message: z.string(),
    thai: z.string(),
  })
  .meta({
    id: 'CameraWarning',
    description:
      'what is saved as it was given, and does not work as the gateway is set up now, or, where it was just given, is a name that the ' +
      'list did not have and that is proposed to it',
  });
export type CameraWarning = z.infer<typeof cameraWarning>;

/** Of a camera that is stored. `networks` undefined: it is not known from where streams may be pulled. */
export function cameraWarnings(
  { stream }: Pick<Camera, 'stream'>,
  networks: CameraNetworks | undefined,
): CameraWarning[] {
  if (stream === null || networks === undefined) return [];
  return addressParts.flatMap((field) => {
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

const lists = { lao: 'บัญชี อปท.', budgetSource: 'รายชื่อแหล่งที่มางบประมาณ' } as const;

/** Of names that the lists did not have before this camera named them. */
export function nameWarnings(
  names: readonly (keyof GivenNames)[],
  { lao, budgetSource }: Pick<Camera, 'lao' | 'budgetSource'>,
): CameraWarning[] {
  const given = { lao: lao.name, budgetSource };
  return names.map((name) => ({
    path: `/${name}`,
    code: 'name_not_listed' as const,
    message: 'no list had this name: it is proposed now; look at its spelling',
    thai: `ไม่เคยมี “${given[name]}” ใน${lists[name]} กรุณาตรวจตัวสะกด ระบบเสนอเพิ่มชื่อนี้แล้ว`,
  }));
}
