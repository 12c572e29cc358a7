import * as z from 'zod';
import { stillResults, type DeviceStill } from '#ingest/device-still.ts';

/** What the ONVIF routes have in common. */

const MAX_CREDENTIAL_LENGTH = 256;

export const credential = z
  .string()
  .min(1)
  .max(MAX_CREDENTIAL_LENGTH)
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), 'must not hold control characters')
  .nullable()
  .default(null);

export const foundDevice = z.object({
  ip: z.string(),
  address: z.string().meta({ description: 'to be probed' }),
  name: z.string().nullable(),
  hardware: z.string().nullable(),
});

export const deviceStill = z
  .object({
    result: z.enum(stillResults).meta({ description: '`ok`: there is a picture. Else why not' }),
    detail: z.string().meta({ description: 'technical, in English' }),
    still: z.string().nullable().meta({ description: 'JPEG in base64, as the device gave it' }),
  })
  .meta({ id: 'OnvifStill' });

export function stillJson({ still, ...rest }: DeviceStill): z.infer<typeof deviceStill> {
  return { ...rest, still: still === null ? null : still.toString('base64') };
}
