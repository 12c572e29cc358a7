import { PassThrough, Readable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';

/**
 * The one file that knows fluent-ffmpeg, which is no longer kept (archived in 2025). The way out: `spawn` of the same
 * command line, here.
 */
const WITHIN_SECONDS = 10;

/** Why there is no picture. */
export class NotDecoded extends Error {
  readonly code: 'no_ffmpeg' | 'not_decodable';
  constructor(code: NotDecoded['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** How a picture shall come out, in ffmpeg's words. */
export interface PictureShape {
  format: 'mjpeg' | 'rawvideo';
  /** A filter graph. */
  filter: string;
  options: readonly string[];
  /** More is refused. */
  maxBytes: number;
}

/**
 * The first picture of a fragmented MP4 file. The file is a camera's and hostile: ffmpeg reads it from a pipe, as MP4 and
 * nothing else, in a process of its own with one thread, for ten seconds at most.
 * Throws NotDecoded.
 */
export async function firstPicture(file: Uint8Array, shape: PictureShape): Promise<Buffer> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const command = ffmpeg(Readable.from([Buffer.from(file)]), { timeout: WITHIN_SECONDS })
    .inputFormat('mp4')
    .inputOptions(['-threads 1', '-protocol_whitelist pipe'])
    .outputOptions(['-frames:v 1', '-an', `-vf ${shape.filter}`, ...shape.options, '-threads 1'])
    .format(shape.format);
  command.on('error', (error: Error) => {
    // Its own words when the program is not there.
    const missing = /cannot find ffmpeg|ENOENT/i.test(error.message);
    reject(
      missing
        ? new NotDecoded('no_ffmpeg', 'ffmpeg is not installed')
        : new NotDecoded('not_decodable', error.message.slice(0, 200)),
    );
  });
  output.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= shape.maxBytes) {
      chunks.push(chunk);
      return;
    }
    reject(new NotDecoded('not_decodable', 'the picture is too large'));
    command.kill('SIGKILL');
  });
  output.on('end', () => {
    if (bytes > 0) resolve(Buffer.concat(chunks));
    else reject(new NotDecoded('not_decodable', 'no picture came of it'));
  });
  command.pipe(output, { end: true });
  return promise;
}

/** Whether pictures can be decoded on this machine. */
export async function canDecode(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  ffmpeg().getAvailableFormats((error: Error | null) => resolve(error === null));
  return promise;
}
