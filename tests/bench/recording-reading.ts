/** One measurement of the gateway with N cameras that are recorded or not: processor time by thread, disk, gaps. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRecording } from '#storage/spool/spool-reader.ts';
import { SUBJECT_CORE } from './cores.ts';
import type { Feeder, FeederReport } from './feeder.ts';
import { startGateway } from './gateway-process.ts';
import { startSpan } from './proc-stat.ts';
import { largest, total, type Samples } from './prometheus-text.ts';

/** A camera's timeline is whole up to here before now: an open recording tells of its growth once a second. */
const SETTLE_MS = 3_000;
/** Files of which every box is looked at. */
const MAX_FILES_READ = 60;
const ASKED_AT_ONCE = 16;
/** Words about gaps that are printed. */
const MAX_WORDS = 5;

export interface RecordingReading {
  microsPerStreamSecond: number;
  percentOfCore: number;
  /** µs per stream-second, by thread name, most first: all, and of it in the kernel. */
  threads: [string, number, number][];
  /** Of them: the recorder's thread (and in the kernel), the threads that wait for disk and store, the catalogue's. */
  recorderMicros: number;
  recorderKernelMicros: number;
  poolMicros: number;
  catalogueMicros: number;
  /** By the recorder's own clock. */
  hashMicros: number;
  writeMicros: number;
  recordedBytesPerSecond: number;
  bytesPerMediaByte: number;
  hashedPerWritten: number;
  /** Of a core, by the object store's own process. */
  storePercent: number;
  putsPerSecond: number;
  /** In the timelines of all cameras, within the time that was measured; and cameras without one. */
  gaps: number;
  behindBytes: number;
  syncLateMs: number;
  /** Whole, and not in the store at the end: while they grow in number, putting costs less than it will. */
  waitingRecordings: number;
  /** Of the subject's core: all that ran on it, the kernel's own threads with it, and what its host gave to others. */
  corePercent: number;
  stolenPercent: number;
  workerLagP50Ms: number;
  workerLagP99Ms: number;
  servingLagP99Ms: number;
  feeder: FeederReport;
  words: string[];
}

export async function measureRecording(options: {
  feeder: Feeder;
  streams: number;
  seconds: number;
  warmSeconds: number;
  recorded: boolean;
  environment: Readonly<Record<string, string>> | undefined;
  /** The object store's process, if it has one. */
  storePid: number | undefined;
}): Promise<RecordingReading> {
  const { feeder, streams, seconds, recorded } = options;
  const gateway = await startGateway({
    workers: 1,
    record: recorded,
    environment: options.environment ?? {},
  });
  try {
    const ids = await gateway.addCameras(
      Array.from({ length: streams }, (_, camera) => feeder.url(camera)),
    );
    await sleep(options.warmSeconds * 1000);
    const before = await gateway.metrics();
    await feeder.report();
    const threadsBefore = threadMicros(gateway.pid);
    const coreBefore = coreTicks();
    const fromMs = Date.now();
    const span = startSpan([gateway.pid]);
    const storeSpan = startSpan(options.storePid === undefined ? [] : [options.storePid]);
    await sleep(seconds * 1000);
    const used = span();
    const storeUsed = storeSpan();
    const threadsAfter = threadMicros(gateway.pid);
    const coreAfter = coreTicks();
    const toMs = Date.now();
    const fed = await feeder.report();
    const after = await gateway.metrics();
    const perStreamSecond = (micros: number): number => micros / used.seconds / streams;
    const threads = [...threadsAfter]
      .map(([name, { all, kernel }]): [string, number, number] => {
        const before = threadsBefore.get(name) ?? { all: 0, kernel: 0 };
        return [name, perStreamSecond(all - before.all), perStreamSecond(kernel - before.kernel)];
      })
      .toSorted(([, a], [, b]) => b - a);
    const ofThreads = (begins: string, which: 1 | 2 = 1): number =>
      threads.reduce(
        (sum, thread) => (thread[0].startsWith(begins) ? sum + thread[which] : sum),
        0,
      );
    const ofCore = (which: keyof CoreTicks): number => coreAfter[which] - coreBefore[which];
    const grown = (name: string, labels?: Record<string, string>): number =>
      total(after, name, labels) - total(before, name, labels);
    const written = grown('cctv_recorder_written_bytes_total');
    const stepMicros = (step: string): number =>
      perStreamSecond(1e6 * grown('cctv_recorder_seconds_total', { step }));
    const words: string[] = [];
    const bytesPerMediaByte = recorded ? diskPerMedia(gateway.folder) : Number.NaN;
    if (recorded) await sleep(SETTLE_MS);
    const gaps = recorded ? await gapsOf(gateway, ids, { fromMs, toMs }, words) : 0;
    return {
      microsPerStreamSecond: perStreamSecond(used.micros),
      percentOfCore: used.percentOfCore,
      threads: threads.filter(([, micros]) => micros >= 0.5),
      recorderMicros: ofThreads('recorder-'),
      recorderKernelMicros: ofThreads('recorder-', 2),
      poolMicros: ofThreads('libuv-worker'),
      // Its thread is that of all databases which the machine writes by itself (decision 0130).
      catalogueMicros: ofThreads('machine-') + ofThreads('catalogue'),
      hashMicros: stepMicros('hash'),
      writeMicros: stepMicros('write'),
      recordedBytesPerSecond: written / used.seconds,
      bytesPerMediaByte,
      hashedPerWritten: grown('cctv_recorder_hashed_bytes_total') / written,
      storePercent: storeUsed.percentOfCore,
      putsPerSecond: grown('cctv_recordings_stored_total') / used.seconds,
      gaps,
      behindBytes: total(after, 'cctv_recorder_behind_bytes'),
      waitingRecordings: total(after, 'cctv_spool_recordings'),
      syncLateMs: 1000 * total(after, 'cctv_recorder_sync_late_seconds'),
      corePercent: (100 * ofCore('busy')) / ofCore('all'),
      stolenPercent: (100 * ofCore('stolen')) / ofCore('all'),
      workerLagP50Ms: lagMs(after, 'cctv_worker_loop_lag_seconds', '0.5'),
      workerLagP99Ms: lagMs(after, 'cctv_worker_loop_lag_seconds', '0.99'),
      servingLagP99Ms: lagMs(after, 'cctv_serving_loop_lag_seconds', '0.99'),
      feeder: fed,
      words,
    };
  } finally {
    await gateway.stop();
  }
}

/** Processor time by thread name, µs. proc_pid_stat(5). */
function threadMicros(pid: number): Map<string, { all: number; kernel: number }> {
  const found = new Map<string, { all: number; kernel: number }>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1');
      const end = stat.lastIndexOf(')');
      const name = stat.slice(stat.indexOf('(') + 1, end);
      const fields = stat.slice(end + 2).split(' ');
      // A tick is 10 ms on every Linux there is today (sysconf(3), _SC_CLK_TCK).
      const kernel = Number(fields[12]) * 10_000;
      const sum = found.get(name) ?? { all: 0, kernel: 0 };
      sum.all += Number(fields[11]) * 10_000 + kernel;
      sum.kernel += kernel;
      found.set(name, sum);
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

interface CoreTicks {
  all: number;
  busy: number;
  stolen: number;
}

/** Of the subject's core. proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. */
function coreTicks(): CoreTicks {
  const line = new RegExp(`^cpu${SUBJECT_CORE} (.*)$`, 'm').exec(
    readFileSync('/proc/stat', 'latin1'),
  );
  const ticks = (line?.[1] ?? '').split(' ').map(Number);
  const at = (i: number): number => ticks[i] ?? 0;
  const busy = at(0) + at(1) + at(2) + at(5) + at(6);
  return { all: busy + at(3) + at(4) + at(7), busy, stolen: at(7) };
}

/** Bytes of recordings for each byte of media in them: of finished ones what the disk says, of growing ones their length. */
function diskPerMedia(folder: string): number {
  let bytes = 0;
  let media = 0;
  const paths = ['objects', 'spool'].flatMap((below) => filesBelow(join(folder, below)));
  const every = Math.max(1, Math.floor(paths.length / MAX_FILES_READ));
  for (const path of paths.filter((_, i) => i % every === 0)) {
    try {
      const read = readRecording(path);
      if (read === undefined || read.fragments.length === 0) continue;
      const isWhole = path.includes('/objects/');
      bytes += isWhole ? statSync(path).blocks * 512 : read.byteLength;
      media += mediaBytes(path, read);
    } catch {
      // It was put, or removed, meanwhile.
    }
  }
  return bytes / media;
}

/** Payload of the `mdat` boxes. */
function mediaBytes(
  path: string,
  { fragments }: NonNullable<ReturnType<typeof readRecording>>,
): number {
  const file = openSync(path, 'r');
  let sum = 0;
  const box = Buffer.alloc(8);
  for (const { offset, byteLength } of fragments) {
    for (let at = offset; at < offset + byteLength;) {
      readSync(file, box, 0, 8, at);
      const size = box.readUInt32BE(0);
      if (box.toString('latin1', 4) === 'mdat') sum += size - 8;
      at += Math.max(8, size);
    }
  }
  closeSync(file);
  return sum;
}

function filesBelow(folder: string): string[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith('.mp4')).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Gaps in what was measured, in the timelines of all cameras. */
async function gapsOf(
  gateway: Awaited<ReturnType<typeof startGateway>>,
  ids: readonly string[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
  words: string[],
): Promise<number> {
  const query = `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
  let gaps = 0;
  let next = 0;
  const ask = async (): Promise<void> => {
    for (let id = ids[next++]; id !== undefined; id = ids[next++]) {
      const answer = await gateway.http.get(`/api/v1/cameras/${id}/timeline?${query}`);
      const text = answer.body.toString('utf8');
      const timeline = JSON.parse(text) as { gaps?: { detail: string | null }[] };
      // What is not written yet is none: a recorder that is behind has it in its hand.
      const missing = timeline.gaps?.filter(({ detail }) => detail !== 'latest');
      const found = answer.status === 200 ? (missing?.length ?? 0) : 1;
      if (found > 0 && words.length < MAX_WORDS) {
        words.push(`${id}: ${JSON.stringify(timeline.gaps ?? text).slice(0, 300)}`);
      }
      gaps += found;
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
  return gaps;
}

function lagMs(samples: Samples, name: string, q: string): number {
  return 1000 * largest(samples, name, { quantile: q });
}
