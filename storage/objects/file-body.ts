import { close, open, read } from 'node:fs';
import { Readable } from 'node:stream';

/** Of a file at once: more than a socket takes without asking to wait, less than a core's cache holds. */
export const PIECE_BYTES = 512 * 1024;
/** One is sent while the next is read. */
const PIECES_A_FILE = 2;
/** Kept for later files. */
const MAX_KEPT = 16;

/** The file ended before the length that was told. */
export class FileTooShort extends Error {
  readonly code = 'file_too_short';
}

/**
 * Files as bodies of requests, through pieces of memory that are used again and again. A stream of `fs` makes a buffer
 * for each piece that it reads, 250 MB a second for a thousand cameras, and collecting them cost two thirds of what
 * hashing does (tests/bench/results.md).
 *
 * Whoever sends a piece says so with `sent` when the kernel has taken it; before that its memory is not written.
 */
export class FileBodies {
  readonly #kept: Buffer[] = [];
  /** Whom to tell that a piece, by its memory, was sent. */
  readonly #owners = new WeakMap<ArrayBufferLike, (piece: Buffer) => void>();

  /** `byteLength` bytes of a file, once. The stream's error is what `fs` says, or FileTooShort. */
  open(path: string, byteLength: number): Readable {
    let file: number | undefined;
    let position = 0;
    let made = 0;
    let waiting = false;
    let reading = false;
    let whenRead: (() => void) | undefined;
    const free: Buffer[] = [];

    const sent = (piece: Buffer): void => {
      if (body.destroyed) this.#keep(piece);
      else free.push(piece);
      if (waiting) readOn();
    };
    const take = (): Buffer | undefined => {
      if (free.length > 0) return free.pop();
      if (made === PIECES_A_FILE) return undefined;
      made++;
      const piece = this.#kept.pop() ?? Buffer.from(new ArrayBuffer(PIECE_BYTES));
      this.#owners.set(piece.buffer, sent);
      return piece;
    };
    const readOn = (): void => {
      if (position === byteLength) {
        body.push(null);
        return;
      }
      const piece = take();
      waiting = piece === undefined;
      if (piece === undefined || file === undefined) return;
      reading = true;
      const length = Math.min(piece.length, byteLength - position);
      read(file, piece, 0, length, position, (error, bytesRead) => {
        reading = false;
        whenRead?.();
        if (error !== null) body.destroy(error);
        else if (bytesRead === 0) body.destroy(new FileTooShort(`${path}: ${position} bytes`));
        else {
          position += bytesRead;
          body.push(piece.subarray(0, bytesRead));
        }
      });
    };
    const body = new Readable({
      // The next piece is asked for when the one before was passed on.
      highWaterMark: 1,
      construct(done) {
        open(path, 'r', (error, handle) => {
          file = handle;
          done(error);
        });
      },
      read: readOn,
      destroy: (error, done) => {
        waiting = false;
        for (const piece of free.splice(0)) this.#keep(piece);
        const closing = (): void => {
          if (file === undefined) done(error);
          else close(file, (closeError) => done(error ?? closeError));
        };
        if (reading) whenRead = closing;
        else closing();
      },
    });
    return body;
  }

  /** The kernel took a piece, or never will; what is none is passed over. */
  sent(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array)) return;
    this.#owners.get(chunk.buffer)?.(Buffer.from(chunk.buffer));
  }

  #keep(piece: Buffer): void {
    this.#owners.delete(piece.buffer);
    if (this.#kept.length < MAX_KEPT) this.#kept.push(piece);
  }
}
