/** A disk that is full, and one that is read-only, as root meets them too: what is said, what is kept, and that it goes on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { onSmallDisk, smallDiskMissing } from './small-disk.ts';

const MEGABYTE = 1024 * 1024;
const missing = smallDiskMissing();

describe.skipIf(missing !== undefined)(
  missing ?? 'on a disk of its own',
  { concurrent: true },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const on = (bytes: number, what: string): Promise<unknown> =>
      onSmallDisk('on-small-disk.ts', { folder, bytes, args: [what, folder] });

    it('the object folder says that it is full, leaves no half object, and takes on when there is room', async () => {
      expect(await on(MEGABYTE, 'objects-full')).toEqual({
        kept: 3,
        said: 'object_store_full',
        files: 3,
        withRoom: 'kept',
      });
    });

    it('the object folder says that it may not be written, and takes on when it may', async () => {
      expect(await on(MEGABYTE, 'objects-read-only')).toEqual({
        said: 'object_store_refused',
        writable: 'kept',
      });
    });

    it('a recorder keeps what is whole on a full disk, leaves nothing else there, and records on when there is room', async () => {
      expect(await on(MEGABYTE / 2, 'recorder-full')).toEqual({
        failures: [{ full: true }],
        whole: true,
        extraFiles: 0,
        failuresWithRoom: 0,
        endReasons: ['storage', 'stopped'],
      });
    });

    it('a recorder whose spool is read-only says so, goes on living, and records on when it may', async () => {
      expect(await on(MEGABYTE, 'recorder-read-only')).toEqual({
        failures: [{ full: false }],
        endReasons: ['stopped'],
      });
    });
  },
);
