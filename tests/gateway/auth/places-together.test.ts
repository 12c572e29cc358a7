import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { placesTogether } from '#gateway/auth/places-together.ts';

const place = (name: string) => ({ name, district: 'เกาะลันตา', province: 'กระบี่' });

test('what is asked for in one turn of the loop is one query, and everybody gets their own', async () => {
  const queries: string[][] = [];
  const placeOf = placesTogether(async (ids) => {
    queries.push([...ids]);
    return new Map(ids.filter((id) => id !== 'gone').map((id) => [id, place(id)]));
  });
  const asked = await Promise.all(['one', 'two', 'one', 'gone'].map(placeOf));
  expect(asked.map((found) => found?.name)).toEqual(['one', 'two', 'one', undefined]);
  expect(queries).toEqual([['one', 'two', 'gone']]);
});

test('whoever asks while a query is under way is not answered by it: the camera may have moved since', async () => {
  let moved = false;
  const answers: (() => void)[] = [];
  const placeOf = placesTogether(async (ids) => {
    const places = new Map(ids.map((id) => [id, place(moved ? 'after' : 'before')]));
    await new Promise<void>((resolve) => answers.push(resolve));
    return places;
  });
  const first = placeOf('one');
  await setImmediate();
  moved = true;
  const second = placeOf('one');
  await setImmediate();
  for (const answer of answers) answer();
  expect([(await first)?.name, (await second)?.name]).toEqual(['before', 'after']);
});

test('a query that fails fails those who asked, and the next one is made', async () => {
  let fails = true;
  const placeOf = placesTogether(async (ids) => {
    if (fails) throw new Error('out of reach');
    return new Map(ids.map((id) => [id, place(id)]));
  });
  const both = await Promise.allSettled([placeOf('one'), placeOf('two')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect((await placeOf('one'))?.name).toBe('one');
});
