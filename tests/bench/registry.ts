/**
 * npm run bench:registry: a registry of 300,000 cameras, as many as the country may have, on SQLite and on PostgreSQL:
 * how long a page of the list, a search and the counts of the survey take, and an inventory of 100,000 rows going in.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Area } from '#registry/area.ts';
import type { NewCamera } from '#registry/camera.ts';
import { openCameras, type CameraBatch, type Cameras } from '#registry/cameras.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { declaredCounts } from '#registry/declared-counts.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { secretBox } from '#registry/secret-box.ts';
import { startPostgres } from '../contracts/each-database.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { countryInventory, LAOS } from './country-inventory.ts';
import type { Verdict } from './limits.ts';
import { quantile } from './quantile.ts';
import { markdownTable, report, rounded } from './results.ts';

const BATCH = 100_000;
const PAGE = 100;
const TRIES = 25;
/** As an import has them. */
const CAMERAS_A_PAGE = 200;

const { values: flags } = parseArgs({
  options: {
    cameras: { type: 'string', default: '300000' },
    databases: { type: 'string', default: 'sqlite,postgres' },
    append: { type: 'boolean', default: false },
  },
});
const total = Number(flags.cameras);

interface Reading {
  database: string;
  importSeconds: number[];
  lagMs: number;
  /** What was asked, and ms of each try. */
  times: Map<string, number[]>;
}

const readings: Reading[] = [];
for (const database of flags.databases.split(',')) {
  if (database === 'postgres' && missingParts('containers').length > 0) continue;
  readings.push(await (database === 'postgres' ? onPostgres() : measure('SQLite', undefined)));
}
const asked = [...new Set(readings.flatMap(({ times }) => [...times.keys()]))];
report(
  `Registry of ${total.toLocaleString('en')} cameras`,
  [
    `ms, median and worst of ${TRIES}, of ${LAOS.toLocaleString('en')} LAOs; pages of ${PAGE}.`,
    '',
    markdownTable(
      ['', ...readings.map(({ database }) => database)],
      [
        ...asked.map((what) => [
          what,
          ...readings.map(({ times }) => {
            const tries = times.get(what) ?? [];
            return `${rounded(quantile(tries, 0.5), 1)} / ${rounded(Math.max(...tries), 1)}`;
          }),
        ]),
        [
          `an inventory of ${BATCH.toLocaleString('en')} goes in, s each`,
          ...readings.map(({ importSeconds }) =>
            importSeconds.map((s) => rounded(s, 1)).join(', '),
          ),
        ],
        [
          'lag of the event loop meanwhile, worst',
          ...readings.map(({ lagMs }) => rounded(lagMs, 0)),
        ],
      ],
    ),
    '',
    markdownTable(
      ['limit', 'seen', ''],
      readings
        .flatMap(limitsOf)
        .map(({ limit, seen, held }) => [limit, seen, held ? 'held' : '**NOT HELD**']),
    ),
  ].join('\n'),
  flags.append,
);

async function onPostgres(): Promise<Reading> {
  const container = await startPostgres();
  try {
    return await measure('PostgreSQL', container.getConnectionUri());
  } finally {
    await container.stop();
  }
}

async function measure(database: string, databaseUrl: string | undefined): Promise<Reading> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-registry-'));
  const databases = openDatabases({ dataDir, databaseUrl });
  try {
    const registry = await openRegistry(databases);
    const cameras = openCameras(registry, { box: secretBox(Buffer.alloc(32, 1)), now: Date.now });
    const author = { id: 'bench', name: 'bench', proxyFor: null };
    const importSeconds: number[] = [];
    const lag = monitorEventLoopDelay({ resolution: 5 });
    for (let made = 0; made < total; made += BATCH) {
      const create = countryInventory(made, Math.min(BATCH, total - made));
      lag.enable();
      const began = performance.now();
      await cameras.apply(pagesOf(create), { author, source: 'import' });
      importSeconds.push((performance.now() - began) / 1000);
      lag.disable();
      console.error(`${database}: ${made + create.length} cameras`);
    }
    const times = new Map<string, number[]>();
    const time = async (what: string, ask: (i: number) => Promise<unknown>): Promise<void> => {
      const tries: number[] = [];
      // Once before, as the second asker finds it.
      await ask(TRIES);
      for (let i = 0; i < TRIES; i++) {
        const began = performance.now();
        await ask(i);
        tries.push(performance.now() - began);
      }
      times.set(what, tries);
      console.error(`${database}: ${what}`);
    };
    await askLists(cameras, time);
    await time('counts by LAO × budget source', async () => declaredCounts(registry));
    return { database, importSeconds, lagMs: lag.max / 1e6, times };
  } finally {
    await databases.close();
    rmSync(dataDir, { recursive: true });
  }
}

async function askLists(
  cameras: Cameras,
  time: (what: string, ask: (i: number) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const some = await cameras.list({ limit: 1 });
  const lao = some[0]?.lao ?? { name: '', district: '', province: '' };
  const { province, district } = lao;
  const areas: Record<string, Area> = {
    'an LAO': { level: 'lao', province, district, lao: lao.name },
    'a province': { level: 'province', province },
  };
  await time('list: first page', async () => cameras.list({ limit: PAGE }));
  const far = await cameras.list({ limit: 1, q: `จุดที่ ${total - 1_000}` });
  await time('list: a page far on', async () => cameras.list({ limit: PAGE, after: far[0]?.id }));
  for (const [what, area] of Object.entries(areas)) {
    await time(`list: of ${what}`, async () => cameras.list({ limit: PAGE, within: [area] }));
  }
  await time('list: unrepairable, for traffic', async () =>
    cameras.list({ limit: PAGE, declared: 'unrepairable', purpose: 'traffic' }),
  );
  await time('search: a word that most have (ตลาด)', async () =>
    cameras.list({ limit: PAGE, q: 'ตลาด' }),
  );
  await time('search: a word that one has', async (i) =>
    cameras.list({ limit: PAGE, q: `${total - 1 - i * 37}` }),
  );
  await time('search: a word that none has', async (i) =>
    cameras.list({ limit: PAGE, q: `ไม่มีที่ไหน${i}` }),
  );
  await time('search: two words, few have both', async (i) =>
    cameras.list({ limit: PAGE, q: `สะพาน ${total - 1 - i * 1_000}` }),
  );
  await time('search: two letters that few have', async () =>
    cameras.list({ limit: PAGE, q: 'ฎฑ' }),
  );
  await time('search: within a province', async () =>
    cameras.list({ limit: PAGE, q: 'สะพาน', within: [{ level: 'province', province }] }),
  );
}

function limitsOf({ database, times }: Reading): Verdict[] {
  return [...times].map(([what, tries]): Verdict => {
    const limit = what.startsWith('list') ? 30 : what.startsWith('search') ? 150 : 50;
    const seen = quantile(tries, 0.5);
    return {
      limit: `${database}, ${what}: ≤ ${limit} ms`,
      seen: `${rounded(seen, 1)} ms`,
      held: seen <= limit,
    };
  });
}

function* pagesOf(create: readonly NewCamera[]): Generator<CameraBatch> {
  for (let at = 0; at < create.length; at += CAMERAS_A_PAGE) {
    yield { create: create.slice(at, at + CAMERAS_A_PAGE), change: [] };
  }
}
