import { expect, test } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import { findings } from '#registry/provenance.ts';
import { exampleCameraName, FORM_ROWS, formExample } from './form-example.ts';

const cameras = formExample((name) => `rtsp://127.0.0.1:8554/${name}`);

test('rows and sums are those of the form', () => {
  const total = { all: 70, working: 43, 'under-repair': 18, unrepairable: 9 };
  const of = (state: string): number => cameras.filter(({ declared }) => declared === state).length;
  expect({
    all: cameras.length,
    working: of('working'),
    'under-repair': of('under-repair'),
    unrepairable: of('unrepairable'),
  }).toEqual(total);
  const rows = Object.values(
    Object.groupBy(cameras, ({ lao, budgetSource }) => `${lao.name}/${budgetSource}`),
  ).map((row = []) => [
    row[0]?.lao.name,
    row[0]?.budgetSource,
    row.length,
    ...['working', 'under-repair', 'unrepairable'].map(
      (state) => row.filter(({ declared }) => declared === state).length,
    ),
  ]);
  expect(rows).toEqual([
    ['ทต.เกาะลันตาใหญ่', 'กรมส่งเสริมการปกครองท้องถิ่น', 6, 5, 1, 0],
    ['ทต.เกาะลันตาใหญ่', 'ทต.เกาะลันตาใหญ่', 10, 6, 3, 1],
    ['อบต.คลองยาง', 'กระทรวงมหาดไทย', 17, 7, 5, 5],
    ['อบต.คลองยาง', 'อบต.คลองยาง', 7, 2, 4, 1],
    ['อบจ.กระบี่', 'กรมส่งเสริมการปกครองท้องถิ่น', 5, 4, 0, 1],
    ['อบจ.กระบี่', 'กระทรวงมหาดไทย', 10, 9, 1, 0],
    ['อบจ.กระบี่', 'อบจ.กระบี่', 15, 10, 4, 1],
  ]);
  expect(FORM_ROWS).toHaveLength(7);
});

test('the registry takes every camera and finds nothing to ask its owner', () => {
  for (const camera of cameras) {
    const taken = newCamera.parse(camera);
    expect(findings(taken)).toEqual([]);
    expect(Object.values(taken)).not.toContain('');
  }
});

test('those that work have a stream of their own, the others none', () => {
  const streams = cameras.map(({ declared, stream }, index) => ({
    as:
      declared === 'working' ? `rtsp://127.0.0.1:8554/${exampleCameraName(index + 1)}` : undefined,
    is: stream?.url,
  }));
  for (const { as, is } of streams) expect(is).toBe(as);
});

test('no two cameras stand at the same place, and all of them in Krabi', () => {
  expect(new Set(cameras.map(({ position }) => position)).size).toBe(70);
  for (const { latitude, longitude } of cameras) {
    expect(latitude).toBeGreaterThan(7.4);
    expect(latitude).toBeLessThan(8.7);
    expect(longitude).toBeGreaterThan(98.5);
    expect(longitude).toBeLessThan(99.5);
  }
});
