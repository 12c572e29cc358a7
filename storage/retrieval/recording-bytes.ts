import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { spoolPath } from '../catalogue/object-key.ts';
import type { Recording } from '../catalogue/recordings.ts';
import { ObjectCorrupt, ObjectMissing, type ObjectStore } from '../objects/object-store.ts';

/** Where a recording's bytes are now. */
export interface RecordingSource {
  /** What can be read; an open recording has more later. */
  byteLength: number;
  /** Of the init segment at its start. */
  initBytes: number;
  read(range: { start: number; end: number }): Promise<Readable>;
  /**
   * The same to the last byte, or ObjectCorrupt: before any of them where it is known that it was cut, for whoever was told a length would
   * wait for the rest.
   */
  readWhole(range: { start: number; end: number }): Promise<Readable>;
}

/** Passes on what is read. Throws ObjectCorrupt when that ends before `byteLength`. */
async function* whole(
  stream: AsyncIterable<Buffer>,
  byteLength: number,
  key: string,
): AsyncGenerator<Buffer> {
  let left = byteLength;
  for await (const chunk of stream) {
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0) throw new ObjectCorrupt(key);
}

/**
 * A recording's bytes, from the spool or from the store: it moves from one to the other at any time, and looks the
 * same from both. Throws ObjectMissing, and what the store throws.
 */
export async function recordingSource(
  recording: Recording,
  options: { spoolFolder: string; store: ObjectStore },
): Promise<RecordingSource> {
  const object = { key: recording.objectKey, versionId: recording.versionId };
  const { store } = options;
  const { initBytes } = recording;
  const sourceOf = (byteLength: number, read: RecordingSource['read']): RecordingSource => ({
    byteLength,
    initBytes,
    read,
    readWhole: async (range) => {
      const stream = await read(range);
      const body = Readable.from(whole(stream, range.end - range.start, recording.objectKey));
      // Whoever goes away before the first byte has not begun the generator, which would close it otherwise.
      body.once('close', () => stream.destroy());
      return body;
    },
  });
  const stored = sourceOf(recording.byteLength, async (range) => store.read(object, range));
  if (recording.state === 'stored') return stored;
  const path = join(
    options.spoolFolder,
    spoolPath({ cameraId: recording.cameraId, recordingId: recording.id }),
  );
  const byteLength = sizeOf(path);
  // Stored between the look into the catalogue and the look at the disk.
  if (byteLength === undefined) {
    if (recording.state === 'open') throw new ObjectMissing(recording.objectKey);
    return stored;
  }
  return sourceOf(byteLength, async ({ start, end }) => {
    // Kept open from here on, whatever its name becomes.
    const stream = createReadStream(path, { start, end: end - 1 });
    return new Promise<Readable>((resolve, reject) => {
      stream.once('open', () => resolve(stream));
      stream.once('error', () => void store.read(object, { start, end }).then(resolve, reject));
    });
  });
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
