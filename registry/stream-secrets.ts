import * as z from 'zod';
import type { SecretBox } from './secret-box.ts';
import { redactStreamAddress } from './redact-stream-address.ts';

/**
 * What of a stream is sealed: the password, and addresses that hold one in their path or query. The row beside it has
 * such an address with *** in its place.
 */
export interface StreamSecrets {
  password: string | null;
  /** Undefined: the address of the row is the whole one. */
  url?: string | undefined;
  subUrl?: string | undefined;
}

const sealedSecrets = z.object({
  password: z.string().nullable(),
  url: z.string().optional(),
  subUrl: z.string().optional(),
});

/** A stream's addresses as they may be shown, and what has to be sealed beside them; null: nothing has. */
export function splitSecrets(stream: {
  url: string;
  subUrl: string | null;
  password: string | null;
}): { url: string; subUrl: string | null; secrets: StreamSecrets | null } {
  const url = redactStreamAddress(stream.url);
  const subUrl = stream.subUrl === null ? null : redactStreamAddress(stream.subUrl);
  const secrets: StreamSecrets = {
    password: stream.password,
    ...(url === stream.url ? {} : { url: stream.url }),
    ...(subUrl === null || subUrl === stream.subUrl ? {} : { subUrl: stream.subUrl ?? undefined }),
  };
  const any = secrets.password !== null || 'url' in secrets || 'subUrl' in secrets;
  return { url, subUrl, secrets: any ? secrets : null };
}

export function sealSecrets(box: SecretBox, cameraId: string, secrets: StreamSecrets): string {
  return box.seal(JSON.stringify(secrets), contextOf(cameraId));
}

/** Throws SecretUnreadable. */
export function openSecrets(
  box: SecretBox,
  cameraId: string,
  sealed: string | null,
): StreamSecrets {
  if (sealed === null) return { password: null };
  return sealedSecrets.parse(JSON.parse(box.open(sealed, contextOf(cameraId))));
}

/** Bound to its camera: sealed secrets copied to another row stay closed. */
function contextOf(cameraId: string): string {
  return `stream of camera ${cameraId}`;
}
