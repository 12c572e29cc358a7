import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import type { CameraFilter } from '#registry/camera-list.ts';
import type { Cameras } from '#registry/cameras.ts';
import { textSearchOf } from '#registry/database/text-search.ts';
import { indexSearch } from '#registry/index-search.ts';
import { declaredCounts } from '#registry/declared-counts.ts';
import { up as spellings } from '#registry/schema/migrations/0022-spellings.ts';
import { up as abbreviationsWithoutDots } from '#registry/schema/migrations/0027-abbreviations-without-dots.ts';
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

/** Which cameras a list, a search and a count find. */
export function listsOfCameras(rig: DatabaseRig): void {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let nowMs: number;

  beforeEach(async () => {
    nowMs = START_MS;
    ({ database, cameras } = await openedCameras(rig, () => nowMs));
  });
  const positions = async (filter: Parameters<Cameras['list']>[0]): Promise<string[]> =>
    (await cameras.list(filter)).map(({ position }) => position);

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

  test('dots of abbreviations are no part of what is searched for, nor of what is found; those of numbers are', async () => {
    const health = 'หน้า รพ.สต. บ้านหัวแหลม ซ. 5';
    await cameras.create(given({ position: health }), byTest);
    await cameras.create(given({ position: 'ถนนสาย 1.5 กม' }), byTest);
    for (const q of ['รพสต', 'รพ.สต', 'รพ.สต.', 'รพ. สต.', 'ซ.5', 'ซ5', 'ทตเกาะลันตา รพสต']) {
      expect(await positions({ limit: 9, q }), q).toEqual([health]);
    }
    expect(await positions({ limit: 9, q: '1.5' })).toEqual(['ถนนสาย 1.5 กม']);
    expect(await positions({ limit: 9, q: '15' })).toEqual([]);
  });

  test('texts and names of before are brought to the spelling of now', async () => {
    await cameras.create(given({ position: 'ที่พัก กม. 12' }), byTest);
    const texts = database.selectFrom('camera_search').select('text');
    const [now] = await texts.execute();
    const before = 'ท\u0e48\u0e35';
    const text = now?.text.replace('ที่', before).replace('กม12', 'กม. 12') ?? '';
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
    const ofLaos = database.selectFrom('laos').select('match_key');
    const laosBefore = await ofLaos.execute();
    expect(laosBefore).toEqual([{ match_key: expect.stringContaining('ทต.') }]);
    await spellings(database);
    expect(await texts.execute()).toEqual([now]);
    expect(await ofLaos.execute()).toEqual(laosBefore);
    // Dots of abbreviations, of which a search has none.
    const dotted = now?.text.replace('กม12', 'กม.12').replaceAll('ทต', 'ทต.') ?? '';
    await database.updateTable('camera_search').set({ text: dotted }).execute();
    await database
      .transaction()
      .execute(async (transaction) => abbreviationsWithoutDots(transaction));
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
    const left = async (): Promise<number> => {
      const rest = rig.kind === 'sqlite' ? 'camera_search_rest' : 'camera_search where indexed = 0';
      const { rows } = await sql<{ left: number }>`
        select count(*) as left from ${sql.raw(rest)}`.execute(database);
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
    expect(await left()).toBe(1);
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
}
