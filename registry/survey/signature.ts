import * as z from 'zod';

/** Who signs, as the form has it: name, position, day. */
export interface Signature {
  name: string;
  position: string;
  /** ISO day. */
  date: string;
}

const storedSignature = z.object({ name: z.string(), position: z.string(), date: z.string() });

/** As a version keeps it. */
export function signatureOf(text: string | null): Signature | null {
  return text === null ? null : storedSignature.parse(JSON.parse(text));
}
