import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import type { LiveStates } from '#ingest/live-states.ts';
import { observedStates } from '#registry/events/camera-event.ts';
import type { CameraEvents } from '#registry/events/camera-events.ts';
import type { WorkerPool } from '#ingest/worker-pool.ts';
import type { RecordingService } from '#storage/recording-service.ts';
import { storageNoticeCodes, type StorageNotice } from '#storage/storage-notices.ts';

const NANOSECONDS = 1e9;
const RESOLUTION_MS = 10;

interface MetricsDeps {
  pool: WorkerPool;
  liveStates: LiveStates;
  events: Pick<CameraEvents, 'counters' | 'conditions'>;
  recording: Pick<RecordingService, 'counters' | 'notices'>;
}

/** `/metrics` in the Prometheus text format. Nothing is counted for it: it reads what the parts keep anyway. */
export function registerMetricsRoute(app: FastifyInstance, deps: MetricsDeps): void {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  app.addHook('onClose', () => {
    loop.disable();
  });
  const rule = { config: { action: 'metrics.read' as const }, schema: { hide: true } };
  app.get('/metrics', rule, async (_request, reply) => {
    void reply.header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    const serving = {
      p50: loop.percentile(50) / NANOSECONDS - RESOLUTION_MS / 1000,
      p99: loop.percentile(99) / NANOSECONDS - RESOLUTION_MS / 1000,
    };
    const lines = [
      ...ingestLines(deps.pool, deps.liveStates, serving),
      ...recordingLines(deps.recording.counters()),
      ...noticeLines(deps.recording.notices()),
      ...conditionLines(deps.events),
    ];
    return `${lines.join('\n')}\n`;
  });
}

function ingestLines(
  pool: WorkerPool,
  liveStates: LiveStates,
  serving: { p50: number; p99: number },
): string[] {
  const states: Record<string, number> = { 'not-linked': 0, connecting: 0, up: 0, down: 0 };
  for (const { state } of liveStates.all()) states[state] = (states[state] ?? 0) + 1;
  let held = 0;
  let parts = 0;
  let segments = 0;
  let discontinuities = 0;
  let waiting = 0;
  for (const window of pool.windows()) {
    held += window.byteLength;
    parts += window.totals.parts;
    segments += window.totals.segments;
    discontinuities += window.totals.discontinuities;
    waiting += window.waiting;
  }
  const counters = pool.counters();
  const lines = [
    ...gauge('cctv_cameras', 'Cameras by live state.'),
    ...Object.entries(states).map(([state, n]) => `cctv_cameras{state="${state}"} ${n}`),
    ...gauge('cctv_media_held_bytes', 'Media in live windows.'),
    `cctv_media_held_bytes ${held}`,
    ...gauge('cctv_media_open_bytes', 'Media in parts that are being written, in no window yet.'),
    `cctv_media_open_bytes ${pool.reports().reduce((sum, { openBytes }) => sum + openBytes, 0)}`,
    ...gauge('cctv_waiting_requests', 'Playlist and part requests that wait.'),
    `cctv_waiting_requests ${waiting}`,
    ...counter('cctv_parts_total', 'Parts handed on, of the cameras linked now.'),
    `cctv_parts_total ${parts}`,
    ...counter('cctv_segments_total', 'Segments begun.'),
    `cctv_segments_total ${segments}`,
    ...counter('cctv_discontinuities_total', 'Segments that do not follow on the one before.'),
    `cctv_discontinuities_total ${discontinuities}`,
    ...counter('cctv_access_units_dropped_total', 'Pictures not handed on.'),
    `cctv_access_units_dropped_total ${counters.droppedUnits}`,
    ...counter('cctv_rtp_packets_lost_total', 'Packets missing from sequences.'),
    `cctv_rtp_packets_lost_total ${counters.lostPackets}`,
    ...gauge('cctv_worker_loop_lag_seconds', 'Time between two looks at the sockets.'),
  ];
  for (const { worker, lag } of pool.reports()) {
    lines.push(
      `cctv_worker_loop_lag_seconds{worker="${worker}",quantile="0.5"} ${lag.p50}`,
      `cctv_worker_loop_lag_seconds{worker="${worker}",quantile="0.99"} ${lag.p99}`,
    );
  }
  lines.push(
    ...gauge('cctv_serving_loop_lag_seconds', 'Delay of the thread that serves.'),
    `cctv_serving_loop_lag_seconds{quantile="0.5"} ${serving.p50}`,
    `cctv_serving_loop_lag_seconds{quantile="0.99"} ${serving.p99}`,
  );
  return lines;
}

function recordingLines(counters: ReturnType<RecordingService['counters']>): string[] {
  const { stored, failures, dropped, behindBytes, syncLateMs, spool, spent } = counters;
  const oldestSeconds =
    spool.oldestStartMs === undefined ? 0 : (Date.now() - spool.oldestStartMs) / 1000;
  return [
    ...counter('cctv_recordings_stored_total', 'Recordings put into the object store.'),
    `cctv_recordings_stored_total ${stored}`,
    ...counter('cctv_object_store_failures_total', 'Rounds of puts that failed.'),
    `cctv_object_store_failures_total ${failures}`,
    ...counter('cctv_recordings_dropped_total', "Recordings dropped at the spool's bounds."),
    `cctv_recordings_dropped_total ${dropped}`,
    ...gauge('cctv_spool_recordings', 'Recordings that wait for the object store.'),
    `cctv_spool_recordings ${spool.recordings}`,
    ...gauge('cctv_spool_bytes', 'Bytes that wait for the object store.'),
    `cctv_spool_bytes ${spool.byteLength}`,
    ...gauge('cctv_spool_oldest_seconds', 'Age of the oldest recording that waits.'),
    `cctv_spool_oldest_seconds ${Math.round(oldestSeconds)}`,
    ...gauge('cctv_recorder_behind_bytes', 'Media that waits for the disk.'),
    `cctv_recorder_behind_bytes ${behindBytes}`,
    ...gauge(
      'cctv_recorder_sync_late_seconds',
      'How late the longest due sync is: a power cut may cost so much beyond SPOOL_SYNC_MS, less a second.',
    ),
    `cctv_recorder_sync_late_seconds ${(syncLateMs / 1000).toFixed(3)}`,
    ...counter('cctv_recorder_written_bytes_total', 'Bytes of recordings written.'),
    `cctv_recorder_written_bytes_total ${spent.writtenBytes}`,
    ...counter('cctv_recorder_hashed_bytes_total', 'Bytes of recordings hashed.'),
    `cctv_recorder_hashed_bytes_total ${spent.hashedBytes}`,
    ...counter('cctv_recorder_seconds_total', 'Time that recorders took for it.'),
    `cctv_recorder_seconds_total{step="write"} ${(spent.writeMs / 1000).toFixed(3)}`,
    `cctv_recorder_seconds_total{step="hash"} ${(spent.hashMs / 1000).toFixed(3)}`,
  ];
}

/** 1 while it lasts: an alert names what it is about, and not a number. */
function noticeLines(notices: readonly StorageNotice[]): string[] {
  const present = new Set(notices.map(({ code }) => code));
  return [
    ...gauge('cctv_storage_notice', 'What an operator has to look at now: 1.'),
    ...storageNoticeCodes.map(
      (code) => `cctv_storage_notice{code="${code}"} ${present.has(code) ? 1 : 0}`,
    ),
  ];
}

function conditionLines({ counters, conditions }: MetricsDeps['events']): string[] {
  const states: Record<string, number> = {};
  for (const state of observedStates) states[state] = 0;
  for (const { state } of conditions.all()) states[state] = (states[state] ?? 0) + 1;
  const { waiting, waitingBytes, published, collapsed, applied, duplicates, deadLetters } =
    counters();
  return [
    ...gauge(
      'cctv_conditions',
      'Cameras by observed condition; those never looked at are in none.',
    ),
    ...Object.entries(states).map(([state, n]) => `cctv_conditions{state="${state}"} ${n}`),
    ...gauge('cctv_events_waiting', 'Events that wait for the bus.'),
    `cctv_events_waiting ${waiting}`,
    ...gauge('cctv_events_waiting_bytes', 'What they take on the disk.'),
    `cctv_events_waiting_bytes ${waitingBytes}`,
    ...counter('cctv_events_published_total', 'Events that the bus took.'),
    `cctv_events_published_total ${published}`,
    ...counter('cctv_events_collapsed_total', 'Transitions not known one by one: no room for all.'),
    `cctv_events_collapsed_total ${collapsed}`,
    ...counter('cctv_events_applied_total', 'Events kept in the registry by this process.'),
    `cctv_events_applied_total ${applied}`,
    ...counter('cctv_events_duplicate_total', 'Events told again.'),
    `cctv_events_duplicate_total ${duplicates}`,
    ...counter('cctv_events_dead_total', 'Events that became dead letters.'),
    `cctv_events_dead_total ${deadLetters}`,
  ];
}

function gauge(name: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`];
}

function counter(name: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`];
}
