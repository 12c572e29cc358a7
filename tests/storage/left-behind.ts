import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { spoolPath } from '#storage/catalogue/object-key.ts';
import type { OpenedRecording } from '#storage/recorder-protocol.ts';
import { headBytes } from '#storage/spool/recording-head.ts';
import { SpoolFile } from '#storage/spool/spool-file.ts';
import { clipPictures, Cut, RUN_START_MS } from '#tests/ingest/cut.ts';

/** Of its pictures. */
export const LEFT_MS = 2_000;

/** Random access points are this far from each other. */
const GROUP_PICTURES = 20;

/** A spool file of two seconds, or of some times that, as a recorder leaves it when it is killed: where it lies, and what it told of it. */
export function leftBehind(
  spoolFolder: string,
  recording: {
    recordingId: string;
    cameraId: string;
    startMs?: number;
    /** By which the clock was set forward after its first second. */
    setForwardMs?: number;
  },
  groups = 1,
): { path: string; opened: OpenedRecording } {
  const { config, pictures } = clipPictures('small');
  const cut = new Cut();
  cut.segmenter.configure(config);
  const group = pictures.slice(0, GROUP_PICTURES);
  const all = Array.from({ length: groups }, () => group).flat();
  for (const [i, picture] of [...all, ...group.slice(0, 2)].entries()) {
    cut.picture(i * 9_000, picture.randomAccess, picture.nals);
  }
  const [init] = cut.inits;
  if (init === undefined) throw new Error('no init');
  const { codec, width, height } = config;
  const { setForwardMs = 0, ...named } = recording;
  const of = { runId: 'run1', startMs: RUN_START_MS, previousSha256: null, ...named };
  const head = { ...of, codec, width, height };
  const path = join(spoolFolder, spoolPath(head));
  mkdirSync(dirname(path), { recursive: true });
  const bytes = headBytes(init.bytes, head);
  const file = new SpoolFile(path, bytes);
  for (const part of cut.parts) {
    const setMs = part.startMs - RUN_START_MS < LEFT_MS / 2 ? 0 : setForwardMs;
    const media = part.slices.map((s) => cut.reader.bytes(s.chunk, s.offset, s.length));
    file.append({ ...part, startMs: part.startMs - RUN_START_MS + head.startMs + setMs }, media);
  }
  file.close();
  const initBytes = init.bytes.length;
  const opened = { ...head, path: spoolPath(head), initBytes, headBytes: bytes.length };
  return { path, opened };
}
