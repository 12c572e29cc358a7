/** Gateways that share a database: one records, and each leaves alone what waits in a spool that it does not see. */
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Databases } from '#registry/database/database.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import type { Turn, TurnListener, TurnState } from '#registry/database/turn.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { gapsBetween } from '#storage/catalogue/gaps.ts';
import { openCatalogue } from '#storage/catalogue/open-catalogue.ts';
import { insertOpened, markSpooled, recordingById } from '#storage/catalogue/recordings.ts';
import { nameSpool } from '#storage/catalogue/spools.ts';
import type { Catalogue } from '#storage/catalogue/tables.ts';
import { openFolderStore } from '#storage/objects/folder.ts';
import { ObjectConflict, type ObjectStore } from '#storage/objects/object-store.ts';
import { SpoolNotKnown } from '#storage/reconcile-spool.ts';
import { reconcileAlone } from '#storage/reconcile.ts';
import { startRecording, type RecordingService } from '#storage/recording-service.ts';
import { RecordedElsewhere, RecordingNotBegun } from '#storage/recording-turn.ts';
import { NotStoredYet } from '#storage/retrieval/playable.ts';
import { encodeFragments } from '#storage/spool/fragment-index.ts';
import { CAMERA, opened } from '../contracts/recorded-minutes.ts';
import { LEFT_MS, leftBehind } from './left-behind.ts';

const newId = uuidV7Source(Date.now);
/** Of recordings that are too old to be a live recorder's. */
const oldId = uuidV7Source(() => Date.now() - 60_000);
const [HERE, THERE] = ['spool-here', 'spool-there'];

let folder: string;
let databases: Databases;
let catalogue: Catalogue;
let service: RecordingService;
let turn: Turn & { state: TurnState };
let released: number;
let tell: TurnListener;
let logged: string[];
let reconnected: number;
let aheadMs: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'turn-'));
  databases = openDatabases({ dataDir: join(folder, 'data') });
  catalogue = await openCatalogue(databases);
  logged = [];
  reconnected = 0;
  aheadMs = 0;
  released = 0;
});
afterEach(async () => {
  await service.stop();
  await databases.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A gateway on the same database, whose turn it is when it is told. */
async function startBeside(
  state: TurnState,
  store = openFolderStore(join(folder, 'objects')),
): Promise<void> {
  turn = { state, release: async () => void released++ };
  service = await startRecording({
    databases: {
      ...databases,
      open: (async () => catalogue) as unknown as Databases['open'],
      takeTurn: async (_, onChanged) => {
        tell = (now) => {
          turn.state = now;
          onChanged(now);
        };
        return turn;
      },
    },
    store,
    recorderUrl: new URL('file:///none'),
    spoolFolder: join(folder, 'spool'),
    spoolId: HERE,
    spoolName: 'here:/spool',
    syncMs: 5_000,
    spoolBounds: { maxBytes: 1e9, maxAgeMs: 1e9 },
    recorded: [CAMERA],
    retention: async function* () {},
    inventoryDays: async () => 30,
    shorteningGraceMs: 0,
    signer: { keyId: 'key', sign: () => '', isSigned: () => true },
    onSealed: async () => {},
    newId,
    now: () => Date.now() + aheadMs,
    log: (event) => logged.push(event),
  });
  service.onTurn(() => reconnected++);
}

/** Rows of recordings whose files lie in a spool that is not here: one that is being recorded, one that waits. */
async function recordedElsewhere(): Promise<{ open: string; spooled: string }> {
  const startMs = Date.now() - 120_000;
  const [open, spooled] = [newId(), newId()];
  await nameSpool(catalogue, { id: THERE, name: 'there:/spool' });
  await insertOpened(
    catalogue,
    [open, spooled].map((recordingId) => ({ ...opened(startMs, CAMERA), recordingId })),
    THERE,
  );
  await markSpooled(catalogue, [
    {
      recordingId: spooled,
      cameraId: CAMERA,
      startMs,
      endMs: startMs + 60_000,
      byteLength: 1_000,
      sha256: 'ab'.repeat(32),
      fragmentIndex: encodeFragments([]),
      fragments: 0,
      endReason: 'rotated',
    },
  ]);
  return { open, spooled };
}

const inConflict: ObjectStore['put'] = async (key) => {
  throw new ObjectConflict(key);
};

const gaps = async (): Promise<string[]> =>
  (await catalogue.selectFrom('gaps').select('detail').execute()).map(({ detail }) => detail ?? '');

it('while another records, nothing of its is touched, nothing is put, and those who watch over the system are told', async () => {
  const { open, spooled } = await recordedElsewhere();
  await startBeside('others');
  expect(logged).toEqual(['another gateway records on this database, this one does not']);
  expect(service.notices()).toMatchObject([{ code: 'recorded-elsewhere' }]);
  const look = { repair: false, deep: false };
  expect(await service.reconcile(look)).toMatchObject({
    spoolFiles: 0,
    differences: [],
    otherSpools: [{ spoolId: THERE, name: 'there:/spool', recordings: 2, byteLength: 1_000 }],
  });
  await expect(service.reconcile({ ...look, repair: true })).rejects.toThrow(RecordedElsewhere);
  // Many times what a round of puts asks of the database before it gives a recording up.
  for (let i = 0; i < 50; i++) await recordingById(catalogue, spooled);
  expect(await recordingById(catalogue, open)).toMatchObject({ state: 'open' });
  expect(await recordingById(catalogue, spooled)).toMatchObject({ state: 'spooled' });
  expect(await gaps()).toEqual([]);
});

it('who takes over leaves what waits in the spool of the one before, says so, and takes it for lost only when it is told to', async () => {
  const { open, spooled } = await recordedElsewhere();
  const startMs = (await recordingById(catalogue, spooled))?.startMs ?? 0;
  await startBeside('ours');
  for (let i = 0; i < 50; i++) await recordingById(catalogue, spooled);
  expect(await recordingById(catalogue, open)).toMatchObject({ state: 'open', spoolId: THERE });
  expect(await recordingById(catalogue, spooled)).toMatchObject({ state: 'spooled' });
  expect((await gaps()).toSorted()).toEqual(['starting', 'stopped']);
  // A container without a volume has a new one at each start: that is said.
  expect(logged[0]).toBe('recordings wait in other spools');
  expect(logged[1]).toContain('keep its data folder on a volume that lasts');
  expect(service.notices()).toMatchObject([
    { code: 'recordings-elsewhere', sinceMs: startMs, where: ['there:/spool'] },
  ]);
  const range = { fromMs: startMs, toMs: startMs + 60_000 };
  expect(await service.timeline(CAMERA, range)).toMatchObject({
    spans: [range].map(({ fromMs, toMs }) => ({ startMs: fromMs, endMs: toMs })),
    gaps: [],
    elsewhere: [{ startMs, endMs: startMs + 60_000 }],
  });
  await expect(service.playlist(CAMERA, range, () => '')).rejects.toThrow(NotStoredYet);
  const repair = { repair: true, deep: false };
  expect((await service.reconcile(repair)).differences).toEqual([]);
  for (const giveUp of [HERE, 'nobodys']) {
    await expect(service.reconcile({ ...repair, giveUp })).rejects.toThrow(SpoolNotKnown);
  }
  const given = await service.reconcile({ ...repair, giveUp: THERE });
  expect(given).toMatchObject({
    differences: [
      { kind: 'spool-given-up', recordingId: open },
      { kind: 'spool-given-up', recordingId: spooled, repaired: 'a gap of the storage' },
    ],
    otherSpools: [],
  });
  expect((await service.timeline(CAMERA, range)).gaps).toMatchObject([
    { startMs, endMs: startMs + 60_000, cause: 'storage', detail: 'spool-given-up' },
  ]);
  expect(service.notices()).toEqual([]);
});

it('what waits since before rows said whose it is belongs to the gateway that is the first to record', async () => {
  const { recordingId, ...row } = opened(Date.now() - 60_000, CAMERA);
  await insertOpened(catalogue, [{ ...row, recordingId }]);
  await startBeside('ours');
  expect(await recordingById(catalogue, recordingId)).toBeUndefined();
});

it('who does not record any more puts what it recorded', async () => {
  const left = { recordingId: oldId(), cameraId: CAMERA, startMs: Date.now() - 60_000 };
  const { opened: row } = leftBehind(join(folder, 'spool'), left);
  await insertOpened(catalogue, [row], HERE);
  await startBeside('others');
  await vi.waitFor(async () =>
    expect(await recordingById(catalogue, left.recordingId)).toMatchObject({
      state: 'stored',
      spoolId: null,
    }),
  );
});

it('when that one ends, this one records: cameras are connected anew, and their gap begins', async () => {
  await startBeside('others');
  tell('ours');
  await vi.waitFor(() => expect(reconnected).toBe(1));
  expect(service.notices()).toEqual([]);
  await vi.waitFor(async () => expect(await gaps()).toEqual(['starting']));
});

it('who lost its turn to another records no more', async () => {
  await startBeside('ours');
  tell('lost');
  expect(service.notices()).toEqual([]);
  tell('others');
  expect(reconnected).toBe(1);
  expect(service.notices()).toMatchObject([{ code: 'recorded-elsewhere' }]);
  tell('ours');
  await vi.waitFor(() => expect(reconnected).toBe(2));
  expect(logged).toContain('this gateway records now');
});

it('a camera whose recording is turned off and on is not scheduled between, and no gap outlives the process', async () => {
  await startBeside('ours');
  aheadMs += 1_000;
  service.setRecorded(CAMERA, false);
  aheadMs += 1_000;
  service.setRecorded(CAMERA, true);
  await service.stop();
  expect(await gaps()).toContain('recording-off');
  await startBeside('ours');
  await vi.waitFor(async () => {
    const lasting = catalogue.selectFrom('gaps').select('detail').where('end_ms', 'is', null);
    expect(await lasting.execute()).toEqual([{ detail: 'starting' }]);
  });
});

it('what kept a camera from being recorded while the database was away is told of by the next process', async () => {
  await startBeside('ours');
  tell('lost');
  aheadMs += 1_000;
  service.setRecorded(CAMERA, false);
  aheadMs += 1_000;
  await service.stop();
  expect(await gaps()).not.toContain('recording-off');
  await startBeside('ours');
  expect(await gaps()).toContain('recording-off');
});

it('a reconciliation looks into the spool unless another records, and a repair is refused for what keeps this one from it', async () => {
  await startBeside('ours');
  const look = { repair: false, deep: false };
  const repair = { ...look, repair: true };
  expect(await service.reconcile(repair)).toMatchObject({ spoolFiles: 0 });
  tell('lost');
  expect(await service.reconcile(look)).toMatchObject({ spoolFiles: 0 });
  await expect(service.reconcile(repair)).rejects.toThrow(RecordingNotBegun);
  await expect(service.reconcile(repair)).rejects.toThrow('the database does not say whose turn');
  tell('others');
  await expect(service.reconcile(repair)).rejects.toThrow(RecordedElsewhere);
  const spool = join(folder, 'spool');
  rmSync(spool, { recursive: true });
  writeFileSync(spool, 'a file where the folder was');
  tell('ours');
  await vi.waitFor(() => expect(logged.at(-1)).toBe('recording not begun'));
  expect(await service.reconcile(look)).toMatchObject({ spoolFiles: 0 });
  await expect(service.reconcile(repair)).rejects.toThrow(/cannot begin here \(ENOTDIR/);
});

it('a repair where no gateway runs takes the turn for as long as it lasts, and nothing for lost that lies in another spool', async () => {
  const { open, spooled } = await recordedElsewhere();
  await startBeside('others');
  const reconciled = (state: TurnState, repair: boolean) => {
    turn.state = state;
    return reconcileAlone(
      { takeTurn: async () => turn },
      {
        catalogue,
        store: openFolderStore(join(folder, 'objects')),
        spoolFolder: join(folder, 'spool'),
        spoolId: HERE,
        isOpen: () => false,
        newId,
        now: Date.now,
        repair,
        deep: false,
      },
    );
  };
  await expect(reconciled('others', true)).rejects.toThrow(RecordedElsewhere);
  expect(released).toBe(1);
  expect(await reconciled('others', false)).toMatchObject({ differences: [] });
  expect(released).toBe(1);
  // A file of its own that is to be recovered, and a row of its own without one, beside them.
  mkdirSync(join(folder, 'spool', CAMERA, `${newId()}.mp4`), { recursive: true });
  await insertOpened(catalogue, [opened(Date.now() - 60_000, CAMERA)], HERE);
  expect(await reconciled('ours', true)).toMatchObject({
    differences: [{ kind: 'spool-file-missing', repaired: 'a gap of the storage' }, {}],
    otherSpools: [{ spoolId: THERE, recordings: 2 }],
  });
  expect(released).toBe(2);
  // They lie in the spool of a gateway that was stopped, and wait there.
  expect(await recordingById(catalogue, open)).toMatchObject({ state: 'open' });
  expect(await recordingById(catalogue, spooled)).toMatchObject({ state: 'spooled' });
  expect(await gaps()).toEqual(['spool-file-missing']);
});

it('a file that cannot be entered keeps no gateway from recording, and stands among what an operator has to look at', async () => {
  mkdirSync(join(folder, 'spool', CAMERA, `${newId()}.mp4`), { recursive: true });
  await startBeside('ours');
  await vi.waitFor(async () => expect(await gaps()).toEqual(['starting']));
  expect(logged).toEqual(['spool files left as they are']);
  expect(service.notices()).toMatchObject([{ code: 'spool-files-left', files: { count: 1 } }]);
});

it('a file that cannot be read at a start is a gap of the storage, and footage once it is', async () => {
  const spool = join(folder, 'spool');
  const startMs = Date.now() - 60_000;
  leftBehind(spool, { recordingId: newId(), cameraId: CAMERA, startMs });
  const next = { recordingId: newId(), cameraId: CAMERA, startMs: startMs + LEFT_MS };
  const { path, opened: row } = leftBehind(spool, next);
  await insertOpened(catalogue, [row]);
  renameSync(path, `${path}.away`);
  mkdirSync(path);
  const writtenMs = startMs + 2 * LEFT_MS + 500;
  utimesSync(path, writtenMs / 1_000, writtenMs / 1_000);
  const told = async () => {
    const range = { fromMs: startMs, toMs: startMs + 10_000 };
    const { spans, gaps: missing } = await service.timeline(CAMERA, range);
    return {
      spans: spans.map((span) => [span.startMs - startMs, span.endMs - startMs]),
      gaps: missing.map((gap) => [gap.startMs - startMs, gap.endMs - startMs, gap.detail]),
    };
  };
  await startBeside('ours');
  expect(await told()).toEqual({
    spans: [[0, LEFT_MS]],
    gaps: [
      [LEFT_MS, 2 * LEFT_MS + 500, 'spool-file-refused'],
      [2 * LEFT_MS + 500, 10_000, 'stopped'],
    ],
  });
  // The absence begins where the file's gap ends: one does not lie over the other.
  const rows = await gapsBetween(catalogue, CAMERA, startMs, startMs + 10_000);
  expect(rows.map((gap) => gap.startMs - startMs)).toEqual([LEFT_MS, 2 * LEFT_MS + 500]);
  await service.stop();
  rmdirSync(path);
  renameSync(`${path}.away`, path);
  await startBeside('ours');
  expect(await told()).toEqual({
    spans: [[0, 2 * LEFT_MS]],
    gaps: [
      [2 * LEFT_MS, 2 * LEFT_MS + 500, 'spool-file-refused'],
      [2 * LEFT_MS + 500, 10_000, 'stopped'],
    ],
  });
});

it('a file that the store refuses for good stands among what an operator has to look at', async () => {
  const left = { recordingId: newId(), cameraId: CAMERA, startMs: Date.now() - 60_000 };
  leftBehind(join(folder, 'spool'), left);
  await startBeside('ours', { ...openFolderStore(join(folder, 'objects')), put: inConflict });
  await vi.waitFor(() =>
    expect(service.notices()).toMatchObject([{ code: 'spool-files-left', files: { count: 1 } }]),
  );
});
