import {
  close,
  closeSync,
  fdatasync,
  fsync,
  ftruncateSync,
  mkdirSync,
  open,
  openSync,
  unlinkSync,
  writevSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * What a spool file asks of the disk; a test of what a power cut takes puts another in its place. What was written is
 * on the disk when a sync that was begun after it has called back, and a new file's name when its folder's has.
 */
export interface SpoolDisk {
  /** Makes a file that was not there, and its folder where that is missing. */
  create(path: string): number;
  /** Returns bytes written: fewer than given on a disk that is full. */
  write(handle: number, buffers: readonly Uint8Array[], position: number): number;
  cut(handle: number, length: number): void;
  sync(handle: number, done: (error: Error | null) => void): void;
  syncFolder(folder: string, done: (error: Error | null) => void): void;
  close(handle: number): void;
  remove(path: string): void;
}

export const spoolDisk: SpoolDisk = {
  create(path) {
    try {
      return openSync(path, 'wx', 0o600);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, 'wx', 0o600);
  },
  write: (handle, buffers, position) => writevSync(handle, buffers, position),
  cut: ftruncateSync,
  sync: fdatasync,
  syncFolder(folder, done) {
    open(folder, 'r', (openError, handle) => {
      if (openError !== null) {
        done(openError);
        return;
      }
      fsync(handle, (error) => close(handle, () => done(error)));
    });
  },
  close: closeSync,
  remove: unlinkSync,
};
