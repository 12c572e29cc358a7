import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const DECODE_TIMEOUT_MS = 120_000;

export interface Decoded {
  /** MD5 of each picture, in the order in which they are shown. */
  md5: string[];
  /** When each is shown, in units of `timeBaseSeconds`. */
  pts: number[];
  timeBaseSeconds: number;
  /** What ffmpeg complained of. */
  complaints: string;
}

/** Decodes with ffmpeg, every picture once, none made up. `input` is what comes before the output on its command line. */
export async function decodePictures(input: readonly string[]): Promise<Decoded> {
  const output = '-an -fps_mode passthrough -f framemd5 -'.split(' ');
  const { stdout, stderr } = await run(
    'ffmpeg',
    ['-nostdin', '-v', 'warning', ...input, ...output],
    { maxBuffer: MAX_OUTPUT_BYTES, timeout: DECODE_TIMEOUT_MS },
  );
  const decoded: Decoded = { md5: [], pts: [], timeBaseSeconds: 0, complaints: stderr };
  for (const line of stdout.split('\n')) {
    const timeBase = /^#tb 0: (\d+)\/(\d+)/.exec(line);
    if (timeBase !== null) decoded.timeBaseSeconds = Number(timeBase[1]) / Number(timeBase[2]);
    if (line === '' || line.startsWith('#')) continue;
    const fields = line.split(',').map((field) => field.trim());
    decoded.pts.push(Number(fields[2]));
    decoded.md5.push(fields.at(-1) ?? '');
  }
  return decoded;
}

/** Makes a file with ffmpeg. */
export async function ffmpeg(args: readonly string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { timeout: DECODE_TIMEOUT_MS });
}

/** Where the pictures stand in the source, one after the other; what is wrong with them otherwise. */
export function placeInSource(
  pictures: readonly string[],
  source: readonly string[],
): { first: number } | { wrong: string } {
  const first = source.indexOf(pictures[0] ?? '');
  if (first < 0) return { wrong: 'the first picture is not one of the source' };
  const at = pictures.findIndex((md5, index) => md5 !== source[(first + index) % source.length]);
  if (at < 0) return { first };
  const found = source.indexOf(pictures[at] ?? '');
  const expected = (first + at) % source.length;
  return {
    wrong: `picture ${at} of ${pictures.length} should be the source's ${expected} and is ${found < 0 ? 'none of it' : String(found)}`,
  };
}
