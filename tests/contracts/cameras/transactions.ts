import { sql, type RawBuilder } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import type { CameraBatch, RegistrationEvent, Cameras } from '#registry/cameras.ts';
import { CameraStale } from '#registry/camera-refusals.ts';
import type { Area } from '#registry/area.ts';
import type { ComparedRow, WantedCameras } from '#registry/compared-cameras.ts';
import { ConstraintViolated } from '#registry/database/database.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { byTest } from '../../registry/cameras-of.ts';
import { krabiCamera } from '../../registry/krabi-camera.ts';
import type { DatabaseRig } from '../each-database.ts';
import { openedCameras, START_MS } from './opened-cameras.ts';

const given = (changes: Record<string, unknown> = {}) => newCamera.parse(krabiCamera(changes));
const lao = (name: string, district = 'เกาะลันตา', province = 'กระบี่') => ({
  name,
  district,
  province,
});

/** What holds between transactions: references, inventories whole or not at all, versions that tell of any change. */
export function transactionsOfCameras(rig: DatabaseRig): void {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let nowMs: number;
  let told: RegistrationEvent[];

  beforeEach(async () => {
    nowMs = START_MS;
    ({ database, cameras, told } = await openedCameras(rig, () => nowMs));
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
}
