/** Which registered camera a row is about, and what is said of it. */
import { expect, test } from 'vitest';
import { krabiCamera } from '../krabi-camera.ts';
import { planned, registered } from './planned.ts';
import { headings, rowWith } from './rows.ts';

const position = 'ตำแหน่งในการติดตั้งกล้อง';

test('a row without an id is of no camera whose position differs by what stands between two digits', async () => {
  const existing = registered(1, krabiCamera({ position: 'ถนนเพชรเกษม กม. 15', stream: null }));
  const row = (at: string): string[] => rowWith({ [position]: at });
  const { plan } = await planned([headings, row('ถนนเพชรเกษม กม. 1.5')], [existing]);
  expect(plan.counts).toMatchObject({ new: 1, changed: 0 });
  const same = await planned([headings, row('ถนนเพชรเกษม กม.๑๕')], [existing]);
  expect(same.plan.counts).toMatchObject({ new: 0, changed: 1 });
});
