import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The folder cannot be made, or cannot be written in. */
export class DataFolderNotUsable extends Error {
  readonly code = 'data_folder_not_usable';
  readonly folder: string;
  constructor(folder: string, why: string, options?: ErrorOptions) {
    super(
      `the data folder ${folder} cannot be used (${why}): set DATA_DIR to another one`,
      options,
    );
    this.folder = folder;
  }
}

/**
 * Makes the folder, and those above it, for its owner only. `folder` is absolute. Throws DataFolderNotUsable.
 *
 * Folder by folder: the recursive mkdir of Node 26 never returns where one cannot be made that seems to have no
 * parent, as below /proc.
 */
export function makeDataFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at) && at !== dirname(at); at = dirname(at))
    missing.unshift(at);
  try {
    for (const path of missing) mkdirSync(path, { mode: 0o700 });
    if (!statSync(folder).isDirectory())
      throw new DataFolderNotUsable(folder, 'it is not a folder');
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    if (cause instanceof DataFolderNotUsable) throw cause;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new DataFolderNotUsable(folder, why, { cause });
  }
}
