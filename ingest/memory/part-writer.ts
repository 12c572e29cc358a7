import { CHUNK_BYTES, chunkStart, type ChunkPool } from './chunk-pool.ts';

/** NAL length prefix (ISO 14496-15 §5.3.3.1, lengthSizeMinusOne = 3). */
const LENGTH_BYTES = 4;
/** Below this many bytes left, a part begins in a fresh chunk rather than in the rest of the old one. */
const MIN_PART_START_BYTES = 2048;
/** A picture beyond this is refused: one without an end would take the memory of all cameras. 8K stays below. */
export const MAX_UNIT_BYTES = 8 * 1024 * 1024;

/** A run of bytes of a part inside one chunk; `offset` from the chunk's start. */
export interface Slice {
  chunk: number;
  offset: number;
  length: number;
}

/**
 * Writes one part after another into pool chunks, packet by packet: the only copy a media byte undergoes.
 *
 * A part is a header of known room, then samples. The header's size is known when the part closes, so it is
 * written right-aligned into its room and the part begins where the header does. A NAL unit's length is patched
 * when it ends; a unit of samples can be taken back (`rewindUnit`) until the next one begins.
 *
 * When the pool is dry, or a unit has no end, writing stops and `exhausted` is true until the part is abandoned.
 */
export class PartWriter {
  readonly #pool: ChunkPool;
  exhausted = false;
  /** Slices of the part being written; the last one is open. */
  readonly #slices: Slice[] = [];
  #sliceCount = 0;
  #chunk = -1;
  #slab: Buffer;
  /** Absolute in the slab: start of the open chunk, next byte, end. */
  #base = 0;
  #at = 0;
  #end = 0;
  #headerEnd = 0;
  #headerRoom = 0;
  #headerSlab: Buffer;
  #nalSlab: Buffer;
  #nalAt = 0;
  #nalBytes = 0;
  #unitSlices = 0;
  #unitAt = 0;
  #unitBytes = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
    this.#slab = EMPTY;
    this.#headerSlab = EMPTY;
    this.#nalSlab = EMPTY;
  }

  /** Bytes of samples in the unit since `markUnit`. */
  get unitBytes(): number {
    return this.#unitBytes;
  }

  /** Bytes of samples in the part that is being written; 0 between parts. */
  get openBytes(): number {
    if (this.#sliceCount === 0) return 0;
    const open = this.#slices[this.#sliceCount - 1] as Slice;
    let bytes = this.#at - this.#base - open.offset - this.#headerRoom;
    for (let i = 0; i < this.#sliceCount - 1; i++) bytes += (this.#slices[i] as Slice).length;
    return bytes;
  }

  /** Begins a part with room for `headerBytes` in front of its samples. False when the pool is dry. */
  begin(headerBytes: number): boolean {
    this.exhausted = false;
    if (this.#chunk < 0 || this.#end - this.#at < headerBytes + MIN_PART_START_BYTES) {
      if (!this.#nextChunk()) return false;
    }
    this.#sliceCount = 0;
    this.#openSlice();
    this.#at += headerBytes;
    this.#headerEnd = this.#at;
    this.#headerRoom = headerBytes;
    this.#headerSlab = this.#slab;
    return true;
  }

  markUnit(): void {
    this.#unitSlices = this.#sliceCount;
    this.#unitAt = this.#at;
    this.#unitBytes = 0;
  }

  /** Takes the unit's bytes back; chunks that only it used are freed. */
  rewindUnit(): void {
    if (this.#sliceCount > this.#unitSlices) {
      // The open chunk and any between hold nothing but this unit.
      this.#pool.release(this.#chunk);
      for (let i = this.#unitSlices; i < this.#sliceCount - 1; i++) {
        this.#pool.release((this.#slices[i] as Slice).chunk);
      }
      this.#sliceCount = this.#unitSlices;
      const slice = this.#slices[this.#sliceCount - 1] as Slice;
      this.#chunk = slice.chunk;
      this.#slab = this.#pool.slab(slice.chunk);
      this.#base = chunkStart(slice.chunk);
      this.#end = this.#base + CHUNK_BYTES;
    }
    this.#at = this.#unitAt;
    this.#unitBytes = 0;
    this.exhausted = false;
  }

  openNal(): void {
    if (this.#end - this.#at < LENGTH_BYTES && !this.#continueInNextChunk()) return;
    this.#nalSlab = this.#slab;
    this.#nalAt = this.#at;
    this.#nalBytes = 0;
    this.#at += LENGTH_BYTES;
    this.#unitBytes += LENGTH_BYTES;
  }

  appendByte(byte: number): void {
    if (this.#at === this.#end && !this.#continueInNextChunk()) return;
    this.#slab[this.#at++] = byte;
    this.#nalBytes++;
    this.#unitBytes++;
  }

  append(from: Buffer, start: number, end: number): void {
    if (this.#unitBytes + end - start > MAX_UNIT_BYTES) this.exhausted = true;
    if (this.exhausted) return;
    let at = start;
    while (at < end) {
      if (this.#at === this.#end && !this.#continueInNextChunk()) return;
      const length = Math.min(end - at, this.#end - this.#at);
      from.copy(this.#slab, this.#at, at, at + length);
      this.#at += length;
      at += length;
    }
    this.#nalBytes += end - start;
    this.#unitBytes += end - start;
  }

  closeNal(): void {
    if (!this.exhausted) this.#nalSlab.writeUInt32BE(this.#nalBytes, this.#nalAt);
  }

  /**
   * Ends the part: `header` was built elsewhere and is copied to the end of its room. Returns the slices, each
   * with a lease of its own that the receiver releases.
   */
  finish(header: Buffer, headerBytes: number): readonly Slice[] {
    header.copy(this.#headerSlab, this.#headerEnd - headerBytes, 0, headerBytes);
    const first = this.#slices[0] as Slice;
    const firstEnd =
      this.#sliceCount === 1 ? this.#at : chunkStart(first.chunk) + first.offset + first.length;
    first.offset = this.#headerEnd - headerBytes - chunkStart(first.chunk);
    first.length = firstEnd - chunkStart(first.chunk) - first.offset;
    if (this.#sliceCount > 1) this.#closeSlice();
    // A chunk filled on the way was the writer's: its lease passes to the slice. The open one goes on being written.
    this.#pool.lease(this.#chunk);
    const slices = this.#slices.slice(0, this.#sliceCount);
    this.#sliceCount = 0;
    return slices;
  }

  /** Gives the part up; nothing of it was handed on. */
  abandon(): void {
    if (this.#sliceCount === 0) return;
    for (let i = 0; i < this.#sliceCount - 1; i++)
      this.#pool.release((this.#slices[i] as Slice).chunk);
    this.#sliceCount = 0;
    this.#at = this.#base + (this.#slices[0] as Slice).offset;
    if (this.#chunk !== (this.#slices[0] as Slice).chunk) this.#at = this.#base;
    this.exhausted = false;
  }

  /** The camera is gone: the open chunk is given back. */
  close(): void {
    this.abandon();
    if (this.#chunk >= 0) this.#pool.release(this.#chunk);
    this.#chunk = -1;
    this.#at = 0;
    this.#end = 0;
  }

  #continueInNextChunk(): boolean {
    if (this.exhausted) return false;
    this.#closeSlice();
    const filled = this.#chunk;
    this.#chunk = -1; // keeps its lease: it belongs to the part now
    if (!this.#nextChunk()) {
      this.#chunk = filled;
      this.exhausted = true;
      return false;
    }
    this.#openSlice();
    return true;
  }

  #nextChunk(): boolean {
    const chunk = this.#pool.take();
    if (chunk < 0) {
      this.exhausted = true;
      return false;
    }
    if (this.#chunk >= 0) this.#pool.release(this.#chunk);
    this.#chunk = chunk;
    this.#slab = this.#pool.slab(chunk);
    this.#base = chunkStart(chunk);
    this.#at = this.#base;
    this.#end = this.#base + CHUNK_BYTES;
    return true;
  }

  #openSlice(): void {
    this.#slices[this.#sliceCount++] = {
      chunk: this.#chunk,
      offset: this.#at - this.#base,
      length: 0,
    };
  }

  #closeSlice(): void {
    const slice = this.#slices[this.#sliceCount - 1] as Slice;
    slice.length = this.#at - this.#base - slice.offset;
  }
}

const EMPTY = Buffer.alloc(0);
