import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const WANTED_BYTES = 2 * 2 ** 30;

/**
 * A folder in memory when there is room in it, else the temporary folder: for databases whose commits would wait for the disk, and for
 * what is measured, where the disk is not what a test or a bench is about.
 */
export function memoryFolder(): string {
  const tmpfs = '/dev/shm';
  if (!existsSync(tmpfs)) return tmpdir();
  const { bavail, bsize } = statfsSync(tmpfs);
  return bavail * bsize > WANTED_BYTES ? tmpfs : tmpdir();
}
