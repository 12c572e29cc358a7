/** Counts that are kept of each LAO, on both databases: they are those of its cameras, whoever changed what, whenever one asks. */
import { sql, type Kysely } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import type { Cameras } from '#registry/cameras.ts';
import { markedKeys } from '#registry/database/change-marks.ts';
import { checkCounts, countsByLao, laoMarks, settleCounts } from '#registry/lao-counts.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase, RegistryTables } from '#registry/schema/tables.ts';
import { byTest, camerasOf } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { countsAtRandom } from './counts-at-random.ts';
import { onEachDatabase } from './each-database.ts';
import { countedByHand, countedByUs } from './random-changes.ts';

/** `npm run torture` has many more, until every path was taken. */
const ROUNDS = 4;
const NOW_MS = 1_790_000_000_000;

const given = (changes: Record<string, unknown> = {}) => newCamera.parse(krabiCamera(changes));

onEachDatabase((rig) => {
  let database: RegistryDatabase;
  let cameras: Cameras;

  beforeEach(async () => {
    database = await openRegistry(rig.open());
    cameras = camerasOf(database, () => NOW_MS);
  });

  const marks = async (): Promise<number> => {
    const { rows } = await markedKeys(laoMarks).execute(database);
    return rows.length;
  };
  const camerasMarked = async () =>
    database.selectFrom('lao_count_camera_marks').selectAll().execute();
  const kept = async () =>
    database.selectFrom('lao_counts').selectAll().orderBy('lao_id').execute();

  test('after changes at random by every path, several at once, they are those of the cameras', async () => {
    const seed = rig.kind === 'sqlite' ? 61 : 62;
    await countsAtRandom(database, { rounds: ROUNDS, seed });
    const some = (await kept()).slice(0, 3).map(({ lao_id }) => lao_id);
    const ofSome = Object.entries(await countedByHand(database)).filter(([key]) =>
      some.some((id) => key.includes(`["${id}"`)),
    );
    expect(await countedByUs(database, some)).toEqual(Object.fromEntries(ofSome));
  });

  test('what changes nothing that is counted is not counted again', async () => {
    const { id } = await cameras.create(given(), byTest);
    await settleCounts(database);
    const before = await kept();
    await cameras.change(id, { position: 'อีกที่', brand: 'ข' }, { ...byTest, version: 1 });
    await database.updateTable('cameras').set({ model: 'ค' }).execute();
    expect(await marks()).toBe(0);
    expect(await kept()).toEqual(before);
    await cameras.change(id, { declared: 'under-repair' }, { ...byTest, version: 2 });
    expect(await marks()).toBe(1);
  });

  test('what is rolled back leaves no mark', async () => {
    const { id } = await cameras.create(given(), byTest);
    await settleCounts(database);
    const pages = [
      { create: [given({ lao: { name: 'ทต.ข', district: 'เมือง', province: 'ตรัง' } })], change: [] },
      { create: [], change: [{ id, version: 7, change: { brand: 'ข' } }] },
    ];
    await expect(cameras.apply(pages, byTest)).rejects.toThrow();
    expect(await marks()).toBe(0);
  });

  test('a change that commits while its LAO is counted again is not lost', async () => {
    const { id } = await cameras.create(given(), byTest);
    await settleCounts(database);
    // Marked, and committed; then another change of the same LAO is begun.
    await cameras.change(id, { declared: 'under-repair' }, { ...byTest, version: 1 });
    let settling: Promise<unknown> | undefined;
    await database.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('cameras')
        .set({ declared: 'unrepairable' })
        .where('id', '=', id)
        .execute();
      settling = settleCounts(database);
      // SQLite has one writer: there it waits for this transaction.
      if (rig.kind === 'postgres') await settling;
    });
    await settling;
    expect(await countedByUs(database)).toEqual(await countedByHand(database));
    await settleCounts(database);
    expect(await countedByUs(database)).toEqual(await countedByHand(database));
  });

  if (rig.kind === 'postgres') {
    // Everything that is counted of a camera beside its own row; in SQLite, which has one writer, nobody moves it meanwhile.
    const writes: Record<string, (db: Kysely<RegistryTables>, id: string) => Promise<unknown>> = {
      'its link': async (db, id) => db.deleteFrom('streams').where('camera_id', '=', id).execute(),
      'what is seen of it': async (db, id) =>
        db
          .insertInto('observed_states')
          .values({
            camera_id: id,
            state: 'down',
            reason: 'unreachable',
            since_ms: 1,
            at_ms: 1,
            epoch: 1,
            sequence: 1,
            event_id: id,
            flapping: 0,
            measured: '{}',
          })
          .execute(),
      'its status for the survey': async (db, id) =>
        sql`insert into survey_statuses (camera_id, awaiting, in_incident, rule, declared_at_ms, at_ms)
          select id, 1, 0, 'observed-damaged', declared_at_ms, 1 from cameras where id = ${id}`.execute(
          db,
        ),
    };
    test.for(Object.entries(writes))(
      'a camera whose LAO becomes another while %s is written counts where it is, as what it is',
      async ([, write]) => {
        const { id } = await cameras.create(given(), byTest);
        await settleCounts(database);
        const before = await countedByHand(database);
        const lao = { name: 'ทต.ศาลาด่าน', district: 'เกาะลันตา', province: 'กระบี่' };
        await database.transaction().execute(async (transaction) => {
          await write(transaction, id);
          // Over before the other is: marked, and counted again with what was before.
          await cameras.change(id, { lao }, { ...byTest, version: 1 });
          await settleCounts(database);
        });
        const byHand = await countedByHand(database);
        expect(Object.keys(byHand)).not.toEqual(Object.keys(before));
        expect(await countedByUs(database), 'with its mark').toEqual(byHand);
        const [{ lao_id } = { lao_id: '' }] = await database
          .selectFrom('cameras')
          .select('lao_id')
          .execute();
        expect(await countedByUs(database, [lao_id]), 'asked for alone').toEqual(byHand);
        expect((await checkCounts(database)).wrong).toEqual([]);
        await settleCounts(database);
        expect(await countedByUs(database), 'settled').toEqual(byHand);
        expect([await marks(), await camerasMarked()]).toEqual([0, []]);
      },
    );

    test('an import marks the LAOs of its cameras, and none of the cameras', async () => {
      const pages = [{ create: [given(), given({ position: 'อีกที่' })], change: [] }];
      await (
        await cameras.apply(pages, byTest)
      ).settled;
      expect([await marks(), await camerasMarked()]).toEqual([1, []]);
    });

    test('a camera that is gone, with its LAO, leaves no mark that stays', async () => {
      const { id } = await cameras.create(given(), byTest);
      await settleCounts(database);
      await database.deleteFrom('cameras').where('id', '=', id).execute();
      expect(await countedByUs(database)).toEqual({});
      await settleCounts(database);
      expect([await marks(), await camerasMarked()]).toEqual([0, []]);
    });
  }

  if (rig.kind === 'postgres') {
    test('what an inventory marked leaves nothing behind that each question would read', async () => {
      const { id } = await cameras.create(given(), byTest);
      await sql`insert into lao_count_marks (lao_id) select id from laos, generate_series(1, 10000)`.execute(
        database,
      );
      await sql`insert into lao_count_camera_marks (camera_id) select ${id} from generate_series(1, 10000)`.execute(
        database,
      );
      await settleCounts(database);
      const { rows } = await sql`select pg_relation_size('lao_count_marks') as marks,
        pg_relation_size('lao_count_camera_marks') as rows`.execute(database);
      expect(rows).toEqual([{ marks: 0, rows: 0 }]);
    });
  }

  test('an import that is not over holds no declaration up, and none of it is counted', async () => {
    const { id } = await cameras.create(given(), byTest);
    const before = await countedByHand(database);
    await database.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('cameras')
        .set({ declared: 'unrepairable' })
        .where('id', '=', id)
        .execute();
      expect(await countedByUs(database)).toEqual(before);
      if (rig.kind !== 'postgres') return;
      // Another camera of the same LAO and source, on another connection: it waits for nobody.
      await cameras.create(given({ position: 'อีกที่' }), byTest);
    });
    expect(await countedByUs(database)).toEqual(await countedByHand(database));
  });

  test('what is kept and wrong without a mark is found, named and counted right', async () => {
    await cameras.create(given(), byTest);
    await settleCounts(database);
    await database.updateTable('lao_counts').set({ counts: '[]' }).execute();
    expect(await countsByLao(database)).toEqual(new Map([[expect.any(String), []]]));
    const { laos, wrong } = await checkCounts(database);
    expect({ laos, wrong: wrong.map(({ name }) => name) }).toEqual({
      laos: 1,
      wrong: ['ทต.เกาะลันตาใหญ่'],
    });
    expect(await countedByUs(database)).toEqual(await countedByHand(database));
    await settleCounts(database);
    expect((await checkCounts(database)).wrong).toEqual([]);
  });

  test('a registry of before is counted from its first moment', async () => {
    await cameras.create(given(), byTest);
    // As the migration leaves it.
    await database.deleteFrom('lao_counts').execute();
    await sql`insert into lao_count_marks (lao_id) select id from laos where not exists
      (select 1 from lao_count_marks where lao_id = laos.id)`.execute(database);
    expect(await countedByUs(database)).toEqual(await countedByHand(database));
  });
}, openRegistry);
