import { deletedBetween, type DeletedSpan } from './catalogue/deletion.ts';
import { gapsBetween, type Gap } from './catalogue/gaps.ts';
import { overHoles } from './catalogue/holes.ts';
import { holdsBetween, type Hold } from './catalogue/holds.ts';
import type { RecordingName } from './catalogue/recording-days.ts';
import { spansBetween, type Span } from './catalogue/recordings.ts';
import { policyOf, retentionOf } from './catalogue/retentions.ts';
import type { SpoolId } from './catalogue/spools.ts';
import type { Catalogue } from './catalogue/tables.ts';
import type { OpenRecordings } from './open-recordings.ts';
import { holesIn } from './spool/stretches.ts';
import { rotationMs } from './rotation.ts';

/** Recordings that follow on each other within this are one span: pictures are up to a second apart. */
const JOIN_MS = 1_000;
/** Of the catalogue's spans, of its gaps, and of what it deleted: one answer has at most so many, and ends where one more begins. */
export const MAX_OF_A_KIND = 2_000;

/** Of a gap of unknown cause: the recording before it grows, and what comes next is not written yet, or no picture has come. */
const LATEST = 'latest';

/** What there is of a camera between two times; every ms is in a span, in a gap, deleted, or after `toMs`. */
export interface Timeline {
  cameraId: string;
  fromMs: number;
  /** What was asked for, or where the answer ends. */
  toMs: number;
  /** Where to ask on, of a camera that was up and down too often for one answer; null: this is all. */
  nextMs: number | null;
  /** Unbroken footage, oldest first. */
  spans: Span[];
  /** `unknown`: before the first recording, LATEST, or nobody told why. */
  gaps: ExplainedGap[];
  /** There was footage, and it was deleted by a rule, or is about to be. */
  deleted: DeletedSpan[];
  /**
   * Of it, what waits in the spool of another gateway, and plays there alone until it is stored; of a minute that was never
   * finished there, all of which there may be pictures, while it is a gap.
   */
  elsewhere: Span[];
  holds: Hold[];
}

interface ExplainedGap {
  startMs: number;
  endMs: number;
  cause: Gap['cause'] | 'unknown';
  detail: string | null;
}

/** Reads a range of a camera; how long that takes depends on the range alone. */
export async function timeline(
  catalogue: Catalogue,
  open: OpenRecordings,
  cameraId: string,
  range: { fromMs: number; toMs: number },
  spoolId: SpoolId = null,
): Promise<Timeline> {
  const { fromMs } = range;
  const limit = MAX_OF_A_KIND + 1;
  // Before the rows are: what is finished meanwhile is in either, or in both.
  const here = open.ofCamera(cameraId);
  const [{ spans: footage, goes, open: growing, elsewhere }, known, noted, holds] =
    await Promise.all([
      spansBetween(catalogue, cameraId, range, { joinMs: JOIN_MS, limit, spoolId }),
      gapsBetween(catalogue, cameraId, fromMs, range.toMs, limit),
      deletedBetween(catalogue, cameraId, range, { joinMs: JOIN_MS, limit }),
      holdsBetween(catalogue, cameraId, fromMs, range.toMs),
    ]);
  const gone = await withGarbage(catalogue, cameraId, noted, goes);
  // Those are the first of the range: up to where the next one begins, they are all that there is.
  const beyond = [footage, known, gone].flatMap<{ startMs: number }>((of) =>
    of.slice(MAX_OF_A_KIND),
  );
  const nextMs = beyond.reduce(
    (first, { startMs }) => Math.min(first, Math.max(startMs, fromMs + 1)),
    range.toMs,
  );
  const answered = { fromMs, toMs: nextMs };
  const holesOfGrown = here.flatMap(({ id, fragments }) =>
    holesIn(fragments).map((hole): Gap => {
      return { cameraId, ...hole, ...open.passedOver.causeOf(cameraId)(hole), recordingId: id };
    }),
  );
  const gaps = [...known, ...holesOfGrown].toSorted((a, b) => a.startMs - b.startMs);
  // A row says only when it began, and may not be there yet.
  const isHere = new Set(here.map(({ id }) => id));
  const grown = [...here, ...growing.filter(({ id }) => !isHere.has(id))];
  const whole = joined([...footage, ...grown], answered, JOIN_MS);
  const spans = await withHoles(catalogue, cameraId, whole, { gaps, grown });
  const growsTo = new Set(here.map(({ endMs }) => endMs));
  const missing = explained(uncovered(spans, answered), disjoint(gaps, nextMs)).map((gap) =>
    isUnknown(gap) && growsTo.has(gap.startMs) ? { ...gap, detail: LATEST } : gap,
  );
  const deleted = within(missing.filter(isUnknown), gone);
  return {
    cameraId,
    ...answered,
    nextMs: nextMs === range.toMs ? null : nextMs,
    spans,
    gaps: missing.flatMap((gap) =>
      isUnknown(gap) ? without([gap], deleted).map((rest) => ({ ...gap, ...rest })) : [gap],
    ),
    deleted,
    elsewhere: joined(
      elsewhere.map(({ startMs, endMs }) => ({
        startMs,
        endMs: endMs ?? rotationMs(cameraId, startMs),
      })),
      answered,
      JOIN_MS,
    ),
    holds: holds.filter((hold) => hold.fromMs < nextMs),
  };
}

/** What a sweep has begun to delete goes by the rule that its note will name, unless that changes before. */
async function withGarbage(
  catalogue: Catalogue,
  cameraId: string,
  noted: readonly DeletedSpan[],
  goes: readonly Span[],
): Promise<readonly DeletedSpan[]> {
  if (goes.length === 0) return noted;
  const policy = policyOf(await retentionOf(catalogue, cameraId));
  const going = goes.map((span) => ({
    ...span,
    policy,
    firstDeletedMs: null,
    lastDeletedMs: null,
  }));
  return [...noted, ...going].toSorted((a, b) => a.startMs - b.startMs);
}

function isUnknown({ cause }: ExplainedGap): boolean {
  return cause === 'unknown';
}

/**
 * Without what is missing within recordings. Of the same time another may have pictures, where the gateway's clock was set back: footage
 * is never told of as a gap. A gap between recordings takes nothing away, whenever it was noted.
 */
async function withHoles(
  catalogue: Catalogue,
  cameraId: string,
  spans: readonly Span[],
  { gaps, grown }: { gaps: readonly Gap[]; grown: readonly (RecordingName & Span)[] },
): Promise<Span[]> {
  const holes = gaps.filter(({ recordingId }) => recordingId != null);
  const [first] = spans;
  const last = spans.at(-1);
  if (first === undefined || last === undefined || holes.length === 0) return [...spans];
  const range = { fromMs: first.startMs, toMs: last.endMs };
  const footage = without(spans, disjoint(holes, 0));
  const others = [...(await overHoles(catalogue, cameraId, range)), ...grown];
  if (others.length === 0) return footage;
  for (const { id, ...span } of others) {
    const ofIt = holes.filter(({ recordingId }) => recordingId === id);
    footage.push(...without([span], disjoint(ofIt, 0)));
  }
  return joined(footage, range, 0);
}

/** Within the range, in order, as one where they follow on each other within `joinMs`. */
function joined(
  footage: readonly Span[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
  joinMs: number,
): Span[] {
  const spans: Span[] = [];
  for (const { startMs, endMs } of footage.toSorted((a, b) => a.startMs - b.startMs)) {
    const span = { startMs: Math.max(fromMs, startMs), endMs: Math.min(toMs, endMs) };
    if (span.endMs <= span.startMs) continue;
    const last = spans.at(-1);
    if (last !== undefined && span.startMs - last.endMs <= joinMs) {
      last.endMs = Math.max(last.endMs, span.endMs);
    } else {
      spans.push(span);
    }
  }
  return spans;
}

/** Each from where the one before it ends: the first cause counts. One that lasts is taken to last until `lastingMs`. */
function disjoint(gaps: readonly Gap[], lastingMs: number): ExplainedGap[] {
  const parts: ExplainedGap[] = [];
  let at = Number.NEGATIVE_INFINITY;
  for (const { startMs, endMs, cause, detail } of gaps) {
    const part = { startMs: Math.max(at, startMs), endMs: endMs ?? lastingMs, cause, detail };
    if (part.endMs <= part.startMs) continue;
    parts.push(part);
    at = part.endMs;
  }
  return parts;
}

/** What was deleted, where nothing else tells of the time. Both in order. */
function within(pieces: readonly Span[], gone: readonly DeletedSpan[]): DeletedSpan[] {
  const parts: DeletedSpan[] = [];
  let first = 0;
  for (const { startMs, endMs } of pieces) {
    let at = startMs;
    while ((gone[first]?.endMs ?? Number.POSITIVE_INFINITY) <= startMs) first++;
    for (let i = first; (gone[i]?.startMs ?? Number.POSITIVE_INFINITY) < endMs; i++) {
      const span = gone[i] as DeletedSpan;
      const part = { startMs: Math.max(at, span.startMs), endMs: Math.min(endMs, span.endMs) };
      if (part.endMs <= part.startMs) continue;
      parts.push({ ...span, ...part });
      at = part.endMs;
    }
  }
  return parts;
}

/** A recording may hold holes, where pictures were lost; they are gaps of their own. Both in order. */
function without(spans: readonly Span[], holes: readonly Span[]): Span[] {
  const left: Span[] = [];
  let first = 0;
  for (const { startMs, endMs } of spans) {
    let at = startMs;
    while ((holes[first]?.endMs ?? Number.POSITIVE_INFINITY) <= startMs) first++;
    for (let i = first; (holes[i]?.startMs ?? Number.POSITIVE_INFINITY) < endMs; i++) {
      const hole = holes[i] as Span;
      if (hole.startMs > at) left.push({ startMs: at, endMs: hole.startMs });
      at = hole.endMs;
    }
    if (at < endMs) left.push({ startMs: at, endMs });
  }
  return left;
}

function uncovered(
  spans: readonly Span[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Span[] {
  const left: Span[] = [];
  let at = fromMs;
  for (const span of [...spans, { startMs: toMs, endMs: toMs }]) {
    if (span.startMs > at) left.push({ startMs: at, endMs: span.startMs });
    at = Math.max(at, span.endMs);
  }
  return left;
}

/** Cut where the cause changes. Both in order. */
function explained(pieces: readonly Span[], known: readonly ExplainedGap[]): ExplainedGap[] {
  const gaps: ExplainedGap[] = [];
  let first = 0;
  for (const { startMs, endMs } of pieces) {
    let at = startMs;
    const unknownUntil = (ms: number): void => {
      if (ms > at) gaps.push({ startMs: at, endMs: ms, cause: 'unknown', detail: null });
    };
    while ((known[first]?.endMs ?? Number.POSITIVE_INFINITY) <= startMs) first++;
    for (let i = first; (known[i]?.startMs ?? Number.POSITIVE_INFINITY) < endMs; i++) {
      const gap = known[i] as ExplainedGap;
      unknownUntil(gap.startMs);
      const part = {
        ...gap,
        startMs: Math.max(at, gap.startMs),
        endMs: Math.min(endMs, gap.endMs),
      };
      gaps.push(part);
      at = part.endMs;
    }
    unknownUntil(endMs);
  }
  return gaps;
}
