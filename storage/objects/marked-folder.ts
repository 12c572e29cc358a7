import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FOLDER_MARKER, openFolderStore } from './folder.ts';
import {
  ObjectFolderAbsent,
  ObjectMissing,
  ObjectStoreRefused,
  ObjectStoreUnavailable,
  type ObjectStore,
} from './object-store.ts';

export interface MarkedFolder {
  root: string;
  /** The file that says which folder it is: of another disk than the objects may be on. */
  rememberedIn: string;
  newId: () => string;
}

/**
 * A folder of objects that may be on a disk of its own, and is known by a marker in it (decision 0150). Without its marker it is
 * a mount point without its disk, or another disk: nothing is kept there, looked for or deleted, and it is ObjectFolderAbsent
 * until the marker is there. The first time, the marker is made; one that is there is taken, also of another gateway that makes
 * it at the same moment. Throws ObjectFolderAbsent, ObjectStoreRefused when it cannot be written.
 */
export async function openMarkedFolder(folder: MarkedFolder): Promise<ObjectStore> {
  const store = openFolderStore(folder.root);
  const id = (await idIn(folder.rememberedIn)) ?? (await remember(folder));
  const markerPath = join(folder.root, FOLDER_MARKER);
  /** Of the marker that was read last and is this folder's. */
  let known: { ino: bigint; dev: bigint; ctimeNs: bigint } | undefined;

  /** It is asked for at each use: one look at a file's name. */
  async function look(): Promise<void> {
    const now = await statOf(markerPath);
    const isKnown =
      known !== undefined &&
      now?.ino === known.ino &&
      now.dev === known.dev &&
      now.ctimeNs === known.ctimeNs;
    if (isKnown) return;
    if (now === undefined || (await idIn(markerPath)) !== id) throw absent(folder, now);
    known = now;
  }

  /** What is not there may be so for want of the disk. */
  async function unlessAbsent<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof ObjectMissing) await look();
      throw error;
    }
  }

  await look();
  return {
    ...store,
    async put(key, file) {
      await look();
      return store.put(key, file);
    },
    read: (object, range) => unlessAbsent(store.read(object, range)),
    stat: (object) => unlessAbsent(store.stat(object)),
    async delete(object) {
      await look();
      await store.delete(object);
    },
    async *list(prefix) {
      await look();
      yield* store.list(prefix);
    },
    async hold(object, held) {
      await look();
      return store.hold(object, held);
    },
  };
}

function absent({ root, rememberedIn }: MarkedFolder, marker: unknown): ObjectFolderAbsent {
  const what = marker === undefined ? 'has no' : 'has another';
  return new ObjectFolderAbsent(
    `${root} ${what} ${FOLDER_MARKER}: it is not the folder that recordings were kept in. Mount its disk; or, if they are to be kept in this folder from now on, copy ${rememberedIn} to ${join(root, FOLDER_MARKER)}`,
  );
}

/** The folder's own id, made where it has none: in the folder first, so that what is remembered was there. */
async function remember({ root, rememberedIn, newId }: MarkedFolder): Promise<string> {
  const markerPath = join(root, FOLDER_MARKER);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const id = (await idIn(markerPath)) ?? (await mark(markerPath, newId()));
    await writeId(rememberedIn, id, rename);
    return id;
  } catch (cause) {
    if (cause instanceof ObjectStoreUnavailable) throw cause;
    throw new ObjectStoreRefused('the object folder may not be written', { cause });
  }
}

/** Undefined when there is no such file, or nothing in it. */
async function idIn(path: string): Promise<string | undefined> {
  try {
    const id = (await readFile(path, 'utf8')).trim();
    return id === '' ? undefined : id;
  } catch (error) {
    return notThere(error);
  }
}

async function statOf(
  path: string,
): Promise<{ ino: bigint; dev: bigint; ctimeNs: bigint } | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    return notThere(error);
  }
}

function notThere(cause: unknown): undefined {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  // A disk that fails, a network file system whose server is away.
  throw new ObjectStoreUnavailable('the object folder cannot be looked at', { cause });
}

/** The folder's id from then on: the given one, or that of another gateway which was there first. */
async function mark(markerPath: string, ownId: string): Promise<string> {
  await writeId(markerPath, ownId, nameFirst);
  const id = await idIn(markerPath);
  if (id !== undefined) return id;
  // A file with nothing in it, and so nobody's.
  await writeId(markerPath, ownId, rename);
  return ownId;
}

/** Unless there is a file of that name. A file system without second names (FAT, some SMB) takes the name away from who had it. */
async function nameFirst(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    await rename(partial, path);
  }
}

/** It is there whole, or not at all. Its partial is of its own name: another gateway may be writing one too. */
async function writeId(
  path: string,
  id: string,
  name: (partial: string, path: string) => Promise<void>,
): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  const file = await open(partial, 'wx', 0o600);
  try {
    try {
      await file.writeFile(`${id}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await name(partial, path);
  } finally {
    await unlink(partial).catch(notThere);
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
