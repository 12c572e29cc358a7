import { totalmem } from 'node:os';
import type { Logger } from 'pino';
import { LiveStateBoard } from '#ingest/live-states.ts';
import { WorkerPool } from '#ingest/worker-pool.ts';
import type { CameraEvents } from '#registry/events/camera-events.ts';
import { openStreamBaselines, type StreamBaselines } from '#registry/stream-baselines.ts';
import type { RecordingService } from '#storage/recording-service.ts';
import { openConditions, type Conditions } from './conditions.ts';
import type { Config } from './config.ts';
import type { Foundation } from './foundation.ts';

/** How streams are cut: half-second parts, two-second segments, no segment beyond four seconds. */
const CUTTING = { partAimMs: 500, segmentAimMs: 2_000, segmentMaxMs: 4_000 };
/** Three target durations (RFC 8216bis §6.2.2) and a segment to spare. */
const LIVE_WINDOW_MS = 14_000;
/** About a camera of 30 Mbit/s over the window; a heavier one has a shorter window. */
const LIVE_WINDOW_MAX_BYTES = 64 * 1024 * 1024;
/** Media may take this share of the memory that the machine, or its container, allows; over all workers. */
const MEDIA_MEMORY_SHARE = 0.6;

/** The workers that pull cameras, and what is seen by them. */
export interface Pulling {
  pool: WorkerPool;
  liveStates: LiveStateBoard;
  conditions: Conditions;
  baselines: StreamBaselines;
}

/** Workers that pull nothing yet; what they see is told to `events`, what they cut to `recording`. */
export async function startPulling(
  config: Pick<Config, 'condition' | 'workers' | 'cameraNetworks'>,
  {
    registry,
    recording,
    events,
    parts,
    log,
  }: Pick<Foundation, 'registry'> & {
    recording: Pick<RecordingService, 'follower'>;
    events: Pick<CameraEvents, 'told' | 'record'>;
    parts: AsyncDisposableStack;
    log: Logger;
  },
): Promise<Pulling> {
  const liveStates = new LiveStateBoard();
  const baselines = openStreamBaselines(registry, { now: Date.now });
  const conditions = await openConditions({ rules: config.condition, baselines, log });
  parts.defer(async () => conditions.close());
  for (const told of events.told()) conditions.feed.restore(told.cameraId, told);
  conditions.feed.subscribe((transition, seer) => events.record(transition, seer));
  const pool = new WorkerPool({
    workerUrl: new URL('camera-worker.ts', import.meta.url),
    workers: config.workers,
    settings: {
      cutting: CUTTING,
      condition: conditions.settings,
      poolMaxBytes: Math.floor((allowedMemory() * MEDIA_MEMORY_SHARE) / config.workers),
      cameraNetworks: config.cameraNetworks.ranges,
    },
    windowRules: {
      targetDurationSeconds: CUTTING.segmentMaxMs / 1000,
      keepMs: LIVE_WINDOW_MS,
      maxBytes: LIVE_WINDOW_MAX_BYTES,
    },
    states: liveStates,
    follower: recording.follower,
    conditions: conditions.feed,
    looks: conditions.looks,
    now: Date.now,
    log: (event, fields) => log.info(fields, event),
  });
  // Only when no worker looks any more is nobody looking.
  parts.defer(() => conditions.feed.stop());
  parts.defer(async () => pool.stop());
  return { pool, liveStates, conditions, baselines };
}

/** Bytes. A container's limit counts where it is below the machine's memory; none reads as 0 or as a huge number. */
function allowedMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
