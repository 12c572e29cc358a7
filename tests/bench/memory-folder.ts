import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const WANTED_BYTES = 2 * 2 ** 30;

/** A folder in memory when there is room in it: the disk is not what is measured. Else the temporary folder. */
export function memoryFolder(): string {
  const tmpfs = '/dev/shm';
  if (!existsSync(tmpfs)) return tmpdir();
  const { bavail, bsize } = statfsSync(tmpfs);
  return bavail * bsize > WANTED_BYTES ? tmpfs : tmpdir();
}
