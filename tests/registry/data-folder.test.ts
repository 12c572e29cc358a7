import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DataFolderNotUsable, makeDataFolder } from '#registry/database/data-folder.ts';

test('a folder is made with those above it, for its owner only, and taken as it is when it is there', () => {
  const root = mkdtempSync(join(tmpdir(), 'data-folder-'));
  try {
    const folder = join(root, 'a/b/c');
    makeDataFolder(folder);
    makeDataFolder(folder);
    if (process.platform !== 'win32') expect(statSync(folder).mode & 0o777).toBe(0o700);
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')]) {
      expect(() => makeDataFolder(path)).toThrow(DataFolderNotUsable);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.skipIf(!existsSync('/proc/self'))(
  'a place that holds no folders is refused, not waited for',
  () => {
    expect(() => makeDataFolder('/proc/x/y')).toThrow(/DATA_DIR/);
  },
);
