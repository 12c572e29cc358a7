/**
 * What issue "Live: from a camera's RTSP stream to a browser" says must be reached, held against one run's numbers.
 */
import type { FeederMode } from './feeder.ts';
import type { GatewayReading } from './gateway-reading.ts';

/** Everything measured at one feeder mode and count; what was left out is undefined. */
export interface Row {
  feeder: FeederMode;
  streams: number;
  plain?: number;
  gather?: number;
  /** Node reading and discarding, gathered: the platform's floor. */
  node?: number;
  ffmpeg?: number;
  mediaMtx?: number;
  gateway?: GatewayReading;
}

export interface Verdict {
  limit: string;
  seen: string;
  held: boolean;
}

const MEBIBYTE = 2 ** 20;
const LOOP_LAG_MS = 70;
const BEYOND_PART_MS = 100;
const MEMORY_FACTOR = 1.1;
const MEMORY_BYTES = 80 * MEBIBYTE;
const PERCENT_AT_1000 = 50;

/** The limits of this row; a ratio against something not measured in this run is left out. */
export function verdicts(row: Row): Verdict[] {
  const gateway = row.gateway;
  if (!gateway) return [];
  const all: Verdict[] = [];
  const add = (limit: string, seen: string, held: boolean): void => {
    all.push({ limit: `${row.feeder}, ${row.streams}: ${limit}`, seen, held });
  };
  const ratio = (name: string, micros: number | undefined, most: number): void => {
    if (micros === undefined) return;
    const seen = gateway.microsPerStreamSecond / micros;
    add(`≤ ${most} × ${name}`, seen.toFixed(2), seen <= most);
  };
  if (row.feeder === 'picture' && row.streams === 1000) {
    ratio('plain C reader', row.plain, 1.2);
    ratio('gathering C reader', row.gather, 2.2);
    add(
      `≤ ${PERCENT_AT_1000} % of a core`,
      `${gateway.percentOfCore.toFixed(1)} %`,
      gateway.percentOfCore <= PERCENT_AT_1000,
    );
  }
  if (row.feeder === 'packet' && row.streams === 300) ratio('plain C reader', row.plain, 0.5);
  if (row.streams >= 100) ratio('ffmpeg', row.ffmpeg, 0.1);
  const allowed = MEMORY_FACTOR * gateway.heldBytes + MEMORY_BYTES;
  add(
    'memory ≤ 1.1 × media held + 80 MB',
    `${mebibytes(gateway.residentBytes)} of ${mebibytes(allowed)} MB`,
    gateway.residentBytes <= allowed,
  );
  const lag = Math.max(gateway.workerLagP99Ms, gateway.servingLagP99Ms);
  add(`loop lag p99 ≤ ${LOOP_LAG_MS} ms`, `${lag.toFixed(1)} ms`, lag <= LOOP_LAG_MS);
  const gaps = gapCount(gateway) + (row.streams - gateway.camerasUp);
  add('no gap', String(gaps), gaps === 0);
  add(
    `frame in → part available p99 ≤ part + ${BEYOND_PART_MS} ms`,
    `${gateway.beyondPartP99Ms.toFixed(0)} ms`,
    gateway.beyondPartP99Ms <= BEYOND_PART_MS,
  );
  return all;
}

export function gapCount(gateway: GatewayReading): number {
  return (
    gateway.watch.missingSegments +
    gateway.watch.discontinuities +
    gateway.watch.failures +
    gateway.droppedAccessUnits +
    gateway.newDiscontinuities
  );
}

export function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0);
}
