import type { Readable } from 'node:stream';

/** Footage that is being sent is asked about so often: what may be sent no more ends at most so late after that is known. */
const LOOK_MS = 2_000;

/** Whose footage goes to whom: an account. */
export interface Sending {
  cameraId: string;
  accountId: string;
  action: 'footage.play' | 'footage.download';
}

/** Passes on a stream, which is destroyed, and the connection with it, once it may be sent no more. */
export type WhileAllowed = (stream: Readable, sending: Sending) => Readable;

/**
 * Footage that is on its way to somebody ends as the live picture does, when the area of its camera is closed (decision 0270) or the right
 * of whoever asked ends: a download may take hours, and whoever reads slowly has most of it still to come. `refusalOf`: why it may not go
 * on; undefined: it may. While nobody can tell, it goes on.
 */
export function footageUnderWay(
  refusalOf: (sending: Sending) => Promise<Error | undefined>,
  lookMs = LOOK_MS,
): WhileAllowed {
  const underWay = new Map<Readable, Sending>();
  let looking: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    for (const [stream, sending] of underWay) {
      try {
        const refusal = await refusalOf(sending);
        if (refusal !== undefined) stream.destroy(refusal);
      } catch {
        // The database is away: it is asked again at the next look.
      }
    }
    looking = underWay.size === 0 ? undefined : later();
  };
  const later = (): NodeJS.Timeout => setTimeout(() => void look(), lookMs).unref();
  return (stream, sending) => {
    underWay.set(stream, sending);
    stream.once('close', () => underWay.delete(stream));
    looking ??= later();
    return stream;
  };
}
