/** A store that is away when the gateway starts: it is opened when it answers, once for all who ask. */
import { expect, test } from 'vitest';
import { openLate } from '#storage/objects/late-store.ts';
import {
  ObjectStoreRefused,
  ObjectStoreUnavailable,
  type ObjectStore,
} from '#storage/objects/object-store.ts';

const object = { key: 'camera/day/a.mp4', versionId: null };

function storeThat(says: () => Error | undefined) {
  const seen = { opened: 0, closed: 0 };
  const store = openLate(async () => {
    const error = says();
    if (error !== undefined) throw error;
    seen.opened++;
    const opened: Pick<ObjectStore, 'stat' | 'list' | 'close'> = {
      stat: async () => ({ byteLength: 7, versionId: null }),
      async *list() {
        yield { ...object, byteLength: 7 };
      },
      close: () => void seen.closed++,
    };
    return opened as ObjectStore;
  });
  return { store, seen };
}

test('each use tries again while it is away, and says what it said', async () => {
  const answers = [new ObjectStoreUnavailable('away'), new ObjectStoreRefused('no such bucket')];
  const { store, seen } = storeThat(() => answers.shift());
  await expect(store.stat(object)).rejects.toThrow(ObjectStoreUnavailable);
  await expect(store.stat(object)).rejects.toThrow(ObjectStoreRefused);
  expect(await store.stat(object)).toMatchObject({ byteLength: 7 });
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  expect([keys, seen]).toEqual([[object.key], { opened: 1, closed: 0 }]);
  store.close();
  expect(seen.closed).toBe(1);
});

test('many who ask at once open it once', async () => {
  const { store, seen } = storeThat(() => undefined);
  await Promise.all(Array.from({ length: 8 }, () => store.stat(object)));
  expect(seen.opened).toBe(1);
});

test('one that is closed before it was opened is not left open', async () => {
  const { store, seen } = storeThat(() => undefined);
  const asked = store.stat(object);
  store.close();
  await expect(asked).rejects.toThrow(ObjectStoreUnavailable);
  expect(seen).toEqual({ opened: 1, closed: 1 });
});
