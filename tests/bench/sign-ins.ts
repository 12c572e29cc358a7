/**
 * npm run bench:sign-ins: whether people who sign in, ten a second, slow live parts: an argon2 hash is 30 ms of a core.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { boundTheRun, stopChildren } from './children.ts';
import { startFeeder } from './feeder.ts';
import { BENCH_TOKEN, startGateway } from './gateway-process.ts';
import { httpClient } from './http-client.ts';
import { sampleLatency } from './part-latency.ts';
import { startSpan } from './proc-stat.ts';
import { quantile } from './quantile.ts';
import { markdownTable, report, rounded } from './results.ts';

const PASSWORD = 'bench password that is long';
const SIGN_INS_A_SECOND = 10;
const PEOPLE = 20;
const CAMERAS = 100;
const CLIENTS = 20;
const WARM_MS = 8_000;
const ALLOWED_MINUTES = 3;
/** Live parts may be this much later at the 99th percentile. */
const ALLOWED_RATIO = 1.2;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    append: { type: 'boolean', default: false },
  },
});

interface Reading {
  percentOfCore: number;
  parts: number;
  p50Ms: number;
  p99Ms: number;
  signIns: number;
  signInP50Ms: number;
  signInP99Ms: number;
}

boundTheRun(ALLOWED_MINUTES);
await main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
await stopChildren();

async function main(): Promise<void> {
  const feeder = await startFeeder('picture');
  const gateway = await startGateway({ workers: 1 });
  try {
    const ids = await gateway.addCameras(
      Array.from({ length: CAMERAS }, (_, camera) => feeder.url(camera)),
    );
    for (let i = 0; i < PEOPLE; i++) await enter(gateway.http, i);
    await sleep(WARM_MS);
    const without = await measure(gateway, ids.slice(0, CLIENTS), false);
    const during = await measure(gateway, ids.slice(0, CLIENTS), true);
    const ratio = during.p99Ms / without.p99Ms;
    const rows = [row('nobody', without), row(`${SIGN_INS_A_SECOND} a second`, during)];
    report(
      'Sign-ins beside live parts',
      [
        markdownTable(
          [
            'people who sign in',
            'part after p50',
            'part after p99',
            'parts',
            'gateway',
            'sign-in p50 / p99',
          ],
          rows,
        ),
        markdownTable(
          ['limit', 'seen', ''],
          [
            [
              `part after p99 ≤ ${ALLOWED_RATIO} × without`,
              `${rounded(ratio, 2)} ×`,
              ratio <= ALLOWED_RATIO && during.signIns > 0 ? 'held' : '**NOT HELD**',
            ],
          ],
        ),
        `${CAMERAS} cameras, ${CLIENTS} low-latency clients; "after" is from a part's first picture at the camera to its offer, ms.`,
      ].join('\n\n'),
      flags.append,
    );
  } finally {
    await gateway.stop();
    await feeder.stop();
  }
}

function emailOf(i: number): string {
  return `person-${i}@example.go.th`;
}

async function enter(http: ReturnType<typeof httpClient>, i: number): Promise<void> {
  const added = await http.post('/api/v1/people', {
    name: `คนที่ ${i}`,
    email: emailOf(i),
    grants: [{ role: 'operator', area: { level: 'country' } }],
  });
  const { link } = JSON.parse(added.body.toString('utf8')) as { link: string };
  const token = link.slice(link.indexOf('#') + 1);
  const set = await http.post(`/api/v1/invitations/${token}`, { password: PASSWORD });
  if (set.status !== 204) throw new Error(`invitation: ${set.status} ${set.body.toString('utf8')}`);
}

async function measure(
  gateway: Awaited<ReturnType<typeof startGateway>>,
  ids: readonly string[],
  signingIn: boolean,
): Promise<Reading> {
  const latencyHttp = httpClient(gateway.port, CLIENTS, BENCH_TOKEN);
  const signInHttp = httpClient(gateway.port, 64);
  const latency = sampleLatency(latencyHttp, ids);
  const span = startSpan([gateway.pid]);
  const tookMs: number[] = [];
  const failures: string[] = [];
  const pending: Promise<void>[] = [];
  const count = Number(flags.seconds) * SIGN_INS_A_SECOND;
  for (let i = 0; i < count; i++) {
    if (signingIn) {
      pending.push(signInOnce(signInHttp, emailOf(i % PEOPLE), tookMs, failures));
    }
    await sleep(1000 / SIGN_INS_A_SECOND);
  }
  await Promise.all(pending);
  const used = span();
  await latency.stop();
  latencyHttp.close();
  signInHttp.close();
  if (failures.length > 0) throw new Error(`${failures.length} sign-ins failed: ${failures[0]}`);
  if (latency.failures.length > 0) throw new Error(latency.failures.join('\n'));
  const after = latency.take().map(({ availableAfterMs }) => availableAfterMs);
  return {
    percentOfCore: used.percentOfCore,
    parts: after.length,
    p50Ms: quantile(after, 0.5),
    p99Ms: quantile(after, 0.99),
    signIns: tookMs.length,
    signInP50Ms: quantile(tookMs, 0.5),
    signInP99Ms: quantile(tookMs, 0.99),
  };
}

async function signInOnce(
  http: ReturnType<typeof httpClient>,
  email: string,
  tookMs: number[],
  failures: string[],
): Promise<void> {
  const fromMs = performance.now();
  const { status, body } = await http.post('/api/v1/session', { email, password: PASSWORD });
  if (status === 200) tookMs.push(performance.now() - fromMs);
  else failures.push(`${status} ${body.toString('utf8')}`);
}

function row(name: string, reading: Reading): string[] {
  return [
    name,
    rounded(reading.p50Ms),
    rounded(reading.p99Ms),
    String(reading.parts),
    `${rounded(reading.percentOfCore, 1)} % of a core`,
    reading.signIns === 0
      ? '-'
      : `${rounded(reading.signInP50Ms)} / ${rounded(reading.signInP99Ms)} ms`,
  ];
}
