import { Workbook } from '@cj-tech-master/excelts';
import { describe, expect, test } from 'vitest';
import { openFile } from '#registry/inventory/workbook-kind.ts';
import { xlsxSheets } from '#registry/inventory/xlsx-sheets.ts';
import { readFilledForm } from '#registry/survey/filled-form.ts';
import { FormRefused, readFormFile } from '#registry/survey/filled-form-file.ts';
import { surveyForm } from '#registry/survey/form.ts';
import { formXlsx } from '#registry/survey/form-xlsx.ts';
import type { ReturnRow } from '#registry/survey/return-rows.ts';
import { FORM_ROWS } from '../../simulator/form-example.ts';

const rows: ReturnRow[] = FORM_ROWS.map((row) => ({
  province: 'กระบี่',
  district: row.district,
  lao: row.lao,
  laoId: row.lao,
  budgetSource: row.budgetSource,
  budgetSourceId: null,
  total: row.working + row.underRepair + row.unrepairable,
  working: row.working,
  underRepair: row.underRepair,
  unrepairable: row.unrepairable,
  awaiting: 0,
  note: '',
}));
const lanta = rows.filter(({ lao }) => lao === 'ทต.เกาะลันตาใหญ่');
const krabi = { province: 'กระบี่', district: null, lao: null };
const ofLanta = { province: 'กระบี่', district: 'เกาะลันตา', lao: 'ทต.เกาะลันตาใหญ่' };
const ofLao = { name: 'ทต.เกาะลันตาใหญ่' };
const signature = { name: 'นายสมชาย ใจดี', position: 'ปลัดเทศบาล', date: '2019-04-19' };

/** Every cell that holds something, by its name, and what is merged. */
async function cellsOf(bytes: Uint8Array) {
  const workbook = new Workbook();
  await workbook.xlsx.load(Buffer.from(bytes));
  const [sheet] = workbook.worksheets;
  if (sheet === undefined) throw new Error('no sheet');
  const cells: Record<string, unknown> = {};
  sheet.eachRow((row) =>
    row.eachCell((cell) => {
      // Of a merge only its first cell holds the value.
      if (cell.master === cell && cell.value !== null) cells[cell.address] = cell.value;
    }),
  );
  return { cells, merges: await mergesOf(bytes), sheet };
}

async function mergesOf(bytes: Uint8Array): Promise<string[]> {
  const file = openFile(new Uint8Array(bytes));
  if (file.kind !== 'xlsx') throw new Error('no workbook');
  let xml = '';
  for await (const piece of file.zip.read('xl/worksheets/sheet1.xml')) {
    xml += Buffer.from(piece).toString('latin1');
  }
  return [...xml.matchAll(/<mergeCell ref="([^"]+)"/g)].map(([, ref = '']) => ref);
}

describe('the province form', () => {
  test("is the letter's, cell for cell", async () => {
    const form = surveyForm('province', rows, krabi, null);
    const { cells, merges, sheet } = await cellsOf(await formXlsx(form));
    const at = (row: number): unknown[] =>
      ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'].map((column) => cells[`${column}${row}`]);
    expect(cells['A1']).toBe(
      'แบบสำรวจข้อมูลการใช้งานกล้องโทรทัศน์วงจรปิด (CCTV) ที่อยู่ในความรับผิดชอบขององค์กรปกครองส่วนท้องถิ่น',
    );
    expect(at(2)).toEqual([
      'ที่',
      'จังหวัด',
      'อำเภอ',
      'อปท.',
      'แหล่งที่มางบประมาณ จากหน่วยงาน',
      'จำนวนกล้อง ทั้งหมด',
      'จำนวนกล้อง ที่ใช้งานได้',
      'จำนวนกล้องที่ชำรุด',
      undefined,
      'หมายเหตุ',
    ]);
    expect(at(3).slice(7, 9)).toEqual(['อยู่ระหว่างซ่อม', 'ไม่สามารถซ่อมได้']);
    const [l, y, j] = ['ทต.เกาะลันตาใหญ่', 'อบต.คลองยาง', 'อบจ.กระบี่'];
    const [dla, moi] = ['กรมส่งเสริมการปกครองท้องถิ่น', 'กระทรวงมหาดไทย'];
    expect([4, 5, 6, 7, 8, 9, 10].map(at)).toEqual([
      [1, 'กระบี่', 'เกาะลันตา', l, dla, 6, 5, 1, 0, undefined],
      [2, 'กระบี่', 'เกาะลันตา', l, l, 10, 6, 3, 1, undefined],
      [3, 'กระบี่', 'เกาะลันตา', y, moi, 17, 7, 5, 5, undefined],
      [4, 'กระบี่', 'เกาะลันตา', y, y, 7, 2, 4, 1, undefined],
      [5, 'กระบี่', 'เมืองกระบี่', j, dla, 5, 4, 0, 1, undefined],
      [6, 'กระบี่', 'เมืองกระบี่', j, moi, 10, 9, 1, 0, undefined],
      [7, 'กระบี่', 'เมืองกระบี่', j, j, 15, 10, 4, 1, undefined],
    ]);
    expect(at(11)).toEqual([
      'รวมทั้งสิ้น',
      undefined,
      undefined,
      undefined,
      undefined,
      70,
      43,
      18,
      9,
      undefined,
    ]);
    for (const merge of ['A1:J1', 'A2:A3', 'E2:E3', 'G2:G3', 'H2:I2', 'J2:J3', 'A11:E11']) {
      expect(merges).toContain(merge);
    }
    expect(cells['F13']).toMatch(/^ลงชื่อ \.+$/);
    expect(cells['F14']).toMatch(/^\(\.+\)$/);
    expect(cells['F15']).toBe('ท้องถิ่นจังหวัด');
    expect(cells['F16']).toMatch(/^วัน\/เดือน\/ปี \.+$/);
    expect(cells['A18']).toBe('หมายเหตุ');
    expect([19, 20, 21, 22, 23, 24, 25].map((row) => cells[`A${row}`])).toEqual([
      '- แหล่งที่มางบประมาณจากหน่วยงาน คือ ชื่อหน่วยงานที่สนับสนุนเงินในการจัดซื้อและติดตั้งกล้อง',
      '- จำนวนกล้องทั้งหมด คือ ปริมาณกล้องทั้งหมดที่อยู่ในความดูแลขององค์กรปกครองส่วนท้องถิ่น',
      '- จำนวนกล้องที่ใช้งานได้ คือ ปริมาณกล้องที่มีสภาพการใช้งานเป็นปกติ ใช้งานได้เต็มประสิทธิภาพ',
      '- จำนวนกล้องที่ชำรุด คือ ปริมาณกล้องเสีย/ใช้งานไม่ได้/ทำงานได้ไม่เต็มประสิทธิภาพ',
      '- อยู่ระหว่างซ่อม คือ กล้องเสียหรือทำงานได้ไม่เต็มประสิทธิภาพ อยู่ระหว่างรอซ่อมบำรุง',
      '- ไม่สามารถซ่อมได้ คือ กล้องเสีย ไม่สามารถซ่อมให้กลับมาใช้ได้ปกติ เช่น กล้องเก่าไม่มีอะไหล่ ราคาซ่อมไม่คุ้มค่า ฯลฯ',
      '- แบบสำรวจดังกล่าวข้างต้น (สำหรับจังหวัด) ขอให้จังหวัดรวบรวมข้อมูลจากทุกอำเภอภายในพื้นที่จังหวัด เพื่อรวบรวมส่งให้กรมส่งเสริมการปกครองท้องถิ่นต่อไป',
    ]);
    expect(cells['A26']).toBeUndefined();
    expect(sheet.pageSetup).toMatchObject({ paperSize: 9, orientation: 'landscape' });
    expect(form.fileName).toBe('การสำรวจข้อมูลการใช้งานกล้อง CCTV จังหวัดกระบี่');
  });

  test('signed, it says who, as what, and when, in พ.ศ.', async () => {
    const { signature: lines } = surveyForm('province', rows, krabi, {
      ...signature,
      position: 'ท้องถิ่นจังหวัดกระบี่',
    });
    expect(lines.slice(1)).toEqual([
      '(นายสมชาย ใจดี)',
      'ท้องถิ่นจังหวัดกระบี่',
      'วัน/เดือน/ปี 19 เมษายน 2562',
    ]);
  });
});

describe('the LAO form', () => {
  test("is the letter's, cell for cell, with ที่ใช้การได้", async () => {
    const form = surveyForm('lao', lanta, ofLanta, null);
    const { cells, merges } = await cellsOf(await formXlsx(form));
    const at = (row: number): unknown[] =>
      ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].map((column) => cells[`${column}${row}`]);
    expect(cells['A1']).toBe('(สำหรับ อปท.)');
    expect(at(3)).toEqual([
      'ที่',
      'อปท.',
      'แหล่งที่มางบประมาณ จากหน่วยงาน',
      'จำนวนกล้อง ทั้งหมด',
      'จำนวนกล้อง ที่ใช้การได้',
      'จำนวนกล้องที่ชำรุด',
      undefined,
      'หมายเหตุ',
    ]);
    expect(at(4).slice(5, 7)).toEqual(['อยู่ระหว่างซ่อม', 'ไม่สามารถซ่อมได้']);
    const l = 'ทต.เกาะลันตาใหญ่';
    expect([5, 6, 7].map(at)).toEqual([
      [1, l, 'กรมส่งเสริมการปกครองท้องถิ่น', 6, 5, 1, 0, undefined],
      [2, l, l, 10, 6, 3, 1, undefined],
      ['รวมทั้งสิ้น', undefined, undefined, 16, 11, 4, 1, undefined],
    ]);
    for (const merge of ['A1:H1', 'A2:H2', 'A3:A4', 'F3:G3', 'H3:H4', 'A7:C7']) {
      expect(merges).toContain(merge);
    }
    expect(cells['E11']).toBe('ผู้บริหาร อปท./ปลัด.....');
    const texts = Object.values(cells);
    expect(texts).toContain(
      '- จำนวนกล้องที่ใช้การได้ คือ ปริมาณกล้องที่มีสภาพการใช้งานเป็นปกติ ใช้งานได้เต็มประสิทธิภาพ',
    );
    expect(texts).toContain('- จำนวนกล้องที่ชำรุด คือ ปริมาณกล้องเสีย/ใช้การไม่ได้/ทำงานได้ไม่เต็มประสิทธิภาพ');
    expect(texts.slice(-2)).toEqual([
      '- แบบสำรวจดังกล่าวข้างต้น (สำหรับ อปท.) ให้ อปท. สำรวจข้อมูลและส่งให้อำเภอรวบรวม เพื่อส่งให้จังหวัดต่อไป',
      '(ขอความกรุณา อย่าส่งข้อมูลมากรมส่งเสริมการปกครองท้องถิ่น โดยตรง)',
    ]);
  });

  test('text that a spreadsheet would calculate is marked as text', async () => {
    const row = { ...lanta[0], note: '=HYPERLINK("http://evil")' } as ReturnRow;
    const { cells } = await cellsOf(await formXlsx(surveyForm('lao', [row], ofLanta, null)));
    expect(cells['H5']).toBe(`'=HYPERLINK("http://evil")`);
  });
});

async function read(bytes: Uint8Array) {
  return readFormFile(new Uint8Array(bytes), ofLao);
}

/** What is said of a form that went out, and was changed. */
async function problemsOf(change: (cell: (name: string, value: unknown) => void) => void) {
  const workbook = new Workbook();
  await workbook.xlsx.load(Buffer.from(await formXlsx(surveyForm('lao', lanta, ofLanta, null))));
  const [sheet] = workbook.worksheets;
  change((name, value) => {
    if (sheet !== undefined) sheet.getCell(name).value = value as string;
  });
  const file = openFile(new Uint8Array(await workbook.xlsx.writeBuffer()));
  if (file.kind !== 'xlsx') throw new Error('no workbook');
  const filled = await readFilledForm(await xlsxSheets(file.zip), ofLao);
  return 'rows' in filled ? [] : filled.problems.map(({ cell, reason }) => [cell, reason]);
}

describe('a filled form', () => {
  test('comes in as it went out, in Thai digits too, and by CSV', async () => {
    const bytes = await formXlsx(surveyForm('lao', lanta, ofLanta, null));
    const wanted = [
      { total: 6, working: 5, underRepair: 1, unrepairable: 0 },
      { total: 10, working: 6, underRepair: 3, unrepairable: 1 },
    ];
    expect(await read(bytes)).toMatchObject(wanted);
    expect(
      await problemsOf((set) => {
        set('D5', '๖');
        set('E5', '๕');
        set('B5', 'เทศบาลตำบลเกาะลันตาใหญ่');
        set('G5', '-');
      }),
    ).toEqual([]);
    const csv = [
      'ที่,อปท.,แหล่งที่มางบประมาณ จากหน่วยงาน,จำนวนกล้อง ทั้งหมด,จำนวนกล้อง ที่ใช้การได้,อยู่ระหว่างซ่อม,ไม่สามารถซ่อมได้,หมายเหตุ',
      '1,ทต.เกาะลันตาใหญ่,กระทรวงมหาดไทย,6,5,1,0,รออะไหล่',
      'รวมทั้งสิ้น,,,6,5,1,0,',
    ].join('\r\n');
    expect(await read(Buffer.from(csv))).toEqual([
      {
        budgetSource: 'กระทรวงมหาดไทย',
        total: 6,
        working: 5,
        underRepair: 1,
        unrepairable: 0,
        note: 'รออะไหล่',
      },
    ]);
  });

  test.each<[what: string, cells: Record<string, unknown>, problems: [string | null, RegExp][]]>([
    ['a row that does not add up', { D5: 7 }, [['D5', /รวมเป็น 6 ไม่เท่ากับ/]]],
    ['a footer that is not the sum', { E7: 12 }, [['E7', /ผลรวมของคอลัมน์นี้คือ 11/]]],
    ['less than none', { F5: -1 }, [['F5', /จำนวนเต็ม/]]],
    ['half a camera', { F5: 0.5 }, [['F5', /จำนวนเต็ม/]]],
    ['words for a number', { E6: 'หก' }, [['E6', /จำนวนเต็ม/]]],
    ['an empty number', { G6: null }, [['G6', /จำนวนเต็ม/]]],
    ['another LAO', { B6: 'อบต.คลองยาง' }, [['B6', /ไม่ใช่ของ ทต.เกาะลันตาใหญ่/]]],
    ['a budget source twice', { C6: 'กรมส่งเสริมการปกครองท้องถิ่น ' }, [['C6', /ซ้ำกับแถวที่ 5/]]],
    ['no budget source', { C5: null }, [['C5', /ต้องระบุ/]]],
    [
      'no footer',
      { A7: 'จบ' },
      [
        ['D7', /./],
        [null, /ไม่พบแถว/],
      ].slice(1) as [null, RegExp][],
    ],
    ['another heading', { D3: 'กล้อง' }, [[null, /ไม่พบหัวตาราง/]]],
  ])('with %s is refused by its cell', async (_what, cells, problems) => {
    const found = await problemsOf((set) => {
      for (const [name, value] of Object.entries(cells)) set(name, value);
    });
    for (const [cell, reason] of problems) {
      expect(found).toContainEqual([cell, expect.stringMatching(reason)]);
    }
    expect(found.length).toBeGreaterThan(0);
  });

  test('what is no form is refused in words: a page, a damaged file, the inventory', async () => {
    for (const bytes of [
      Buffer.from('<html>'),
      Buffer.from('PK\u0003\u0004 broken'),
      Buffer.alloc(0),
      Buffer.from('ชื่อหน่วยงานเจ้าของกล้อง,ตำแหน่งในการติดตั้งกล้อง\r\nก,ข'),
    ]) {
      await expect(read(bytes)).rejects.toBeInstanceOf(FormRefused);
    }
  });

  test('the workbook is read by what reads everybody’s workbooks', async () => {
    const bytes = await formXlsx(surveyForm('lao', lanta, ofLanta, null));
    const file = openFile(new Uint8Array(bytes));
    if (file.kind !== 'xlsx') throw new Error('no workbook');
    expect((await xlsxSheets(file.zip)).map(({ name }) => name)).toEqual(['แบบสำรวจ']);
  });
});
