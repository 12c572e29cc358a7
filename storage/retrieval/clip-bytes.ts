import type { Fragment } from '../spool/fragment-index.ts';
import { headLength, setBackHead, type SetBack } from './clip-times.ts';

/**
 * Whole fragments of one recording as a clip holds them: the same bytes, with their times set back. `read` is what is in
 * the object from the first of them on, in whatever chunks it comes.
 */
export async function* clipBytes(
  read: AsyncIterable<Buffer>,
  fragments: readonly Fragment[],
  setBack: SetBack,
): AsyncGenerator<Buffer> {
  let next = 0;
  /** Of the fragment that is being passed on. */
  let left = 0;
  /** Of a head that has not come whole. At most MAX_HEAD_BYTES and a chunk. */
  let begun: Buffer | undefined;
  for await (const chunk of read) {
    let bytes = begun === undefined ? chunk : Buffer.concat([begun, chunk]);
    begun = undefined;
    while (bytes.length > 0) {
      if (left === 0) {
        const fragment = fragments[next];
        const length = fragment === undefined ? 0 : headLength(bytes);
        if (length === undefined) {
          begun = bytes;
          break;
        }
        next++;
        left = fragment?.byteLength ?? bytes.length;
        if (length > 0 && length <= left) {
          // The chunk may be the store's own.
          const head = Buffer.from(bytes.subarray(0, length));
          setBackHead(head, setBack);
          yield head;
          bytes = bytes.subarray(length);
          left -= length;
          continue;
        }
      }
      const passed = bytes.subarray(0, left);
      yield passed;
      bytes = bytes.subarray(passed.length);
      left -= passed.length;
    }
  }
  // An object that ends within a head is cut short, and so is the clip.
  if (begun !== undefined) yield begun;
}
