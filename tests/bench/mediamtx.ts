/**
 * MediaMTX with `hlsAlwaysRemux` and LL-HLS parts of 500 ms on SUBJECT_CORE, where MEDIAMTX names its binary.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './children.ts';
import { SUBJECT_CORE } from './cores.ts';
import type { Feeder } from './feeder.ts';
import { freePort } from './gateway-process.ts';
import { httpClient } from './http-client.ts';
import { residentBytes, startSpan } from './proc-stat.ts';

const WARM_MS = 15_000;

export interface MediaMtxReading {
  microsPerStreamSecond: number;
  percentOfCore: number;
  residentBytesPerStream: number;
  /** Cameras whose playlist was there at the end. */
  up: number;
}

export async function remuxWithMediaMtx(options: {
  binary: string;
  feeder: Feeder;
  streams: number;
  seconds: number;
  /** Into its folder as well, fMP4 of a minute. */
  record?: boolean;
}): Promise<MediaMtxReading> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-mediamtx-'));
  const port = await freePort();
  const configuration = join(folder, 'mediamtx.yml');
  const paths = Object.fromEntries(
    Array.from({ length: options.streams }, (_, camera) => [
      `cam${camera}`,
      {
        source: options.feeder.url(camera),
        rtspTransport: 'tcp',
        record: options.record === true,
        recordPath: join(folder, '%path', '%Y-%m-%d_%H-%M-%S-%f'),
        recordFormat: 'fmp4',
        recordSegmentDuration: '60s',
      },
    ]),
  );
  // YAML reads JSON.
  writeFileSync(
    configuration,
    JSON.stringify({
      logLevel: 'error',
      rtsp: false,
      rtmp: false,
      webrtc: false,
      srt: false,
      hls: true,
      hlsAddress: `127.0.0.1:${port}`,
      hlsAlwaysRemux: true,
      hlsVariant: 'lowLatency',
      hlsSegmentCount: 7,
      hlsSegmentDuration: '2s',
      hlsPartDuration: '500ms',
      paths,
    }),
  );
  const child = startChild({
    command: options.binary,
    args: [configuration],
    core: SUBJECT_CORE,
    output: 'dropped',
  });
  const http = httpClient(port, 16);
  try {
    await sleep(WARM_MS);
    if (child.ended()) throw new Error(`MediaMTX has died: ${child.lastWords()}`);
    const span = startSpan([child.pid]);
    await sleep(options.seconds * 1000);
    const used = span();
    const resident = residentBytes(child.pid);
    const answers = await Promise.all(
      Object.keys(paths).map((name) => http.get(`/${name}/index.m3u8`).catch(() => undefined)),
    );
    return {
      microsPerStreamSecond: used.micros / used.seconds / options.streams,
      percentOfCore: used.percentOfCore,
      residentBytesPerStream: resident / options.streams,
      up: answers.filter((answer) => answer?.status === 200).length,
    };
  } finally {
    await child.stop();
    http.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
