/**
 * Touches the memory that is free, once. A virtual machine's memory may not be backed by its host until it is first
 * used, and each such page costs the writer some 20 µs more (seen: 670 µs for 250 KB instead of 130); a machine that has
 * recorded for minutes has used all of its memory.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild } from './children.ts';
import { BENCH_CORE, SUBJECT_CORE } from './cores.ts';

const PAGE_BYTES = 4096;
const PIECE_BYTES = 64 * 1024 * 1024;
/** Left to everybody else. */
const LEFT_BYTES = 3 * 1024 * 1024 * 1024;
const MAX_MS = 40_000;

/** On both cores; returns what was touched, bytes. */
export async function touchFreeMemory(): Promise<number> {
  const free = 1024 * Number(/^MemFree:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
  const each = Math.max(0, Math.floor((free - LEFT_BYTES) / 2));
  const children = [SUBJECT_CORE, BENCH_CORE].map((core) =>
    startChild({
      command: process.execPath,
      args: [fileURLToPath(import.meta.url), String(each)],
      core,
    }),
  );
  const touched = await Promise.all(children.map(async (child) => Number(await child.nextLine())));
  await Promise.all(children.map(async (child) => child.stop()));
  return touched.reduce((sum, bytes) => sum + bytes, 0);
}

if (import.meta.main) {
  const untilMs = performance.now() + MAX_MS;
  const pieces: Uint8Array[] = [];
  let touched = 0;
  while (touched < Number(process.argv[2]) && performance.now() < untilMs) {
    const piece = new Uint8Array(PIECE_BYTES);
    for (let at = 0; at < PIECE_BYTES; at += PAGE_BYTES) piece[at] = 1;
    pieces.push(piece);
    touched += PIECE_BYTES;
  }
  console.log(String(touched));
  // Kept until the other is done as well.
  setInterval(() => pieces.length, 1_000);
}
