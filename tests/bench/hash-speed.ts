/** SHA-256 on SUBJECT_CORE, over memory that has left the cache, in the pieces in which a recorder has it. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startChild } from './children.ts';
import { SUBJECT_CORE } from './cores.ts';

const PIECE_BYTES = 32 * 1024;
const TOTAL_BYTES = 512 * 1024 * 1024;
/** A minute of a camera. */
const FILE_BYTES = 15 * 1024 * 1024;

/** CPU µs a byte, in a process of its own. */
export async function hashMicrosPerByte(): Promise<number> {
  const child = startChild({
    command: process.execPath,
    args: [fileURLToPath(import.meta.url)],
    core: SUBJECT_CORE,
  });
  const line = await child.nextLine();
  await child.stop();
  if (line === undefined) throw new Error(`not hashed: ${child.lastWords()}`);
  return Number(line);
}

if (import.meta.main) {
  const memory = new Uint8Array(new SharedArrayBuffer(TOTAL_BYTES)).fill(0x5a);
  const began = process.cpuUsage();
  let hash = createHash('sha256');
  for (let at = 0; at < TOTAL_BYTES; at += PIECE_BYTES) {
    hash.update(memory.subarray(at, at + PIECE_BYTES));
    if (at % FILE_BYTES < PIECE_BYTES) {
      hash.digest();
      hash = createHash('sha256');
    }
  }
  hash.digest();
  const { user, system } = process.cpuUsage(began);
  console.log(String((user + system) / TOTAL_BYTES));
}
