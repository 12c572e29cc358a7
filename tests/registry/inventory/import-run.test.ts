/** An import that is ended, by whoever throws it away or by its own thread, at any moment of its writing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import type { CameraBatch, Cameras } from '#registry/cameras.ts';
import { TransactionsCrossed, type Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { ImportRun } from '#registry/inventory/import-run.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { byTest, camerasOf, tester } from '../cameras-of.ts';
import { krabiCamera } from '../krabi-camera.ts';
import { csvOf, headings, rowWith } from './rows.ts';
import { memoryFolder } from '../../memory-folder.ts';

/** The thread gives 500 at a time: three pages, of which the last is not a full one. */
const ROWS = 1_200;
const PAGES = 3;

let folder: string;
let databases: Databases;
let cameras: Cameras;
let failures: unknown[];

beforeEach(async () => {
  folder = mkdtempSync(join(memoryFolder(), 'import-run-'));
  databases = openDatabases({ dataDir: folder });
  cameras = camerasOf(await openRegistry(databases));
  failures = [];
});

afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true });
});

/** Accepts a file, and has `end` done when the page of this number, from 1, was taken and the one after it is there. */
async function accepted(
  endAt: number,
  end: (run: ImportRun, thread: Worker) => void | Promise<void>,
): Promise<{ run: ImportRun; ended: Promise<void> }> {
  const rows = Array.from({ length: ROWS }, (_, at) =>
    rowWith({ ตำแหน่งในการติดตั้งกล้อง: `จุดที่ ${at}` }),
  );
  const ended = Promise.withResolvers<void>();
  async function* watched(pages: AsyncIterable<CameraBatch>): AsyncGenerator<CameraBatch> {
    let taken = 0;
    for await (const page of pages) {
      yield page;
      if (++taken !== endAt) continue;
      // Answered in the order of the questions: the next page was asked for before.
      await run.rows({ show: undefined, after: 0, limit: 1 });
      await end(run, thread);
      ended.resolve();
    }
  }
  const started = new Promise<Worker>((resolve) => process.once('worker', resolve));
  const run = new ImportRun({
    bytes: new Uint8Array(csvOf(headings, ...rows)),
    cameras: {
      compared: async (wanted, reading) => cameras.compared(wanted, reading),
      apply: async (pages, ...rest) =>
        cameras.apply(watched(pages as AsyncIterable<CameraBatch>), ...rest),
    },
    areas: [{ level: 'country' }],
    onFailure: (error) => failures.push(error),
  });
  const thread = await started;
  while (run.state.phase !== 'ready') await new Promise((done) => setTimeout(done, 10));
  run.accept({ author: tester, plan: 1, skipRefused: false });
  return { run, ended: ended.promise };
}

async function nothingIsWrittenAndOthersWrite(): Promise<void> {
  expect(await cameras.list({ limit: 9 })).toEqual([]);
  // The one connection that writes was given back.
  await cameras.create(newCamera.parse(krabiCamera()), byTest);
}

test.each(Array.from({ length: PAGES }, (_, at) => at + 1))(
  `an import that is thrown away when page %i of ${PAGES} is being written is not written`,
  async (page) => {
    const closing: Promise<void>[] = [];
    const { ended } = await accepted(page, (run) => {
      closing.push(run.close());
    });
    await ended;
    await Promise.all(closing);
    await nothingIsWrittenAndOthersWrite();
    expect(failures).toEqual([]);
  },
);

test('an import whose thread dies while it is written fails when nothing of it is written', async () => {
  const { run, ended } = await accepted(1, async (_run, thread) => {
    await thread.terminate();
  });
  await ended;
  while (run.state.phase === 'applying') await new Promise((done) => setTimeout(done, 10));
  expect(run.state).toMatchObject({ phase: 'failed', refusal: { code: 'import_failed' } });
  expect(failures).toEqual([new Error('the import thread ended')]);
  // Whoever still looks at its rows is not kept waiting.
  expect(await run.rows({ show: undefined, after: 0, limit: 1 })).toEqual([]);
  await nothingIsWrittenAndOthersWrite();
  await run.close();
});

test('an import that waited for another transaction as that one waited for it is written once more', async () => {
  let tries = 0;
  const { run } = await accepted(1, () => {
    if (++tries === 1) throw new TransactionsCrossed('deadlock detected');
  });
  while (run.state.phase === 'applying') await new Promise((done) => setTimeout(done, 10));
  expect([run.state.phase, tries, failures]).toEqual(['applied', 2, []]);
  expect(await cameras.list({ limit: ROWS + 1 })).toHaveLength(ROWS);
  await run.close();
});
