/** The lists that cameras are registered under, on both databases. */
import { country } from '#registry/area.ts';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { brokenTotals } from '#registry/broken-cameras.ts';
import { openBudgetSources, BudgetSourceTwice } from '#registry/budget-sources.ts';
import { newCameraRows, prepareCameras } from '#registry/camera-writes.ts';
import { newCamera } from '#registry/camera.ts';
import type { CameraBatch, Cameras } from '#registry/cameras.ts';
import { executeTogether, takeLock } from '#registry/database/database.ts';
import { ImportGivenUp, openAcceptedImports } from '#registry/inventory/accepted-imports.ts';
import { ListRowStale } from '#registry/list-history.ts';
import { LaoNotFound, LaoNotValid, LaoTwice, newLao } from '#registry/lao.ts';
import { openLaos, type Laos } from '#registry/laos.ts';
import { MERGE_LOCK, PlaceIds, PlaceMerged } from '#registry/place-ids.ts';
import { up as keysWithDigitsApart } from '#registry/schema/migrations/0019-digits-apart.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { giveSitesToLaos } from '#registry/schema/migrations/0023-sites-of-laos.ts';
import { openSites } from '#registry/sites.ts';
import { countedCameras } from '#registry/survey/counted-cameras.ts';
import { surveyCounts } from '#registry/survey/counts.ts';
import { byTest, camerasOf, testBox, tester } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { onEachDatabase } from './each-database.ts';

const noRows = { new: 0, changed: 0, unchanged: 0, refused: 0, warned: 0 };
const given = (changes: Record<string, unknown> = {}) => newCamera.parse(krabiCamera(changes));
const lao = (changes: Record<string, unknown> = {}) =>
  newLao.parse({
    name: 'ทต.เกาะลันตาใหญ่',
    district: 'เกาะลันตา',
    province: 'กระบี่',
    ...changes,
  });
async function lock(transaction: RegistryDatabase, id: string): Promise<void> {
  await sql`select 1 from cameras where id = ${id} for update`.execute(transaction);
}
const byDepartment = { author: tester, listed: true };

onEachDatabase((rig) => {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let laos: Laos;

  beforeEach(async () => {
    database = await openRegistry(rig.open());
    cameras = camerasOf(database);
    laos = openLaos(database, { now: Date.now });
  });

  const idOf = async (name: string): Promise<string> =>
    (await laos.list({})).find((row) => row.name === name)?.id ?? '';
  const names = async (filter: Parameters<Laos['list']>[0]) =>
    (await laos.list(filter)).map(({ name }) => name).toSorted();

  test('whether an inventory was saved is known of a process that is gone, and one that nobody writes any more never will be', async () => {
    const accepted = openAcceptedImports(database, { now: Date.now });
    const one = { actorId: 'ก', fileName: 'ก.xlsx', areas: [], counts: noRows };
    const stateOf = async (id: string) => (await accepted.find(id, 'ก', () => true))?.state;
    for (const id of ['saved', 'rolled-back', 'killed']) await accepted.begin({ ...one, id });
    await database.transaction().execute(async (transaction) => {
      await accepted.save(transaction, 'saved');
      // In SQLite whoever asks waits for its end.
      if (rig.kind === 'postgres') expect(await stateOf('saved')).toBe('begun');
    });
    const failing = database.transaction().execute(async (transaction) => {
      await accepted.save(transaction, 'rolled-back');
      throw new RangeError('no more rows');
    });
    await expect(failing).rejects.toThrow('no more rows');
    expect(await Promise.all(['saved', 'rolled-back', 'killed', 'none'].map(stateOf))).toEqual([
      'saved',
      'lost',
      'lost',
      undefined,
    ]);
    const late = database.transaction().execute(async (t) => accepted.save(t, 'killed'));
    await expect(late).rejects.toBeInstanceOf(ImportGivenUp);
    expect(await accepted.find('saved', 'ข', () => true)).toBeUndefined();
    expect(await accepted.find('saved', 'ก', () => false)).toBeUndefined();
  });

  // On SQLite nothing waits for another within a transaction.
  if (rig.kind === 'postgres') {
    const acts: [string, (id: string) => Promise<unknown>][] = [
      ['a merge', async (id) => laos.merge(id, await idOf('ทต.ศาลาด่าน'), { author: tester })],
      ['a correction of an LAO', async (id) => laos.change(id, { name: 'ทม.เกาะลันตา' }, byTest)],
      [
        "the Department's list",
        async () => laos.import([lao({ name: 'เทศบาลตำบลเกาะลันตาใหญ่' })], byTest),
      ],
      [
        'another name of a site',
        async () => {
          const sites = openSites(database, { now: Date.now });
          const [site] = await sites.list([country]);
          return sites.change(site?.id ?? '', { name: 'ตู้สาขา' }, byTest);
        },
      ],
    ];
    test.each(acts)(
      '%s that waits for a transaction which waits for it is made once more',
      async (_what, act) => {
        const [first, second] = [
          await cameras.create(given(), byTest),
          await cameras.create(given({ position: 'ท่าเรือ' }), byTest),
        ];
        await laos.add(lao({ name: 'ทต.ศาลาด่าน' }), byDepartment);
        const id = await idOf(first.lao.name);
        let acting: Promise<unknown> | undefined;
        await database.transaction().execute(async (transaction) => {
          // The act is the one that is given up.
          await sql`set local deadlock_timeout = '50s'`.execute(transaction);
          const take = async (of: string): Promise<void> => {
            await lock(transaction, of);
            await sql`select 1 from camera_search where id = ${of} for update`.execute(transaction);
          };
          await take(second.id);
          acting = act(id);
          const waiting = sql`select 1 from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()`;
          while ((await waiting.execute(database)).rows.length === 0);
          await take(first.id);
        });
        await expect(acting).resolves.toBeDefined();
      },
    );
  }

  /** PostgreSQL; in SQLite whoever writes next waits for the whole transaction. */
  async function untilLockIsWantedBy(count: number): Promise<void> {
    if (rig.kind === 'sqlite') return;
    for (let waiting = 0; waiting !== count;) {
      const { rows } = await sql<{ waiting: number }>`select count(*) as waiting from pg_locks
        where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`.execute(
        database,
      );
      waiting = rows[0]?.waiting ?? 0;
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  /** Names that lead to LAOs, by why they do, and what these are called. */
  const led = async () => {
    const told: [string, string[]][] = [];
    await cameras.compared(
      { ids: [], districts: [], districtsOfIds: [] },
      {
        within: [country],
        goesOn: () => true,
        tellNames: (all) =>
          told.push(
            ...all.laos.map(({ why, to }): [string, string[]] => [why, to.map((of) => of.name)]),
          ),
      },
    );
    return told;
  };

  const inMerged = async () =>
    database
      .selectFrom('cameras')
      .innerJoin('laos', 'laos.id', 'cameras.lao_id')
      .innerJoin('budget_sources', 'budget_sources.id', 'cameras.budget_source_id')
      .select('cameras.id')
      .where((where) =>
        where.or([
          where('laos.merged_into', 'is not', null),
          where('budget_sources.merged_into', 'is not', null),
        ]),
      )
      .execute();

  test('an LAO that a camera names by another spelling is the listed one; an unknown one is proposed', async () => {
    const listed = await laos.add(lao({ code: '05810302' }), byDepartment);
    expect(listed).toMatchObject({
      type: 'ทต.',
      districtCode: '8103',
      reportingParent: 'district',
      status: 'listed',
    });
    const camera = await cameras.create(
      given({
        lao: { name: 'เทศบาลตำบล เกาะลันตาใหญ่', district: 'อ.เกาะลันตา', province: 'จังหวัดกระบี่' },
      }),
      byTest,
    );
    expect(camera.lao).toEqual({ name: listed.name, district: 'เกาะลันตา', province: 'กระบี่' });
    await cameras.create(
      given({ lao: { name: 'อบต.คลองยาง', district: 'เกาะลันตา', province: 'กระบี่' } }),
      byTest,
    );
    expect(await laos.list({ status: 'proposed' })).toMatchObject([
      { name: 'อบต.คลองยาง', type: 'อบต.', code: null },
    ]);
    expect(await laos.list({})).toHaveLength(2);
  });

  test('lists are narrowed by area, and searched by any spelling', async () => {
    for (const one of [
      lao(),
      lao({ name: 'อบต.คลองยาง' }),
      lao({ name: 'ทม.กระบี่', district: 'เมืองกระบี่' }),
      lao({ name: 'ทน.ตรัง', district: 'เมืองตรัง', province: 'ตรัง' }),
    ]) {
      await laos.add(one, byDepartment);
    }
    expect(await names({ province: 'จ.กระบี่', district: 'อ.เมือง' })).toEqual(['ทม.กระบี่']);
    expect(await names({ q: 'เทศบาลเมืองกระบี่' })).toEqual(['ทม.กระบี่']);
    expect(await names({ q: 'คลอง' })).toEqual(['อบต.คลองยาง']);
    expect(await names({ within: [{ level: 'province', province: 'ตรัง' }] })).toEqual(['ทน.ตรัง']);
    expect(await names({ within: [] })).toEqual([]);
  });

  test('two spellings of one LAO, one code twice, or a district that is not there are refused', async () => {
    await laos.add(lao({ code: '05810302' }), byDepartment);
    const twice = laos.add(lao({ name: 'เทศบาลตำบลเกาะลันตาใหญ่' }), byDepartment);
    await expect(twice).rejects.toBeInstanceOf(LaoTwice);
    await expect(twice).rejects.toMatchObject({ details: { lao: { code: '05810302' } } });
    await expect(
      laos.add(lao({ name: 'อบต.คลองยาง', code: '05810302' }), byDepartment),
    ).rejects.toBeInstanceOf(LaoTwice);
    for (const bad of [{ district: 'เกาะลันตาน้อย' }, { type: 'อบต.' }, { province: 'กระบี' }]) {
      await expect(laos.add(lao(bad), byDepartment)).rejects.toBeInstanceOf(LaoNotValid);
    }
    const other = await laos.add(lao({ name: 'อบต.คลองยาง' }), { author: tester, listed: false });
    await expect(laos.change(other.id, { name: 'ทต.เกาะลันตาใหญ่' }, byTest)).rejects.toBeInstanceOf(
      LaoTwice,
    );
    expect(
      await laos.change(
        other.id,
        { status: 'listed', reportingParent: 'province', code: '12345' },
        byTest,
      ),
    ).toMatchObject({ status: 'listed', reportingParent: 'province', code: '12345' });
  });

  test('a merge takes the cameras along, with their history, and the old spelling leads there', async () => {
    const right = await laos.add(lao(), byDepartment);
    const misspelt = { name: 'ทต.เกาะลันตาใหย่', district: 'เกาะลันตา', province: 'กระบี่' };
    const camera = await cameras.create(given({ lao: misspelt }), byTest);
    const gone = await cameras.create(given({ lao: misspelt, position: 'ที่ลบแล้ว' }), byTest);
    await cameras.remove(gone.id, { ...byTest, version: 1, reason: 'ซ้ำ' });
    const wrong = (await laos.list({ status: 'proposed' }))[0];
    expect(await laos.merge(wrong?.id ?? '', right.id, { author: tester })).toBe(2);
    expect(await cameras.get(camera.id)).toMatchObject({ version: 2, lao: { name: right.name } });
    expect((await cameras.history(camera.id))?.[0]).toMatchObject({
      author: tester,
      changes: [['lao', misspelt, { ...misspelt, name: right.name }]],
    });
    expect(await cameras.list({ limit: 9, q: 'ใหย่' })).toEqual([]);
    expect(await cameras.list({ limit: 9, q: 'ลันตาใหญ่' })).toHaveLength(1);
    // The misspelling is not entered again.
    const next = await cameras.create(given({ lao: misspelt, position: 'อีกต้น' }), byTest);
    expect(next.lao.name).toBe(right.name);
    expect(await laos.canonical(misspelt)).toEqual({ ...misspelt, name: right.name });
    expect(await laos.list({})).toHaveLength(1);
    await expect(laos.merge(wrong?.id ?? '', right.id, { author: tester })).rejects.toBeInstanceOf(
      LaoNotFound,
    );
    await expect(laos.merge(right.id, right.id, { author: tester })).rejects.toBeInstanceOf(
      LaoNotFound,
    );
  });

  test('a filter by a name or an id of before finds what stands there now, wherever that lies', async () => {
    const sources = openBudgetSources(database, { now: Date.now });
    const left = { name: 'อบต.คลองยาง', district: 'เกาะลันตา', province: 'กระบี่' };
    const into = { name: 'ทม.กระบี่', district: 'เมืองกระบี่', province: 'กระบี่' };
    await cameras.create(
      given({ lao: left, budgetSource: 'มท.', declared: 'under-repair' }),
      byTest,
    );
    await cameras.create(given(), byTest);
    const [from, target] = [await idOf(left.name), (await laos.add(lao(into), byDepartment)).id];
    const [short] = (await sources.list()).filter(({ name }) => name === 'มท.');
    const ministry = await sources.add('กระทรวงมหาดไทย', byDepartment);
    const seen = async (filter: Parameters<Cameras['list']>[0]) =>
      (await cameras.list(filter)).map((camera) => camera.lao.name);
    const asked = [
      { lao: 'องค์การบริหารส่วนตำบลคลองยาง' },
      { lao: from },
      // As a saved view has it, with the district of then.
      { ...left, lao: left.name },
      { budgetSource: 'มท.' },
      { budgetSource: short?.id },
    ];
    for (const filter of asked) expect(await seen({ limit: 9, ...filter })).toEqual([left.name]);
    await laos.merge(from, target, { author: tester });
    await sources.merge(short?.id ?? '', ministry.id, { author: tester });
    for (const filter of asked) expect(await seen({ limit: 9, ...filter })).toEqual([into.name]);
    const within = [country];
    const named = { within, lao: left.name };
    expect((await surveyCounts(database, 'lao', named)).rows).toMatchObject([{ lao: into.name }]);
    expect(await brokenTotals(database, named, { level: 'lao', nowMs: 0 })).toHaveLength(1);
    const counted = { ...named, budgetSourceId: short?.id };
    const page = { limit: 9, nowMs: 0 };
    expect(await countedCameras(database, 'now', 'all', counted, page)).toHaveLength(1);
    // What is merged into one that the person does not see stays unseen.
    const outside = { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' } as const;
    expect(await seen({ limit: 9, lao: left.name, within: [outside] })).toEqual([]);
    await laos.change(target, { name: 'ทน.กระบี่' }, byTest);
    await sources.change(ministry.id, { name: 'มหาดไทย' }, byTest);
    expect(await seen({ limit: 9, lao: 'ทม.กระบี่' })).toEqual(['ทน.กระบี่']);
    expect(await seen({ limit: 9, budgetSource: 'กระทรวงมหาดไทย' })).toEqual(['ทน.กระบี่']);
    // Somebody else is called so now.
    await laos.add(lao(into), byDepartment);
    expect(await seen({ limit: 9, lao: 'ทม.กระบี่' })).toEqual([]);
    expect(await seen({ limit: 9, lao: 'ทต.100%_' })).toEqual([]);
  });

  describe('a merge while cameras are entered', () => {
    const misspelt = { name: 'ทต.เกาะลันตาใหย่', district: 'เกาะลันตา', province: 'กระบี่' };
    let right: string;
    let wrong: string;

    beforeEach(async () => {
      right = (await laos.add(lao(), byDepartment)).id;
      wrong = (await laos.add(lao(misspelt), byDepartment)).id;
    });

    test.each(['LAO', 'budget source'])(
      'of an %s that an inventory named: it is not stored (PostgreSQL), or its cameras go along (SQLite)',
      async (list) => {
        const sources = openBudgetSources(database, { now: Date.now });
        const ministry = await sources.add('กระทรวงมหาดไทย', byDepartment);
        const short = await sources.add('มท.', byDepartment);
        const merging: Promise<number>[] = [];
        const pages = async function* (): AsyncGenerator<CameraBatch> {
          yield { create: [given({ lao: misspelt, budgetSource: 'มท.' })], change: [] };
          merging.push(
            list === 'LAO'
              ? laos.merge(wrong, right, { author: tester })
              : sources.merge(short.id, ministry.id, { author: tester }),
          );
          if (rig.kind === 'postgres') await Promise.all(merging);
        };
        const applied = cameras.apply(pages(), byTest);
        if (rig.kind === 'postgres') await expect(applied).rejects.toBeInstanceOf(PlaceMerged);
        else await (await applied).settled;
        expect(await Promise.all(merging)).toEqual([rig.kind === 'postgres' ? 0 : 1]);
        expect(await cameras.list({ limit: 9 })).toHaveLength(rig.kind === 'postgres' ? 0 : 1);
        expect(await inMerged()).toEqual([]);
      },
    );

    test('waits for cameras that are about to be committed, and takes them along', async () => {
      const { merging } = await database.transaction().execute(async (transaction) => {
        const places = new PlaceIds(transaction, () => cameras.nextId(), tester);
        const created = [{ id: cameras.nextId(), given: given({ lao: misspelt }) }];
        const madeOf = { author: tester, atMs: Date.now() };
        const made = await newCameraRows(places, testBox, created, madeOf);
        await executeTogether(transaction, await prepareCameras(transaction, made));
        await places.refuseMerged();
        const merged = laos.merge(wrong, right, { author: tester });
        await untilLockIsWantedBy(1);
        return { merging: merged };
      });
      expect(await merging).toBe(1);
      expect(await inMerged()).toEqual([]);
    });

    test('has a camera that was written under it written anew, under what it leads to', async () => {
      const elsewhere = { ...misspelt, name: 'อบต.คลองยาง' };
      // Of no site: two who enter one at once wait for each other first.
      const site = null;
      const { id } = await cameras.create(given({ lao: elsewhere, position: 'ย้าย', site }), byTest);
      const { entering } = await database.transaction().execute(async (transaction) => {
        await takeLock(transaction, MERGE_LOCK);
        const entered = Promise.all([
          cameras.create(given({ lao: misspelt, site }), byTest),
          cameras.change(id, { lao: misspelt }, { ...byTest, version: 1 }),
        ]);
        await untilLockIsWantedBy(2);
        await transaction
          .updateTable('laos')
          .set({ status: 'merged', merged_into: right })
          .where('id', '=', wrong)
          .execute();
        return { entering: entered };
      });
      const names = (await entering).map((camera) => [camera.lao.name, camera.version]);
      expect(names).toEqual([
        ['ทต.เกาะลันตาใหญ่', 1],
        ['ทต.เกาะลันตาใหญ่', 2],
      ]);
      expect(await inMerged()).toEqual([]);
    });
  });

  test('the code of an LAO that was merged leads to where it went, and brings nothing of it back', async () => {
    const gone = await laos.add(lao({ name: 'อบต.เกาะลันตาใหญ่', code: '1111' }), byDepartment);
    const right = await laos.add(lao({ code: '2222' }), byDepartment);
    await laos.merge(gone.id, right.id, { author: tester });
    const imported = await laos.import(
      [
        lao({ name: 'อบต.ชื่อใหม่', code: '1111' }),
        lao({ name: 'องค์การบริหารส่วนตำบลเกาะลันตาใหญ่', code: '1111' }),
      ],
      byTest,
    );
    expect(imported).toMatchObject({
      added: 0,
      changed: 0,
      refused: [{ row: 0, code: 'code_of_merged' }],
    });
    expect(await laos.get(gone.id)).toMatchObject({ status: 'merged', mergedInto: right.id });
    expect(await laos.get(right.id)).toEqual(right);
  });

  test('rows of the list that lead to one LAO are one: the second says so, and the import is written', async () => {
    const gone = await laos.add(lao({ name: 'อบต.เกาะลันตาใหญ่' }), byDepartment);
    const right = await laos.add(lao({ code: '05810302' }), { author: tester, listed: false });
    await laos.merge(gone.id, right.id, { author: tester });
    const fates = async (...rows: ReturnType<typeof lao>[]) => {
      const seen = await laos.planImport(rows);
      await laos.import(rows, { ...byTest, seen: seen.fingerprint });
      return seen.fates.map((fate) => ('code' in fate ? fate.code : fate.fate));
    };
    // Both names of one that was merged; nothing is written of either when the list says so already.
    const both = [lao(), lao({ name: 'อบต.เกาะลันตาใหญ่' })];
    expect(await fates(...both)).toEqual(['changed', 'twice_in_file']);
    expect(await fates(...both)).toEqual(['unchanged', 'unchanged']);
    // A name that a row above takes from it, for another LAO: which comes when the name is free.
    const renamed = lao({ code: '05810302', name: 'ทม.เกาะลันตา' });
    const other = lao({ code: '05810399' });
    expect(await fates(renamed, other)).toEqual(['changed', 'twice_in_file']);
    expect(await fates(renamed, other)).toEqual(['unchanged', 'new']);
  });

  test("the Department's list is imported: what is named is listed, the rest says why not", async () => {
    await cameras.create(given(), byTest);
    await laos.add(lao({ name: 'อบต.คลองยาง', code: '11111' }), byDepartment);
    const rows = [
      lao({ name: 'เทศบาลตำบลเกาะลันตาใหญ่', code: '05810302' }),
      lao({ name: 'อบต.คลองยาง', code: '11111' }),
      lao({ name: 'อบจ.กระบี่', district: 'เมืองกระบี่', reportingParent: 'province' }),
      lao({ name: 'อบต.ไม่มี', district: 'ไม่มี' }),
      lao({ name: 'ทต.เกาะลันตาใหญ่', code: '99999' }),
      lao({ name: 'อบต.เกาะกลาง', code: '05810302' }),
      lao({ name: 'อบต.ชื่อ', type: 'ทต.' }),
    ];
    const result = await laos.import(rows, byTest);
    expect(result).toMatchObject({ added: 1, changed: 1, unchanged: 1 });
    expect(result.refused.map(({ row, code }) => [row, code])).toEqual([
      [3, 'no_such_district'],
      [4, 'twice_in_file'],
      [5, 'twice_in_file'],
      [6, 'type_differs_from_name'],
    ]);
    // The camera's LAO is the same row, by the list's spelling now.
    const [camera] = await cameras.list({ limit: 1 });
    expect(camera?.lao.name).toBe('เทศบาลตำบลเกาะลันตาใหญ่');
    expect(await cameras.list({ limit: 1, q: 'ทต.เกาะลันตาใหญ่' })).toHaveLength(1);
    expect(await laos.import(rows.slice(0, 3), byTest)).toMatchObject({
      added: 0,
      changed: 0,
      unchanged: 3,
    });
  });

  test('what an LAO was called before it was corrected leads to it, until another bears the name', async () => {
    const [first, second] = [
      await laos.add(lao({ code: '05810302' }), byDepartment),
      await laos.add(lao({ name: 'อบต.คลองยาง' }), byDepartment),
    ];
    await laos.change(first.id, { name: 'เทศบาลตำบล เกาะลันตาใหญ่' }, byTest);
    expect(await led()).toEqual([]);
    // By the Department's list as by hand.
    await laos.import([lao({ code: '05810302', name: 'ทม.เกาะลันตาใหญ่' })], byTest);
    expect(await led()).toEqual([['corrected', ['ทม.เกาะลันตาใหญ่']]]);
    await laos.change(second.id, { name: 'ทต.เกาะลันตาใหญ่' }, byTest);
    expect(await led()).toEqual([['corrected', ['ทต.เกาะลันตาใหญ่']]]);
    await laos.change(second.id, { name: 'อบต.คลองยาง' }, byTest);
    expect(await led()).toEqual([['corrected', ['ทม.เกาะลันตาใหญ่', 'อบต.คลองยาง']]]);
    await laos.merge(second.id, first.id, { author: tester });
    expect(await led()).toEqual([
      ['merged', ['ทม.เกาะลันตาใหญ่']],
      ['corrected', ['ทม.เกาะลันตาใหญ่']],
    ]);
  });

  test('budget sources are a list too: known by any spelling, merged with their cameras', async () => {
    const sources = openBudgetSources(database, { now: Date.now });
    const ministry = await sources.add('กระทรวงมหาดไทย', byDepartment);
    await expect(sources.add(' กระทรวง มหาดไทย', byDepartment)).rejects.toBeInstanceOf(
      BudgetSourceTwice,
    );
    const camera = await cameras.create(given({ budgetSource: 'มท.' }), byTest);
    await cameras.create(given({ budgetSource: 'กระทรวง มหาดไทย' }), byTest);
    const wrong = (await sources.list()).find(({ status }) => status === 'proposed');
    expect(wrong?.name).toBe('มท.');
    expect(await sources.merge(wrong?.id ?? '', ministry.id, { author: tester })).toBe(1);
    expect(await cameras.get(camera.id)).toMatchObject({
      budgetSource: 'กระทรวงมหาดไทย',
      version: 2,
    });
    expect(await sources.list()).toMatchObject([{ name: 'กระทรวงมหาดไทย', status: 'listed' }]);
    expect(
      await sources.change(ministry.id, { name: 'กระทรวงมหาดไทย (มท.)' }, byTest),
    ).toMatchObject({
      name: 'กระทรวงมหาดไทย (มท.)',
    });
  });

  test('what a site can bear is set, told, and goes with its streams', async () => {
    const sites = openSites(database, { now: Date.now });
    await cameras.create(given(), byTest);
    await cameras.create(given({ site: 'อื่น', stream: { url: 'rtsp://10.0.0.1/' } }), byTest);
    const told: unknown[] = [];
    sites.onChanged((site) => told.push(site));
    const here = { level: 'province', province: 'กระบี่' } as const;
    expect((await sites.list([here])).map(({ name }) => name)).toContain('ตู้เทศบาล');
    // Where cameras of nobody else's area share a line is nobody else's to know.
    expect(await sites.list([{ ...here, province: 'ตรัง' }])).toEqual([]);
    const [first] = (await sites.list([country])).filter(({ name }) => name === 'ตู้เทศบาล');
    const changed = await sites.change(
      first?.id ?? '',
      {
        networkZone: 'กระบี่',
        maxSessionsPerBox: 2,
        uplinkBitsPerSecond: 5_000_000_000,
      },
      byTest,
    );
    expect(changed).toMatchObject({ maxSessions: null, uplinkBitsPerSecond: 5_000_000_000 });
    expect(told).toEqual([changed]);
    const streams = await cameras.streams(first?.id);
    expect(streams).toHaveLength(1);
    expect(streams[0]?.site).toMatchObject({ maxSessionsPerBox: 2 });
  });

  test('names of before that have digits apart are found under the keys of now', async () => {
    const apart = { lao: { ...lao(), name: 'ทต.หลัก 1.5' }, budgetSource: 'งบปี 2561 2562' };
    const of = ({ name, district, province }: typeof apart.lao) => ({ name, district, province });
    const { id } = await cameras.create(given({ ...apart, lao: of(apart.lao) }), byTest);
    const now = await database.selectFrom('laos').select('match_key').execute();
    await database.updateTable('laos').set({ match_key: 'กระบี่|เกาะลันตา|ทต.หลัก15' }).execute();
    await database.updateTable('budget_sources').set({ match_key: 'งบปี25612562' }).execute();
    await database
      .insertInto('lao_former_names')
      .columns(['match_key', 'lao_id', 'name', 'district', 'province'])
      .expression((from) =>
        from
          .selectFrom('laos')
          .select(['match_key', 'id as lao_id', 'name', 'district', 'province']),
      )
      .execute();
    await keysWithDigitsApart(database);
    expect(await database.selectFrom('laos').select('match_key').execute()).toEqual(now);
    expect(await database.selectFrom('lao_former_names').select('match_key').execute()).toEqual(
      now,
    );
    const other = await cameras.create(
      given({ lao: { ...of(apart.lao), name: 'ทต. หลัก ๑.๕' }, budgetSource: 'งบปี  ๒๕๖๑ 2562' }),
      byTest,
    );
    const { lao: known, budgetSource } = (await cameras.get(id)) ?? {};
    expect(other).toMatchObject({ lao: known, budgetSource });
  });

  test('a change of a list is told with before and after, and upon another version refused', async () => {
    const listed = await laos.add(lao(), byDepartment);
    const camera = await cameras.create(given(), byTest);
    const renamed = await laos.change(
      listed.id,
      { name: 'ทม.ลันตา' },
      { ...byDepartment, version: 1 },
    );
    expect(renamed.version).toBe(2);
    expect((await laos.change(listed.id, { name: 'ทม.ลันตา' }, byDepartment)).version).toBe(2);
    const stale = laos.change(listed.id, { status: 'proposed' }, { ...byDepartment, version: 1 });
    await expect(stale).rejects.toMatchObject({
      code: 'list_changed_meanwhile',
      details: { current: renamed },
    });
    expect(await laos.history(listed.id)).toEqual([
      {
        version: 2,
        atMs: expect.any(Number),
        author: tester,
        changes: [
          ['type', 'ทต.', 'ทม.'],
          ['name', 'ทต.เกาะลันตาใหญ่', 'ทม.ลันตา'],
        ],
      },
    ]);
    const sources = openBudgetSources(database, { now: Date.now });
    const [source] = await sources.list();
    await sources.change(source?.id ?? '', { name: 'เงินสะสม' }, { ...byDepartment, version: 1 });
    const again = sources.change(
      source?.id ?? '',
      { name: 'เงินอื่น' },
      { ...byDepartment, version: 1 },
    );
    await expect(again).rejects.toBeInstanceOf(ListRowStale);
    expect(await sources.history(source?.id ?? '')).toMatchObject([
      { changes: [['name', 'กรมส่งเสริมการปกครองท้องถิ่น', 'เงินสะสม']] },
    ]);
    const sites = openSites(database, { now: Date.now });
    const [site] = await sites.list([country]);
    await sites.change(site?.id ?? '', { maxSessions: 3 }, { ...byDepartment, version: 1 });
    const third = sites.change(site?.id ?? '', { maxSessions: 4 }, { ...byDepartment, version: 1 });
    await expect(third).rejects.toBeInstanceOf(ListRowStale);
    expect(await sites.history(site?.id ?? '')).toMatchObject([
      { changes: [['maxSessions', null, 3]] },
    ]);
    // Whoever merges two stands for where their cameras are.
    const other = await laos.add(lao({ name: 'อบต.คลองยาง' }), byDepartment);
    const author = { id: 'กรม', name: 'กรม', proxyFor: null };
    await laos.merge(listed.id, other.id, { author });
    expect(await laos.history(listed.id)).toMatchObject([
      {
        version: 3,
        author,
        changes: [
          ['status', 'listed', 'merged'],
          ['mergedInto', null, other.id],
        ],
      },
      { version: 2 },
    ]);
    expect((await cameras.detail(camera.id))?.origins).toMatchObject({
      lao: { by: author },
      budgetSource: { by: tester },
    });
  });

  /** Sites, with what they bear. */
  const sitesNow = async () =>
    (await openSites(database, { now: Date.now }).list([country])).map(
      ({ name, lao: of, maxSessions }) => [name, of.name, maxSessions],
    );
  const boundOf = async (): Promise<Record<string, number | null | undefined>> =>
    Object.fromEntries(
      (await cameras.streams()).map(({ cameraId, site }) => [cameraId, site?.maxSessions]),
    );

  describe('a site is of one LAO', () => {
    const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
    const yang = { ...lanta, name: 'อบต.คลองยาง' };
    const at = async (place: typeof lanta, site: string) =>
      cameras.create(given({ lao: place, site }), byTest);
    test('another one with a site of the same name has another; spellings of a name are one', async () => {
      const first = await at(lanta, 'ตู้ 1');
      const sites = openSites(database, { now: Date.now });
      const [site] = await sites.list([country]);
      await sites.change(site?.id ?? '', { maxSessions: 1 }, byTest);
      const spelt = await at(lanta, 'ตู้  ๑');
      const other = await at(yang, 'ตู้ 1');
      expect(spelt.site).toBe('ตู้ 1');
      expect(await sitesNow()).toEqual(
        expect.arrayContaining([
          ['ตู้ 1', lanta.name, 1],
          ['ตู้ 1', yang.name, null],
        ]),
      );
      const bounds = { [first.id]: 1, [spelt.id]: 1, [other.id]: null };
      expect(await boundOf()).toEqual(bounds);
      // By another spelling it is no change; in another LAO it is another site, and dialled anew.
      const same = await cameras.change(first.id, { site: 'ตู้๑' }, { ...byTest, version: 1 });
      expect(same.version).toBe(1);
      const dialled: boolean[] = [];
      cameras.onChanged(({ streamChanged }) => dialled.push(streamChanged));
      await cameras.change(
        spelt.id,
        { lao: yang },
        { ...byTest, version: 1, duplicateConfirmed: true },
      );
      expect(dialled).toEqual([true]);
      expect(await boundOf()).toEqual({ ...bounds, [spelt.id]: null });
    });

    test('with a merge it goes along, with what it can bear where that is not said already', async () => {
      const ids = await Promise.all([at(lanta, 'ตู้ 1'), at(yang, 'ตู้ 1'), at(yang, 'ตู้ 2')]);
      const sites = openSites(database, { now: Date.now });
      for (const { id, name, lao: of } of await sites.list([country])) {
        await sites.change(
          id,
          {
            maxSessions: of.name === lanta.name ? 1 : Number(name.slice(-1)) + 6,
          },
          byTest,
        );
      }
      const [into, from] = [lanta, yang].map(
        async ({ name }) => (await laos.list({ q: name }))[0]?.id,
      );
      await cameras.remove((await at(yang, 'ตู้ 2')).id, { ...byTest, version: 1, reason: 'ซ้ำ' });
      expect(await laos.mergePreview((await from) ?? '', (await into) ?? '')).toEqual({
        cameras: 3,
        deletedCameras: 1,
        sites: [
          { name: 'ตู้ 1', joins: true },
          { name: 'ตู้ 2', joins: false },
        ],
      });
      const dialled: (readonly string[])[] = [];
      laos.onSitesMerged((ids) => dialled.push(ids));
      await laos.merge((await from) ?? '', (await into) ?? '', { author: tester });
      expect(await sitesNow()).toEqual([
        ['ตู้ 1', lanta.name, 1],
        ['ตู้ 2', lanta.name, 8],
      ]);
      // Their streams bear the new budgets as soon as they are dialled anew.
      const joined = await sites.list([country]);
      expect(dialled.map((ids) => ids.toSorted())).toEqual([joined.map(({ id }) => id).toSorted()]);
      expect(Object.values(await boundOf())).toEqual([1, 1, 8]);
      expect(ids).toHaveLength(3);
    });

    test('one that is called otherwise keeps its cameras and what it can bear, and its old name leads to it', async () => {
      const sites = openSites(database, { now: Date.now });
      const first = await at(lanta, 'ตู้ 1');
      await at(lanta, 'ตู้ 2');
      await at(yang, 'ตู้ 1');
      const [one] = (await sites.list([country])).filter(
        ({ name, lao: of }) => name === 'ตู้ 1' && of.name === lanta.name,
      );
      const id = one?.id ?? '';
      await sites.change(id, { maxSessions: 3, name: 'ตู้สาขาตลาด' }, byTest);
      expect(await cameras.get(first.id)).toMatchObject({ site: 'ตู้สาขาตลาด', version: 1 });
      expect((await boundOf())[first.id]).toBe(3);
      const found = async (filter: object) =>
        (await cameras.list({ limit: 9, ...filter })).map((camera) => camera.id);
      expect(await found({ q: 'สาขาตลาด' })).toEqual([first.id]);
      expect(await found({ site: 'ตู้สาขาตลาด' })).toEqual([first.id]);
      expect(await found({ site: 'ตู้ 1', lao: lanta.name })).toEqual([first.id]);
      // As a workbook of before says it; in another LAO the name is another site's.
      expect((await at(lanta, 'ตู้  ๑')).site).toBe('ตู้สาขาตลาด');
      expect((await at(yang, 'ตู้ 1')).site).toBe('ตู้ 1');
      expect(await sites.list([country])).toHaveLength(3);
      await expect(sites.change(id, { name: 'ตู้2' }, byTest)).rejects.toMatchObject({
        code: 'site_exists',
        details: { site: { name: 'ตู้ 2' } },
      });
      // What leads to it is given back, and leads the other way.
      await sites.change(id, { name: 'ตู้ 1' }, byTest);
      expect((await at(lanta, 'ตู้สาขาตลาด')).site).toBe('ตู้ 1');
      await sites.change(id, { name: 'ตู้ ๑' }, byTest);
      expect((await sites.history(id)).map(({ changes }) => changes)).toEqual([
        [['name', 'ตู้ 1', 'ตู้ ๑']],
        [['name', 'ตู้สาขาตลาด', 'ตู้ 1']],
        [
          ['name', 'ตู้ 1', 'ตู้สาขาตลาด'],
          ['maxSessions', null, 3],
        ],
      ]);
    });

    test('two that are one line are merged: cameras go along, and budgets hold where they go', async () => {
      const sites = openSites(database, { now: Date.now });
      const moved = await at(lanta, 'ตู้ 2');
      const stays = await at(lanta, 'ตู้ 1');
      const gone = await at(lanta, 'ตู้ 2');
      await cameras.remove(gone.id, { ...byTest, version: 1, reason: 'ซ้ำ' });
      await at(yang, 'ตู้ 1');
      const listed = async (place: typeof lanta) =>
        (await sites.list([country])).filter(({ lao: of }) => of.name === place.name);
      const [into = '', from = ''] = (await listed(lanta)).map(({ id }) => id);
      const elsewhere = (await listed(yang))[0]?.id ?? '';
      await sites.change(into, { maxSessions: 2 }, byTest);
      await sites.change(from, { maxSessions: 9, uplinkBitsPerSecond: 5_000_000 }, byTest);
      await sites.change(from, { name: 'ตู้เก่า' }, byTest);
      await expect(sites.merge(from, elsewhere, byTest)).rejects.toMatchObject({
        code: 'sites_of_two_laos',
      });
      expect(await sites.mergePreview(from, into)).toEqual({ cameras: 2, deletedCameras: 1 });
      const told: unknown[] = [];
      sites.onChanged((site) => told.push(site));
      expect(await sites.merge(from, into, byTest)).toBe(2);
      const left = await listed(lanta);
      expect(left).toMatchObject([{ name: 'ตู้ 1', maxSessions: 2, uplinkBitsPerSecond: 5_000_000 }]);
      expect(told).toEqual(left);
      expect(await boundOf()).toMatchObject({ [moved.id]: 2, [stays.id]: 2 });
      expect(await cameras.get(moved.id)).toMatchObject({ site: 'ตู้ 1', version: 2 });
      expect((await cameras.history(moved.id))?.[0]).toMatchObject({
        changes: [['site', 'ตู้เก่า', 'ตู้ 1']],
      });
      // Each name that it had leads there, and no other site takes it.
      for (const name of ['ตู้เก่า', 'ตู้ 2']) expect((await at(lanta, name)).site).toBe('ตู้ 1');
      expect((await sites.history(from))[0]?.changes).toEqual([['mergedInto', null, into]]);
      await expect(sites.merge(from, into, byTest)).rejects.toMatchObject({
        code: 'site_not_found',
      });
      await expect(sites.change(from, { maxSessions: 1 }, byTest)).rejects.toMatchObject({
        code: 'site_not_found',
      });
      // They go along where the LAO goes.
      const laoIds = [await idOf(lanta.name), await idOf(yang.name)] as const;
      await laos.merge(...laoIds, { author: tester });
      expect((await at(yang, 'ตู้เก่า')).site).toBe('ตู้ 1');
      expect(await listed(yang)).toHaveLength(1);
    });

    test('one of before, that cameras of several named, is that of each from now on', async () => {
      await at(lanta, 'ตู้ 1');
      await at(yang, 'ตู้ 2');
      await at(lanta, 'ตู้ 3');
      const [one, two, three] = await database
        .selectFrom('sites')
        .select('id')
        .orderBy('name')
        .execute();
      const old = { lao_id: null, name: '' };
      await database
        .updateTable('sites')
        .set({ ...old, key: 'ตู้ 1', max_sessions: 4 })
        .where('id', '=', one?.id ?? '')
        .execute();
      await database
        .updateTable('sites')
        .set({ ...old, key: 'ตู้  ๑' })
        .where('id', '=', three?.id ?? '')
        .execute();
      await database
        .updateTable('cameras')
        .set({ site_id: one?.id ?? '' })
        .where('site_id', '=', two?.id ?? '')
        .execute();
      await database
        .updateTable('sites')
        .set({ ...old, key: 'ตู้ 2' })
        .where('id', '=', two?.id ?? '')
        .execute();
      await giveSitesToLaos(database);
      expect(await sitesNow()).toEqual(
        expect.arrayContaining([
          ['ตู้ 1', lanta.name, 4],
          ['ตู้ 1', yang.name, 4],
        ]),
      );
      expect(await sitesNow()).toHaveLength(2);
      expect(Object.values(await boundOf())).toEqual([4, 4, 4]);
    });
  });
}, openRegistry);
