import { describe, expect, test } from 'vitest';
import {
  countStates,
  everyCamera,
  filterWall,
  inWallOrder,
  laoChoices,
  laoKey,
  provincesOf,
} from '#gateway/web/wall-filter.ts';
import { nextTile } from '#gateway/web/wall-keys.ts';
import { tilesPerPage, wallPage } from '#gateway/web/wall-pages.ts';
import { camera, liveState } from './cameras.ts';

const market = camera('a', 'สี่แยกตลาดสด จุดที่ ๓', 'ทต.เกาะลันตาใหญ่', 'เกาะลันตา');
const school = camera('b', 'หน้าโรงเรียนบ้านคลองยาง', 'อบต.คลองยาง', 'เกาะลันตา');
const pier = camera('c', 'ท่าเรือน้ำลึก', 'อบจ.กระบี่', 'เมืองกระบี่');
const all = [market, school, pier];
const live = new Map([
  ['a', liveState('a', 'up')],
  ['b', liveState('b', 'down')],
]);
const found = (search: string): string[] =>
  filterWall(all, live, { ...everyCamera, search }).map(({ id }) => id);

describe('the filter', () => {
  test('an empty one leaves every camera in', () => {
    expect(found('  ')).toEqual(['a', 'b', 'c']);
  });

  test('Thai text is found inside words, every word of the search counts', () => {
    expect(found('คลองยาง')).toEqual(['b']);
    expect(found('เกาะลันตา ตลาด')).toEqual(['a']);
    expect(found('เกาะลันตา ท่าเรือ')).toEqual([]);
  });

  test('Thai and Arabic digits find each other', () => {
    expect(found('จุดที่ 3')).toEqual(['a']);
  });

  test('an id is found whole, and not by a digit in it', () => {
    const id = '019e0000-0000-7000-8000-000000000003';
    const other = camera(id, 'หมู่ที่ 5', 'ทต.เกาะลันตาใหญ่', 'เกาะลันตา');
    const among = (search: string): string[] =>
      filterWall([market, other], live, { ...everyCamera, search }).map((one) => one.id);
    expect(among('3')).toEqual(['a']);
    expect(among(id)).toEqual([id]);
  });

  test('sara am typed as two characters finds sara am', () => {
    expect(found('น้ํา'.normalize('NFD'))).toEqual(['c']);
  });

  test('chooses by LAO and by state; a camera that nobody has spoken of is not linked', () => {
    expect(filterWall(all, live, { ...everyCamera, lao: laoKey(school) })).toEqual([school]);
    expect(filterWall(all, live, { ...everyCamera, state: 'up' })).toEqual([market]);
    expect(filterWall(all, live, { ...everyCamera, state: 'not-linked' })).toEqual([pier]);
  });

  test('chooses by province, where cameras are of several', () => {
    const away = { ...pier, id: 'd', lao: { ...pier.lao, province: 'ตรัง' } };
    const of = (province: string) =>
      filterWall([...all, away], live, { ...everyCamera, province }).map(({ id }) => id);
    expect(of('ตรัง')).toEqual(['d']);
    expect(of('กระบี่')).toEqual(['a', 'b', 'c']);
    expect(provincesOf(laoChoices([...all, away]))).toEqual(['กระบี่', 'ตรัง']);
  });

  test('dots of abbreviations are no part of a search', () => {
    expect(found('อบจกระบี่')).toEqual(['c']);
    expect(found('อบจ.กระบี่ ท่าเรือ')).toEqual(['c']);
  });

  test('counts add up to all', () => {
    expect(countStates(all, live)).toEqual({
      all: 3,
      up: 1,
      connecting: 0,
      down: 1,
      'not-linked': 1,
    });
  });

  test('an LAO of the same name in another district is another choice', () => {
    const namesake = camera('d', 'หน้าวัด', 'อบต.คลองยาง', 'เมืองกระบี่');
    expect(laoChoices([school, namesake]).map(({ district }) => district)).toEqual([
      'เกาะลันตา',
      'เมืองกระบี่',
    ]);
  });

  test('the order is that of a Thai dictionary, numbers by their value', () => {
    const tenth = camera('x', 'จุดที่ 10', 'ก', 'ก');
    const second = camera('y', 'จุดที่ 2', 'ก', 'ก');
    const leadingVowel = camera('z', 'เกาะ', 'ก', 'ก');
    expect(inWallOrder([tenth, second, leadingVowel]).map(({ id }) => id)).toEqual(['z', 'y', 'x']);
  });
});

describe('pages', () => {
  test('a thousand cameras put one page of tiles into the document', () => {
    const page = wallPage(Array.from({ length: 1_000 }), 2);
    expect(page.tiles).toHaveLength(tilesPerPage);
    expect(page).toMatchObject({ page: 2, pages: 21, first: 49, last: 96 });
  });

  test('a page that the filter took away becomes the last that is left', () => {
    expect(wallPage(Array.from({ length: 50 }), 9)).toMatchObject({ page: 2, first: 49, last: 50 });
    expect(wallPage([], 3)).toMatchObject({ page: 1, pages: 1, first: 0, last: 0 });
  });
});

describe('arrow keys among ten tiles in rows of four', () => {
  test.each<[string, number, number | undefined]>([
    ['ArrowRight', 3, 4],
    ['ArrowRight', 9, undefined],
    ['ArrowLeft', 0, undefined],
    ['ArrowDown', 1, 5],
    ['ArrowDown', 7, 9],
    ['ArrowDown', 9, undefined],
    ['ArrowUp', 8, 4],
    ['ArrowUp', 2, undefined],
    ['Home', 6, 0],
    ['End', 6, 9],
    ['a', 6, undefined],
  ])('%s on tile %i goes to %s', (key, from, to) => {
    expect(nextTile(from, key, 4, 10)).toBe(to);
  });
});
