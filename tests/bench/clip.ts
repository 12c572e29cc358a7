/**
 * The picture that every simulated camera shows: made at bench time, never committed. 10 s of 1080p25 H.264 at
 * 2 Mbit/s, no B-frames, a random access point every 2 s, as surveillance cameras are usually set.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD_FOLDER } from './compile.ts';

export const CLIP_FRAMES_PER_SECOND = 25;

/** ffmpeg is not there to make the clip. */
export class NoEncoder extends Error {
  readonly code = 'no_encoder';
  constructor(words: string) {
    super(
      `the clip could not be made: ffmpeg with libx264 is wanted (Debian: apt-get install ffmpeg): ${words}`,
    );
  }
}

/** Path of the Annex B clip. Throws NoEncoder. */
export function benchClip(): string {
  const clip = join(BUILD_FOLDER, 'clip-1080p25-2m.h264');
  if (existsSync(clip)) return clip;
  mkdirSync(BUILD_FOLDER, { recursive: true });
  const unfinished = `${clip}.unfinished`;
  const made = spawnSync(
    'ffmpeg',
    [
      ['-v', 'error', '-f', 'lavfi'],
      ['-i', `testsrc2=size=1920x1080:rate=${CLIP_FRAMES_PER_SECOND},noise=alls=6:allf=t`],
      ['-t', '10', '-an', '-pix_fmt', 'yuv420p'],
      ['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-threads', '1'],
      ['-bf', '0', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0'],
      ['-b:v', '2M', '-maxrate', '2M', '-bufsize', '1M'],
      ['-f', 'h264', '-y', unfinished],
    ].flat(),
    { encoding: 'utf8' },
  );
  if (made.error || made.status !== 0) throw new NoEncoder(made.error?.message ?? made.stderr);
  renameSync(unfinished, clip);
  return clip;
}
