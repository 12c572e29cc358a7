import type { Readable } from 'node:stream';
import { ObjectStoreUnavailable, type ObjectStore } from './object-store.ts';

/**
 * A store that need not be there when the gateway starts: recordings wait in the spool until it answers. Opened at the
 * first use after that, once for all who ask at the same time. `open` throws ObjectStoreUnavailable while it is away, and
 * ObjectStoreRefused when it says no; both come through, and the next use tries again.
 */
export function openLate(open: () => Promise<ObjectStore>): ObjectStore {
  let opened: ObjectStore | undefined;
  let opening: Promise<ObjectStore> | undefined;
  let closed = false;

  async function opens(): Promise<ObjectStore> {
    try {
      const store = await open();
      if (closed) {
        store.close();
        throw new ObjectStoreUnavailable('the gateway stops');
      }
      opened = store;
      return store;
    } finally {
      opening = undefined;
    }
  }

  async function store(): Promise<ObjectStore> {
    return opened ?? (opening ??= opens());
  }

  return {
    put: async (key, file) => (await store()).put(key, file),
    read: async (object, range): Promise<Readable> => (await store()).read(object, range),
    stat: async (object) => (await store()).stat(object),
    delete: async (object) => (await store()).delete(object),
    async *list(prefix) {
      yield* (await store()).list(prefix);
    },
    hold: async (object, held) => (await store()).hold(object, held),
    backstop: async (days) => (await store()).backstop(days),
    close() {
      closed = true;
      opened?.close();
    },
  };
}
