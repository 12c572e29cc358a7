import { box } from '#ingest/fmp4/box.ts';

/** Bytes are not the boxes they should be: not ours, or damaged. */
export class BoxesNotReadable extends Error {
  readonly code = 'boxes_not_readable';
}

export interface Box {
  type: string;
  /** With its header. */
  bytes: Buffer;
}

/** Of a box: size and type, ISO 14496-12 §4.2. */
export const BOX_HEADER_BYTES = 8;

/** What stands side by side in `bytes`. Views, not copies. Throws BoxesNotReadable. */
export function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = at + BOX_HEADER_BYTES <= bytes.length ? bytes.readUInt32BE(at) : 0;
    if (size < BOX_HEADER_BYTES || at + size > bytes.length) {
      throw new BoxesNotReadable('a box has no end');
    }
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      bytes: bytes.subarray(at, at + size),
    });
    at += size;
  }
  return boxes;
}

/** What stands in a box that holds nothing but boxes. Throws BoxesNotReadable. */
export function boxesIn(container: Buffer): Box[] {
  return boxesOf(container.subarray(BOX_HEADER_BYTES));
}

/** A container with others in it. */
export function withinContainer({ type, bytes }: Box, edit: (boxes: Box[]) => Buffer[]): Buffer {
  return box(type, ...edit(boxesIn(bytes)));
}
