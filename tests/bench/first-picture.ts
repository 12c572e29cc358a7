/**
 * npm run bench:first-picture: how long a viewer whose page is open waits for a camera's first picture, in Chromium.
 * See README.md in this folder for what is measured and how to read it.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startSimulator } from '#tests/simulator/rtsp-server.ts';
import { boundTheRun, stopChildren } from './children.ts';
import { servePage, type FirstPicture } from './first-picture-page.ts';
import { BENCH_TOKEN, startGateway } from './gateway-process.ts';
import { quantile } from './quantile.ts';
import { markdownTable, report, rounded } from './results.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];
const LIMIT_MS = 300;
const TRY_PATIENCE_MS = 15_000;
/** Until the live window is full. */
const WARM_MS = 12_000;
/** Tries fall on other places of a group of pictures and of a part. */
const BETWEEN_TRIES_MS = 730;
const ALLOWED_MINUTES = 5;

const { values: flags } = parseArgs({
  options: {
    tries: { type: 'string', default: '10' },
    append: { type: 'boolean', default: false },
  },
});

if (existsSync(CHROMIUM)) {
  await main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
  await stopChildren();
} else {
  console.log(
    'first picture left out: Chromium is not installed (Debian: apt-get install chromium)',
  );
}

async function main(): Promise<void> {
  boundTheRun(ALLOWED_MINUTES);
  const simulator = await startSimulator({});
  const gateway = await startGateway({ workers: 1 });
  const page = await servePage(gateway.port, BENCH_TOKEN);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  try {
    const [cameraId] = await gateway.addCameras([simulator.url('first-picture')]);
    await sleep(WARM_MS);
    const tab = await browser.newPage();
    await tab.goto(page.url);
    const attempt = (): Promise<FirstPicture> =>
      Promise.race([
        tab.evaluate<FirstPicture>(`firstPicture('/live/${cameraId}/index.m3u8')`),
        sleep(TRY_PATIENCE_MS, undefined, { ref: false }).then(() => {
          throw new Error(`no picture within ${TRY_PATIENCE_MS / 1000} s`);
        }),
      ]);
    // The first makes the viewer a warm one: code compiled, decoder loaded, connections open.
    const cold = await attempt();
    const tries: FirstPicture[] = [];
    for (let index = 0; index < Number(flags.tries); index++) {
      await sleep(BETWEEN_TRIES_MS);
      tries.push(await attempt());
    }
    report('First picture', tables(cold, tries, browser.version()), flags.append);
  } finally {
    await browser.close();
    await page.close();
    await gateway.stop();
    await simulator.close();
  }
}

function tables(cold: FirstPicture, tries: readonly FirstPicture[], version: string): string {
  const steps = [
    ['multivariant playlist read', 'manifestMs'],
    ['media playlist read', 'playlistMs'],
    ['first media here', 'fragmentMs'],
    ['first media in the buffer', 'bufferedMs'],
    ['first decoded frame', 'frameMs'],
  ] as const;
  const rows = steps.map(([name, step]) => {
    const values = tries.flatMap((seen) => seen[step] ?? []);
    return [
      name,
      rounded(quantile(values, 0.5)),
      rounded(quantile(values, 1)),
      rounded(cold[step]),
    ];
  });
  const worst = quantile(
    tries.map((seen) => seen.frameMs),
    1,
  );
  const verdict = worst <= LIMIT_MS ? 'held' : '**NOT HELD**';
  return [
    `ms after hls.js was given the address; Chromium ${version}, ${tries.length} tries by a warm viewer.`,
    markdownTable(['', 'median', 'worst', 'the first, cold'], rows),
    markdownTable(
      ['limit', 'seen', ''],
      [[`first picture ≤ ${LIMIT_MS} ms, every try`, `${rounded(worst)} ms`, verdict]],
    ),
  ].join('\n\n');
}
