import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

/** Captures of real devices lie beside the project and are not part of it. */
const FOLDER = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** The bytes of one capture; without it the test is skipped, saying so. */
export function capture(context: TestContext, path: string): Buffer {
  return readFileSync(needed(context, path));
}

/** Every file below a folder of captures: its path and its bytes. */
export function captures(context: TestContext, folder: string): { path: string; bytes: Buffer }[] {
  const root = needed(context, folder);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(FOLDER.length), bytes: readFileSync(path) }));
}

function needed(context: TestContext, path: string): string {
  const full = join(FOLDER, path);
  if (!existsSync(full)) context.skip(`no capture ${path} in ../shared/data`);
  return full;
}
