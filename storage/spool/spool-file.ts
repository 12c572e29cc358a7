import { createHash, type Hash } from 'node:crypto';
import { dirname } from 'node:path';
import { fragmentEndMs, MAX_FRAGMENTS, type Fragment } from './fragment-index.ts';
import { FRAGMENT_TIME_BYTES, writeFragmentTime } from './fragment-time.ts';
import { spoolDisk, type SpoolDisk } from './spool-disk.ts';

/** The disk took no more of it. What is there is whole up to the last fragment. */
export class SpoolWriteFailed extends Error {
  readonly code = 'spool_write_failed';
  readonly full: boolean;
  constructor(options: ErrorOptions & { full: boolean }) {
    super(options.full ? 'the spool disk is full' : 'the spool cannot be written', options);
    this.full = options.full;
  }
}

/** What writing has cost a thread, over all files. */
export interface SpoolMeter {
  writtenBytes: number;
  hashedBytes: number;
  writeMs: number;
  hashMs: number;
}

export function spoolMeter(): SpoolMeter {
  return { writtenBytes: 0, hashedBytes: 0, writeMs: 0, hashMs: 0 };
}

/** One prft at a time is written, so one buffer for all files of the thread. */
const time = Buffer.alloc(FRAGMENT_TIME_BYTES);

/**
 * A recording while it is made: whole fragments are appended, and hashed while their bytes are warm. Writing waits
 * for the disk, so it lives in a thread that does nothing else.
 */
export class SpoolFile {
  readonly fragments: Fragment[] = [];
  readonly headBytes: number;
  readonly #disk: SpoolDisk;
  readonly #meter: SpoolMeter;
  readonly #folder: string;
  #handle: number;
  /** Its name is on the disk. */
  #named = false;
  #hash: Hash = createHash('sha256');
  #byteLength = 0;
  /** Called when the sync that is under way is over. */
  #waiting: ((error: Error | null) => void) | undefined;

  /** Makes the file and writes its head. Throws SpoolWriteFailed. */
  constructor(
    path: string,
    head: Uint8Array,
    { disk = spoolDisk, meter = spoolMeter() }: { disk?: SpoolDisk; meter?: SpoolMeter } = {},
  ) {
    this.headBytes = head.length;
    this.#disk = disk;
    this.#meter = meter;
    this.#folder = dirname(path);
    try {
      this.#handle = disk.create(path);
    } catch (cause) {
      throw failed(cause);
    }
    try {
      this.#write([head]);
    } catch (error) {
      disk.close(this.#handle);
      remove(disk, path);
      throw error;
    }
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  get full(): boolean {
    return this.fragments.length >= MAX_FRAGMENTS;
  }

  /** When its last picture ends, Unix ms. */
  get endMs(): number | undefined {
    const last = this.fragments.at(-1);
    return last === undefined ? undefined : fragmentEndMs(last);
  }

  /** Appends one fragment as a whole, or nothing of it. Throws SpoolWriteFailed. */
  append(
    fragment: Omit<Fragment, 'offset' | 'byteLength'>,
    bytes: readonly Uint8Array[],
  ): Fragment {
    writeFragmentTime(time, fragment.startMs, fragment.decodeTicks);
    const offset = this.#byteLength;
    this.#write([time, ...bytes]);
    const appended = { ...fragment, offset, byteLength: this.#byteLength - offset };
    this.fragments.push(appended);
    return appended;
  }

  /** Has the disk keep what was written so far; `done` is called when it does. */
  sync(done: (error: Error | null) => void): void {
    if (this.#waiting !== undefined) {
      const before = this.#waiting;
      this.#waiting = (error) => {
        before(error);
        this.sync(done);
      };
      return;
    }
    this.#waiting = done;
    const over = (error: Error | null): void => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.(error);
    };
    this.#disk.sync(this.#handle, (error) => {
      if (error !== null || this.#named) {
        over(error);
        return;
      }
      this.#disk.syncFolder(this.#folder, (folderError) => {
        this.#named = folderError === null;
        over(folderError);
      });
    });
  }

  /** SHA-256 of the whole file, hexadecimal. Nothing can be appended after it. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** After `sync` has called back. */
  close(): void {
    this.#disk.close(this.#handle);
  }

  #write(buffers: readonly Uint8Array[]): void {
    const meter = this.#meter;
    const beganMs = performance.now();
    let written = 0;
    let total = 0;
    for (const { length } of buffers) total += length;
    try {
      written = this.#disk.write(this.#handle, buffers, this.#byteLength);
      // A full disk, or a signal, may leave a rest.
      while (written < total) {
        written += this.#disk.write(
          this.#handle,
          rest(buffers, written),
          this.#byteLength + written,
        );
      }
    } catch (cause) {
      this.#cutBack();
      throw failed(cause);
    }
    const writtenMs = performance.now();
    for (const buffer of buffers) this.#hash.update(buffer);
    meter.hashMs += performance.now() - writtenMs;
    meter.writeMs += writtenMs - beganMs;
    meter.writtenBytes += total;
    meter.hashedBytes += total;
    this.#byteLength += total;
  }

  #cutBack(): void {
    try {
      this.#disk.cut(this.#handle, this.#byteLength);
    } catch {
      // Recovery cuts what is torn (spool-reader.ts).
    }
  }
}

/** On a full disk there is a try every few seconds: each would leave a file. */
function remove(disk: SpoolDisk, path: string): void {
  try {
    disk.remove(path);
  } catch {
    // Recovery removes what holds no picture.
  }
}

function rest(buffers: readonly Uint8Array[], skip: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let before = 0;
  for (const buffer of buffers) {
    const from = Math.max(0, skip - before);
    if (from < buffer.length) left.push(buffer.subarray(from));
    before += buffer.length;
  }
  return left;
}

function failed(cause: unknown): SpoolWriteFailed {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return new SpoolWriteFailed({ cause, full: code === 'ENOSPC' || code === 'EDQUOT' });
}
