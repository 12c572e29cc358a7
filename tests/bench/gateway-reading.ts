/**
 * One measurement of the gateway with N cameras: processor time, memory, loop lag, gaps, and latency, with every
 * playlist asked for now and then and a few low-latency viewers. Those requests are part of its load.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Feeder, FeederReport } from './feeder.ts';
import { BENCH_TOKEN, startGateway } from './gateway-process.ts';
import { httpClient } from './http-client.ts';
import { sampleLatency, type PartArrival } from './part-latency.ts';
import { watchPlaylists, WATCH_PERIOD_MS, type WatchReport } from './playlist-watch.ts';
import { residentBytes, startSpan } from './proc-stat.ts';
import { largest, total } from './prometheus-text.ts';
import { quantile } from './quantile.ts';

/** Until the live window is full and memory no longer grows. */
const WARM_MS = 30_000;
/** Those who watch come within the warming: what a view costs where it begins (rights, the audit log) is not a stream's. */
const WATCHED_FOR_MS = WATCH_PERIOD_MS + 2_000;
const LATENCY_CLIENTS = 10;
const WATCH_CONNECTIONS = 32;

export interface GatewayReading {
  microsPerStreamSecond: number;
  percentOfCore: number;
  residentBytes: number;
  /** In live windows, and in parts that are being written. */
  heldBytes: number;
  workerLagP50Ms: number;
  workerLagP99Ms: number;
  servingLagP50Ms: number;
  servingLagP99Ms: number;
  /** Parts closed per camera and second, and what should have been at the parts' mean duration. */
  partsPerStreamSecond: number;
  droppedAccessUnits: number;
  newDiscontinuities: number;
  camerasUp: number;
  watch: WatchReport;
  latencies: number;
  /** From a part's first picture at the camera to its offer in the playlist. */
  availableP50Ms: number;
  availableP99Ms: number;
  /** The same less the part's own duration. */
  beyondPartP50Ms: number;
  beyondPartP99Ms: number;
  /** That, of parts that came before the span: while a view of every camera began. */
  beginningBeyondPartP50Ms: number;
  beginningBeyondPartP99Ms: number;
  latencyFailures: string[];
  feeder: FeederReport;
}

export async function measureGateway(options: {
  feeder: Feeder;
  streams: number;
  seconds: number;
}): Promise<GatewayReading> {
  const { feeder, streams, seconds } = options;
  const gateway = await startGateway({ workers: 1 });
  const watchHttp = httpClient(gateway.port, WATCH_CONNECTIONS, BENCH_TOKEN);
  const latencyHttp = httpClient(gateway.port, LATENCY_CLIENTS, BENCH_TOKEN);
  try {
    const ids = await gateway.addCameras(
      Array.from({ length: streams }, (_, camera) => feeder.url(camera)),
    );
    await sleep(WARM_MS - WATCHED_FOR_MS);
    const watch = watchPlaylists(watchHttp, ids);
    const every = Math.max(1, Math.floor(streams / LATENCY_CLIENTS));
    const latency = sampleLatency(
      latencyHttp,
      ids.filter((_, index) => index % every === 0).slice(0, LATENCY_CLIENTS),
    );
    await sleep(WATCHED_FOR_MS);
    const before = await gateway.metrics();
    await feeder.report();
    const beginning = beyondPart(latency.take());
    const span = startSpan([gateway.pid]);
    await sleep(seconds * 1000);
    const used = span();
    const arrivals = latency.take();
    const resident = residentBytes(gateway.pid);
    const after = await gateway.metrics();
    const fed = await feeder.report();
    const watched = await watch.stop();
    await latency.stop();
    const grown = (name: string): number => total(after, name) - total(before, name);
    const lagMs = (name: string, q: string): number => 1000 * largest(after, name, { quantile: q });
    const available = arrivals.map((arrival) => arrival.availableAfterMs);
    const beyond = beyondPart(arrivals);
    return {
      microsPerStreamSecond: used.micros / used.seconds / streams,
      percentOfCore: used.percentOfCore,
      residentBytes: resident,
      heldBytes: total(after, 'cctv_media_held_bytes') + total(after, 'cctv_media_open_bytes'),
      workerLagP50Ms: lagMs('cctv_worker_loop_lag_seconds', '0.5'),
      workerLagP99Ms: lagMs('cctv_worker_loop_lag_seconds', '0.99'),
      servingLagP50Ms: lagMs('cctv_serving_loop_lag_seconds', '0.5'),
      servingLagP99Ms: lagMs('cctv_serving_loop_lag_seconds', '0.99'),
      partsPerStreamSecond: grown('cctv_parts_total') / used.seconds / streams,
      droppedAccessUnits: grown('cctv_access_units_dropped_total'),
      newDiscontinuities: grown('cctv_discontinuities_total'),
      camerasUp: total(after, 'cctv_cameras', { state: 'up' }),
      watch: watched,
      latencies: available.length,
      availableP50Ms: quantile(available, 0.5),
      availableP99Ms: quantile(available, 0.99),
      beyondPartP50Ms: quantile(beyond, 0.5),
      beyondPartP99Ms: quantile(beyond, 0.99),
      beginningBeyondPartP50Ms: quantile(beginning, 0.5),
      beginningBeyondPartP99Ms: quantile(beginning, 0.99),
      latencyFailures: latency.failures,
      feeder: fed,
    };
  } finally {
    await gateway.stop();
    watchHttp.close();
    latencyHttp.close();
  }
}

function beyondPart(arrivals: readonly PartArrival[]): number[] {
  return arrivals.map((arrival) => arrival.availableAfterMs - arrival.durationMs);
}
