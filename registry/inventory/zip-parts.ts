import { createInflateRaw } from 'node:zlib';
import { WorkbookRefused } from './workbook-refused.ts';

/**
 * The parts of a ZIP file (PKWARE APPNOTE 6.3, as ISO/IEC 29500-2 uses it), read by its central directory alone. The
 * sizes that a file declares are believed only as long as the bytes agree: no part is inflated beyond them.
 */
export interface ZipParts {
  names: readonly string[];
  has(name: string): boolean;
  /** Inflated, in pieces; throws WorkbookRefused as soon as it is more than was declared, or damaged. */
  read(name: string): AsyncGenerator<Uint8Array>;
}

const MAX_PARTS = 4_000;
/** Of one part, inflated. 100,000 rows of the inventory are 85 MB of XML. */
export const MAX_PART_BYTES = 256 * 1024 * 1024;
/** Text of tables shrinks to a tenth or a thirtieth; what shrinks more is looked at twice from this size on. */
const RATIO_FROM_BYTES = 16 * 1024 * 1024;
const MAX_RATIO = 200;

const END_RECORD = 0x06054b50;
const END_RECORD_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const CENTRAL_HEADER = 0x02014b50;
const CENTRAL_HEADER_BYTES = 46;
const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const ENCRYPTED_FLAG = 1;
const STORED = 0;
const DEFLATED = 8;
const ZIP64 = 0xffffffff;

interface Part {
  method: number;
  compressedBytes: number;
  bytes: number;
  localOffset: number;
}

/** Throws WorkbookRefused. */
export function openZip(file: Uint8Array): ZipParts {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const parts = readCentralDirectory(view);
  return {
    names: [...parts.keys()],
    has: (name) => parts.has(name),
    async *read(name) {
      const part = parts.get(name);
      if (part === undefined) throw new WorkbookRefused('damaged', name);
      yield* inflated(part, compressedOf(view, part));
    },
  };
}

function readCentralDirectory(view: DataView): Map<string, Part> {
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count > MAX_PARTS) throw new WorkbookRefused('too_much_inside');
  const parts = new Map<string, Part>();
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_HEADER_BYTES > view.byteLength) throw new WorkbookRefused('damaged');
    if (view.getUint32(at, true) !== CENTRAL_HEADER) throw new WorkbookRefused('damaged');
    if ((view.getUint16(at + 8, true) & ENCRYPTED_FLAG) !== 0) {
      throw new WorkbookRefused('encrypted');
    }
    const part = {
      method: view.getUint16(at + 10, true),
      compressedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      localOffset: view.getUint32(at + 42, true),
    };
    const nameBytes = view.getUint16(at + 28, true);
    const next =
      at +
      CENTRAL_HEADER_BYTES +
      nameBytes +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
    if (next > view.byteLength) throw new WorkbookRefused('damaged');
    // Names in a package are ASCII (ISO/IEC 29500-2 §6.2.2); some writers put a \ or a leading /.
    const name = Buffer.from(view.buffer, view.byteOffset + at + CENTRAL_HEADER_BYTES, nameBytes)
      .toString('utf8')
      .replaceAll('\\', '/')
      .replace(/^\//, '');
    // Two parts of one name: which is meant depends on who reads.
    if (parts.has(name)) throw new WorkbookRefused('damaged', name);
    checkBounds(part);
    parts.set(name, part);
    at = next;
  }
  return parts;
}

function checkBounds({ bytes, compressedBytes }: Part): void {
  if (bytes === ZIP64 || compressedBytes === ZIP64) throw new WorkbookRefused('too_much_inside');
  if (bytes > MAX_PART_BYTES) throw new WorkbookRefused('too_much_inside');
  if (bytes > RATIO_FROM_BYTES && bytes > compressedBytes * MAX_RATIO) {
    throw new WorkbookRefused('too_much_inside');
  }
}

function findEnd(view: DataView): number {
  const last = view.byteLength - END_RECORD_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at--) {
    if (view.getUint32(at, true) === END_RECORD) return at;
  }
  throw new WorkbookRefused('damaged');
}

function compressedOf(view: DataView, part: Part): Uint8Array {
  const { localOffset: at, compressedBytes } = part;
  if (at + LOCAL_HEADER_BYTES > view.byteLength) throw new WorkbookRefused('damaged');
  if (view.getUint32(at, true) !== LOCAL_HEADER) throw new WorkbookRefused('damaged');
  const start =
    at + LOCAL_HEADER_BYTES + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (start + compressedBytes > view.byteLength) throw new WorkbookRefused('damaged');
  return new Uint8Array(view.buffer, view.byteOffset + start, compressedBytes);
}

async function* inflated(part: Part, compressed: Uint8Array): AsyncGenerator<Uint8Array> {
  if (part.method === STORED) {
    if (compressed.length !== part.bytes) throw new WorkbookRefused('damaged');
    yield compressed;
    return;
  }
  if (part.method !== DEFLATED) throw new WorkbookRefused('damaged');
  const inflate = createInflateRaw({ chunkSize: 256 * 1024 });
  inflate.end(compressed);
  let bytes = 0;
  try {
    for await (const piece of inflate as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > part.bytes) throw new WorkbookRefused('too_much_inside');
      yield piece;
    }
  } catch (cause) {
    if (cause instanceof WorkbookRefused) throw cause;
    throw new WorkbookRefused('damaged', undefined, { cause });
  } finally {
    inflate.destroy();
  }
  if (bytes !== part.bytes) throw new WorkbookRefused('damaged');
}
