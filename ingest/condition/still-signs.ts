/**
 * Signs in the compressed stream that its picture stands still, or shows nothing. They cost next to nothing, and prove
 * little: a static night scene gives them as well. What they suspect is looked at (picture-look.ts).
 */

/** What a group of pictures was: from one random access picture to the next. */
export interface PictureGroup {
  /** Of the random access picture. */
  entryBytes: number;
  /** CRC-32 of the end of its slice data (entry-tail.ts). */
  entryTail: number;
  /** The pictures after it. */
  otherBytes: number;
  otherPictures: number;
  /** Of a picture. */
  pixels: number;
}

/** Bytes a pixel of a picture that repeats the one before it; and of a random access picture of one colour. */
const SKIPPED_BYTES_A_PIXEL = 0.0005;
const PLAIN_BYTES_A_PIXEL = 0.006;
/** However small the picture: what headers alone take. */
const SKIPPED_LEAST_BYTES = 64;
/** Random access pictures of a still scene differ in length by less than this share. */
const SAME_LENGTH_SHARE = 0.04;

export class StillSigns {
  /** Since when each random access picture has been, byte by byte, the one before it, and nothing moved between. */
  identicalSinceMs: number | undefined;
  /** Since when nothing has moved; they need not be the same. */
  stillSinceMs: number | undefined;
  /** Since when pictures have had hardly any content. */
  plainSinceMs: number | undefined;
  #last: PictureGroup | undefined;
  #lastMs = 0;

  /** A group is over: the next one begins at `nowMs`, as this one did when the one before it was over. */
  group(group: PictureGroup, nowMs: number): void {
    const last = this.#last;
    const lastMs = this.#lastMs;
    this.#last = group;
    this.#lastMs = nowMs;
    if (last === undefined) return;
    const moves = !isSkipped(group) && !isRepeated(group);
    const isIdentical = !moves && group.entryTail === last.entryTail;
    const isStill =
      !moves && Math.abs(group.entryBytes - last.entryBytes) <= last.entryBytes * SAME_LENGTH_SHARE;
    const isPlain = group.entryBytes < group.pixels * PLAIN_BYTES_A_PIXEL;
    this.identicalSinceMs = isIdentical ? (this.identicalSinceMs ?? lastMs) : undefined;
    this.stillSinceMs = isStill || isIdentical ? (this.stillSinceMs ?? lastMs) : undefined;
    this.plainSinceMs = isPlain ? (this.plainSinceMs ?? lastMs) : undefined;
  }

  /** Something broke: what comes is not compared with what was. */
  forget(): void {
    this.#last = undefined;
    this.identicalSinceMs = this.stillSinceMs = this.plainSinceMs = undefined;
  }
}

/** Nothing between random access pictures but repetitions. */
function isSkipped({ otherBytes, otherPictures, pixels }: PictureGroup): boolean {
  const most = Math.max(SKIPPED_LEAST_BYTES, pixels * SKIPPED_BYTES_A_PIXEL);
  return otherPictures > 0 && otherBytes <= otherPictures * most;
}

/** The same random access picture again and again, by its length. */
function isRepeated({ entryBytes, otherBytes, otherPictures }: PictureGroup): boolean {
  return otherBytes === otherPictures * entryBytes;
}
