import { expect, test } from 'vitest';
import {
  area,
  areaOf,
  contains,
  containsArea,
  country,
  typedArea,
  type Area,
} from '#registry/area.ts';

const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const province: Area = { level: 'province', province: 'กระบี่' };
const district: Area = { level: 'district', province: 'กระบี่', district: 'เกาะลันตา' };
const lao = areaOf(lanta);
/** Widest first: each contains itself and those after it. */
const nested = [country, province, district, lao];

test('an area contains an LAO by all the names that it has', () => {
  for (const one of nested) expect(contains(one, lanta)).toBe(true);
  // Districts called เมือง, and LAOs of one name, are in many provinces.
  for (const other of [
    { ...lanta, province: 'พังงา' },
    { ...lanta, district: 'เมืองกระบี่', province: 'พังงา' },
  ]) {
    expect(nested.map((one) => contains(one, other))).toEqual([true, false, false, false]);
  }
  expect(contains(district, { ...lanta, district: 'เมืองกระบี่' })).toBe(false);
  expect(contains(lao, { ...lanta, name: 'อบต.คลองยาง' })).toBe(false);
});

test('an area contains itself and what is narrower, and nothing wider', () => {
  nested.forEach((outer, i) => {
    nested.forEach((inner, j) =>
      expect([i, j, containsArea(outer, inner)]).toEqual([i, j, i <= j]),
    );
  });
  expect(containsArea({ level: 'province', province: 'พังงา' }, district)).toBe(false);
  expect(containsArea({ level: 'district', province: 'กระบี่', district: 'คลองท่อม' }, lao)).toBe(
    false,
  );
});

test('an area is read in the spelling that is compared, and without names that do not belong to its level', () => {
  expect(area.parse({ level: 'province', province: ' กระบี่ ' })).toEqual(province);
  expect(area.safeParse({ level: 'province', province: 'กระบี่', district: 'x' }).success).toBe(
    false,
  );
  expect(area.safeParse({ level: 'district', district: 'เกาะลันตา' }).success).toBe(false);
  expect(area.safeParse({ level: 'province', province: '' }).success).toBe(false);
});

test('a name of signs that nobody sees is told where it stands, and taken in nowhere', () => {
  for (const unseen of ['\u200b', 'ก\ufffe']) {
    const named = areaOf({ ...lanta, name: unseen });
    expect(area.parse(named)).toEqual(named);
    expect(typedArea.safeParse(named).error?.issues).toMatchObject([{ path: ['lao'] }]);
  }
  expect(typedArea.parse(lao)).toEqual(lao);
  expect(typedArea.parse(country)).toEqual(country);
});
