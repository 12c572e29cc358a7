/**
 * Fills free memory with the pages of files that hold nothing: a machine that has recorded for minutes has its memory
 * full of what it recorded, and takes the page that it writes from the oldest of it.
 *
 * Free memory would be another thing on a virtual machine whose balloon reports free pages (virtio 1.2 §5.5.6.7): the
 * host takes them back two seconds after they are free, also those that were touched before, and backs each anew when it
 * is used. Seen: 670 µs to write 250 KB instead of 130.
 */
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from './children.ts';
import { BENCH_CORE, SUBJECT_CORE } from './cores.ts';

const PIECE_BYTES = 1024 * 1024;
/** Left free, for the kernel keeps some. */
const LEFT_BYTES = 384 * 1024 * 1024;
const MAX_MS = 40_000;

export interface PageCache {
  /** Fills what is free now; returns bytes. */
  fill(): Promise<number>;
  /** Gives it all back. */
  remove(): void;
}

export function pageCache(): PageCache {
  const folder = mkdtempSync(join(tmpdir(), 'bench-pages-'));
  let files = 0;
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    async fill() {
      const each = Math.max(0, Math.floor((freeBytes() - LEFT_BYTES) / 2));
      const children = [SUBJECT_CORE, BENCH_CORE].map((core) =>
        startChild({
          command: process.execPath,
          args: [
            fileURLToPath(import.meta.url),
            join(folder, `hole-${String(files++)}`),
            String(each),
          ],
          core,
        }),
      );
      const filled = await Promise.all(
        children.map(async (child) => Number(await child.nextLine())),
      );
      await Promise.all(children.map(async (child) => child.stop()));
      return filled.reduce((sum, bytes) => sum + bytes, 0);
    },
    remove,
  };
}

function freeBytes(): number {
  return 1024 * Number(/^MemFree:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
}

/** A file's holes are read as zeros, a page of the cache each. */
function readHoles(path: string, byteLength: number): number {
  const untilMs = performance.now() + MAX_MS;
  const file = openSync(path, 'w+');
  ftruncateSync(file, byteLength);
  const piece = new Uint8Array(PIECE_BYTES);
  let read = 0;
  while (read < byteLength && performance.now() < untilMs) {
    const got = readSync(file, piece, 0, PIECE_BYTES, read);
    if (got === 0) break;
    read += got;
  }
  closeSync(file);
  return read;
}

if (import.meta.main)
  console.log(String(readHoles(process.argv[2] ?? '', Number(process.argv[3]))));
