import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Recording } from '../catalogue/recordings.ts';
import { ObjectCorrupt } from '../objects/object-store.ts';
import { fragmentEndMs, type Fragment } from '../spool/fragment-index.ts';
import { clipBytes } from './clip-bytes.ts';
import { MAX_HEAD_BYTES, setBackOf, type SetBack } from './clip-times.ts';
import { shownFrom } from './edit-list.ts';
import { NothingRecorded, type PlayableRecording } from './playable.ts';
import type { RecordingSource } from './recording-bytes.ts';

const TICKS_PER_MS = 90;
const TICKS_PER_SECOND = 90_000;

/** A part of a range that one file can hold. */
export interface ClipPiece {
  fromMs: number;
  toMs: number;
  /** Its first recording: names it, where pieces overlap in wall time. */
  recordingId: string;
}

/** One file of a range, as it is asked for. */
export interface ClipRange {
  fromMs: number;
  toMs: number;
  /** Of the piece that holds it, where the range takes several. */
  recordingId?: string | undefined;
  /** As long as it was told to be: what was recorded of its run and its time since then is no part of it. */
  byteLength?: number | undefined;
}

/** The range holds several runs or parameter sets, which one file cannot. */
export class SeveralClips extends Error {
  readonly code = 'several_clips';
  /** Each of these ranges is one file. */
  readonly details: { pieces: { from: string; to: string; recording: string }[] };
  constructor(pieces: readonly ClipPiece[]) {
    super(`the range takes ${pieces.length} files: ask for each`);
    this.details = {
      pieces: pieces.map(({ fromMs, toMs, recordingId }) => ({
        from: iso(fromMs),
        to: iso(toMs),
        recording: recordingId,
      })),
    };
  }
}

/** The file is shorter than it was when its length was told: some of it was deleted, or lost. */
export class ClipChanged extends Error {
  readonly code = 'clip_changed';
  constructor() {
    super('some of this file is there no more: ask for a new one, which has what is left');
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** An MP4 file that is not made before it is sent, and whose every byte is known all the same. */
export interface Clip {
  byteLength: number;
  /** The same file has the same one, so that a broken download goes on. */
  etag: string;
  /** Bytes `start` to `end` (exclusive). */
  read(range: { start: number; end: number }): AsyncGenerator<Buffer>;
}

type Piece = { kind: 'bytes'; bytes: Buffer } | ({ kind: 'recorded' } & Recorded);

/** Bytes `start` to `end` (exclusive) of a recording, and the fragments that lie there. */
interface Recorded {
  recording: Recording;
  fragments: readonly Fragment[];
  start: number;
  end: number;
}

/** A range as the files that it takes, oldest first. */
export function clipPieces(
  recordings: readonly PlayableRecording[],
  range: { fromMs: number; toMs: number },
): ClipPiece[] {
  return runsOf(recordings).map((run) => pieceOf(run, range));
}

/**
 * A recorded range as one MP4 file, copied, not encoded: it holds the fragments from the random access point before
 * its start, with times that begin at zero (clip-times.ts), and an edit list hides what lies before the start itself.
 * Throws SeveralClips, ClipChanged, NothingRecorded, BoxesNotReadable; ObjectCorrupt, also while it is read, where an object is shorter
 * than its row says.
 */
export async function makeClip(
  recordings: readonly PlayableRecording[],
  { fromMs, toMs, recordingId, byteLength: toldBytes }: ClipRange,
  sourceOf: (recording: Recording) => Promise<RecordingSource>,
): Promise<Clip> {
  const runs = runsOf(recordings).filter(
    (each) =>
      recordingId === undefined || each.some(({ recording }) => recording.id === recordingId),
  );
  const [run] = runs;
  if (run === undefined) throw new NothingRecorded(fromMs, toMs);
  if (runs.length > 1) throw new SeveralClips(runs.map((each) => pieceOf(each, { fromMs, toMs })));

  const first = run[0] as PlayableRecording;
  const source = await sourceOf(first.recording);
  const init = await buffer(await source.readWhole({ start: 0, end: first.recording.initBytes }));
  const decodeSeconds = (first.fragments[0]?.decodeTicks ?? 0) / TICKS_PER_SECOND;
  const setBack = setBackOf(init, await firstHead(first, source), decodeSeconds);
  const shown = startSeconds(first, fromMs) - setBack.seconds;
  let pieces: Piece[] = [{ kind: 'bytes', bytes: shownFrom(init, shown) }];
  for (const { recording, fragments } of run) {
    const last = fragments.at(-1);
    const start = fragments[0]?.offset;
    if (start === undefined || last === undefined) continue;
    const end = last.offset + last.byteLength;
    pieces.push({ kind: 'recorded', recording, fragments, start, end });
  }
  if (toldBytes !== undefined) pieces = within(pieces, { start: 0, end: toldBytes });
  const byteLength = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  if (toldBytes !== undefined && byteLength < toldBytes) throw new ClipChanged();
  return {
    byteLength,
    etag: etagOf(pieces),
    read: (range) => readPieces(pieces, range, setBack, sourceOf),
  };
}

async function firstHead(
  { fragments }: PlayableRecording,
  source: RecordingSource,
): Promise<Buffer> {
  const { offset, byteLength } = fragments[0] as Fragment;
  const end = offset + Math.min(byteLength, MAX_HEAD_BYTES);
  return buffer(await source.read({ start: offset, end }));
}

/** On the run's timeline, where the picture at `fromMs` lies. */
function startSeconds({ fragments }: PlayableRecording, fromMs: number): number {
  const at = fragments.find((fragment) => fragmentEndMs(fragment) > fromMs) ?? fragments[0];
  if (at === undefined) return 0;
  const into = Math.max(0, fromMs - at.startMs) * TICKS_PER_MS;
  return (at.decodeTicks + into) / TICKS_PER_SECOND;
}

/**
 * One file has one init segment and one timeline, and begins with what is the earliest of it. In the order of their media, which is the one in
 * which they were recorded: by wall time another run, or the same one, may lie between two recordings where our clock was set back, also later
 * on, and a file that was promised stays what it is.
 */
function runsOf(recordings: readonly PlayableRecording[]): PlayableRecording[][] {
  const runs: PlayableRecording[][] = [];
  const latest = new Map<string, PlayableRecording[]>();
  for (const next of recordings.toSorted((a, b) => decodedAt(a) - decodedAt(b))) {
    const { runId } = next.recording;
    const run = latest.get(runId);
    if (run !== undefined && follows(run, next)) run.push(next);
    else {
      runs.push([next]);
      latest.set(runId, runs.at(-1) ?? []);
    }
  }
  return runs.toSorted((a, b) => beginsMs(a[0]) - beginsMs(b[0]));
}

function follows(run: readonly PlayableRecording[], next: PlayableRecording): boolean {
  const one = run.at(-1)?.recording;
  const other = next.recording;
  return (
    one !== undefined &&
    one.endReason !== 'parameters-changed' &&
    one.codec === other.codec &&
    one.width === other.width &&
    one.height === other.height &&
    beginsMs(next) >= beginsMs(run[0])
  );
}

function decodedAt({ fragments }: PlayableRecording): number {
  return fragments[0]?.decodeTicks ?? 0;
}

function beginsMs(recording: PlayableRecording | undefined): number {
  return recording?.fragments[0]?.startMs ?? 0;
}

function pieceOf(
  run: readonly PlayableRecording[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): ClipPiece {
  const first = run[0]?.fragments[0];
  const last = run.at(-1)?.fragments.at(-1);
  return {
    fromMs: Math.max(fromMs, Math.round(first?.startMs ?? fromMs)),
    // What begins within the same ms is not of it, when it is asked for again.
    toMs: Math.min(toMs, last === undefined ? toMs : Math.floor(fragmentEndMs(last))),
    recordingId: run[0]?.recording.id ?? '',
  };
}

function lengthOf(piece: Piece): number {
  return piece.kind === 'bytes' ? piece.bytes.length : piece.end - piece.start;
}

function etagOf(pieces: readonly Piece[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) {
    if (piece.kind === 'bytes') hash.update(piece.bytes);
    else hash.update(`${piece.recording.id} ${piece.start} ${piece.end}\n`);
  }
  return `"${hash.digest('hex').slice(0, 32)}"`;
}

/** The next object is asked for when so much of the present one is left: the store's answer then waits for nobody. */
const ASK_AHEAD_BYTES = 512 * 1024;

async function* readPieces(
  pieces: readonly Piece[],
  range: { start: number; end: number },
  setBack: SetBack,
  sourceOf: (recording: Recording) => Promise<RecordingSource>,
): AsyncGenerator<Buffer> {
  const wanted = within(pieces, range);
  let ahead: Promise<Readable | undefined> | undefined;
  const open = async (piece: Piece | undefined): Promise<Readable | undefined> => {
    if (piece?.kind !== 'recorded') return undefined;
    return (await sourceOf(piece.recording)).read(wholeFragments(piece));
  };
  try {
    for (const [index, piece] of wanted.entries()) {
      if (piece.kind === 'bytes') {
        yield piece.bytes;
        continue;
      }
      const early = await ahead;
      ahead = undefined;
      // What was asked for early and is broken already (a store ends what nobody reads) is asked for again.
      const stream = early === undefined || early.destroyed ? await open(piece) : early;
      const whole = wholeFragments(piece);
      let at = whole.start;
      const bytes = clipBytes(stream as AsyncIterable<Buffer>, whole.fragments, setBack);
      for await (const chunk of bytes) {
        const wantedOf = chunk.subarray(Math.max(0, piece.start - at), Math.max(0, piece.end - at));
        at += chunk.length;
        // Its failure shows when it is its turn.
        if (whole.end - at <= ASK_AHEAD_BYTES) {
          ahead ??= open(wanted[index + 1]).catch(() => undefined);
        }
        if (wantedOf.length > 0) yield wantedOf;
      }
      // What comes next would lie where this should, and who downloads would wait for the end.
      if (at < whole.end) throw new ObjectCorrupt(piece.recording.objectKey);
    }
  } finally {
    (await ahead)?.destroy();
  }
}

/** What has to be read for a piece: the head of a fragment is had whole or not at all. */
function wholeFragments(piece: Recorded): {
  start: number;
  end: number;
  fragments: readonly Fragment[];
} {
  const fragments = piece.fragments.filter(
    ({ offset, byteLength }) => offset < piece.end && offset + byteLength > piece.start,
  );
  const [first, last] = [fragments[0], fragments.at(-1)];
  return {
    start: first?.offset ?? piece.start,
    end: last === undefined ? piece.end : last.offset + last.byteLength,
    fragments,
  };
}

/** The pieces, cut to the range. */
function within(pieces: readonly Piece[], range: { start: number; end: number }): Piece[] {
  const wanted: Piece[] = [];
  let before = 0;
  for (const piece of pieces) {
    const from = Math.max(0, range.start - before);
    const to = Math.min(lengthOf(piece), range.end - before);
    before += lengthOf(piece);
    if (from >= to) continue;
    wanted.push(
      piece.kind === 'bytes'
        ? { kind: 'bytes', bytes: piece.bytes.subarray(from, to) }
        : { ...piece, start: piece.start + from, end: piece.start + to },
    );
  }
  return wanted;
}
