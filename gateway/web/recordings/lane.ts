import type { TimelineOnWire, TimeRange } from '../api/footage.ts';

/** A camera's timeline as numbers, and questions about it (pure). Ranges are half-open, in Unix ms. */
export interface Lane {
  spans: readonly (TimeRange & { hoursUntilExpiry: number | null })[];
  gaps: readonly LaneGap[];
  /** Of which there was footage that a rule has deleted. */
  deletions: readonly LaneDeletion[];
  /** What plays only on the server that recorded it, until it is stored. */
  elsewhere: readonly TimeRange[];
  holds: readonly (TimeRange & { id: string; reason: string; placedBy: string })[];
  retentionDays: number;
}

export type LaneGap = TimeRange & { cause: string; detail: string | null };
export type LaneDeletion = TimeRange & {
  /** How long it was kept; null: the record does not say. */
  retentionDays: number | null;
  /** By a request to keep it for fewer days. */
  shortened: boolean;
  /** Null: it is being deleted. */
  lastDeletedMs: number | null;
};

/** What a camera shows. */
export type LaneView =
  /** Its timeline is being read, or could not be. */
  | 'unknown'
  | 'picture'
  | 'loading'
  /** Nothing was recorded at this moment. */
  | 'gap'
  | 'failed'
  | 'unplayable';

export function laneOf(timeline: TimelineOnWire): Lane {
  return {
    spans: timeline.spans.map((span) => ({
      ...rangeOf(span),
      hoursUntilExpiry: span.hoursUntilExpiry,
    })),
    gaps: timeline.gaps.map((gap) => ({ ...rangeOf(gap), cause: gap.cause, detail: gap.detail })),
    deletions: timeline.deletions.map((gone) => ({
      ...rangeOf(gone),
      retentionDays: gone.retentionDays,
      shortened: gone.shorteningId !== null,
      lastDeletedMs: gone.lastDeletedAt === null ? null : Date.parse(gone.lastDeletedAt),
    })),
    elsewhere: timeline.elsewhere.map(rangeOf),
    holds: timeline.holds.map((hold) => ({
      ...rangeOf(hold),
      id: hold.id,
      reason: hold.reason,
      placedBy: hold.placedBy,
    })),
    retentionDays: timeline.retentionDays,
  };
}

function rangeOf({ from, to }: { from: string; to: string }): TimeRange {
  return { fromMs: Date.parse(from), toMs: Date.parse(to) };
}

export function at<Range extends TimeRange>(
  ranges: readonly Range[],
  ms: number,
): Range | undefined {
  return ranges.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
}

/** The lane, with what could not be read of its footage as gaps: in the time of one no other pictures are looked for. */
export function withMissing(lane: Lane, missing: readonly LaneGap[]): Lane {
  if (missing.length === 0) return lane;
  const cut = missing.reduce(
    (spans, hole) => spans.flatMap((span) => outside(span, hole)),
    [...lane.spans],
  );
  // Only what is footage by the timeline: a gap has its own cause.
  const gaps = missing.flatMap((hole) =>
    lane.spans.flatMap((span) => {
      const fromMs = Math.max(span.fromMs, hole.fromMs);
      const toMs = Math.min(span.toMs, hole.toMs);
      return fromMs < toMs ? [{ ...hole, fromMs, toMs }] : [];
    }),
  );
  return {
    ...lane,
    spans: cut,
    gaps: [...lane.gaps, ...gaps].toSorted((a, b) => a.fromMs - b.fromMs),
  };
}

/** The range around a moment, up to the gaps on both sides of it. */
export function between(gaps: readonly LaneGap[], ms: number, range: TimeRange): TimeRange {
  return {
    fromMs: Math.max(range.fromMs, ...gaps.flatMap(({ toMs }) => (toMs <= ms ? [toMs] : []))),
    toMs: Math.min(range.toMs, ...gaps.flatMap(({ fromMs }) => (fromMs > ms ? [fromMs] : []))),
  };
}

function outside<Range extends TimeRange>(range: Range, hole: TimeRange): Range[] {
  if (hole.toMs <= range.fromMs || hole.fromMs >= range.toMs) return [range];
  return [
    { ...range, toMs: hole.fromMs },
    { ...range, fromMs: hole.toMs },
  ].filter(({ fromMs, toMs }) => fromMs < toMs);
}

/**
 * What is drawn of ranges in order, within `view`: those of one kind that are narrower than `leastMs`, and lie no further
 * apart, as one that counts them. A camera that was up and down all day has thousands, and a screen has fewer pixels.
 */
export function drawnOf<Range extends TimeRange>(
  ranges: readonly Range[],
  view: View,
  leastMs: number,
  kindOf: (range: Range) => string,
): (Range & { count: number })[] {
  const drawn: (Range & { count: number })[] = [];
  const last = new Map<string, Range & { count: number }>();
  for (const range of ranges) {
    if (range.toMs <= view.fromMs || range.fromMs >= view.toMs) continue;
    const isNarrow = range.toMs - range.fromMs < leastMs;
    const before = last.get(kindOf(range));
    if (isNarrow && before !== undefined && range.fromMs - before.toMs < leastMs) {
      before.toMs = range.toMs;
      before.count++;
      continue;
    }
    const one = { ...range, count: 1 };
    drawn.push(one);
    if (isNarrow) last.set(kindOf(range), one);
    else last.delete(kindOf(range));
  }
  return drawn;
}

/** The first moment at or after `ms` that any of these lanes has a picture of. */
export function nextFootageMs(lanes: readonly Lane[], ms: number): number | undefined {
  let next: number | undefined;
  for (const { spans } of lanes) {
    const span = spans.find(({ toMs }) => toMs > ms);
    if (span === undefined) continue;
    const begins = Math.max(ms, span.fromMs);
    if (next === undefined || begins < next) next = begins;
  }
  return next;
}

/** Where the stretch of footage before `ms` begins; what is less than a moment behind counts as where one is. */
export function previousStartMs(lanes: readonly Lane[], ms: number): number | undefined {
  const starts = lanes.flatMap(({ spans }) => spans.map(({ fromMs }) => fromMs));
  const before = starts.filter((fromMs) => fromMs < ms - HERE_MS);
  return before.length === 0 ? undefined : Math.max(...before);
}

/** Where the next stretch of footage begins. */
export function nextStartMs(lanes: readonly Lane[], ms: number): number | undefined {
  const starts = lanes.flatMap(({ spans }) => spans.map(({ fromMs }) => fromMs));
  const after = starts.filter((fromMs) => fromMs > ms);
  return after.length === 0 ? undefined : Math.min(...after);
}

const HERE_MS = 1_500;

/** The part of the day that is drawn. */
export type View = TimeRange;

/** A day, two hours of it, ... down to two minutes. */
const WIDTHS_MS = [24, 12, 6, 2, 1]
  .map((hours) => hours * 3_600_000)
  .concat([1_200_000, 300_000, 120_000]);

/** One step closer (or further away), around a moment, within the day. */
export function zoomed(view: View, closer: boolean, aroundMs: number, day: TimeRange): View {
  const width = view.toMs - view.fromMs;
  const next = closer
    ? WIDTHS_MS.find((each) => each < width)
    : WIDTHS_MS.toReversed().find((each) => each > width);
  if (next === undefined) return view;
  const share = Math.min(1, Math.max(0, (aroundMs - view.fromMs) / width));
  return within(aroundMs - next * share, next, day);
}

/** The closest view of the day that has all of the footage in it. */
export function fitting(lanes: readonly Lane[], day: TimeRange): View {
  const spans = lanes.flatMap((lane) => lane.spans);
  if (spans.length === 0) return day;
  const fromMs = Math.min(...spans.map((span) => span.fromMs));
  const toMs = Math.max(...spans.map((span) => span.toMs));
  const width = WIDTHS_MS.toReversed().find((each) => each >= (toMs - fromMs) * 1.1);
  return width === undefined ? day : within((fromMs + toMs - width) / 2, width, day);
}

/** The view moved, if need be, so that the moment is in it. */
export function showing(view: View, ms: number, day: TimeRange): View {
  if (ms >= view.fromMs && ms < view.toMs) return view;
  const width = view.toMs - view.fromMs;
  return within(ms - width / 2, width, day);
}

export function moved(view: View, byMs: number, day: TimeRange): View {
  return within(view.fromMs + byMs, view.toMs - view.fromMs, day);
}

function within(fromMs: number, width: number, day: TimeRange): View {
  const begin = Math.min(Math.max(day.fromMs, Math.round(fromMs)), day.toMs - width);
  return { fromMs: begin, toMs: begin + width };
}

const STEPS_MS = [10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600].map((s) => s * 1_000);

/** Where the axis has marks: at most `most` of them, on round times of Thailand (whole hours, minutes). */
export function marksOf({ fromMs, toMs }: View, most: number): number[] {
  const step = STEPS_MS.find((each) => (toMs - fromMs) / each <= most) ?? 21_600_000;
  const zoneMs = 7 * 3_600_000;
  const marks: number[] = [];
  for (let ms = Math.ceil((fromMs + zoneMs) / step) * step - zoneMs; ms < toMs; ms += step) {
    marks.push(ms);
  }
  return marks;
}
