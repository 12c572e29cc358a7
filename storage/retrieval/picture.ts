import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Recording } from '../catalogue/recordings.ts';
import { fragmentEndMs } from '../spool/fragment-index.ts';
import { NothingRecorded, type PlayableRecording } from './playable.ts';
import type { RecordingSource } from './recording-bytes.ts';

/** Pictures are up to a second apart: the one that is shown at a time is looked for so far on. */
export const AFTER_PICTURE_MS = 1_000;
const TICKS_PER_SECOND = 90_000;
/** Of a group of pictures; some ten seconds of the heaviest camera. */
const MAX_PICTURE_BYTES = 48 * 1024 * 1024;

/** The group of pictures that a still would be decoded from is larger than is taken for one still. */
export class PictureTooLarge extends Error {
  readonly code = 'picture_too_large';
}

/** A fragmented MP4 file, and how far into it the picture lies. */
export interface PictureSource {
  file: Buffer;
  skipSeconds: number;
}

/**
 * What the picture shown at `atMs` is decoded from: the random access point before it, and all up to it.
 * Throws NothingRecorded when the next one is more than AFTER_PICTURE_MS away, PictureTooLarge, ObjectCorrupt.
 */
export async function pictureSource(
  recordings: readonly PlayableRecording[],
  atMs: number,
  sourceOf: (recording: Recording) => Promise<RecordingSource>,
): Promise<PictureSource> {
  const [found] = recordings;
  const first = found?.fragments[0];
  if (found === undefined || first === undefined) {
    throw new NothingRecorded(atMs, atMs + AFTER_PICTURE_MS);
  }
  const at = Math.max(
    0,
    found.fragments.findIndex((fragment) => fragmentEndMs(fragment) > atMs),
  );
  // One more, for the picture may be the first of the next.
  const fragments = found.fragments.slice(0, at + 2);
  const last = fragments.at(-1) ?? first;
  const end = last.offset + last.byteLength;
  if (end - first.offset > MAX_PICTURE_BYTES) throw new PictureTooLarge('too large for a still');
  const source = await sourceOf(found.recording);
  const parts: Readable[] = [
    await source.readWhole({ start: 0, end: found.recording.initBytes }),
    await source.readWhole({ start: first.offset, end }),
  ];
  const file = Buffer.concat(await Promise.all(parts.map((part) => buffer(part))));
  const shown = fragments[at] ?? first;
  const before = (shown.decodeTicks - first.decodeTicks) / TICKS_PER_SECOND;
  const within = fragments.length > at + 1 ? Math.max(0, atMs - shown.startMs) / 1_000 : 0;
  // In the last fragment of all no picture may come after `atMs`: its first one is taken.
  return { file, skipSeconds: Math.max(0, before + within) };
}
