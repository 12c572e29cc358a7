import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { leaveOutOfForks, OWN_MAPPING_BYTES } from '#ingest/memory/leave-out-of-forks.ts';

const isLinux = process.platform === 'linux';

/** Mappings of this process of that length, or nearly: whether a child of it gets them (`dc` in proc_pid_smaps(5): it does not). */
function mappingsOf(byteLength: number): { leftOut: boolean }[] {
  const mappings = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return mappings
    .filter((mapping) => {
      const share = (Number(/^Size:\s+(\d+) kB/m.exec(mapping)?.[1]) * 1024) / byteLength;
      return share > 0.99 && share <= 1;
    })
    .map((mapping) => ({ leftOut: /^VmFlags:.* dc\b/m.test(mapping) }));
}

test.skipIf(!isLinux)('a slab of media is kept out of processes that this one starts', () => {
  const slabs: SharedArrayBuffer[] = [];
  const pool = new ChunkPool({ maxBytes: 2 ** 30, onSlab: (slab) => slabs.push(slab) });
  pool.take();
  const slab = slabs[0] as SharedArrayBuffer;
  expect(leaveOutOfForks(slab)).toBe(true);
  expect(mappingsOf(slab.byteLength)).toContainEqual({ leftOut: true });
});

test('memory that may become part of something else is left as it is', () => {
  expect(leaveOutOfForks(new SharedArrayBuffer(OWN_MAPPING_BYTES - 1))).toBe(false);
});
