/**
 * Media memory shared between a camera worker, which writes it, and the serving thread, which sends it.
 *
 * Memory is cut into chunks of CHUNK_BYTES, chunks come in slabs (one SharedArrayBuffer each) that are made when
 * they are first needed and then kept. A chunk carries a count of leases in shared memory: one of the writer that
 * fills it, one per slice of a closed part, one per answer that is sending such a slice. It is written again only
 * when that count is 0. Whoever takes the last lease away frees it: the worker to its own stack, the serving thread
 * through a ring that only it writes and only the worker reads.
 */
export const CHUNK_BYTES = 32 * 1024;
/** 32 MB: large enough to be left out of forks (leave-out-of-forks.ts). What is not written yet of it takes no memory. */
const SLAB_CHUNKS = 1024;
/** However small the bound. */
const LEAST_CHUNKS = 256;

/** What the serving thread needs to read a worker's chunks; slabs follow one by one as they are made. */
export interface SharedChunkState {
  /** Leases per chunk. */
  leases: SharedArrayBuffer;
  /** [written, read, chunk, chunk, …]: chunks that the serving thread freed. */
  freed: SharedArrayBuffer;
  chunks: number;
}

/** The worker's end: takes chunks and writes them. Bound: `maxBytes`; at it `take` answers -1. */
export class ChunkPool {
  readonly shared: SharedChunkState;
  readonly #leases: Int32Array;
  readonly #freed: Int32Array;
  readonly #slabs: Buffer[] = [];
  readonly #free: Int32Array;
  #freeCount = 0;
  #made = 0;
  readonly #onSlab: (slab: SharedArrayBuffer) => void;

  constructor(options: { maxBytes: number; onSlab: (slab: SharedArrayBuffer) => void }) {
    const chunks = Math.max(LEAST_CHUNKS, Math.floor(options.maxBytes / CHUNK_BYTES));
    this.#leases = new Int32Array(new SharedArrayBuffer(chunks * 4));
    this.#freed = new Int32Array(new SharedArrayBuffer((chunks + 3) * 4));
    this.#free = new Int32Array(chunks);
    this.#onSlab = options.onSlab;
    this.shared = {
      leases: this.#leases.buffer as SharedArrayBuffer,
      freed: this.#freed.buffer as SharedArrayBuffer,
      chunks,
    };
  }

  /** A free chunk with one lease, or -1 when the pool is at its bound. */
  take(): number {
    if (this.#freeCount === 0) this.#collect();
    if (this.#freeCount === 0 && !this.#grow()) return -1;
    const chunk = this.#free[--this.#freeCount] as number;
    Atomics.store(this.#leases, chunk, 1);
    return chunk;
  }

  /** At its bound, with every chunk in use. */
  get isFull(): boolean {
    if (this.#freeCount === 0) this.#collect();
    return this.#freeCount === 0 && this.#made === this.#free.length;
  }

  slab(chunk: number): Buffer {
    return this.#slabs[Math.floor(chunk / SLAB_CHUNKS)] as Buffer;
  }

  lease(chunk: number): void {
    Atomics.add(this.#leases, chunk, 1);
  }

  release(chunk: number): void {
    if (Atomics.sub(this.#leases, chunk, 1) === 1) this.#free[this.#freeCount++] = chunk;
  }

  #collect(): void {
    const ring = this.#freed;
    const capacity = ring.length - 2;
    const written = Atomics.load(ring, 0);
    let read = Atomics.load(ring, 1);
    while (read !== written) {
      this.#free[this.#freeCount++] = ring[2 + read] as number;
      read = read + 1 === capacity ? 0 : read + 1;
    }
    Atomics.store(ring, 1, read);
  }

  #grow(): boolean {
    if (this.#made === this.#free.length) return false;
    const chunks = Math.min(SLAB_CHUNKS, this.#free.length - this.#made);
    const slab = new SharedArrayBuffer(CHUNK_BYTES * chunks);
    this.#slabs.push(Buffer.from(slab));
    this.#onSlab(slab);
    for (let i = chunks - 1; i >= 0; i--) this.#free[this.#freeCount++] = this.#made + i;
    this.#made += chunks;
    return true;
  }
}

/** First byte of a chunk inside its slab. */
export function chunkStart(chunk: number): number {
  return (chunk % SLAB_CHUNKS) * CHUNK_BYTES;
}

/** The serving thread's end: reads chunks of one worker and gives their leases back. */
export class ChunkReader {
  readonly #leases: Int32Array;
  readonly #freed: Int32Array;
  readonly #slabs: SharedArrayBuffer[] = [];

  constructor(shared: SharedChunkState) {
    this.#leases = new Int32Array(shared.leases);
    this.#freed = new Int32Array(shared.freed);
  }

  addSlab(slab: SharedArrayBuffer): void {
    this.#slabs.push(slab);
  }

  /** A view, no copy: valid while a lease on the chunk is held. */
  bytes(chunk: number, offset: number, length: number): Buffer {
    const slab = this.#slabs[Math.floor(chunk / SLAB_CHUNKS)] as SharedArrayBuffer;
    return Buffer.from(slab, chunkStart(chunk) + offset, length);
  }

  lease(chunk: number): void {
    Atomics.add(this.#leases, chunk, 1);
  }

  release(chunk: number): void {
    if (Atomics.sub(this.#leases, chunk, 1) !== 1) return;
    const ring = this.#freed;
    const written = Atomics.load(ring, 0);
    ring[2 + written] = chunk;
    Atomics.store(ring, 0, written + 1 === ring.length - 2 ? 0 : written + 1);
  }
}
