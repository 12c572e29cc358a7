/** What recorders tell, while the database has no room, is away for long, or refuses a step. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DatabaseFailed, DiskFull, type Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { gapsBetween, insertGap, type Gap } from '#storage/catalogue/gaps.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { recordingById } from '#storage/catalogue/recordings.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import type {
  EndReason,
  FinishedRecording,
  FromRecorder,
  OpenedRecording,
} from '#storage/recorder-protocol.ts';
import { RecordingKeeper } from '#storage/recording-keeper.ts';
import { recoverSpool } from '#storage/spool/recover-spool.ts';
import { spoolMeter } from '#storage/spool/spool-file.ts';
import { RUN_START_MS } from '#tests/ingest/cut.ts';
import { leftBehind } from './left-behind.ts';

const CAMERA = '019e0000-0000-7000-8000-000000000001';
const OTHER = '019e0000-0000-7000-8000-000000000002';
const MINUTE_MS = 60_000;
const MAX_WAITING = 10_000;

let folder: string;
let spool: string;
let databases: Databases;
let catalogue: Catalogue;
let open: OpenRecordings;
let keeper: RecordingKeeper;
let failures: unknown[];
let recoveries: Promise<unknown>[];
let ids = 0;
const newId = (): string => `019e0000-0000-7000-9000-${String(ids++).padStart(12, '0')}`;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keeper-'));
  spool = join(folder, 'spool');
  mkdirSync(join(spool, CAMERA), { recursive: true });
  databases = openDatabases({ dataDir: join(folder, 'data') });
  catalogue = await openCatalogue(databases);
  open = new OpenRecordings();
  failures = [];
  recoveries = [];
  keeper = new RecordingKeeper({
    catalogue,
    open,
    newId,
    log(event, { err }) {
      if (event === 'catalogue not written') failures.push(err);
    },
    onSpooled: () => {},
    onNotRecorded: () => {},
    onGivenUp() {
      const recovery = recoverSpool(catalogue, spool, (id) => open.has(id));
      recoveries.push(recovery.catch((error: unknown) => error));
    },
    clocksOf: () => ({ offsetMs: null, inStep: null }),
  });
});
afterEach(async () => {
  await keeper.stop();
  await Promise.all(recoveries);
  await databases.close();
  rmSync(folder, { recursive: true, force: true });
});

function tell(told: Partial<FromRecorder>): void {
  const nothing = { opened: [], grown: [], finished: [], failed: [] };
  keeper.progress({ ...nothing, syncLateMs: 0, spent: spoolMeter(), ...told });
}

/** A minute's recording, whose file lies in the spool. */
function recording(
  startMs: number,
  endReason: EndReason = 'rotated',
): { id: string; opened: OpenedRecording; finished: FinishedRecording } {
  const id = newId();
  const { path, opened } = leftBehind(spool, { recordingId: id, cameraId: CAMERA, startMs });
  return {
    id,
    opened,
    finished: {
      recordingId: id,
      cameraId: CAMERA,
      startMs,
      endMs: startMs + MINUTE_MS,
      byteLength: statSync(path).size,
      sha256: 'a'.repeat(64),
      fragmentIndex: new Uint8Array(),
      fragments: 0,
      endReason,
    },
  };
}

const stateOf = async (id: string): Promise<string | undefined> =>
  (await recordingById(catalogue, id))?.state;
const gapsOf = async (cameraId: string): Promise<Gap[]> =>
  gapsBetween(catalogue, cameraId, 0, RUN_START_MS * 2);

/** As many steps wait as may, until the caller waits. */
function fillQueue(): void {
  for (let i = 0; i < MAX_WAITING; i++) keeper.recorderDied([], async () => {}, 0);
}

/** The database's disk is full to the last byte, until what is returned is called. */
async function fillDisk(): Promise<() => Promise<void>> {
  await sql`pragma max_page_count = 1`.execute(catalogue);
  const fill = async (detail: string): Promise<void> => {
    for (let startMs = 0; ; startMs++) {
      const gap = { cameraId: 'filler', startMs, endMs: startMs + 1, detail };
      await insertGap(catalogue, newId(), { ...gap, cause: 'network' });
    }
  };
  await expect(fill('x'.repeat(500))).rejects.toBeInstanceOf(DiskFull);
  await expect(fill('')).rejects.toBeInstanceOf(DiskFull);
  return async () => {
    await sql`pragma max_page_count = 1000000`.execute(catalogue);
  };
}

it('a step that the database has no room for waits until there is room', async () => {
  const makeRoom = await fillDisk();
  const atMs = RUN_START_MS;
  tell({ failed: [{ cameraId: OTHER, atMs, full: true }] });
  await vi.waitFor(() => expect(failures[0]).toBeInstanceOf(DiskFull));
  await makeRoom();
  await vi.waitFor(async () => expect(await gapsOf(OTHER)).toHaveLength(1));
  expect(await gapsOf(OTHER)).toMatchObject([
    { cameraId: OTHER, startMs: atMs, endMs: null, cause: 'storage', detail: 'disk-full' },
  ]);
  expect(recoveries).toEqual([]);
});

it('what is told while too much waits is entered when all that waited is', async () => {
  const before = recording(RUN_START_MS);
  const lost = recording(RUN_START_MS + MINUTE_MS);
  const ended = recording(RUN_START_MS + 2 * MINUTE_MS, 'run-ended');
  const growing = recording(RUN_START_MS + 4 * MINUTE_MS);
  keeper.start(CAMERA, RUN_START_MS - 1_000);
  tell({ opened: [before.opened] });
  await vi.waitFor(async () => expect(await stateOf(before.id)).toBe('open'));

  fillQueue();
  tell({ finished: [before.finished], opened: [lost.opened] });
  tell({ finished: [lost.finished], opened: [ended.opened] });
  keeper.runEnded(CAMERA, 'refused');
  tell({ finished: [ended.finished] });
  keeper.start(OTHER, RUN_START_MS);
  tell({ opened: [growing.opened] });
  expect([before, lost, ended, growing].map(({ id }) => open.has(id))).toEqual([
    false,
    false,
    false,
    true,
  ]);
  await vi.waitFor(() => expect(recoveries).toHaveLength(1));
  await Promise.all(recoveries);
  await vi.waitFor(async () => expect(await stateOf(growing.id)).toBe('open'));
  for (const { id } of [before, lost, ended]) expect(await stateOf(id)).toBe('spooled');
  await vi.waitFor(async () => expect(await gapsOf(OTHER)).toMatchObject([{ endMs: null }]));

  // From here on all is as ever.
  tell({ finished: [{ ...growing.finished, endReason: 'run-ended' }] });
  await vi.waitFor(async () => expect(await stateOf(growing.id)).toBe('spooled'));
  expect(recoveries).toHaveLength(1);
  const lastMs = growing.finished.endMs;
  await vi.waitFor(async () => expect((await gapsOf(CAMERA)).at(-1)?.startMs).toBe(lastMs));
});

it('the gap that lasts when all that waited is entered has its beginning and cause; what was recorded is in none', async () => {
  const first = recording(RUN_START_MS);
  keeper.start(CAMERA, RUN_START_MS - 1_000);
  await vi.waitFor(async () => expect(await gapsOf(CAMERA)).toHaveLength(1));
  fillQueue();
  tell({ opened: [first.opened] });
  keeper.runEnded(CAMERA, 'refused');
  tell({ finished: [{ ...first.finished, endReason: 'run-ended' }] });
  await vi.waitFor(async () => expect(await gapsOf(CAMERA)).toHaveLength(2));
  expect(await gapsOf(CAMERA)).toMatchObject([
    { startMs: RUN_START_MS - 1_000, endMs: RUN_START_MS, detail: 'starting' },
    { startMs: RUN_START_MS + MINUTE_MS, endMs: null, detail: 'refused' },
  ]);
});

it('a gap that began and ended while too much waited has its cause', async () => {
  const first = recording(RUN_START_MS);
  const second = recording(RUN_START_MS + 2 * MINUTE_MS);
  keeper.start(CAMERA, RUN_START_MS - 1_000);
  await vi.waitFor(async () => expect(await gapsOf(CAMERA)).toHaveLength(1));
  fillQueue();
  tell({ opened: [first.opened] });
  keeper.runEnded(CAMERA, 'silent');
  tell({ finished: [{ ...first.finished, endReason: 'run-ended' }] });
  tell({ opened: [second.opened] });
  keeper.runEnded(CAMERA, 'refused');
  tell({ finished: [{ ...second.finished, endReason: 'run-ended' }] });
  await vi.waitFor(async () => expect(await gapsOf(CAMERA)).toHaveLength(3));
  expect(await gapsOf(CAMERA)).toMatchObject([
    { endMs: RUN_START_MS, detail: 'starting' },
    {
      startMs: RUN_START_MS + MINUTE_MS,
      endMs: RUN_START_MS + 2 * MINUTE_MS,
      cause: 'network',
      detail: 'silent',
    },
    { startMs: RUN_START_MS + 3 * MINUTE_MS, endMs: null, detail: 'refused' },
  ]);
});

it('a recording whose step the database refuses is recovered when it ends', async () => {
  const refused = recording(RUN_START_MS);
  await sql`alter table recordings rename to elsewhere`.execute(catalogue);
  tell({ opened: [refused.opened] });
  // Once as told, and once more when nothing waits.
  const failed = expect.any(DatabaseFailed) as unknown;
  await vi.waitFor(() => expect(failures).toEqual([failed, failed]));
  expect(open.has(refused.id)).toBe(true);
  await Promise.all(recoveries.splice(0));
  await sql`alter table elsewhere rename to recordings`.execute(catalogue);
  tell({ finished: [refused.finished] });
  await vi.waitFor(() => expect(recoveries).toHaveLength(1));
  await Promise.all(recoveries);
  expect(await stateOf(refused.id)).toBe('spooled');
});

it('a recording whose end the database refuses is not taken for one that grows', async () => {
  const refused = recording(RUN_START_MS);
  tell({ opened: [refused.opened] });
  await vi.waitFor(async () => expect(await stateOf(refused.id)).toBe('open'));
  await sql`alter table recording_fragments rename to elsewhere`.execute(catalogue);
  tell({ finished: [refused.finished] });
  await vi.waitFor(() => expect(recoveries).toHaveLength(1));
  expect(open.has(refused.id)).toBe(false);
  await Promise.all(recoveries);
  await sql`alter table elsewhere rename to recording_fragments`.execute(catalogue);
  expect(await recoverSpool(catalogue, spool, (id) => open.has(id))).toMatchObject({
    recovered: 1,
  });
});

it('the gap after a recorder that died begins where the gap of a file that it left ends', async () => {
  const whole = recording(RUN_START_MS);
  const refused = { startMs: whole.finished.endMs, endMs: RUN_START_MS + 2 * MINUTE_MS };
  tell({ opened: [whole.opened], finished: [whole.finished] });
  const recover = async (): Promise<void> => {
    const gap = { cameraId: CAMERA, ...refused, cause: 'storage', detail: 'left' } as const;
    await insertGap(catalogue, newId(), gap);
  };
  keeper.recorderDied([CAMERA], recover, RUN_START_MS + 5 * MINUTE_MS);
  await keeper.stop();
  expect(await gapsOf(CAMERA)).toMatchObject([
    refused,
    { startMs: refused.endMs, endMs: null, detail: 'recorder-restarted' },
  ]);
});
