import * as z from 'zod';

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
