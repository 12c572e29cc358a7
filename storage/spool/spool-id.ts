import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Beside the spool folder, which may be a disk of its own: the id is of the gateway's data folder. */
export const SPOOL_ID_FILE = 'spool.id';

/**
 * Which spool it is, of those of all gateways that share a catalogue (decision 0190): read from the file, or made and kept there,
 * on the disk before any row can name it. Throws what the file system throws.
 */
export function spoolIdIn(path: string, newId: () => string): string {
  const known = read(path);
  if (known !== '') return known;
  const id = newId();
  const partial = `${path}.partial`;
  writeFileSync(partial, `${id}\n`, { mode: 0o600, flush: true });
  renameSync(partial, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return id;
}

/** '': there is none. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
