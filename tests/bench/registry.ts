/**
 * npm run bench:registry: a registry of 300,000 cameras, as many as the country may have, on SQLite and on PostgreSQL:
 * how long a page of the list, a search and the counts of the survey take, an inventory of 100,000 rows going in, and a
 * round that freezes. A third of the cameras, the last ones, have words in their positions that none before them has.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MAX_COUNTED } from '#gateway/routes/camera-counts.ts';
import type { Area } from '#registry/area.ts';
import type { NewCamera } from '#registry/camera.ts';
import { countCameras } from '#registry/camera-list.ts';
import { openCameras, type CameraBatch, type Cameras } from '#registry/cameras.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { declaredCounts, registeredWithin } from '#registry/declared-counts.ts';
import { settleCounts } from '#registry/lao-counts.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { secretBox } from '#registry/secret-box.ts';
import { surveyCounts } from '#registry/survey/counts.ts';
import { newRound, openRounds } from '#registry/survey/rounds.ts';
import { freezeDue } from '#registry/survey/snapshot.ts';
import { startPostgres } from '../contracts/postgres-server.ts';
import { missingParts } from '../end-to-end/machine.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import { countryInventory, LAOS } from './country-inventory.ts';
import type { Verdict } from './limits.ts';
import { quantile } from './quantile.ts';
import { markdownTable, report, rounded } from './results.ts';

const BATCH = 100_000;
const PAGE = 100;
/** As an import has them. */
const CAMERAS_A_PAGE = 200;
const TRIES = 15;
/** Of the last third. */
const LATE_WORD = 'โครงการเฌอ';
const LATE_PAIR = 'ฌอ';
const MARKED_LAOS = 100;
const SETTLED = 'all LAOs counted again and kept';
/** Rows that one statement inserts. */
const ROWS = 1_000;

const { values: flags } = parseArgs({
  options: {
    cameras: { type: 'string', default: '300000' },
    databases: { type: 'string', default: 'sqlite,postgres' },
    /** A regular expression: asks, and does once, only what it finds. The inventories go in all the same. */
    only: { type: 'string', default: '' },
    append: { type: 'boolean', default: false },
  },
});
const total = Number(flags.cameras);
const only = new RegExp(flags.only, 'u');

interface Reading {
  database: string;
  importSeconds: number[];
  /** Worst lag of the loop, ms: while inventories went in, and while it was asked. */
  lagMs: { importing: number; asking: number };
  /** s, of what is done once. */
  once: Map<string, number>;
  /** What was asked, and ms of each try. */
  times: Map<string, number[]>;
}

const readings: Reading[] = [];
for (const database of flags.databases.split(',')) {
  if (database === 'postgres' && missingParts('containers').length > 0) continue;
  readings.push(await (database === 'postgres' ? onPostgres() : measure('SQLite', undefined)));
}
const asked = [...new Set(readings.flatMap(({ times }) => [...times.keys()]))];
const doneOnce = [...new Set(readings.flatMap(({ once }) => [...once.keys()]))];
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
          ...readings.map(({ lagMs }) => rounded(lagMs.importing, 0)),
        ],
        [
          'lag of the event loop of whoever asks, worst',
          ...readings.map(({ lagMs }) => rounded(lagMs.asking, 0)),
        ],
        ...doneOnce.map((what) => [
          `${what}, s`,
          ...readings.map(({ once }) => rounded(once.get(what), 1)),
        ]),
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
    const lagMs = { importing: 0, asking: 0 };
    for (let made = 0; made < total; made += BATCH) {
      const create = countryInventory(made, Math.min(BATCH, total - made)).map(lateWords(made));
      const { seconds, lag } = await watched(async () => {
        await (
          await cameras.apply(pagesOf(create), { author, source: 'import' })
        ).settled;
      });
      importSeconds.push(seconds);
      lagMs.importing = Math.max(lagMs.importing, lag);
      console.error(`${database}: ${made + create.length} cameras`);
    }
    await observe(registry);
    const once = new Map<string, number>();
    const times = new Map<string, number[]>();
    const time = async (what: string, ask: (i: number) => Promise<unknown>): Promise<void> => {
      if (!only.test(what)) return;
      const tries: number[] = [];
      // Once before, as the second asker finds it.
      await ask(TRIES);
      for (let i = 0; i < TRIES; i++) {
        const began = performance.now();
        await ask(i);
        tries.push(performance.now() - began);
      }
      times.set(what, tries);
      console.error(`${database}: ${what}: ${rounded(quantile(tries, 0.5), 1)}`);
    };
    const timeOnce = async (what: string, act: () => Promise<unknown>): Promise<void> => {
      if (!only.test(what)) return;
      once.set(what, (await watched(act)).seconds);
      console.error(`${database}: ${what}: ${rounded(once.get(what), 2)} s`);
    };
    await timeOnce('all counted, none of it kept yet', async () => declaredCounts(registry));
    await timeOnce(SETTLED, async () => settleCounts(registry));
    // As the gateway does a second after an inventory, whatever is asked.
    if (!once.has(SETTLED)) await settleCounts(registry);
    const { lag } = await watched(async () => {
      await askLists(cameras, time);
      await askCounts(registry, time);
      await askTotals(registry, time);
    });
    lagMs.asking = lag;
    await timeOnce('a round of all cameras freezes', async () => freeze(registry));
    return { database, importSeconds, lagMs, once, times };
  } finally {
    await databases.close();
    rmSync(dataDir, { recursive: true });
  }
}

async function watched(act: () => Promise<unknown>): Promise<{ seconds: number; lag: number }> {
  // One of its own: an old one takes the time in which it was off for lag.
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const began = performance.now();
  await act();
  const seconds = (performance.now() - began) / 1000;
  lag.disable();
  return { seconds, lag: lag.max / 1e6 };
}

function lateWords(from: number): (camera: NewCamera, index: number) => NewCamera {
  return (camera, index) =>
    from + index < (total * 2) / 3
      ? camera
      : { ...camera, position: `${camera.position} (${LATE_WORD})` };
}

/** All are linked; one in thirty is down, one in fifty degraded. */
async function observe(registry: RegistryDatabase): Promise<void> {
  const random = seededRandom(9);
  let after = '';
  for (;;) {
    const page = await registry
      .selectFrom('cameras')
      .select('id')
      .where('id', '>', after)
      .orderBy('id')
      .limit(ROWS)
      .execute();
    if (page.length === 0) return;
    after = page.at(-1)?.id ?? after;
    await registry
      .insertInto('observed_states')
      .values(
        page.map(({ id }) => {
          const number = random();
          const damage = number < 1 / 50 ? ('degraded' as const) : ('down' as const);
          return {
            camera_id: id,
            state: number < 1 / 50 + 1 / 30 ? damage : ('up' as const),
            reason: null,
            since_ms: 1,
            at_ms: 1,
            epoch: 1,
            sequence: 1,
            event_id: id,
            flapping: 0,
            measured: '{}',
          };
        }),
      )
      .execute();
  }
}

async function askCounts(
  registry: RegistryDatabase,
  time: (what: string, ask: (i: number) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const laos = await registry.selectFrom('laos').selectAll().orderBy('id').execute();
  const [one] = laos;
  if (one === undefined) return;
  const { province, district, name: lao } = one;
  const ofProvince = laos.filter((row) => row.province === province).map(({ id }) => id);
  await time('counts by LAO × budget source', async () => declaredCounts(registry));
  await time('counts of a province by LAO × budget source', async () =>
    declaredCounts(registry, ofProvince),
  );
  await time('counts of an LAO by budget source', async () => declaredCounts(registry, [one.id]));
  const within: Area[] = [{ level: 'country' }];
  await time('counts, the screen: the country by province', async () =>
    surveyCounts(registry, 'province', { within }),
  );
  await time('counts, the screen: a province by district', async () =>
    surveyCounts(registry, 'district', { within, province }),
  );
  await time('counts, the screen: a district by LAO', async () =>
    surveyCounts(registry, 'lao', { within, province, district }),
  );
  await time('counts, the screen: an LAO by budget source', async () =>
    surveyCounts(registry, 'budget-source', { within, province, district, lao }),
  );
  // A second's worth of a bad day: nobody has counted these LAOs again yet.
  const marked = laos.slice(0, MARKED_LAOS).map(({ id }) => ({ lao_id: id }));
  await registry.insertInto('lao_count_marks').values(marked).execute();
  await time(`counts by LAO × budget source, ${MARKED_LAOS} LAOs marked`, async () =>
    declaredCounts(registry),
  );
}

async function freeze(registry: RegistryDatabase): Promise<void> {
  const now = Date.now;
  const at = (ms: number): string => new Date(now() + ms).toISOString();
  const due = { dueAt: at(1_000) };
  await openRounds(registry, { now }).open(
    newRound.parse({
      title: 'การสำรวจ',
      reference: 'มท 0816.3/ว 1',
      cutOffAt: at(0),
      deadlines: { lao: due, district: due, province: due },
    }),
    { id: 'bench', name: 'bench', proxyFor: null },
  );
  await freezeDue(registry, { now });
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
  const brand = 'ยี่ห้อ 7';
  await time('list: a brand, unrepairable, for traffic', async () =>
    cameras.list({ limit: PAGE, brand, declared: 'unrepairable', purpose: 'traffic' }),
  );
  await time('list: a brand that none has', async () =>
    cameras.list({ limit: PAGE, brand: 'ยี่ห้อที่ไม่มี' }),
  );
  await time('list: of a budget source', async () =>
    cameras.list({ limit: PAGE, budgetSource: `อบต.ตำบลที่ ${LAOS - 1}` }),
  );
  await time('list: of a site', async () => cameras.list({ limit: PAGE, site: 'ไซต์ 7000' }));
  await time('list: in closed areas, of which there are none', async () =>
    cameras.list({ limit: PAGE, scope: 'closed-area' }),
  );
  await time('list: not linked, of which there are none', async () =>
    cameras.list({ limit: PAGE, linked: false }),
  );
  await time('list: deleted, of which there are none', async () =>
    cameras.list({ limit: PAGE, deleted: true }),
  );
  await time('list: of a province, a brand, unrepairable, for traffic', async () =>
    cameras.list({
      limit: PAGE,
      within: [{ level: 'province', province }],
      brand,
      declared: 'unrepairable',
      purpose: 'traffic',
    }),
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
  await time('search: a word that the last third has', async () =>
    cameras.list({ limit: PAGE, q: LATE_WORD }),
  );
  await time('search: a word that most have, and a brand that none has', async () =>
    cameras.list({ limit: PAGE, q: 'ตลาด', brand: 'ยี่ห้อที่ไม่มี' }),
  );
  await time('search: a word that the last third has, and a brand that none has', async () =>
    cameras.list({ limit: PAGE, q: LATE_WORD, brand: 'ยี่ห้อที่ไม่มี' }),
  );
  await time('search: two words, few have both', async (i) =>
    cameras.list({ limit: PAGE, q: `สะพาน ${total - 1 - i * 1_000}` }),
  );
  await time('search: two words that most have, none both', async () =>
    cameras.list({ limit: PAGE, q: 'สะพาน โรงเรียน' }),
  );
  await time('search: two letters that none has', async () =>
    cameras.list({ limit: PAGE, q: 'ฎฑ' }),
  );
  await time('search: two letters that the last third has', async () =>
    cameras.list({ limit: PAGE, q: LATE_PAIR }),
  );
  await time('search: one letter that few have', async () => cameras.list({ limit: PAGE, q: 'ฬ' }));
  await time('search: within a province', async () =>
    cameras.list({ limit: PAGE, q: 'สะพาน', within: [{ level: 'province', province }] }),
  );
  await time('search: within a province, a word that none has', async () =>
    cameras.list({ limit: PAGE, q: 'ไม่มีที่ไหน', within: [{ level: 'province', province }] }),
  );
}

/** What the register says above a list: how many match, as far as it counts, and of how many. */
async function askTotals(
  registry: RegistryDatabase,
  time: (what: string, ask: (i: number) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const [one] = await registry.selectFrom('laos').select('province').orderBy('id').execute();
  const within: Area[] = [{ level: 'province', province: one?.province ?? '' }];
  const atMost = MAX_COUNTED + 1;
  await time('counts, the list: all', async () =>
    registeredWithin(registry, [{ level: 'country' }]),
  );
  await time('counts, the list: of a province', async () =>
    countCameras(registry, { within }, atMost),
  );
  await time('counts, the list: a brand, unrepairable, for traffic', async () =>
    countCameras(
      registry,
      { brand: 'ยี่ห้อ 7', declared: 'unrepairable', purpose: 'traffic' },
      atMost,
    ),
  );
  await time('counts, the list: a word that most have', async () =>
    countCameras(registry, { q: 'ตลาด' }, atMost),
  );
  await time('counts, the list: a word that none has', async (i) =>
    countCameras(registry, { q: `ไม่มีที่ไหน${i}` }, atMost),
  );
  await time('counts, the list: a word that the last third has', async () =>
    countCameras(registry, { q: LATE_WORD }, atMost),
  );
  await time('counts, the list: two letters that none has', async () =>
    countCameras(registry, { q: 'ฎฑ' }, atMost),
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
