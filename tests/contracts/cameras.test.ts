/** The registry of cameras, on both databases. */
import { sql, type RawBuilder } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { newCamera, type CameraChange } from '#registry/camera.ts';
import type { CameraFilter } from '#registry/camera-list.ts';
import type { CameraBatch, RegistrationEvent, Cameras } from '#registry/cameras.ts';
import { CameraNotFound, CameraStale, CameraTwice } from '#registry/camera-refusals.ts';
import type { Area } from '#registry/area.ts';
import type { ComparedRow, WantedCameras } from '#registry/compared-cameras.ts';
import { ChangeRefused } from '#registry/camera-changes.ts';
import { checkRegistry } from '#registry/check-registry.ts';
import { ConstraintViolated } from '#registry/database/database.ts';
import { secretBox } from '#registry/secret-box.ts';
import { textSearchOf } from '#registry/database/text-search.ts';
import { indexSearch } from '#registry/index-search.ts';
import { declaredCounts } from '#registry/declared-counts.ts';
import { up as secretsInAddresses } from '#registry/schema/migrations/0018-secrets-in-addresses.ts';
import { up as keysWithOwnPorts } from '#registry/schema/migrations/0020-own-ports.ts';
import { up as spellings } from '#registry/schema/migrations/0022-spellings.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { sealStoredPasswords } from '#registry/seal-passwords.ts';
import { StreamAddressNotValid } from '#registry/stream-address.ts';
import { byTest, camerasOf, testBox, tester } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { onEachDatabase } from './each-database.ts';

const given = (changes: Record<string, unknown> = {}) => newCamera.parse(krabiCamera(changes));
const at = (url: string) => given({ stream: { url } });
const lao = (name: string, district = 'เกาะลันตา', province = 'กระบี่') => ({
  name,
  district,
  province,
});

onEachDatabase((rig) => {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let nowMs: number;
  let told: RegistrationEvent[];

  beforeEach(async () => {
    database = await openRegistry(rig.open());
    nowMs = 1_790_000_000_000;
    cameras = camerasOf(database, () => nowMs);
    told = [];
    cameras.onChanged((event) => told.push(event));
  });

  const positions = async (filter: Parameters<Cameras['list']>[0]): Promise<string[]> =>
    (await cameras.list(filter)).map(({ position }) => position);

  const sources = async () =>
    (await cameras.streams()).map(({ url, username, password }) => ({ url, username, password }));

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
      expect(closed).toMatchObject({ scope: 'closed-area', stream: null });
      expect(told.at(-1)).toMatchObject({ source: null, streamChanged: true });
      expect(await cameras.streams()).toEqual([]);
      expect(await database.selectFrom('stream_credentials').selectAll().execute()).toEqual([]);
      const [{ changes } = { changes: [] }] = (await cameras.history(id)) ?? [];
      expect(changes).toContainEqual(['stream.url', 'rtsp://10.1.2.3:554/stream1', null]);
      expect(changes).toContainEqual(['stream.password', 'set', null]);
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
      const opened = await cameras.change(
        id,
        { scope: 'public-area', stream: { url: 'rtsp://10.0.0.1/a' } },
        { ...byTest, version: 1 },
      );
      expect(opened.stream?.url).toBe('rtsp://10.0.0.1/a');
      expect(told.at(-1)).toMatchObject({ streamChanged: true, source: { cameraId: id } });
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

  describe('credentials', () => {
    test('are sealed in the database, and opened for whoever pulls', async () => {
      const { id } = await cameras.create(
        given({ stream: { url: 'rtsp://10.1.2.3/cam?user=admin&password=ในที่อยู่&channel=1' } }),
        byTest,
      );
      await cameras.create(given(), byTest);
      const rows = JSON.stringify([
        await database.selectFrom('stream_credentials').selectAll().execute(),
        await database.selectFrom('streams').selectAll().execute(),
        await database.selectFrom('camera_changes').selectAll().execute(),
      ]);
      expect(rows).not.toContain('pa55');
      expect(rows).not.toContain('ในที่อยู่');
      const camera = await cameras.get(id);
      expect(camera?.stream?.url).toBe('rtsp://10.1.2.3/cam?user=admin&password=***&channel=1');
      expect(await sources()).toEqual([
        {
          url: 'rtsp://10.1.2.3/cam?user=admin&password=ในที่อยู่&channel=1',
          username: null,
          password: null,
        },
        { url: 'rtsp://10.1.2.3:554/stream1', username: 'viewer', password: 'pa55-ลับ' },
      ]);
    });

    test('an address that is sent back as it was shown is as it was; *** in another is refused', async () => {
      const { id, stream } = await cameras.create(
        given({ stream: { url: 'rtsp://10.1.2.3/a?pwd=x1' } }),
        byTest,
      );
      const same: CameraChange = { brand: 'ก', stream: { url: stream?.url ?? '' } };
      await cameras.change(id, same, { ...byTest, version: 1 });
      expect((await sources())[0]?.url).toBe('rtsp://10.1.2.3/a?pwd=x1');
      await expect(
        cameras.change(
          id,
          { stream: { url: 'rtsp://10.1.2.3/b?pwd=***' } },
          { ...byTest, version: 2 },
        ),
      ).rejects.toBeInstanceOf(StreamAddressNotValid);
      // Only what *** stands for: whoever pulls it is told, and history says no more.
      await cameras.change(
        id,
        { stream: { url: 'rtsp://10.1.2.3/a?pwd=x2' } },
        { ...byTest, version: 2 },
      );
      expect((await sources())[0]?.url).toBe('rtsp://10.1.2.3/a?pwd=x2');
      expect(told.at(-1)?.streamChanged).toBe(true);
      expect((await cameras.history(id))?.[0]?.changes).toEqual([['stream.secret', 'set', 'set']]);
    });

    test('a stored password does not follow an address to another device', async () => {
      const { id } = await cameras.create(given(), byTest);
      const elsewhere: CameraChange = { stream: { url: 'rtsp://10.9.9.9/stream1' } };
      await expect(cameras.change(id, elsewhere, { ...byTest, version: 1 })).rejects.toMatchObject({
        code: 'credentials_needed_again',
      });
      await expect(
        cameras.change(id, { stream: { subUrl: 'rtsp://10.9.9.9/2' } }, { ...byTest, version: 1 }),
      ).rejects.toMatchObject({ code: 'credentials_needed_again' });
      // Another path of the same device, with what it had.
      await cameras.change(
        id,
        { stream: { url: 'rtsp://10.1.2.3:554/stream2', subUrl: 'rtsp://10.1.2.3:554/3' } },
        { ...byTest, version: 1 },
      );
      expect(await sources()).toMatchObject([
        { url: 'rtsp://10.1.2.3:554/stream2', password: 'pa55-ลับ' },
      ]);
      await cameras.change(
        id,
        { stream: { url: 'rtsp://boss:new@10.9.9.9/stream1', subUrl: null } },
        { ...byTest, version: 2 },
      );
      expect(await sources()).toEqual([
        { url: 'rtsp://10.9.9.9/stream1', username: 'boss', password: 'new' },
      ]);
    });

    test('a new password goes with its address: a sub-stream of the former device ends with it', async () => {
      const { id } = await cameras.create(
        given({ stream: { url: 'rtsp://10.1.2.3/1', subUrl: 'rtsp://10.1.2.3/2' } }),
        byTest,
      );
      const moved = { url: 'rtsp://10.9.9.9/1', password: 'new' };
      const { stream } = await cameras.change(id, { stream: moved }, { ...byTest, version: 1 });
      expect(stream?.subUrl).toBeNull();
      expect((await cameras.history(id))?.[0]?.changes).toContainEqual([
        'stream.subUrl',
        'rtsp://10.1.2.3/2',
        null,
      ]);
      const both = { ...moved, subUrl: 'rtsp://10.9.9.9/2' };
      await cameras.change(id, { stream: both }, { ...byTest, version: 2 });
      const path = { url: 'rtsp://10.9.9.9/3', password: 'newer' };
      const kept = await cameras.change(id, { stream: path }, { ...byTest, version: 3 });
      expect(kept.stream?.subUrl).toBe('rtsp://10.9.9.9/2');
    });

    test('in addresses whose form was not known then are sealed, with the password, in history too', async () => {
      const { id } = await cameras.create(given(), byTest);
      const clear = 'rtsp://10.1.2.3:554/0/admin:เดิม/main';
      const sub = 'rtsp://10.1.2.3:554/a?loginpas=เดิม';
      await database.updateTable('streams').set({ url: clear, sub_url: sub }).execute();
      // Addresses that a camera has no more are in its history still.
      await cameras.create(given({ position: 'ที่อื่น', stream: null }), byTest);
      await database
        .updateTable('camera_changes')
        .set({ changes: JSON.stringify([['stream.url', sub, clear]]) })
        .execute();
      await secretsInAddresses(database);
      expect(await sealStoredPasswords(database, testBox)).toBe(1);
      expect(await sealStoredPasswords(database, testBox)).toBe(0);
      expect(await sources()).toEqual([{ url: clear, username: 'viewer', password: 'pa55-ลับ' }]);
      expect((await cameras.get(id))?.stream).toMatchObject({
        url: 'rtsp://10.1.2.3:554/0/admin:***/main',
        subUrl: 'rtsp://10.1.2.3:554/a?loginpas=***',
      });
      const rows = JSON.stringify([
        await database.selectFrom('streams').selectAll().execute(),
        await database.selectFrom('camera_changes').selectAll().execute(),
      ]);
      expect(rows).not.toContain('เดิม');
    });

    test('stored before there was a key are sealed once', async () => {
      const { id } = await cameras.create(given(), byTest);
      await database.deleteFrom('stream_credentials').execute();
      await database
        .insertInto('stream_credentials')
        .values({ camera_id: id, username: 'viewer', password: 'เดิม', sealed: null })
        .execute();
      await database
        .updateTable('streams')
        .set({ url: 'rtsp://10.1.2.3/a?token=เดิม', url_key: null })
        .execute();
      expect(await sealStoredPasswords(database, testBox)).toBe(1);
      expect(await sealStoredPasswords(database, testBox)).toBe(0);
      expect(await database.selectFrom('stream_credentials').select('password').execute()).toEqual([
        { password: null },
      ]);
      expect(await sources()).toEqual([
        { url: 'rtsp://10.1.2.3/a?token=เดิม', username: 'viewer', password: 'เดิม' },
      ]);
    });
  });

  test('a deleted camera leaves lists and ingest with its reason, and comes back with its stream', async () => {
    const { id } = await cameras.create(given(), byTest);
    await cameras.remove(id, { ...byTest, version: 1, reason: 'ย้ายจุดติดตั้ง' });
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

  test('addresses of before are known by the keys of now, and what is usual for them with them', async () => {
    const { id } = await cameras.create(
      given({ stream: { url: 'rtsp://10.1.2.3:554/s' } }),
      byTest,
    );
    const now = await database.selectFrom('streams').select('url_key').execute();
    const before = { camera_id: id, url_key: 'เดิม' };
    await database.updateTable('streams').set({ url_key: before.url_key }).execute();
    const usual = { frame_rate: 25, width: 1_920, height: 1_080, at_ms: 1, author: null };
    await database
      .insertInto('stream_baselines')
      .values([
        { ...before, ...usual, light: 'day' },
        { ...before, ...usual, light: 'night', url_key: 'ของที่อยู่ก่อน' },
      ])
      .execute();
    await keysWithOwnPorts(database);
    expect(await database.selectFrom('streams').select('url_key').execute()).toEqual(now);
    const baselines = database.selectFrom('stream_baselines').select('url_key').orderBy('light');
    expect(await baselines.execute()).toEqual([...now, { url_key: 'ของที่อยู่ก่อน' }]);
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

  test('lists are narrowed to areas, and by what each camera is', async () => {
    const kohLanta = 'ทต.เกาะลันตาใหญ่';
    await cameras.create(given({ position: 'ก' }), byTest);
    await cameras.create(
      given({
        position: 'ข',
        lao: lao('อบต.คลองยาง'),
        purposes: ['prevention'],
        declared: 'unrepairable',
        stream: null,
        site: null,
        brand: 'Axis',
      }),
      byTest,
    );
    await cameras.create(
      given({
        position: 'ค',
        lao: lao('อบจ.กระบี่', 'เมืองกระบี่'),
        scope: 'adjacent-road',
        budgetSource: 'กระทรวงมหาดไทย',
      }),
      byTest,
    );
    await cameras.create(given({ position: 'ง', lao: lao('ทน.ตรัง', 'เมืองตรัง', 'ตรัง') }), byTest);
    const all = { limit: 9 };
    const province = 'กระบี่';
    for (const [filter, expected] of [
      [{}, ['ก', 'ข', 'ค', 'ง']],
      [{ within: [] }, []],
      [{ within: [{ level: 'country' }] }, ['ก', 'ข', 'ค', 'ง']],
      [{ within: [{ level: 'province', province }] }, ['ก', 'ข', 'ค']],
      [{ within: [{ level: 'district', province, district: 'เกาะลันตา' }] }, ['ก', 'ข']],
      [{ within: [{ level: 'lao', province, district: 'เกาะลันตา', lao: kohLanta }] }, ['ก']],
      [
        {
          within: [
            { level: 'lao', province, district: 'เกาะลันตา', lao: kohLanta },
            { level: 'province', province: 'ตรัง' },
          ],
        },
        ['ก', 'ง'],
      ],
      [{ within: [{ level: 'province', province: 'ตรัง' }], province }, []],
      [{ province: 'จ.กระบี่' }, ['ก', 'ข', 'ค']],
      [{ province, district: 'อ.เมือง' }, ['ค']],
      [{ lao: 'เทศบาลตำบล เกาะลันตาใหญ่' }, ['ก']],
      [{ purpose: 'traffic' }, ['ก', 'ค', 'ง']],
      [{ declared: 'unrepairable' }, ['ข']],
      [{ scope: 'adjacent-road' }, ['ค']],
      [{ brand: 'Axis' }, ['ข']],
      [{ brand: 'AXIS', province }, ['ข']],
      [{ district: 'อ.เกาะลันตา' }, ['ก', 'ข']],
      [{ district: 'อ.เมือง' }, ['ค', 'ง']],
      [{ budgetSource: 'กระทรวงมหาดไทย' }, ['ค']],
      [{ site: 'ตู้เทศบาล' }, ['ก', 'ค', 'ง']],
      [{ linked: false }, ['ข']],
      [{ linked: true, province }, ['ก', 'ค']],
    ] as const) {
      expect(await positions({ ...all, ...filter }), JSON.stringify(filter)).toEqual(expected);
    }
    const ids = (await cameras.list(all)).map(({ id }) => id);
    expect(await positions({ ...all, among: [ids[1] ?? '', ids[3] ?? ''] })).toEqual(['ข', 'ง']);
    expect(await positions({ ...all, among: ids, after: ids[1] })).toEqual(['ค', 'ง']);
    expect(await positions({ limit: 2, after: ids[0] })).toEqual(['ข', 'ค']);
    expect(await positions({ limit: 1, among: ids, q: 'ทน.' })).toEqual(['ง']);
  });

  test('text is found within text, in Thai, by every spelling that people type', async () => {
    await cameras.create(given({ position: 'หน้าตลาดสด ซอย ๓', model: 'DS-2CD' }), byTest);
    await cameras.create(
      given({
        position: 'สี่แยกน้ำพุ 100% กม. 12',
        owningAgency: 'อบต.คลองยาง',
        lao: lao('อบต.คลองยาง'),
      }),
      byTest,
    );
    const [first, second] = await positions({ limit: 2 });
    for (const [q, expected] of [
      ['ตลาด', [first]],
      ['ซอย 3', [first]],
      ['ds-2cd', [first]],
      ['น\u0e49\u0e4d\u0e32พุ', [second]],
      ['100%', [second]],
      ['%', [second]],
      ['_', []],
      ['"', []],
      ['เทศบาลตำบลเกาะลันตา', [first]],
      ['ทต.เกาะ', [first]],
      ['องค์การบริหารส่วนตำบลคลองยาง', [second]],
      ['คลองยาง สี่แยก', [second]],
      ['คลองยาง ตลาด', []],
      ['กระบี่', [first, second]],
      ['กร', [first, second]],
      ['กม.12', [second]],
      ['กม. 12', [second]],
      ['ส\u0e48\u0e35แยกน\u0e33\u0e49พุ', [second]],
      ['จ.กระบี่', [first, second]],
      ['จังหวัด กระบี่ ตลาด', [first]],
      ['อ. เกาะลันตา ตลาด', [first]],
      ['อ.ไม่มี', []],
      ['ไม่มี', []],
    ] as const) {
      expect(await positions({ limit: 9, q }), q).toEqual(expected);
    }
    const { id } = (await cameras.list({ limit: 1 }))[0] ?? { id: '' };
    await cameras.change(id, { position: 'ท่าเรือ' }, { ...byTest, version: 1 });
    expect(await positions({ limit: 9, q: 'ตลาด' })).toEqual([]);
    expect(await positions({ limit: 9, q: 'ท่าเรือ' })).toEqual(['ท่าเรือ']);
  });

  test('texts and names of before are brought to the spelling of now', async () => {
    await cameras.create(given({ position: 'ที่พัก กม. 12' }), byTest);
    const texts = database.selectFrom('camera_search').select('text');
    const [now] = await texts.execute();
    const before = 'ท\u0e48\u0e35';
    const text = now?.text.replace('ที่', before).replace('กม.12', 'กม. 12') ?? '';
    expect(text).not.toBe(now?.text);
    await database.updateTable('camera_search').set({ text }).execute();
    // Two rows that are one name now: the first has it.
    const rows = ['ว่าการ', 'ว่าการ', 'อื่น'].map((name, index) => ({
      id: `${index}`,
      name: `${index} ${name}`,
      match_key: `${index === 1 ? 'ที่' : before}${name}`,
    }));
    await database.updateTable('budget_sources').set({ match_key: null }).execute();
    await database.insertInto('budget_sources').values(rows).execute();
    await spellings(database);
    expect(await texts.execute()).toEqual([now]);
    const keys = database.selectFrom('budget_sources').select('match_key').orderBy('id');
    expect(await keys.where('id', 'in', ['0', '1', '2']).execute()).toEqual([
      { match_key: null },
      { match_key: 'ที่ว่าการ' },
      { match_key: 'ที่อื่น' },
    ]);
  });

  test('a search beyond the cameras that are looked at one by one finds the same, page by page', async () => {
    const many = Array.from({ length: 800 }, (_, i) =>
      i % 400 === 399
        ? given({ position: `หายาก ${i}`, site: 'ตู้ ฌฎ', stream: null })
        : given({ position: `ธรรมดา ${i}` }),
    );
    for (let i = 0; i < 5; i++) {
      await cameras.createMany(many, byTest);
      // Of all but the last, in turns with it.
      if (i === 3) await indexSearch(database);
    }
    const byPages = async (filter: CameraFilter, limit: number): Promise<string[]> => {
      const found: string[] = [];
      let after: string | undefined;
      for (;;) {
        const page = await cameras.list({ limit, after, ...filter });
        found.push(...page.map(({ position }) => position));
        after = page.at(-1)?.id;
        if (page.length < limit) return found;
      }
    };
    const rare = Array.from({ length: 5 }, () => ['หายาก 399', 'หายาก 799']).flat();
    // Two letters and one that end the text, a word in its midst, two words, one of them everywhere. A page of nine is more than
    // the first 3,000 have of them.
    for (const q of ['หายาก', 'ฌฎ', 'ฎ', 'ยาก', 'ฌฎ ลันตา', 'ตู้ ฎ ยา']) {
      expect(await byPages({ q }, 9), q).toEqual(rare);
      expect(await byPages({ q }, 3), q).toEqual(rare);
    }
    // What an index of the site, or none, leaves of them.
    for (const among of [{ site: 'ตู้ ฌฎ' }, { purpose: 'prevention' }, { linked: false }] as const) {
      for (const q of ['หายาก', 'ฎ']) expect(await byPages({ q, ...among }, 3), q).toEqual(rare);
    }
    for (const none of [{ site: 'ไม่มี' }, { declared: 'unrepairable' }, { linked: true }] as const) {
      for (const q of ['หายาก', 'ฎ']) expect(await byPages({ q, ...none }, 3), q).toEqual([]);
    }
    expect(await byPages({ q: 'ธรรมดา', site: 'ตู้ ฌฎ' }, 3)).toEqual([]);
    expect(await byPages({ linked: false }, 9)).toEqual(rare);
    expect(await cameras.list({ limit: 500, q: 'ธรรมดา' })).toHaveLength(500);
    expect(await byPages({ q: 'ธร' }, 500)).toHaveLength(3_990);
    expect(await byPages({ q: 'ฌก' }, 3)).toEqual([]);

    const last = (await cameras.list({ limit: 100, q: 'หายาก' })).at(-1);
    const change = { position: 'กขค ขคง %_' };
    await cameras.change(last?.id ?? '', change, { ...byTest, version: 1 });
    expect(await byPages({ q: 'หายาก' }, 3)).toEqual(rare.slice(0, -1));
    expect(await byPages({ q: 'ขคง' }, 3)).toEqual(['กขค ขคง %_']);
    expect(await byPages({ q: '%_' }, 3)).toEqual(['กขค ขคง %_']);
    // Its runs of three letters are there, but do not follow each other.
    expect(await byPages({ q: 'กขคง' }, 3)).toEqual([]);
  });

  test('texts are found before they are indexed, and after; those of an inventory are when it is stored', async () => {
    const search = textSearchOf(database);
    const found = async (part: string): Promise<string[]> => {
      const found: string[] = [];
      for (const some of await search.matching(database, 'camera_search', [part], '')) {
        const rows = await database.selectFrom(some.as('found')).select('id').execute();
        found.push(...rows.map(({ id }) => id));
      }
      return found;
    };
    // SQLite leaves nothing for later.
    const left = async (): Promise<number> => {
      if (rig.kind === 'sqlite') return 0;
      const { rows } = await sql<{ left: number }>`
        select count(*) as left from camera_search where indexed = 0`.execute(database);
      return rows[0]?.left ?? 0;
    };
    const { id } = await cameras.create(given({ position: 'ท่าเรือเก่า' }), byTest);
    const write = async (text: string) =>
      database.updateTable('camera_search').set({ text }).where('id', '=', id).execute();
    for (const text of ['ท่าเรือใหม่', 'สะพานข้ามคลอง']) {
      await write(text);
      expect(await found(text)).toEqual([id]);
      expect(await found('เก่า')).toEqual([]);
    }
    expect(await left()).toBe(rig.kind === 'sqlite' ? 0 : 1);
    await indexSearch(database);
    expect([await left(), await found('สะพานข้าม'), await found('ใหม่')]).toEqual([0, [id], []]);
    await cameras.change(id, { position: 'หน้าโรงเรียน' }, { ...byTest, version: 1 });
    expect(await found('หน้าโรงเรียน')).toEqual([id]);
    await indexSearch(database);
    expect([await left(), await found('หน้าโรงเรียน')]).toEqual([0, [id]]);
    const { settled } = await cameras.apply([{ create: [given()], change: [] }], byTest);
    await settled;
    expect([await left(), (await found('หน้าตลาดสด')).length]).toEqual([0, 1]);
  });

  test('what rows refer to is there, and rows go with what they belong to', async () => {
    const { id } = await cameras.create(given({ site: 'เสา ๑' }), byTest);
    const inventory = [{ create: [given({ position: 'อีกจุด' })], change: [] }];
    await (
      await cameras.apply(inventory, byTest)
    ).settled;
    const refused = async (statement: RawBuilder<unknown>) =>
      expect(statement.execute(database)).rejects.toBeInstanceOf(ConstraintViolated);
    const change = (what: string) => sql`update cameras set ${sql.raw(what)} where id = ${id}`;
    for (const column of ['lao_id', 'budget_source_id', 'site_id']) {
      await refused(change(`${column} = 'nowhere'`));
    }
    await change('site_id = null').execute(database);
    const ofNobody = {
      camera_linked_agencies: 'camera_id',
      declarations: 'camera_id',
      camera_changes: 'camera_id',
    };
    for (const [table, column] of Object.entries({
      ...ofNobody,
      camera_search: 'id',
      streams: 'camera_id',
      stream_credentials: 'camera_id',
    })) {
      await refused(
        sql`update ${sql.table(table)} set ${sql.ref(column)} = 'nobody' where ${sql.ref(column)} = ${id}`,
      );
    }
    await refused(sql`insert into camera_linked_agencies values ('nobody', 0, 'สภ.')`);
    await refused(
      sql`insert into camera_changes select 'nobody', version, at_ms, action, source, author, changes, reason from camera_changes`,
    );
    await refused(
      sql`insert into streams (camera_id, scope, url, transport, sound, record) values ('nobody', 'public-area', 'rtsp://10.0.0.1/', 'auto', 0, 0)`,
    );
    for (const list of ['laos', 'budget_sources', 'sites']) {
      await refused(sql`delete from ${sql.table(list)}`);
      await refused(sql`update ${sql.table(list)} set id = 'another'`);
    }
    // A stream is of its camera's scope, and of no other.
    await refused(change(`scope = 'closed-area'`));
    await refused(sql`update streams set scope = 'adjacent-road' where camera_id = ${id}`);
    await change(`scope = 'adjacent-road'`).execute(database);
    expect(
      await database.selectFrom('streams').select('scope').where('camera_id', '=', id).execute(),
    ).toEqual([{ scope: 'adjacent-road' }]);
    await refused(change(`id = 'another'`));
    await sql`delete from cameras`.execute(database);
    for (const table of [
      'streams',
      'stream_credentials',
      'camera_search',
      ...Object.keys(ofNobody),
    ]) {
      expect((await sql`select 1 from ${sql.table(table)}`.execute(database)).rows).toEqual([]);
    }
    await sql`delete from sites`.execute(database);
  });

  test('whoever deletes or closes what another transaction refers to waits for it, and sees its rows', async () => {
    const { id } = await cameras.create(given({ stream: null }), byTest);
    const beside = rig.kind === 'sqlite' ? database : await openRegistry(rig.openBeside());
    // On SQLite whoever writes second has not begun.
    const untilOneWaits = async (): Promise<void> => {
      const waiting = sql`select 1 from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`;
      while (rig.kind === 'postgres' && (await waiting.execute(database)).rows.length === 0);
    };
    const linked = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const linking = database.transaction().execute(async (transaction) => {
      await sql`insert into streams (camera_id, scope, url, transport, sound, record) values (${id}, 'public-area', 'rtsp://10.0.0.1/', 'auto', 0, 0)`.execute(
        transaction,
      );
      linked.resolve();
      await over.promise;
    });
    await linked.promise;
    const closing = sql`update cameras set scope = 'closed-area' where id = ${id}`.execute(beside);
    const closed = expect(closing).rejects.toBeInstanceOf(ConstraintViolated);
    await Promise.race([closed, untilOneWaits()]);
    over.resolve();
    await linking;
    await closed;
    const declared = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const declaring = database.transaction().execute(async (transaction) => {
      await sql`insert into declarations (id, camera_id, status, reason, on_day, at_ms, author, source)
        select 'another', camera_id, status, reason, on_day, at_ms, author, source from declarations`.execute(
        transaction,
      );
      declared.resolve();
      await end.promise;
    });
    await declared.promise;
    const deleting = sql`delete from cameras`.execute(beside);
    await Promise.race([deleting, untilOneWaits()]);
    end.resolve();
    await Promise.all([declaring, deleting]);
    expect(await database.selectFrom('declarations').select('id').execute()).toEqual([]);
  });

  test('an inventory is applied whole or not at all, with its history', async () => {
    const { id } = await cameras.create(given(), byTest);
    const progress: number[] = [];
    const batch = {
      create: Array.from({ length: 450 }, (_, i) => given({ position: `จุดที่ ${i}` })),
      change: [{ id, version: 1, change: { brand: 'ใหม่' } }],
    };
    await expect(
      cameras.apply([{ ...batch, change: [{ id, version: 9, change: { brand: 'x' } }] }], byTest),
    ).rejects.toBeInstanceOf(CameraStale);
    expect(await cameras.list({ limit: 9 })).toHaveLength(1);
    const created = [0, 200, 400].map((at) => batch.create.slice(at, at + 200));
    const pages: CameraBatch[] = created.map((create) => ({ create, change: [] }));
    pages.push({ ...batch, create: [] });
    const applied = await cameras.apply(pages, { ...byTest, source: 'import' }, (done) =>
      progress.push(done),
    );
    expect(progress).toEqual([200, 400, 450, 451]);
    await applied.settled;
    expect(await cameras.list({ limit: 500 })).toHaveLength(451);
    expect(await cameras.get(id)).toMatchObject({ brand: 'ใหม่', version: 2 });
    expect((await cameras.history(id))?.[0]?.source).toBe('import');
    expect(told.filter(({ kind }) => kind === 'created')).toHaveLength(451);
  });

  test('an inventory that ends while a page of it is written leaves nothing behind, whichever statement that was at', async () => {
    const { id } = await cameras.create(given(), byTest);
    // The kinds of rows are known from now on: each statement is one that writes.
    const first = [{ id, version: 1, change: { brand: 'ยี่ห้อ ข', retentionDays: 31 } }];
    await (
      await cameras.apply([{ create: [], change: first }], byTest)
    ).settled;
    const before = await cameras.get(id);
    // Behind the camera itself, the first writes a text to search by, the second a version.
    for (const change of [{ brand: 'ยี่ห้อ ค' }, { retentionDays: 32 }]) {
      const pages = function* (): Generator<CameraBatch> {
        yield { create: [], change: [{ id, version: 2, change }] };
        throw new RangeError('the file ends here');
      };
      await expect(cameras.apply(pages(), byTest)).rejects.toThrow('the file ends here');
      expect(await cameras.get(id)).toEqual(before);
      expect(await cameras.history(id)).toHaveLength(2);
      expect(await cameras.list({ limit: 9, q: 'ยี่ห้อ ข' })).toHaveLength(1);
    }
    // A version that no camera has would be in the way of the next one.
    const next = await cameras.change(id, { retentionDays: 60 }, { ...byTest, version: 2 });
    expect(next.version).toBe(3);
  });

  test('what an inventory is compared with is read whole, and a change of any of it is seen by versions alone', async () => {
    const country = [{ level: 'country' }] as const;
    const first = await cameras.create(given(), byTest);
    const other = await cameras.create(
      given({ lao: lao('ทน.ตรัง', 'เมืองตรัง', 'ตรัง'), linkedAgencies: [], stream: null, site: null }),
      byTest,
    );
    const nothing = { ids: [], districts: [], districtsOfIds: [] };
    const districts = [{ province: 'จ.กระบี่', district: 'อ.เกาะลันตา' }];
    const read = async (
      wanted: Partial<WantedCameras>,
      within: readonly Area[] = country,
    ): Promise<string[]> => {
      const ids: string[] = [];
      const tell = (rows: readonly ComparedRow[]) => ids.push(...rows.map(([id]) => id));
      await cameras.compared({ ...nothing, ...wanted }, { within, tell, goesOn: () => true });
      return ids;
    };
    expect(await read({ districts })).toEqual([first.id]);
    expect(await read({ ids: [first.id, other.id], districtsOfIds: districts })).toEqual([
      first.id,
      other.id,
    ]);
    // Of ids that nobody has, the districts are looked at.
    expect(await read({ ids: [cameras.nextId()], districtsOfIds: districts })).toEqual([first.id]);
    const trang = [{ level: 'province', province: 'ตรัง' }] as const;
    expect(await read({ ids: [first.id, other.id], districts }, trang)).toEqual([other.id]);
    expect(await read({ ids: [first.id] }, [])).toEqual([]);

    const wanted = { ...nothing, districts };
    const stamp = async (tell?: () => void): Promise<string> =>
      cameras.compared(wanted, { within: country, tell, goesOn: () => true });
    const seen = [await stamp(() => {})];
    expect(await stamp()).toBe(seen[0]);
    // Nobody asked for this one's district.
    await cameras.change(other.id, { brand: 'ก' }, { ...byTest, version: 1 });
    expect(await stamp()).toBe(seen[0]);
    for (const change of [
      async () => cameras.change(first.id, { brand: 'ก' }, { ...byTest, version: 1 }),
      async () => cameras.create(given(), byTest),
      async () => cameras.remove(first.id, { ...byTest, version: 2, reason: 'ทดสอบ' }),
      async () =>
        database
          .updateTable('laos')
          .set({ name: 'ชื่อใหม่' })
          .where('province', '=', 'กระบี่')
          .execute(),
      async () => database.updateTable('budget_sources').set({ name: 'ชื่อใหม่' }).execute(),
    ]) {
      await change();
      const now = await stamp();
      expect(seen).not.toContain(now);
      seen.push(now);
    }
  });

  test('a check finds nothing in a sound registry, and the passwords of another key', async () => {
    const { id } = await cameras.create(given(), byTest);
    await cameras.create(given({ scope: 'closed-area', stream: null }), byTest);
    await cameras.change(id, { brand: 'ก' }, { ...byTest, version: 1 });
    const sound = { closedButLinked: 0, notSearchable: 0, withoutHistory: 0 };
    expect(await checkRegistry(database, testBox)).toEqual({
      cameras: 2,
      deleted: 0,
      linked: 1,
      unreadable: { count: 0, cameraIds: [] },
      broken: sound,
      inMergedPlace: { count: 0, cameraIds: [] },
      miscounted: { count: 0, laos: [] },
    });
    await database.deleteFrom('camera_search').execute();
    const check = await checkRegistry(database, secretBox(Buffer.alloc(32, 8)));
    expect(check.unreadable).toEqual({ count: 1, cameraIds: [id] });
    expect(check.broken).toEqual({ ...sound, notSearchable: 2 });
    // As both were left where merging and entering did not wait for each other.
    const target = await cameras.create(given({ lao: lao('อบต.คลองยาง') }), byTest);
    const laoOf = async (cameraId: string) =>
      database
        .selectFrom('cameras')
        .select('lao_id as id')
        .where('id', '=', cameraId)
        .executeTakeFirstOrThrow();
    await database
      .updateTable('laos')
      .set({ status: 'merged', merged_into: (await laoOf(target.id)).id })
      .where('id', '=', (await laoOf(id)).id)
      .execute();
    const { inMergedPlace } = await checkRegistry(database, testBox);
    expect(inMergedPlace.count).toBe(2);
    expect(inMergedPlace.cameraIds).toContain(id);
    await cameras.change(id, { brand: 'ข' }, { ...byTest, version: 2 });
    expect(await laoOf(id)).toEqual(await laoOf(target.id));
    expect((await checkRegistry(database, testBox)).inMergedPlace.count).toBe(1);
  });

  test('cameras are counted by LAO and budget source, as the survey form does', async () => {
    const row = { budgetSource: 'กระทรวงมหาดไทย', stream: null };
    await cameras.createMany(
      [
        given({ ...row, declared: 'working' }),
        given({ ...row, declared: 'working' }),
        given({ ...row, declared: 'under-repair', scope: 'closed-area' }),
        given({ ...row, declared: 'unrepairable', lao: lao('เทศบาลตำบลเกาะลันตาใหญ่') }),
        given({ stream: null, declared: 'working' }),
      ],
      byTest,
    );
    const counts = await declaredCounts(database);
    expect(counts.toSorted((a, b) => b.total - a.total)).toMatchObject([
      { total: 4, working: 2, underRepair: 1, unrepairable: 1 },
      { total: 1, working: 1, underRepair: 0, unrepairable: 0 },
    ]);
  });
}, openRegistry);
