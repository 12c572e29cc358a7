/** Who is told about a place, whatever the LAO was called when its owner got the role. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recipientsOf } from '#gateway/notices/recipients.ts';
import type { Area } from '#registry/area.ts';
import { openLaos, type Laos } from '#registry/laos.ts';
import { tester } from '../../registry/cameras-of.ts';
import { ServerRig } from '../auth/server-rig.ts';

const kohLanta = { province: 'กระบี่', district: 'เกาะลันตา' };
const lanta = 'ทต.เกาะลันตาใหญ่';

let rig: ServerRig;
let laos: Laos;
beforeEach(async () => {
  rig = await ServerRig.start();
  laos = openLaos(rig.registry, { now: rig.now });
});
afterEach(async () => rig.close());

async function owner(lao: string): Promise<string> {
  const area: Area = { level: 'lao', ...kohLanta, lao };
  return (await rig.signedIn([{ role: 'owner', area }])).id;
}

async function told(lao: string | null): Promise<string[]> {
  const places = [{ ...kohLanta, lao }];
  return (await recipientsOf(rig.people.database, rig.registry, places))[0] ?? [];
}

async function idOf(name: string): Promise<string> {
  return (await laos.list({})).find((one) => one.name === name)?.id ?? '';
}

test('its owners by any spelling; of the next LAO of its old name nobody but that one’s', async () => {
  const own = await owner('เทศบาลตำบลเกาะลันตาใหญ่');
  const district = await rig.signedIn([
    { role: 'district', area: { level: 'district', ...kohLanta } },
  ]);
  expect(await told('เทศบาลตำบลเกาะลันตาใหญ่')).toEqual([own]);
  await laos.change(await idOf('เทศบาลตำบลเกาะลันตาใหญ่'), { name: 'ทม.ลันตา' }, { author: tester });
  expect(await told('ทม.ลันตา')).toEqual([own]);
  expect(await told('เทศบาลตำบลเกาะลันตาใหญ่')).toEqual([district.id]);
  const heir = await owner('เทศบาลตำบลเกาะลันตาใหญ่');
  expect(await told('เทศบาลตำบลเกาะลันตาใหญ่')).toEqual([heir]);
  expect(await told(null)).toEqual([district.id]);
});

test('after a merge the owners of both, also of what still goes by the merged name', async () => {
  const ofRight = await owner(lanta);
  const ofWrong = await owner('ทต.เกาะลันตาใหย่');
  await owner('อบต.คลองยาง');
  await laos.merge(await idOf('ทต.เกาะลันตาใหย่'), await idOf(lanta), { author: tester });
  expect((await told(lanta)).toSorted()).toEqual([ofRight, ofWrong].toSorted());
  expect((await told('ทต.เกาะลันตาใหย่')).toSorted()).toEqual([ofRight, ofWrong].toSorted());
});
