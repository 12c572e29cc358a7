import { beforeEach, describe, expect, test } from 'vitest';
import { newCamera, type CameraChange } from '#registry/camera.ts';
import type { RegistrationEvent, Cameras } from '#registry/cameras.ts';
import { checkRegistry } from '#registry/check-registry.ts';
import { secretBox } from '#registry/secret-box.ts';
import { up as secretsInAddresses } from '#registry/schema/migrations/0018-secrets-in-addresses.ts';
import { up as keysWithOwnPorts } from '#registry/schema/migrations/0020-own-ports.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { sealStoredPasswords } from '#registry/seal-passwords.ts';
import { StreamAddressNotValid } from '#registry/stream-address.ts';
import { byTest, testBox } from '../../registry/cameras-of.ts';
import { krabiCamera } from '../../registry/krabi-camera.ts';
import type { DatabaseRig } from '../each-database.ts';
import { openedCameras, START_MS } from './opened-cameras.ts';

const given = (changes: Record<string, unknown> = {}) => newCamera.parse(krabiCamera(changes));
const lao = (name: string, district = 'เกาะลันตา', province = 'กระบี่') => ({
  name,
  district,
  province,
});

/** Credentials of streams, and addresses with secrets in them: sealed, of before and from now on. */
export function secretsOfCameras(rig: DatabaseRig): void {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let nowMs: number;
  let told: RegistrationEvent[];

  beforeEach(async () => {
    nowMs = START_MS;
    ({ database, cameras, told } = await openedCameras(rig, () => nowMs));
  });
  const sources = async () =>
    (await cameras.streams()).map(({ url, username, password }) => ({ url, username, password }));

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

    test('go to the still picture where they were given for it, sealed within its address too', async () => {
      const still = 'http://10.1.2.3/snap?pwd=ลับมาก';
      const { id, stream } = await cameras.create(
        given({
          stream: { url: 'rtsp://10.1.2.3/1', snapshotUrl: `http://u:p@${still.slice(7)}` },
        }),
        byTest,
      );
      const shown = 'http://10.1.2.3/snap?pwd=***';
      expect(stream).toMatchObject({ username: 'u', snapshotUrl: shown });
      expect(await cameras.snapshot(id)).toEqual({ url: still, username: 'u', password: 'p' });
      const change = async (version: number, asked: CameraChange['stream']) =>
        cameras.change(id, { stream: asked }, { ...byTest, version });
      // As it was shown it is as it was. Another port is another device, whoever has forwarded it.
      expect((await change(1, { snapshotUrl: shown })).version).toBe(1);
      for (const other of ['http://10.1.2.3:81/', 'http://10.9.9.9/']) {
        await expect(change(1, { snapshotUrl: other })).rejects.toMatchObject({
          code: 'credentials_needed_again',
        });
      }
      const path = await change(1, { snapshotUrl: 'http://10.1.2.3/2' });
      expect(path.stream?.snapshotUrl).toBe('http://10.1.2.3/2');
      // Nobody pulls it.
      expect(told.at(-1)?.streamChanged).toBe(false);
      const given81 = await change(2, { snapshotUrl: 'http://10.1.2.3:81/', password: 'q' });
      expect(given81.stream?.snapshotUrl).toBe('http://10.1.2.3:81/');
      expect((await cameras.history(id))?.[1]?.changes).toEqual([
        ['stream.snapshotUrl', shown, 'http://10.1.2.3/2'],
      ]);
      const moved = await change(3, { url: 'rtsp://10.9.9.9/1', password: 'r' });
      expect([moved.stream?.snapshotUrl, await cameras.snapshot(id)]).toEqual([null, null]);
      expect(await cameras.snapshot('019aaaaa-0000-7000-8000-000000000000')).toBeUndefined();
      const rows = JSON.stringify([
        await database.selectFrom('streams').selectAll().execute(),
        await database.selectFrom('camera_changes').selectAll().execute(),
      ]);
      expect(rows).not.toContain('ลับมาก');
    });

    test('in addresses whose form was not known then are sealed, with the password, in history too', async () => {
      const { id } = await cameras.create(given(), byTest);
      const clear = 'rtsp://10.1.2.3:554/0/admin:เดิม/main';
      const sub = 'rtsp://10.1.2.3:554/a?loginpas=เดิม';
      const snapshot = 'http://10.1.2.3/s?pwd=เดิม';
      await database
        .updateTable('streams')
        .set({ url: clear, sub_url: sub, snapshot_url: snapshot })
        .execute();
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
        snapshotUrl: 'http://10.1.2.3/s?pwd=***',
      });
      expect((await cameras.snapshot(id))?.url).toBe(snapshot);
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
}
