import { expect, test } from 'vitest';
import { isAgencyName } from '#registry/agency-name.ts';
import { newBudgetSource } from '#registry/budget-sources.ts';
import { newLao } from '#registry/lao.ts';
import { findDistrict, findProvince, officialAreas } from '#registry/areas/official-areas.ts';
import { readThaiData } from '#registry/areas/generate.ts';
import { agencyKey, matchKey, searchText, splitLaoName } from '#registry/thai-names.ts';

test('spellings of one LAO match: abbreviation, blanks, digits, pieces of letters', () => {
  const same = [
    ['ทต.เกาะลันตาใหญ่', 'เทศบาลตำบลเกาะลันตาใหญ่', 'ทต. เกาะลันตาใหญ่', ' เทศบาลตําบล เกาะลันตาใหญ่ '],
    ['อบต.คลองยาง', 'องค์การบริหารส่วนตำบลคลองยาง', 'อ.บ.ต.คลองยาง', 'อบต คลองยาง'],
    ['อบจ.กระบี่', 'องค์การบริหารส่วนจังหวัดกระบี่'],
    ['ทม.กระบี่', 'เทศบาลเมืองกระบี่'],
    ['ทน.นครราชสีมา', 'เทศบาลนครนครราชสีมา', 'เทศบาลนคร นครราชสีมา'],
    ['อบต.บ้านใหม่ ๒', 'อบต.บ้านใหม่2'],
    ['ทต.เเม่สาย', 'เทศบาลตำบลแม่สาย'],
  ];
  for (const spellings of same) expect(new Set(spellings.map(agencyKey)).size).toBe(1);
  expect(new Set(same.map(([first = '']) => agencyKey(first))).size).toBe(same.length);
});

test('what is another LAO does not match, however near', () => {
  const apart = [
    'ทต.กระบี่',
    'ทม.กระบี่',
    'อบจ.กระบี่',
    'อบต.กระบี่น้อย',
    'กระบี่',
    'ทต.เกาะลันตา',
    'ทต.เกาะลันตาใหญ่',
    'อบตาล',
  ];
  expect(new Set(apart.map(agencyKey)).size).toBe(apart.length);
  expect(splitLaoName('อบตาล')).toBeUndefined();
  expect(splitLaoName('กรมส่งเสริมการปกครองท้องถิ่น')).toBeUndefined();
  expect(splitLaoName('เมืองพัทยา')).toEqual({ type: 'พิเศษ', rest: 'เมืองพัทยา' });
});

test('สระอำ typed in two pieces, with the tone before or between, is one spelling', () => {
  const spellings = ['น้ำ', 'น\u0e49\u0e4d\u0e32', 'น\u0e4d\u0e49\u0e32'];
  expect(new Set(spellings.map(matchKey)).size).toBe(1);
  expect(searchText('  หน้าตลาด\u00a0 สด ๑ ')).toBe('หน้าตลาด สด 1');
  // The tone before its vowel, and behind สระอำ, which look the same.
  const [before, behind] = ['ท\u0e48\u0e35พัก', 'น\u0e33\u0e49ตก'];
  expect([before, behind].map(matchKey)).toEqual(['ที่พัก', 'น้ำตก']);
});

test('what stands between two digits is of the name', () => {
  const spellings = [
    'กม. 1.5',
    'กม. 15',
    'กม. 1 5',
    'หมู่ 11',
    'หมู่ 1 1',
    'ซอย 1.2 แยก 3',
    'ซอย 12 แยก 3',
  ];
  expect(new Set(spellings.map(matchKey)).size).toBe(spellings.length);
  expect(matchKey('กม.๑ . ๕')).toBe(matchKey('กม 1.5'));
  expect(matchKey('ซอย 1  2.5.')).toBe(matchKey('ซอย1 2.5'));
});

test('provinces and districts have the codes that the package says', () => {
  const { provinces, districts } = officialAreas();
  const package_ = readThaiData();
  expect(provinces.map(({ code, name }) => [code, name])).toEqual(package_.provinces);
  expect(districts.map(({ code, name }) => [code, name])).toEqual(package_.districts);
  expect([provinces.length, districts.length]).toEqual([77, 928]);
  expect(findProvince('จ.กระบี่')).toEqual({ code: '81', name: 'กระบี่' });
  expect(findDistrict('กระบี่', 'อำเภอเกาะลันตา')).toEqual({
    code: '8103',
    name: 'เกาะลันตา',
    province: 'กระบี่',
  });
  expect(findDistrict('กระบี่', 'อ.เมือง')?.name).toBe('เมืองกระบี่');
  expect(findDistrict('กระบี่', 'เกาะลันตาใหญ่')).toBeUndefined();
  expect(findProvince('กระบี')).toBeUndefined();
  for (const short of ['กทม.', 'กรุงเทพฯ', 'จ.กรุงเทพ']) {
    expect(findProvince(short)?.name).toBe('กรุงเทพมหานคร');
  }
});

test('a kind alone, or marks, is no name of an LAO or a budget source', () => {
  const names = ['ทต.', 'อบต', 'องค์การบริหารส่วนตำบล', '...', '-', '\u200b'];
  for (const name of names) {
    expect([name, newBudgetSource.safeParse({ name }).success]).toEqual([name, false]);
    const lao = { name, district: 'เกาะลันตา', province: 'กระบี่' };
    expect([name, newLao.safeParse(lao).success]).toEqual([name, false]);
  }
  for (const name of ['ทต.ก', 'เมืองพัทยา', 'กรุงเทพมหานคร', '๑', 'ทต.เทศบาลตำบล']) {
    expect([name, isAgencyName(name)]).toEqual([name, true]);
  }
});
