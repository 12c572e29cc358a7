import { beforeEach, describe, expect, test } from 'vitest';
import { newCamera, type CameraChange } from '#registry/camera.ts';
import { systemAuthor } from '#registry/author.ts';
import type { RegistrationEvent, Cameras } from '#registry/cameras.ts';
import { checkRegistry } from '#registry/check-registry.ts';
import { CameraNotFound, CameraStale, CameraTwice } from '#registry/camera-refusals.ts';
import { ChangeRefused } from '#registry/camera-changes.ts';
import { declaredCounts } from '#registry/declared-counts.ts';
import { up as closedAreasSayNoLink } from '#registry/schema/migrations/0029-closed-areas-say-no-link.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { byTest, testBox, tester } from '../../registry/cameras-of.ts';
import { krabiCamera } from '../../registry/krabi-camera.ts';
import type { DatabaseRig } from '../each-database.ts';
import { openedCameras, START_MS } from './opened-cameras.ts';

const given = (changes: Record<string, unknown> = {}) => newCamera.parse(krabiCamera(changes));
const at = (url: string) => given({ stream: { url } });
const lao = (name: string, district = 'เกาะลันตา', province = 'กระบี่') => ({
  name,
  district,
  province,
});

/** What a change does to a camera, who may make it upon what, and what comes of deleting. */
export function changesOfCameras(rig: DatabaseRig): void {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let nowMs: number;
  let told: RegistrationEvent[];

  beforeEach(async () => {
    nowMs = START_MS;
    ({ database, cameras, told } = await openedCameras(rig, () => nowMs));
  });

  describe('a change', () => {
    test('makes a new version, and history says what it was before, by whom and when', async () => {
      const { id } = await cameras.create(given(), byTest);
      nowMs += 60_000;
      const author = { id: 'somchai', name: 'สมชาย', proxyFor: 'ทต.เกาะลันตาใหญ่' };
      const changed = await cameras.change(
        id,
        { brand: 'ยี่ห้อ ข', linkedAgencies: ['สภ.ก', 'สภ.ข'], declared: 'under-repair' },
        { author, version: 1 },
      );
      expect(changed).toMatchObject({
        version: 2,
        brand: 'ยี่ห้อ ข',
        linkedAgencies: ['สภ.ก', 'สภ.ข'],
        updatedAt: new Date(nowMs).toISOString(),
        declaredAt: new Date(nowMs).toISOString(),
      });
      expect(await cameras.get(id)).toEqual(changed);
      expect(await cameras.history(id)).toEqual([
        {
          version: 2,
          atMs: nowMs,
          action: 'changed',
          source: 'declared',
          author,
          reason: null,
          changes: [
            ['linkedAgencies', ['สภ.เกาะลันตา'], ['สภ.ก', 'สภ.ข']],
            ['brand', 'ยี่ห้อ ก', 'ยี่ห้อ ข'],
            ['declared', 'working', 'under-repair'],
          ],
        },
        {
          version: 1,
          atMs: nowMs - 60_000,
          action: 'created',
          source: 'declared',
          author: tester,
          reason: null,
          changes: [],
        },
      ]);
      const detail = await cameras.detail(id);
      expect(detail?.origins['brand']).toEqual({
        source: 'declared',
        by: author,
        at: new Date(nowMs).toISOString(),
      });
      expect(detail?.origins['position']?.by).toEqual(tester);
      // Nothing of the stream changed: whoever pulls it goes on.
      expect(told.map(({ kind, streamChanged }) => [kind, streamChanged])).toEqual([
        ['created', true],
        ['changed', false],
      ]);
    });

    test('that changes nothing makes no version', async () => {
      const { id, ...camera } = await cameras.create(given(), byTest);
      const same = await cameras.change(
        id,
        { brand: camera.brand, lao: lao('เทศบาลตำบลเกาะลันตาใหญ่', 'อ.เกาะลันตา', 'จังหวัดกระบี่') },
        { ...byTest, version: 1 },
      );
      expect(same.version).toBe(1);
      expect(told).toHaveLength(1);
    });

    test('to a version that is gone is refused with both, and nothing is written', async () => {
      const { id } = await cameras.create(given(), byTest);
      const current = await cameras.change(id, { brand: 'ของคนแรก' }, { ...byTest, version: 1 });
      const late = cameras.change(id, { retentionDays: 90 }, { ...byTest, version: 1 });
      await expect(late).rejects.toBeInstanceOf(CameraStale);
      const { details } = (await late.catch((error: unknown) => error)) as CameraStale;
      expect(details.current).toEqual(current);
      // As it would be, had nobody else changed it: the other's brand is not in it.
      expect(details.yours).toMatchObject({ retentionDays: 90, brand: 'ยี่ห้อ ก' });
      expect(details.changedSince).toEqual(['brand']);
      expect(await cameras.get(id)).toEqual(current);
      // Of a link that is gone meanwhile all parts are told, also those that it had nothing in.
      await cameras.change(id, { stream: null }, { ...byTest, version: 2 });
      const later = cameras.change(id, { retentionDays: 90 }, { ...byTest, version: 2 });
      const of = ((await later.catch((error: unknown) => error)) as CameraStale).details;
      expect(of.yours).toMatchObject({ retentionDays: 90, brand: current.brand });
      expect(of.yours?.stream).toEqual(current.stream);
      await expect(
        cameras.remove(id, { ...byTest, version: 1, reason: 'ทดสอบ' }),
      ).rejects.toBeInstanceOf(CameraStale);
    });

    test('of two at once to one version, one is stored', async () => {
      const { id } = await cameras.create(given(), byTest);
      // So that each has its connection already, and they do run at once.
      await Promise.all(Array.from({ length: 10 }, async () => cameras.streams()));
      const results = await Promise.allSettled(
        ['ก', 'ข', 'ค', 'ง', 'จ', 'ฉ', 'ช', 'ซ'].map(async (brand) =>
          cameras.change(id, { brand }, { ...byTest, version: 1 }),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(CameraStale);
      }
      expect((await cameras.history(id))?.map(({ version }) => version)).toEqual([2, 1]);
    });

    test('of a camera that is not there is told so', async () => {
      const nowhere = '019aaaaa-0000-7000-8000-000000000000';
      await expect(
        cameras.change(nowhere, { brand: 'ก' }, { ...byTest, version: 1 }),
      ).rejects.toBeInstanceOf(CameraNotFound);
      expect(await cameras.history(nowhere)).toBeUndefined();
      expect(await cameras.detail(nowhere)).toBeUndefined();
    });
  });

  describe('the scope', () => {
    test('of a linked camera that is closed ends its link, and credentials go with it', async () => {
      const { id } = await cameras.create(given(), byTest);
      const closed = await cameras.change(id, { scope: 'closed-area' }, { ...byTest, version: 1 });
      const nothing = { linkedAgencies: [], linkNetwork: null, stream: null };
      expect(closed).toMatchObject({ scope: 'closed-area', ...nothing });
      expect(await cameras.get(id)).toEqual(closed);
      expect(told.at(-1)).toMatchObject({ source: null, streamChanged: true });
      expect(await cameras.streams()).toEqual([]);
      expect(await database.selectFrom('stream_credentials').selectAll().execute()).toEqual([]);
      const [{ changes } = { changes: [] }] = (await cameras.history(id)) ?? [];
      expect(changes).toContainEqual(['stream.url', 'rtsp://10.1.2.3:554/stream1', null]);
      expect(changes).toContainEqual(['stream.password', 'set', null]);
      expect(changes).toContainEqual(['linkedAgencies', ['สภ.เกาะลันตา'], []]);
      expect(changes).toContainEqual(['linkNetwork', 'ใยแก้วนำแสงของเทศบาล', null]);
    });

    test('of a closed area takes no stream, and one that opens has none until it is given', async () => {
      const { id } = await cameras.create(given({ scope: 'closed-area', stream: null }), byTest);
      const linking = cameras.change(
        id,
        { stream: { url: 'rtsp://10.0.0.1/a' } },
        { ...byTest, version: 1 },
      );
      await expect(linking).rejects.toBeInstanceOf(ChangeRefused);
      await expect(linking).rejects.toMatchObject({ code: 'closed_area_never_linked' });
      for (const said of [{ linkedAgencies: ['สภ.ก'] }, { linkNetwork: 'ใยแก้ว' }]) {
        await expect(cameras.change(id, said, { ...byTest, version: 1 })).rejects.toMatchObject({
          code: 'closed_area_never_linked',
        });
      }
      const opened = await cameras.change(
        id,
        { scope: 'public-area', stream: { url: 'rtsp://10.0.0.1/a' } },
        { ...byTest, version: 1 },
      );
      expect(opened.stream?.url).toBe('rtsp://10.0.0.1/a');
      expect(told.at(-1)).toMatchObject({ streamChanged: true, source: { cameraId: id } });
    });

    test('that is closed already empties what was said of a link before, with its history', async () => {
      const { id } = await cameras.create(given({ scope: 'closed-area', stream: null }), byTest);
      const sound = await cameras.create(given({ scope: 'closed-area', stream: null }), byTest);
      const open = await cameras.create(given(), byTest);
      const agencies = ['สภ.ข', 'สภ.ก'];
      await database
        .insertInto('camera_linked_agencies')
        .values(agencies.map((name, ordinal) => ({ camera_id: id, ordinal, name })))
        .execute();
      await database
        .updateTable('cameras')
        .set({ link_network: 'ใยแก้วนำแสง' })
        .where('id', '=', id)
        .execute();
      expect((await checkRegistry(database, testBox)).broken.closedButLinked).toBe(1);
      for (let runs = 0; runs < 2; runs++) await closedAreasSayNoLink(database);
      expect((await checkRegistry(database, testBox)).broken.closedButLinked).toBe(0);
      const emptied = { linkedAgencies: [], linkNetwork: null, version: 2 };
      expect(await cameras.get(id)).toMatchObject(emptied);
      expect((await cameras.history(id))?.[0]).toMatchObject({
        version: 2,
        action: 'changed',
        author: systemAuthor,
        changes: [
          ['linkedAgencies', agencies, []],
          ['linkNetwork', 'ใยแก้วนำแสง', null],
        ],
      });
      const { origins } = (await cameras.detail(id)) ?? {};
      expect(origins?.['linkNetwork']?.by).toEqual(systemAuthor);
      expect([await cameras.get(sound.id), await cameras.get(open.id)]).toEqual([sound, open]);
    });

    test('is attested by who gave it last, also when it stays', async () => {
      const { id, scopeAttested } = await cameras.create(given(), byTest);
      expect(scopeAttested?.by).toEqual(tester);
      nowMs += 1_000;
      const author = { id: 'x', name: 'สมหญิง', proxyFor: null };
      const again = await cameras.change(id, { scope: 'public-area' }, { author, version: 1 });
      expect(again.scopeAttested).toEqual({ by: author, at: new Date(nowMs).toISOString() });
      expect(again.version).toBe(2);
      const other = await cameras.change(id, { brand: 'ก' }, { ...byTest, version: 2 });
      expect(other.scopeAttested?.by).toEqual(author);
    });
  });

  test('whoever shares the database sees by marks which streams may be others, and reads those', async () => {
    const [one, other] = await cameras.createMany(
      [given(), given({ position: 'ที่อื่น', site: null }), given({ stream: null })],
      byTest,
    );
    const ids = [one?.id ?? '', other?.id ?? ''];
    const changedSince = async (act: () => Promise<unknown>) => {
      const [state, marks] = [await cameras.state(), await cameras.streamMarks()];
      await act();
      expect(await cameras.state()).not.toBe(state);
      const now = await cameras.streamMarks();
      return ids.map((id) => (now.has(id) ? now.get(id) !== marks.get(id) : undefined));
    };
    expect([...(await cameras.streamMarks()).keys()].toSorted()).toEqual(ids);
    const rate = { frameRate: 12 };
    expect(
      await changedSince(async () => cameras.change(ids[1] ?? '', rate, { ...byTest, version: 1 })),
    ).toEqual([false, true]);
    const sites = database.updateTable('sites').set({ version: 2, max_sessions: 3 });
    expect(await changedSince(async () => sites.execute())).toEqual([true, false]);
    expect(await cameras.streamsOf(ids)).toMatchObject([
      { cameraId: ids[0], password: 'pa55-ลับ', site: { maxSessions: 3 } },
      { cameraId: ids[1], site: null },
    ]);
    const gone = { ...byTest, version: 1, reason: 'ย้าย' };
    expect(await changedSince(async () => cameras.remove(ids[0] ?? '', gone))).toEqual([
      undefined,
      false,
    ]);
    expect(await cameras.streamsOf(ids)).toMatchObject([{ cameraId: ids[1] }]);
    expect(await cameras.streamsOf([])).toEqual([]);
  });

  test('a deleted camera leaves lists and ingest with its reason, and comes back with its stream', async () => {
    const states = [await cameras.state()];
    const { id } = await cameras.create(given(), byTest);
    states.push(await cameras.state());
    await cameras.remove(id, { ...byTest, version: 1, reason: 'ย้ายจุดติดตั้ง' });
    states.push(await cameras.state());
    expect(await cameras.get(id)).toBeUndefined();
    expect(await cameras.list({ limit: 5 })).toEqual([]);
    expect(await cameras.streams()).toEqual([]);
    expect(await declaredCounts(database)).toEqual([]);
    expect(await cameras.list({ limit: 5, deleted: true })).toMatchObject([{ id }]);
    expect((await cameras.detail(id))?.deleted).toEqual({
      by: tester,
      at: new Date(nowMs).toISOString(),
      reason: 'ย้ายจุดติดตั้ง',
    });
    await expect(
      cameras.change(id, { brand: 'ก' }, { ...byTest, version: 2 }),
    ).rejects.toBeInstanceOf(CameraNotFound);
    const back = await cameras.restore(id, { ...byTest, version: 2 });
    expect(back).toMatchObject({ id, version: 3 });
    states.push(await cameras.state());
    // Whoever shares the database sees by it that something has changed.
    expect(new Set(states).size).toBe(states.length);
    expect(await cameras.state()).toBe(states.at(-1));
    expect(await cameras.streams()).toMatchObject([{ cameraId: id, password: 'pa55-ลับ' }]);
    expect((await cameras.history(id))?.map(({ action, reason }) => [action, reason])).toEqual([
      ['restored', null],
      ['deleted', 'ย้ายจุดติดตั้ง'],
      ['created', null],
    ]);
    expect(told.map(({ kind, source }) => [kind, source !== null])).toEqual([
      ['created', true],
      ['deleted', false],
      ['restored', true],
    ]);
    await expect(cameras.restore(id, { ...byTest, version: 3 })).rejects.toBeInstanceOf(
      CameraNotFound,
    );
  });

  test('the same position and the same stream twice is told once; several on one pole are normal', async () => {
    const author = { author: tester };
    const first = await cameras.create(given(), author);
    const twice = cameras.create(given({ position: ' หน้าตลาดสด ถนนเทศบาล 1' }), author);
    await expect(twice).rejects.toBeInstanceOf(CameraTwice);
    await expect(twice).rejects.toMatchObject({ details: { cameras: [{ id: first.id }] } });
    await cameras.create(given({ stream: { url: 'rtsp://10.1.2.3:554/stream2' } }), author);
    await cameras.create(given({ position: 'อีกด้านของเสา' }), author);
    const second = await cameras.create(given(), { ...author, duplicateConfirmed: true });
    // What was confirmed is not asked for again when something else changes.
    await cameras.change(second.id, { brand: 'ข' }, { ...author, version: 1 });
    expect(await cameras.list({ limit: 9 })).toHaveLength(4);
  });

  test('the same position and stream twice comes about by no other way: spelled otherwise, at once, or brought back', async () => {
    const author = { author: tester };
    const first = await cameras.create(at('rtsp://10.1.2.3/s'), author);
    for (const url of [
      'rtsp://10.1.2.3:554/s',
      'RTSP://10.1.2.3/s',
      'rtsp://u:p@10.1.2.3:0554/s',
    ]) {
      await expect(cameras.create(at(url), author)).rejects.toBeInstanceOf(CameraTwice);
    }
    await cameras.remove(first.id, { ...author, version: 1, reason: 'ทดสอบ' });
    const made = await Promise.allSettled(
      Array.from({ length: 4 }, async () => cameras.create(at('rtsp://10.1.2.3/s'), author)),
    );
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const back = { ...author, version: 2 };
    await expect(cameras.restore(first.id, back)).rejects.toBeInstanceOf(CameraTwice);
    await cameras.restore(first.id, { ...back, duplicateConfirmed: true });
    expect(await cameras.list({ limit: 9 })).toHaveLength(2);
  });

  test('what the stream and ONVIF say lies beside what is registered, and differs in the findings', async () => {
    const { id } = await cameras.create(given({ frameRate: 25, model: null }), byTest);
    await cameras.observe(id, 'stream', { frameRate: 8, recordedResolution: '1920x1080' });
    await cameras.observe(id, 'onvif', { brand: 'HIKVISION', model: 'DS-2CD2043' });
    nowMs += 1_000;
    await cameras.observe(id, 'stream', { frameRate: 8.5 });
    const detail = await cameras.detail(id);
    expect(detail?.camera).toMatchObject({ frameRate: 25, model: null, version: 1 });
    expect(detail?.observed).toHaveLength(4);
    expect(detail?.observed).toContainEqual({
      field: 'frameRate',
      source: 'stream',
      value: 8.5,
      at: new Date(nowMs).toISOString(),
    });
    expect(detail?.findings).toEqual([
      { field: 'brand', code: 'differs_from_onvif', registered: 'ยี่ห้อ ก', observed: 'HIKVISION' },
      { field: 'frameRate', code: 'differs_from_stream', registered: 25, observed: 8.5 },
    ]);
    const accepted = await cameras.change(
      id,
      { brand: 'HIKVISION', model: 'DS-2CD2043' },
      { ...byTest, version: 1, source: 'onvif' },
    );
    expect(accepted.brand).toBe('HIKVISION');
    expect((await cameras.detail(id))?.origins['model']).toMatchObject({ source: 'onvif' });
    expect((await cameras.detail(id))?.findings).toHaveLength(1);
  });

  test('what was read of a device goes with it, what was measured of a stream with its address', async () => {
    const { id } = await cameras.create(given(), byTest);
    let version = 0;
    const left = async (stream: CameraChange['stream']): Promise<string[]> => {
      await cameras.observe(id, 'stream', { frameRate: 8 });
      await cameras.observe(id, 'onvif', { brand: 'AXIS' });
      await cameras.change(id, { stream }, { ...byTest, version: ++version });
      return ((await cameras.detail(id))?.observed ?? []).map(({ source }) => source);
    };
    expect(await left({ sound: true })).toEqual(['onvif', 'stream']);
    const { url } = (await cameras.get(id))?.stream ?? { url: '' };
    expect(await left({ url: `${url}/sub` })).toEqual(['onvif']);
    expect(await left({ url: 'rtsp://10.9.9.9/live', password: 'another' })).toEqual([]);
    expect(await left(null)).toEqual([]);
    // The device is known before its address is.
    expect(await left({ url: 'rtsp://10.9.9.9/live' })).toEqual(['onvif', 'stream']);
  });
}
