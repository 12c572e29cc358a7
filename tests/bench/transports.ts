/**
 * What a stream costs by UDP, beside the same by TCP: the gateway on one core, simulated cameras on the other.
 * `npm run bench:transports -- --streams 100,300 --seconds 20 --append`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { boundTheRun, startChild, stopChildren } from './children.ts';
import { benchClip } from './clip.ts';
import { BENCH_FOLDER } from './compile.ts';
import { BENCH_CORE, moveToBenchCore } from './cores.ts';
import { startGateway } from './gateway-process.ts';
import { startSpan } from './proc-stat.ts';
import { largest, total } from './prometheus-text.ts';
import { markdownTable, report, rounded } from './results.ts';

const WARM_MS = 10_000;
const MAX_MINUTES = 10;

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '20' },
    append: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);

moveToBenchCore();
boundTheRun(MAX_MINUTES);
benchClip();
const rows: string[][] = [];
for (const streams of values.streams.split(',').map(Number)) {
  for (const transport of ['tcp', 'udp'] as const) {
    rows.push(await measure(streams, transport));
  }
}
await stopChildren();
report(
  'UDP beside TCP',
  `${markdownTable(
    [
      'path',
      'streams',
      'CPU µs per stream-second',
      'of a core',
      'worker lag p50/p99 ms',
      'parts a second',
      'packets lost',
      'pictures dropped',
      'the cameras’ own core',
    ],
    rows,
  )}\n\nThe feeder is the simulator in Node (tests/bench/simulated-cameras.ts), a picture at a time; not feeder.c, which knows no UDP.`,
  values.append,
);
process.exit(0);

async function measure(streams: number, transport: 'tcp' | 'udp'): Promise<string[]> {
  const cameras = startChild({
    command: process.execPath,
    args: [join(BENCH_FOLDER, 'simulated-cameras.ts')],
    core: BENCH_CORE,
  });
  const port = Number(await cameras.nextLine());
  const gateway = await startGateway({ workers: 1 });
  try {
    const urls = Array.from({ length: streams }, (_, at) => `rtsp://127.0.0.1:${port}/bench-${at}`);
    await gateway.addCameras(urls, transport);
    await sleep(WARM_MS);
    const before = await gateway.metrics();
    const span = startSpan([gateway.pid]);
    const feeding = startSpan([cameras.pid]);
    await sleep(seconds * 1000);
    const used = span();
    const fed = feeding();
    const after = await gateway.metrics();
    const grown = (name: string): number => total(after, name) - total(before, name);
    const lag = (q: string): string =>
      rounded(1000 * largest(after, 'cctv_worker_loop_lag_seconds', { quantile: q }), 1);
    return [
      transport,
      String(streams),
      rounded(used.micros / used.seconds / streams),
      `${rounded(used.percentOfCore, 1)} %`,
      `${lag('0.5')} / ${lag('0.99')}`,
      rounded(grown('cctv_parts_total') / used.seconds / streams, 2),
      String(grown('cctv_rtp_packets_lost_total')),
      String(grown('cctv_access_units_dropped_total')),
      `${rounded(fed.percentOfCore)} %`,
    ];
  } finally {
    await gateway.stop();
    await cameras.stop();
  }
}
