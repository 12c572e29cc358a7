import { gapsBetween, type Gap } from './catalogue/gaps.ts';
import { holdsBetween, type Hold } from './catalogue/holds.ts';
import { spansBetween, type Recording } from './catalogue/recordings.ts';
import type { Catalogue } from './catalogue/tables.ts';
import type { OpenRecordings } from './open-recordings.ts';

/** Recordings that follow on each other within this are one span: pictures are up to a second apart. */
const JOIN_MS = 1_000;

/** What there is of a camera between two times; every ms is in a span, in a gap, or after `toMs`. */
export interface Timeline {
  cameraId: string;
  fromMs: number;
  toMs: number;
  /** Unbroken footage, oldest first. */
  spans: { startMs: number; endMs: number }[];
  /** `unknown`: before the first recording, or deleted. */
  gaps: {
    startMs: number;
    endMs: number;
    cause: Gap['cause'] | 'unknown';
    detail: string | null;
  }[];
  holds: Hold[];
}

/** Reads a range of a camera; how long that takes depends on the range alone. */
export async function timeline(
  catalogue: Catalogue,
  open: OpenRecordings,
  cameraId: string,
  range: { fromMs: number; toMs: number },
): Promise<Timeline> {
  const { fromMs, toMs } = range;
  const [recordings, gaps, holds] = await Promise.all([
    spansBetween(catalogue, cameraId, fromMs, toMs),
    gapsBetween(catalogue, cameraId, fromMs, toMs),
    holdsBetween(catalogue, cameraId, fromMs, toMs),
  ]);
  const spans = spansOf(recordings, open, gaps, range);
  return { cameraId, fromMs, toMs, spans, gaps: gapsOf(spans, gaps, range), holds };
}

function spansOf(
  recordings: readonly Pick<Recording, 'id' | 'startMs' | 'endMs'>[],
  open: OpenRecordings,
  gaps: readonly Gap[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Timeline['spans'] {
  const spans: Timeline['spans'] = [];
  for (const recording of recordings) {
    const startMs = Math.max(fromMs, recording.startMs);
    const endMs = Math.min(toMs, open.endMs(recording.id) ?? recording.endMs);
    if (endMs <= startMs) continue;
    const last = spans.at(-1);
    if (last !== undefined && startMs - last.endMs <= JOIN_MS) {
      last.endMs = Math.max(last.endMs, endMs);
    } else {
      spans.push({ startMs, endMs });
    }
  }
  return without(spans, gaps);
}

/** A recording may hold holes, where pictures were lost; they are gaps of their own. */
function without(spans: Timeline['spans'], gaps: readonly Gap[]): Timeline['spans'] {
  let left = spans;
  for (const gap of gaps) {
    const { startMs: from, endMs: to } = gap;
    if (to === null) continue;
    left = left.flatMap((span) => {
      if (to <= span.startMs || from >= span.endMs) return [span];
      return [
        { startMs: span.startMs, endMs: from },
        { startMs: to, endMs: span.endMs },
      ].filter(({ startMs, endMs }) => endMs > startMs);
    });
  }
  return left;
}

/** What no span covers, cut where its cause changes. */
function gapsOf(
  spans: Timeline['spans'],
  known: readonly Gap[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Timeline['gaps'] {
  const gaps: Timeline['gaps'] = [];
  let at = fromMs;
  for (const span of [...spans, { startMs: toMs, endMs: toMs }]) {
    if (span.startMs > at) gaps.push(...explained(at, span.startMs, known));
    at = Math.max(at, span.endMs);
  }
  return gaps;
}

function explained(fromMs: number, toMs: number, known: readonly Gap[]): Timeline['gaps'] {
  const pieces: Timeline['gaps'] = [];
  let at = fromMs;
  for (const gap of known) {
    const startMs = Math.max(at, gap.startMs);
    const endMs = Math.min(toMs, gap.endMs ?? toMs);
    if (endMs <= startMs) continue;
    if (startMs > at) {
      pieces.push({ startMs: at, endMs: startMs, cause: 'unknown', detail: null });
    }
    pieces.push({ startMs, endMs, cause: gap.cause, detail: gap.detail });
    at = endMs;
  }
  if (at < toMs) pieces.push({ startMs: at, endMs: toMs, cause: 'unknown', detail: null });
  return pieces;
}
