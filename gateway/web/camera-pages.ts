import { cameraPageOnWire, type Camera } from './wire.ts';

/** Cameras asked for at a time. */
export const camerasPerRequest = 100;
/** Requests made for one reading of the registry; 20,000 cameras. What lies beyond is not shown, and the page says so. */
export const maxRequests = 200;
/** After this the gateway counts as out of reach. */
export const answerWithinMs = 10_000;

/** The gateway did not answer, or answered with something that is not a page of cameras. */
export class CamerasUnavailable extends Error {
  readonly code = 'cameras_unavailable';
  /** Null when no answer came at all. */
  readonly status: number | null;
  constructor(status: number | null, options?: ErrorOptions) {
    super(
      status === null ? 'the gateway did not answer' : `the gateway answered ${status}`,
      options,
    );
    this.status = status;
  }
}

export interface CameraReading {
  cameras: Camera[];
  /** True when the registry holds more than `maxRequests` pages. */
  truncated: boolean;
}

/**
 * Reads GET /api/v1/cameras to its end, following the cursor.
 * Throws CamerasUnavailable; an abort passes through as it is.
 */
export async function readCameras(options: {
  fetch: (address: string, init: { signal: AbortSignal }) => Promise<Response>;
  signal: AbortSignal;
}): Promise<CameraReading> {
  const cameras: Camera[] = [];
  let cursor: string | null = null;
  for (let request = 0; request < maxRequests; request += 1) {
    const page = await readPage(options, cursor);
    cameras.push(...page.cameras);
    if (page.nextCursor === null || page.nextCursor === cursor)
      return { cameras, truncated: false };
    cursor = page.nextCursor;
  }
  return { cameras, truncated: true };
}

async function readPage(
  options: Parameters<typeof readCameras>[0],
  cursor: string | null,
): Promise<ReturnType<typeof cameraPageOnWire.parse>> {
  const query = new URLSearchParams({ limit: String(camerasPerRequest) });
  if (cursor !== null) query.set('cursor', cursor);
  let status: number | null = null;
  try {
    const response = await options.fetch(`/api/v1/cameras?${query.toString()}`, {
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(answerWithinMs)]),
    });
    status = response.status;
    if (!response.ok) throw new CamerasUnavailable(status);
    return cameraPageOnWire.parse(await response.json());
  } catch (cause) {
    if (cause instanceof CamerasUnavailable || options.signal.aborted) throw cause;
    throw new CamerasUnavailable(status, { cause });
  }
}
