import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as z from 'zod';
import { splitByteStream, type CodedPicture } from '../peers/packetise.ts';
import { ffmpeg } from './ffmpeg.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const STEP_TICKS = 3600;

/** ffprobe puts packets and frames in one array when it is asked for both. */
const probed = z.object({
  packets_and_frames: z.array(
    z.object({
      type: z.enum(['packet', 'frame']),
      pos: z.coerce.number().optional(),
      size: z.coerce.number().optional(),
      pkt_pos: z.coerce.number().optional(),
    }),
  ),
});

export interface ElementaryStream {
  codec: 'h264' | 'hevc';
  /** In decoding order; shown 25 a second, in the order in which ffmpeg shows them. */
  pictures: CodedPicture[];
  /** The same bytes as a file that ffmpeg decodes. */
  file: string;
}

/** The video of any file as access units, as ffmpeg parts and orders them; `file` is written. Undefined for other codecs. */
export async function readElementaryStream(
  source: string,
  file: string,
): Promise<ElementaryStream | undefined> {
  const codec = await codecOf(source);
  if (codec !== 'h264' && codec !== 'hevc') return undefined;
  const raw = /\.(264|jsv|h264|h265)$/.test(source);
  if (raw) await ffmpeg(['-f', codec, '-i', source, '-c', 'copy', '-f', codec, file]);
  else {
    const filter = codec === 'h264' ? 'h264_mp4toannexb' : 'hevc_mp4toannexb';
    const map = '-map 0:v:0 -c copy -bsf:v'.split(' ');
    await ffmpeg(['-i', source, ...map, filter, '-f', codec, file]);
  }
  const wanted = '-show_entries packet=pos,size:frame=pkt_pos'.split(' ');
  const format = `-v error -f ${codec} -select_streams v:0 -of json`.split(' ');
  const { stdout } = await run(
    'ffprobe',
    [...format, '-show_packets', '-show_frames', ...wanted, file],
    { maxBuffer: MAX_OUTPUT_BYTES },
  );
  const entries = probed.parse(JSON.parse(stdout)).packets_and_frames;
  const packets = entries.filter(({ type }) => type === 'packet');
  const frames = entries.filter(({ type }) => type === 'frame');
  const bytes = await readFile(file);
  const shown = new Map(frames.map(({ pkt_pos }, index) => [pkt_pos, index]));
  return {
    codec,
    file,
    pictures: packets.map(({ pos = 0, size = 0 }, index) => ({
      nalUnits: splitByteStream(bytes.subarray(pos, pos + size)),
      ptsTicks: (shown.get(pos) ?? index) * STEP_TICKS,
    })),
  };
}

async function codecOf(source: string): Promise<string> {
  const args = '-v error -select_streams v:0 -show_entries stream=codec_name -of csv=p=0'.split(
    ' ',
  );
  const { stdout } = await run('ffprobe', [...args, source]);
  return stdout.split('\n')[0]?.replace(/,$/, '').trim() ?? '';
}
