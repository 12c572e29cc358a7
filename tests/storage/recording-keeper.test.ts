/** What recorders tell, while the database has no room, is away for long, or refuses a step. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DatabaseFailed, DiskFull, type Databases } from '#registry/database/database.ts';
import type { TurnState } from '#registry/database/turn.ts';
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
import { enterNotedGaps } from '#storage/spool/enter-noted-gaps.ts';
import { NOTED_GAPS_FILE, NotedGaps } from '#storage/spool/noted-gaps.ts';
import { recoverSpool } from '#storage/spool/recover-spool.ts';
import { spoolMeter } from '#storage/spool/spool-file.ts';
import { encodeFragments, type Fragment } from '#storage/spool/fragment-index.ts';
import { timeline } from '#storage/timeline.ts';
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
let faults: Set<string>;
let recoveries: Promise<unknown>[];
let turn: TurnState;
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
  faults = new Set();
  recoveries = [];
  turn = 'ours';
  keeper = keeperOf(catalogue);
});

function keeperOf(entered: Catalogue, noted?: NotedGaps): RecordingKeeper {
  return new RecordingKeeper({
    ...(noted === undefined ? {} : { noted }),
    catalogue: entered,
    open,
    newId,
    log(event, { err }) {
      if (event === 'catalogue not written') failures.push(err);
    },
    onSpooled: () => {},
    onFault: (fault) => faults.add(fault),
    onGivenUp() {
      const recovery = recoverSpool(catalogue, spool, (id) => open.has(id));
      recoveries.push(recovery.catch((error: unknown) => error));
    },
    clocksOf: () => ({ offsetMs: null, inStep: null }),
    turn: () => turn,
  });
}
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
  keeper.runEnded(CAMERA, 'refused', RUN_START_MS + MINUTE_MS);
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
  keeper.runEnded(CAMERA, 'refused', RUN_START_MS + MINUTE_MS);
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
  keeper.runEnded(CAMERA, 'silent', RUN_START_MS + MINUTE_MS);
  tell({ finished: [{ ...first.finished, endReason: 'run-ended' }] });
  tell({ opened: [second.opened] });
  keeper.runEnded(CAMERA, 'refused', RUN_START_MS + MINUTE_MS);
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

const minutes = (ms: number): number => (ms - RUN_START_MS) / MINUTE_MS;

/** What is told of a camera, and the gaps that come of it: from and to in minutes, and the word of why. */
async function gapsAfter(tellAll: () => void): Promise<[number, number | null, string | null][]> {
  tellAll();
  await keeper.stop();
  const found = await gapsOf(CAMERA);
  return found.map((gap) => [minutes(gap.startMs), gap.endMs && minutes(gap.endMs), gap.detail]);
}
function fragment(startMs: number, mediaMs: number): Fragment {
  const times = { startMs, decodeTicks: mediaMs * 90, durationTicks: 500 * 90 };
  return { ...times, offset: 0, byteLength: 1_000, independent: true };
}

const at = (minute: number): number => RUN_START_MS + minute * MINUTE_MS;

it('a camera that is down stays so for its first cause, and is not scheduled from where recording is turned off', async () => {
  const told = await gapsAfter(() => {
    const first = recording(at(0));
    tell({ opened: [first.opened] });
    keeper.runEnded(CAMERA, 'closed-by-camera', at(1));
    tell({ finished: [{ ...first.finished, endReason: 'run-ended' }] });
    keeper.runEnded(CAMERA, 'refused', at(2));
    keeper.runEnded(CAMERA, 'unreachable', at(3));
    keeper.turnedOff(CAMERA, at(4));
    keeper.start(CAMERA, at(5));
    keeper.runEnded(CAMERA, 'silent', at(6));
    tell({ opened: [recording(at(7)).opened] });
  });
  expect(told).toEqual([
    [1, 4, 'closed-by-camera'],
    [4, 5, 'recording-off'],
    [5, 7, 'silent'],
  ]);
});

it('what is ours is the cause until the camera gives none of its own', async () => {
  const told = await gapsAfter(() => {
    keeper.start(CAMERA, at(0));
    tell({ failed: [{ cameraId: CAMERA, atMs: at(1), full: false }] });
    keeper.runEnded(CAMERA, 'silent', at(2));
    tell({ failed: [{ cameraId: CAMERA, atMs: at(3), full: false }] });
    const next = recording(at(4));
    tell({ opened: [next.opened] });
    keeper.runEnded(CAMERA, 'worker-restarted', at(5));
    tell({ finished: [{ ...next.finished, endReason: 'run-ended' }] });
    keeper.runEnded(CAMERA, 'unreachable', at(6));
    // What a recorder that was held up tells of at once.
    const last = recording(at(7), 'run-ended');
    tell({ opened: [last.opened], finished: [last.finished] });
  });
  expect(told).toEqual([
    [0, 2, 'spool-failed'],
    [2, 3, 'silent'],
    [3, 4, 'spool-failed'],
    [5, 6, 'worker-restarted'],
    [6, 7, 'unreachable'],
    [8, null, 'unreachable'],
  ]);
});

it('causes that followed one another while too much waited are all told of', async () => {
  const first = recording(at(0));
  tell({ opened: [first.opened] });
  await vi.waitFor(async () => expect(await stateOf(first.id)).toBe('open'));
  fillQueue();
  keeper.runEnded(CAMERA, 'silent', at(1));
  tell({ finished: [{ ...first.finished, endReason: 'run-ended' }] });
  keeper.turnedOff(CAMERA, at(2));
  keeper.start(CAMERA, at(3));
  keeper.runEnded(CAMERA, 'refused', at(4));
  await vi.waitFor(async () => expect(await gapsOf(CAMERA)).toHaveLength(3));
  expect(await gapsAfter(() => {})).toEqual([
    [1, 2, 'silent'],
    [2, 3, 'recording-off'],
    [3, null, 'refused'],
  ]);
});

it('while nobody knows whose turn it is words wait; who lost it tells of no gap, and leaves its recordings to recovery', async () => {
  const ours = recording(at(0));
  tell({ opened: [ours.opened] });
  await vi.waitFor(async () => expect(await stateOf(ours.id)).toBe('open'));
  turn = 'lost';
  keeper.runEnded(CAMERA, 'silent', at(1));
  const ended = { ...ours.finished, endReason: 'run-ended' } as const;
  tell({ finished: [ended] });
  turn = 'others';
  keeper.disown();
  keeper.start(OTHER, at(1));
  await vi.waitFor(() => expect(recoveries).not.toEqual([]));
  await Promise.all(recoveries);
  expect(await stateOf(ours.id)).toBe('spooled');
  expect([...(await gapsOf(CAMERA)), ...(await gapsOf(OTHER))]).toEqual([]);
});

it('what is told of gaps while the database is away outlives the process, and is entered once, where no other gap is told of', async () => {
  const path = join(spool, NOTED_GAPS_FILE);
  const nowMs = at(9);
  const noted = new NotedGaps({ path, now: () => nowMs, log: () => {} });
  keeper = keeperOf(catalogue, noted);
  const [first, second] = [recording(at(0)), recording(at(3))];
  tell({ opened: [first.opened] });
  keeper.start(OTHER, at(0));
  await vi.waitFor(async () => expect(await gapsOf(OTHER)).toHaveLength(1));
  expect(existsSync(path)).toBe(false);
  turn = 'lost';
  keeper.runEnded(CAMERA, 'silent', at(1));
  tell({ finished: [{ ...first.finished, endReason: 'run-ended' }] });
  keeper.turnedOff(CAMERA, at(2));
  tell({ opened: [second.opened] });
  keeper.runEnded(CAMERA, 'refused', at(4));
  tell({ finished: [{ ...second.finished, endReason: 'run-ended' }] });
  keeper.runEnded(OTHER, 'silent', at(1));
  await vi.waitFor(() => expect(existsSync(path)).toBe(true));
  noted.alive();
  await noted.flushed();
  // The process is no more; the power went with the last line half written.
  turn = 'others';
  keeper.disown();
  await keeper.stop();
  appendFileSync(path, '{"step":{"kind":"ends","came');
  utimesSync(path, nowMs / 1_000, nowMs / 1_000);
  const left = readFileSync(path);
  // Somebody told of some of it already.
  const told = { cameraId: CAMERA, startMs: at(1), endMs: at(1) + 30_000 };
  await insertGap(catalogue, newId(), { ...told, cause: 'network', detail: 'silent' });
  const expected = [
    [1, 1.5, 'silent'],
    [1.5, 2, 'silent'],
    [2, 3, 'recording-off'],
    [4, 9, 'refused'],
  ];
  for (const isFirst of [true, false]) {
    if (!isFirst) writeFileSync(path, left);
    utimesSync(path, nowMs / 1_000, nowMs / 1_000);
    expect(await enterNotedGaps(catalogue, path, newId)).toBe(at(9));
    const found = await gapsOf(CAMERA);
    expect(
      found.map((gap) => [minutes(gap.startMs), gap.endMs && minutes(gap.endMs), gap.detail]),
    ).toEqual(expected);
    // It lasted before, and goes on: with what kept it from its first recording.
    expect(await gapsOf(OTHER)).toMatchObject([
      { startMs: at(0), endMs: null, cause: 'network', detail: 'silent' },
    ]);
  }
  expect(await enterNotedGaps(catalogue, path, newId)).toBeUndefined();
});

it('what was noted goes when the database has taken all of it', async () => {
  const path = join(spool, NOTED_GAPS_FILE);
  const noted = new NotedGaps({ path, now: () => at(9), log: () => {} });
  keeper = keeperOf(catalogue, noted);
  turn = 'lost';
  keeper.start(CAMERA, at(0));
  await vi.waitFor(() => expect(existsSync(path)).toBe(true));
  turn = 'ours';
  await vi.waitFor(async () => expect(await gapsOf(CAMERA)).toHaveLength(1));
  await vi.waitFor(() => expect(existsSync(path)).toBe(false));
});

it('a disk that keeps what is written too late is a fault, for a power cut would cost more than was promised', () => {
  tell({ syncLateMs: 1_000 });
  expect([...faults]).toEqual([]);
  tell({ syncLateMs: 1_001 });
  expect([...faults]).toEqual(['sync-late']);
});

it('a gap, or a hole, is entered before the recording that shows it: whoever asks in between is told why', async () => {
  const [before, after] = [recording(at(0)), recording(at(3))];
  const written: string[] = [];
  const noted = catalogue.withPlugin({
    transformQuery({ node }) {
      const table = node.kind === 'InsertQueryNode' ? node.into : undefined;
      if (table?.kind === 'TableNode') written.push(table.table.identifier.name);
      if (node.kind === 'UpdateQueryNode') written.push('ends');
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  });
  keeper = keeperOf(noted);
  const fragments = [fragment(at(0), 0), fragment(at(0) + 10_000, 10_000)];
  const fragmentIndex = encodeFragments(fragments);
  const hole = { startMs: at(1), endMs: at(3), isClockSet: false };
  tell({ opened: [before.opened] });
  tell({ finished: [{ ...before.finished, fragmentIndex, fragments: 2 }] });
  tell({ opened: [{ ...after.opened, hole }] });
  await keeper.stop();
  const told = written.filter((table) => ['recordings', 'gaps', 'ends'].includes(table));
  expect(told).toEqual(['recordings', 'gaps', 'ends', 'gaps', 'recordings']);
});

it('what is missing between two recordings of a run, or within one that grows, is told of with its cause', async () => {
  const [before, after] = [recording(at(0)), recording(at(3))];
  const hole = { startMs: at(1), endMs: at(3), isClockSet: false };
  tell({ opened: [before.opened] });
  // Long before the recorder comes to where they are missing.
  keeper.passedOver([{ cameraId: CAMERA, startMs: at(1) + 200, endMs: at(3) - 300 }]);
  tell({ opened: [{ ...after.opened, hole }] });
  tell({ finished: [before.finished] });
  const fragments = [
    fragment(at(3), 0),
    fragment(at(3) + 10_000, 10_000),
    fragment(at(4), 10_500),
    fragment(at(4) + 500, 11_000),
  ];
  const fragmentIndex = encodeFragments(fragments);
  const grown = { recordingId: after.id, cameraId: CAMERA, endMs: at(4) + 1_000, fragmentIndex };
  tell({ grown: [grown] });
  await vi.waitFor(async () => expect(await stateOf(before.id)).toBe('spooled'));
  const told = async () => {
    const range = { fromMs: at(0), toMs: at(4) + 1_000 };
    const { spans, gaps } = await timeline(catalogue, open, CAMERA, range);
    return {
      spans: spans.map((span) => [span.startMs - at(0), span.endMs - at(0)]),
      gaps: gaps.map((gap) => [gap.cause, gap.detail]),
    };
  };
  const whole = {
    spans: [
      [0, 60_000],
      [180_000, 180_500],
      [190_000, 190_500],
      [240_000, 241_000],
    ],
    gaps: [
      ['storage', 'recorder-behind'],
      ['network', 'lost-pictures'],
      ['gateway', 'clock-set'],
    ],
  };
  expect(await told()).toEqual(whole);
  tell({ finished: [{ ...after.finished, endMs: grown.endMs, fragmentIndex, fragments: 4 }] });
  await keeper.stop();
  expect(await told()).toEqual(whole);
});
