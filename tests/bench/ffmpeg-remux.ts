/**
 * What many a gateway does: `ffmpeg -c copy -f hls`, a process per camera, on SUBJECT_CORE.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Child } from './children.ts';
import { SUBJECT_CORE } from './cores.ts';
import type { Feeder } from './feeder.ts';
import { memoryFolder } from '../memory-folder.ts';
import { residentBytes, startSpan, unsharedBytes } from './proc-stat.ts';

const START_PATIENCE_MS = 90_000;
const WARM_MS = 3000;
/** So many are started at a time: each reads 2 s of a stream before it writes. */
const STARTED_AT_A_TIME = 10;

export interface RemuxReading {
  microsPerStreamSecond: number;
  percentOfCore: number;
  residentBytesPerStream: number;
  unsharedBytesPerStream: number;
}

/** Throws when ffmpeg is absent, or a process does not come up. */
export async function remuxWithFfmpeg(options: {
  feeder: Feeder;
  streams: number;
  seconds: number;
}): Promise<RemuxReading> {
  const folder = mkdtempSync(join(memoryFolder(), 'bench-ffmpeg-'));
  const children: Child[] = [];
  try {
    for (let from = 0; from < options.streams; from += STARTED_AT_A_TIME) {
      const to = Math.min(from + STARTED_AT_A_TIME, options.streams);
      for (let camera = from; camera < to; camera++)
        children.push(startRemux(options.feeder.url(camera), join(folder, String(camera))));
      await sleep(500);
    }
    const untilMs = performance.now() + START_PATIENCE_MS;
    for (let camera = 0; camera < options.streams; camera++) {
      while (!existsSync(join(folder, String(camera), 'index.m3u8'))) {
        const child = children[camera];
        if (child === undefined || child.ended() || performance.now() > untilMs)
          throw new Error(`ffmpeg of camera ${camera} did not come up: ${child?.lastWords()}`);
        await sleep(100);
      }
    }
    await sleep(WARM_MS);
    const pids = children.map((child) => child.pid);
    const span = startSpan(pids);
    await sleep(options.seconds * 1000);
    const used = span();
    const sum = (of: (pid: number) => number): number =>
      pids.reduce((all, pid) => all + of(pid), 0);
    return {
      microsPerStreamSecond: used.micros / used.seconds / options.streams,
      percentOfCore: used.percentOfCore,
      residentBytesPerStream: sum(residentBytes) / options.streams,
      unsharedBytesPerStream: sum(unsharedBytes) / options.streams,
    };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function startRemux(url: string, folder: string): Child {
  mkdirSync(folder);
  return startChild({
    command: 'ffmpeg',
    args: [
      ['-v', 'error', '-nostdin', '-rtsp_transport', 'tcp', '-i', url],
      ['-c', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_list_size', '7'],
      ['-hls_segment_type', 'fmp4', '-hls_flags', 'delete_segments', 'index.m3u8'],
    ].flat(),
    core: SUBJECT_CORE,
    cwd: folder,
    output: 'dropped',
  });
}
