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
  snapshotUrl?: string | undefined;
}

/** The addresses of a stream, each of which may hold a secret. */
export interface StreamAddresses {
  url: string;
  subUrl: string | null;
  snapshotUrl: string | null;
}

const sealedSecrets = z.object({
  password: z.string().nullable(),
  url: z.string().optional(),
  subUrl: z.string().optional(),
  snapshotUrl: z.string().optional(),
});

/** A stream's addresses as they may be shown, and what has to be sealed beside them; null: nothing has. */
export function splitSecrets(
  stream: StreamAddresses & { password: string | null },
): StreamAddresses & { secrets: StreamSecrets | null } {
  const shown = shownAddresses(stream);
  const secrets: StreamSecrets = { password: stream.password };
  for (const part of ['url', 'subUrl', 'snapshotUrl'] as const) {
    if (shown[part] !== stream[part]) secrets[part] = stream[part] ?? undefined;
  }
  const any = secrets.password !== null || Object.keys(secrets).length > 1;
  return { ...shown, secrets: any ? secrets : null };
}

/** With *** where secrets were. */
export function shownAddresses({ url, subUrl, snapshotUrl }: StreamAddresses): StreamAddresses {
  return {
    url: redactStreamAddress(url),
    subUrl: subUrl === null ? null : redactStreamAddress(subUrl),
    snapshotUrl: snapshotUrl === null ? null : redactStreamAddress(snapshotUrl),
  };
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
