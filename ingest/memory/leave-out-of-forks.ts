import type * as Ffi from 'node:ffi';

/** <asm-generic/mman-common.h>, the same on all that Node runs on. */
const MADV_DONTFORK = 10;
/** The largest page of a Linux. */
const PAGE_BYTES = 64n * 1024n;
/**
 * glibc takes as much and more from the kernel for itself, and gives it back there (DEFAULT_MMAP_THRESHOLD_MAX). Of less, what is
 * freed may become somebody's who needs it in a child.
 */
export const OWN_MAPPING_BYTES = 32 * 1024 * 1024;

type Madvise = (address: bigint, length: bigint, advice: number) => number;

let madvise: Madvise | undefined | 'unknown' = 'unknown';

/**
 * Keeps a slab of media out of processes that this one starts (madvise(2), MADV_DONTFORK). Node starts one by fork(2), which
 * copies the map of all memory while nobody else can touch it, and leaves each page to be faulted in by its next write: with
 * 4 GB of media 60 faults per second and stream (gateway/decisions/0120).
 *
 * For slabs of OWN_MAPPING_BYTES or more; others stay as they are. False where it cannot be done: the same, but dearer.
 */
export function leaveOutOfForks(slab: SharedArrayBuffer): boolean {
  if (process.platform !== 'linux' || slab.byteLength < OWN_MAPPING_BYTES) return false;
  try {
    const ffi = process.getBuiltinModule('node:ffi') as typeof Ffi | undefined;
    if (madvise === 'unknown') madvise = ffi === undefined ? undefined : findMadvise(ffi);
    if (ffi === undefined || madvise === undefined) return false;
    const start = ffi.getRawPointer(new Uint8Array(slab));
    const from = ((start + PAGE_BYTES - 1n) / PAGE_BYTES) * PAGE_BYTES;
    const to = ((start + BigInt(slab.byteLength)) / PAGE_BYTES) * PAGE_BYTES;
    return madvise(from, to - from, MADV_DONTFORK) === 0;
  } catch {
    // Experimental in Node 26: another Node may have none, or another form of it.
    madvise = undefined;
    return false;
  }
}

function findMadvise(ffi: typeof Ffi): Madvise {
  const { functions } = ffi.dlopen(null, {
    madvise: { arguments: ['pointer', 'uint64', 'int32'], return: 'int32' },
  });
  return (address, length, advice) => functions.madvise(address, length, advice);
}
