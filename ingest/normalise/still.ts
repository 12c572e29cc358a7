import { PassThrough, Readable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';

/**
 * The one file that knows fluent-ffmpeg, which is no longer kept (archived in 2025). The way out: `spawn` of the same
 * command line, here.
 */
const WITHIN_SECONDS = 10;
const MAX_STILL_BYTES = 4 * 1024 * 1024;
const MAX_WIDTH = 1280;

/** Why there is no still. */
export class NoStill extends Error {
  readonly code: 'no_ffmpeg' | 'not_decodable';
  constructor(code: NoStill['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The first picture of a fragmented MP4 file, or of what comes `skipSeconds` after its beginning, as a JPEG of at most
 * `maxWidth` pixels' width. The file is a camera's and hostile:
 * ffmpeg reads it from a pipe, as MP4 and nothing else, in a process of its own, for ten seconds at most.
 * Throws NoStill.
 */
export async function stillOf(
  file: Uint8Array,
  { skipSeconds = 0, maxWidth = MAX_WIDTH }: { skipSeconds?: number; maxWidth?: number } = {},
): Promise<Buffer> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const command = ffmpeg(Readable.from([Buffer.from(file)]), { timeout: WITHIN_SECONDS })
    .inputFormat('mp4')
    .inputOptions(['-threads 1', '-protocol_whitelist pipe'])
    .outputOptions([
      '-frames:v 1',
      '-an',
      // Of the output: decoded and passed over, which a pipe allows.
      `-ss ${skipSeconds.toFixed(3)}`,
      `-vf scale=min(${maxWidth}\\,iw):-2`,
      '-q:v 4',
      '-threads 1',
    ])
    .format('mjpeg');
  command.on('error', (error: Error) => {
    // Its own words when the program is not there.
    const missing = /cannot find ffmpeg|ENOENT/i.test(error.message);
    reject(
      missing
        ? new NoStill('no_ffmpeg', 'ffmpeg is not installed')
        : new NoStill('not_decodable', error.message.slice(0, 200)),
    );
  });
  output.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_STILL_BYTES) {
      chunks.push(chunk);
      return;
    }
    reject(new NoStill('not_decodable', 'the still is too large'));
    command.kill('SIGKILL');
  });
  output.on('end', () => {
    if (bytes > 0) resolve(Buffer.concat(chunks));
    else reject(new NoStill('not_decodable', 'no picture came of it'));
  });
  command.pipe(output, { end: true });
  return promise;
}
