import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DataFolderInUse } from './database.ts';

const SQLITE_BUSY = 5;

/** Locks that are held: Node closes a database that nothing refers to any more, and with it the lock would be gone. */
const held = new Set<DatabaseSync>();

export interface FolderLock {
  /** Once or more often. */
  release(): void;
}

/**
 * Keeps a second server off a data folder: an exclusive transaction, held open on a file of its own. The operating
 * system ends it with the process, however that dies, which a file with a process id in it would outlive.
 * Throws DataFolderInUse.
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, 'server.lock');
  // Whoever may read the file could lock it.
  closeSync(openSync(path, 'a', 0o600));
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    file.close();
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY) {
      throw new DataFolderInUse(folder, { cause });
    }
    throw cause;
  }
  held.add(file);
  return {
    release() {
      held.delete(file);
      if (file.isOpen) file.close();
    },
  };
}
