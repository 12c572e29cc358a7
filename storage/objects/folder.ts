import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256OfFile } from './file-hash.ts';
import {
  assertKey,
  ObjectConflict,
  ObjectCorrupt,
  ObjectHeld,
  ObjectMissing,
  ObjectStoreFull,
  ObjectStoreRefused,
  ObjectStoreUnavailable,
  type FinishedFile,
  type ListedObject,
  type ObjectStore,
} from './object-store.ts';

/** Stands beside an object that is held. */
const HOLD_SUFFIX = '.hold';
/** In its root: which folder it is (marked-folder.ts). */
export const FOLDER_MARKER = 'object-folder.id';
/** A copy that is not finished; never taken for an object. */
const PARTIAL_SUFFIX = '.partial';
/** Of a put whose folder is gone: it is made anew. */
const MAX_TRIES = 5;

/**
 * Objects in a folder, a file each. On the file system of the spool a put costs no byte: the finished file gets a
 * second name. Elsewhere it is copied beside its place and renamed into it when it is on the disk.
 */
export function openFolderStore(root: string): ObjectStore {
  const pathOf = (key: string): string => {
    assertKey(key);
    return join(root, key);
  };

  return {
    async put(key, file) {
      const path = pathOf(key);
      try {
        // A camera's folder of the day is there for all its minutes but the first.
        for (let tries = 0; ; tries++) {
          try {
            if (tries > 0) await makeFolders(root, dirname(path));
            await keep(key, file, path);
            await syncFolder(dirname(path));
            break;
          } catch (error) {
            // Or a deletion has just taken the folder away, which it had made empty.
            if (codeOf(error) !== 'ENOENT' || tries === MAX_TRIES) throw error;
          }
        }
      } catch (error) {
        throw notKept(error, key);
      }
      return { key, versionId: null };
    },

    async read({ key }, { start, end }) {
      const path = pathOf(key);
      if (end <= start) throw new RangeError('an empty range');
      try {
        const handle = await open(path, 'r');
        if ((await handle.stat()).size < end) {
          await handle.close();
          throw new ObjectCorrupt(key);
        }
        return handle.createReadStream({ start, end: end - 1 });
      } catch (error) {
        throw mapped(error, key);
      }
    },

    async stat({ key }) {
      try {
        return { byteLength: (await stat(pathOf(key))).size, versionId: null };
      } catch (error) {
        throw mapped(error, key);
      }
    },

    async delete({ key }) {
      const path = pathOf(key);
      try {
        if (await isThere(path + HOLD_SUFFIX)) throw new ObjectHeld(key);
        await unlink(path);
        await syncFolder(dirname(path));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return;
        throw mapped(error, key);
      }
      await removeEmpty(root, dirname(path));
    },

    async *list(prefix) {
      yield* listed(root, prefix);
    },

    async hold({ key }, held) {
      const path = pathOf(key);
      try {
        await stat(path);
        if (held) await (await open(path + HOLD_SUFFIX, 'a', 0o600)).close();
        else await unlink(path + HOLD_SUFFIX);
        await syncFolder(dirname(path));
      } catch (error) {
        if (held || codeOf(error) !== 'ENOENT') throw mapped(error, key);
      }
      return { guarded: true };
    },

    async backstop() {
      return { set: false };
    },

    close() {},
  };
}

async function keep(key: string, file: FinishedFile, path: string): Promise<void> {
  try {
    await link(file.path, path);
    return;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return await alreadyThere(key, file, path);
    // Another file system, or one without second names.
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EMLINK')
      throw error;
  }
  const partial = path + PARTIAL_SUFFIX;
  try {
    await copyFile(file.path, partial);
    const copy = await open(partial, 'r+');
    try {
      await copy.sync();
    } finally {
      await copy.close();
    }
    await rename(partial, path);
  } catch (error) {
    // What copyFile fails at it removes itself; what cannot be synced, or named, would take room for ever.
    await unlink(partial).catch(() => {});
    throw error;
  }
}

/** A put that was repeated finds its own work; anything else under this key is a fault. */
async function alreadyThere(key: string, file: FinishedFile, path: string): Promise<void> {
  const there = await stat(path);
  const given = await stat(file.path);
  if (there.ino === given.ino && there.dev === given.dev) return;
  if (there.size !== file.byteLength || (await sha256OfFile(path)) !== file.sha256) {
    throw new ObjectConflict(key);
  }
}

/** The name of a new folder is on the disk when the folder above it is. */
async function makeFolders(root: string, folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
  await syncFolder(root);
}

/** A camera has a folder a day: what retention empties would stay for ever, and be looked into by every list. */
async function removeEmpty(root: string, folder: string): Promise<void> {
  for (let at = folder; at.length > root.length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      // Not empty, or another's work: nothing depends on it.
      return;
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* listed(root: string, prefix: string, below = ''): AsyncGenerator<ListedObject> {
  let entries;
  try {
    entries = await readdir(join(root, below), { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw mapped(error, below);
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const key = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      const mayHold = key.startsWith(prefix) || prefix.startsWith(`${key}/`);
      if (mayHold) yield* listed(root, prefix, key);
    } else if (key.startsWith(prefix) && !isOurs(entry.name)) {
      const byteLength = await sizeOf(join(root, key));
      if (byteLength !== undefined) yield { key, versionId: null, byteLength };
    }
  }
}

/** Undefined: it was deleted since its folder was read. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw mapped(error, path);
  }
}

function isOurs(name: string): boolean {
  return name.endsWith(HOLD_SUFFIX) || name.endsWith(PARTIAL_SUFFIX) || name === FOLDER_MARKER;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** To put needs nothing to be there: a folder that is missing could not be made. On a read-only disk Node says ENOENT of it. */
function notKept(error: unknown, key: string): unknown {
  if (codeOf(error) !== 'ENOENT') return mapped(error, key);
  return new ObjectStoreRefused('the object folder cannot be made, or the file to keep is gone', {
    cause: error,
  });
}

function mapped(error: unknown, key: string): unknown {
  switch (codeOf(error)) {
    case 'ENOENT':
      return new ObjectMissing(key, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new ObjectStoreFull('the disk of the object folder is full', { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ObjectStoreRefused('the object folder may not be written', { cause: error });
    case 'EIO':
    case 'EMFILE':
    case 'ENFILE':
      return new ObjectStoreUnavailable('the object folder cannot be used now', { cause: error });
    default:
      return error;
  }
}
