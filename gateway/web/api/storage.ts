import * as z from 'zod/mini';
import { call } from './call.ts';

/** What is wrong with recording and its store: /api/v1/storage/notices. */

const storageState = z.object({
  notices: z.array(
    z.object({
      code: z.string(),
      since: z.string(),
      files: z.optional(z.object({ count: z.number(), bytes: z.number() })),
      where: z.optional(z.array(z.string())),
    }),
  ),
  waiting: z.object({
    recordings: z.number(),
    bytes: z.number(),
    oldest: z.nullable(z.string()),
  }),
  bounds: z.object({ bytes: z.number(), hours: z.number() }),
});
export type StorageState = z.infer<typeof storageState>;

export function readStorageState(signal: AbortSignal): Promise<StorageState> {
  return call(storageState, '/api/v1/storage/notices', { signal });
}
