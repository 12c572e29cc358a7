/** What the disk under the temporary folder takes, written in order and synced, bytes a second. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PIECE_BYTES = 8 * 1024 * 1024;
const PIECES = 192;
const SYNC_EVERY = 24;

export function diskBytesPerSecond(): number {
  const folder = mkdtempSync(join(tmpdir(), 'bench-disk-'));
  try {
    const file = openSync(join(folder, 'file'), 'w');
    const piece = Buffer.alloc(PIECE_BYTES, 0x5a);
    const beganMs = performance.now();
    for (let i = 1; i <= PIECES; i++) {
      writeSync(file, piece);
      if (i % SYNC_EVERY === 0) fdatasyncSync(file);
    }
    const seconds = (performance.now() - beganMs) / 1000;
    closeSync(file);
    return (PIECE_BYTES * PIECES) / seconds;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
