import { systemClock } from '#ingest/clock.ts';
import { CameraSession } from '#ingest/camera-session.ts';
import type { SessionFigures } from '#ingest/condition/stream-figures.ts';
import type { ClosedPart, InitSegment } from '#ingest/fmp4/segmenter.ts';
import { ChunkPool, chunkStart } from '#ingest/memory/chunk-pool.ts';
import type { StreamFailure } from '#ingest/stream-failure.ts';

const POOL_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

export interface PulledRun {
  init: InitSegment;
  /** Init and parts: a fragmented MP4 file. */
  file: Buffer;
  parts: Omit<ClosedPart, 'slices'>[];
  /** Of each part. */
  bytes: readonly Buffer[];
}

export interface Pulled {
  /** What one init segment opens and no discontinuity divides. */
  runs: PulledRun[];
  failure: StreamFailure;
  counters: SessionFigures;
}

/** One camera session by itself, as a worker runs it, until the camera ends it; all that it handed on. */
export async function pullSession(url: string, source: { sound?: boolean } = {}): Promise<Pulled> {
  const pool = new ChunkPool({ maxBytes: POOL_BYTES, onSlab: () => {} });
  const inits: InitSegment[] = [];
  const runs: (Omit<PulledRun, 'file' | 'bytes'> & { bytes: Buffer[] })[] = [];
  const ended = Promise.withResolvers<StreamFailure>();
  const session = new CameraSession({
    source: {
      cameraId: 'c',
      url,
      username: null,
      password: null,
      transport: 'tcp',
      tls: { verify: 'system', fingerprint: null },
      sound: false,
      site: null,
      ...source,
    },
    transport: 'tcp',
    cutting: { partAimMs: 500, segmentAimMs: 2000, segmentMaxMs: 4000 },
    partTarget: undefined,
    pool,
    isAllowed: () => true,
    clock: systemClock,
    output: {
      init: (init) => inits.push(init),
      partTarget: () => {},
      part: ({ slices, ...part }) => {
        const bytes = Buffer.concat(
          slices.map(({ chunk, offset, length }) => {
            const at = chunkStart(chunk) + offset;
            return pool.slab(chunk).subarray(at, at + length);
          }),
        );
        for (const { chunk } of slices) pool.release(chunk);
        const init = inits[part.initIndex] as InitSegment;
        const last = runs.at(-1);
        if (last === undefined || last.init !== init || part.discontinuity) {
          runs.push({ init, parts: [part], bytes: [bytes] });
        } else {
          last.parts.push(part);
          last.bytes.push(bytes);
        }
      },
      segmentEnd: () => {},
    },
    onPlaying: () => {},
    onUp: () => {},
    onFailure: (failure) => ended.resolve(failure),
  });
  const ticking = setInterval(() => session.tick(systemClock.monotonicMs()), 250);
  const timer = setTimeout(() => ended.reject(new Error(`${url} does not end`)), TIMEOUT_MS);
  try {
    const failure = await ended.promise;
    return {
      runs: runs.map(({ init, parts, bytes }) => ({
        init,
        parts,
        bytes,
        file: Buffer.concat([init.bytes, ...bytes]),
      })),
      failure,
      counters: session.figures,
    };
  } finally {
    clearInterval(ticking);
    clearTimeout(timer);
  }
}
