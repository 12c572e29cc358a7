import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Workbook } from '@cj-tech-master/excelts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { freePort } from '../free-port.ts';
import { runDemo, type Demo } from './demo.ts';
import { FORM_ROWS } from './form-example.ts';

const START_TIMEOUT_MS = 90_000;
/** All 43 are to be up after it, on a slow machine too. */
const UP_TIMEOUT_MS = 60_000;

const cameraPage = z.object({
  cameras: z.array(z.object({ id: z.string(), stream: z.nullable(z.object({ url: z.string() })) })),
});
const liveState = z.object({ state: z.string(), since: z.string(), codec: z.nullable(z.string()) });

let demo: Demo;
let folder: string;
let busy: ReturnType<typeof createServer>;
let busyPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'));
  busyPort = await freePort();
  busy = createServer().listen(busyPort, '127.0.0.1');
  await once(busy, 'listening');
  demo = await runDemo({ port: busyPort, dataDir: join(folder, 'demo-data') });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await demo.close();
  busy.close();
  await rm(folder, { recursive: true, force: true });
});

async function get<T>(path: string, shape: z.ZodType<T>): Promise<T> {
  const reply = await fetch(`${demo.gatewayUrl}${path}`, { headers: demo.headers });
  return shape.parse(await reply.json());
}

async function cameras(): Promise<z.infer<typeof cameraPage>['cameras']> {
  return (await get('/api/v1/cameras?limit=100', cameraPage)).cameras;
}

test('a port that is taken is passed over', () => {
  expect(Number(new URL(demo.gatewayUrl).port)).toBeGreaterThan(busyPort);
});

test(
  '70 cameras are registered, and the 43 that work come up',
  { timeout: UP_TIMEOUT_MS },
  async () => {
    const all = await cameras();
    expect(all).toHaveLength(70);
    const states = async (): Promise<Partial<Record<string, number>>> => {
      const found = await Promise.all(
        all.map(({ id }) => get(`/api/v1/cameras/${id}/live`, liveState)),
      );
      const groups = Object.groupBy(found, ({ state }) => state);
      return Object.fromEntries(Object.entries(groups).map(([state, of]) => [state, of?.length]));
    };
    await expect.poll(states, { timeout: UP_TIMEOUT_MS }).toEqual({ up: 43, 'not-linked': 27 });
  },
);

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

test(
  'counts stand side by side: 43 seen up now, and 70/43/18/9 for the survey',
  { timeout: UP_TIMEOUT_MS },
  async () => {
    const counts = z.object({
      total: z.object({
        survey: z.record(z.string(), z.number()),
        now: z.looseObject({ observed: z.record(z.string(), z.number()) }),
      }),
    });
    const total = async () => (await get('/api/v1/survey/counts?by=country', counts)).total;
    await expect
      .poll(async () => (await total()).now.observed, { timeout: UP_TIMEOUT_MS })
      .toEqual({ up: 43, degraded: 0, down: 0, unknown: 0, notLinked: 27 });
    const figures = { total: 70, working: 43, underRepair: 18, unrepairable: 9, awaiting: 0 };
    expect(await total()).toMatchObject({ survey: figures, now: { ...figures, unknown: 0 } });
  },
);

/** The cells of a form as whoever opens it sees them, row by row, without what is empty. */
async function cellsOf(path: string): Promise<(string | number)[][]> {
  const reply = await fetch(`${demo.gatewayUrl}${path}`, { headers: demo.headers });
  const workbook = new Workbook();
  await workbook.xlsx.load(Buffer.from(await reply.arrayBuffer()));
  const rows: (string | number)[][] = [];
  workbook.worksheets[0]?.eachRow((row) => {
    const cells: (string | number)[] = [];
    row.eachCell((cell) => {
      if (cell.master === cell && cell.value !== null) cells.push(cell.value as string | number);
    });
    rows.push(cells);
  });
  return rows;
}

test("a round of the survey: the letter's figures in the Excel of the province, and of the LAO", async () => {
  const opened = await fetch(`${demo.gatewayUrl}/api/v1/survey/rounds`, {
    method: 'POST',
    headers: { ...demo.headers, 'content-type': 'application/json' },
    body: JSON.stringify({
      title: 'การสำรวจ',
      reference: 'ว ๑',
      cutOffAt: inDays(0),
      deadlines: {
        lao: { dueAt: inDays(1) },
        district: { dueAt: inDays(2) },
        province: { dueAt: inDays(3) },
      },
    }),
  });
  const round = z.object({ id: z.string(), state: z.literal('frozen'), cameras: z.literal(70) });
  const { id } = round.parse(await opened.json());
  const returns = z.object({ returns: z.array(z.object({ id: z.string(), name: z.string() })) });
  const all = (await get(`/api/v1/survey/rounds/${id}/returns`, returns)).returns;
  const act = async (name: string, what: string, body: object): Promise<string> => {
    const found = all.find((one) => one.name === name)?.id ?? '';
    const reply = await fetch(`${demo.gatewayUrl}/api/v1/survey/returns/${found}/${what}`, {
      method: 'POST',
      headers: { ...demo.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ version: 1, ...body }),
    });
    expect([name, what, reply.status]).toEqual([name, what, 200]);
    return found;
  };
  const signature = { name: 'สมหญิง', position: 'ปลัด', date: '2026-01-05' };
  const through = async (name: string): Promise<void> => {
    await act(name, 'submit', { signature });
    await act(name, 'accept', {});
  };
  for (const name of new Set(FORM_ROWS.map(({ lao }) => lao))) await through(name);
  for (const name of new Set(FORM_ROWS.map(({ district }) => district))) await through(name);
  const whole = await act('กระบี่', 'submit', { signature });

  const province = await cellsOf(`/api/v1/survey/returns/${whole}/form.xlsx`);
  const wanted = FORM_ROWS.map((row, index) => {
    const { lao, district, budgetSource, working, underRepair, unrepairable } = row;
    const total = working + underRepair + unrepairable;
    return [
      index + 1,
      'กระบี่',
      district,
      lao,
      budgetSource,
      total,
      working,
      underRepair,
      unrepairable,
    ];
  });
  expect(province.slice(3, 11)).toEqual([...wanted, ['รวมทั้งสิ้น', 70, 43, 18, 9]]);
  const lanta = all.find(({ name }) => name === 'ทต.เกาะลันตาใหญ่')?.id;
  const lao = await cellsOf(`/api/v1/survey/returns/${lanta}/form.xlsx`);
  expect(lao.slice(4, 7)).toEqual([
    [1, 'ทต.เกาะลันตาใหญ่', 'กรมส่งเสริมการปกครองท้องถิ่น', 6, 5, 1, 0],
    [2, 'ทต.เกาะลันตาใหญ่', 'ทต.เกาะลันตาใหญ่', 10, 6, 3, 1],
    ['รวมทั้งสิ้น', 16, 11, 4, 1],
  ]);
});

test(
  'a camera that drops its connection comes back by itself',
  { timeout: UP_TIMEOUT_MS },
  async () => {
    const camera = (await cameras()).find(({ stream }) => stream !== null);
    const name = new URL(camera?.stream?.url ?? '').pathname.slice(1);
    const live = (): Promise<z.infer<typeof liveState>> =>
      get(`/api/v1/cameras/${camera?.id}/live`, liveState);
    const before = await live();
    const { plays } = demo.simulator.stats(name);
    demo.simulator.behave(name, { kind: 'drop' });
    await expect
      .poll(() => demo.simulator.stats(name).plays, { timeout: UP_TIMEOUT_MS })
      .toBe(plays + 1);
    await expect.poll(async () => (await live()).state, { timeout: UP_TIMEOUT_MS }).toBe('up');
    expect((await live()).since > before.since).toBe(true);
  },
);

test('it ends in order', async () => {
  await demo.close();
  expect(demo.gateway.exitCode).toBe(0);
  await expect(fetch(`${demo.gatewayUrl}/readyz`)).rejects.toThrow('fetch failed');
});
