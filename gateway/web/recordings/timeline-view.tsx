import { useEffect, useId, useRef, useState, type PointerEvent } from 'react';
import type { TimeRange } from '../api/footage.ts';
import { useLanguage } from '../use-language.ts';
import { clockTime } from '../thai-day.ts';
import { causeWords, deletedWords, gapWords } from './gap-words.ts';
import { drawnOf, marksOf, type Lane, type View } from './lane.ts';

const LANE_HEIGHT = 26;
const AXIS_HEIGHT = 20;
/** Of one mark on the axis, px. */
const MARK_WIDTH = 74;
/** A gap with room for it says what it is. */
const WORDS_WIDTH = 64;
/** The same of what was deleted. */
const DELETED_WIDTH = 130;
const SECOND_MS = 1_000;
/** What is narrower is drawn together with what lies beside it, px. */
const NARROW = 1;

export interface DrawnLane {
  cameraId: string;
  name: string;
  lane: Lane | undefined;
}

/** What is recorded of the cameras within `view`, one row each; where the clock is; what is selected. */
export function TimelineView(props: {
  lanes: readonly DrawnLane[];
  view: View;
  wallMs: number;
  selection: Partial<TimeRange>;
  onSeek: (ms: number) => void;
  onSelect: (range: TimeRange) => void;
}) {
  const { t, language } = useLanguage();
  const { lanes, view, wallMs, selection, onSeek, onSelect } = props;
  const frame = useRef<SVGSVGElement>(null);
  const width = useWidth(frame);
  const patterns = useId();
  const drag = useRef<{ fromMs: number; selects: boolean } | undefined>(undefined);
  const x = (ms: number): number => ((ms - view.fromMs) / (view.toMs - view.fromMs)) * width;
  const leastMs = width === 0 ? 0 : (NARROW * (view.toMs - view.fromMs)) / width;
  const height = AXIS_HEIGHT + lanes.length * LANE_HEIGHT;
  const { fromMs: selectedMs } = selection;
  /** It may reach beyond the view, and the day. */
  const selected =
    selectedMs === undefined
      ? undefined
      : { fromMs: selectedMs, toMs: selection.toMs ?? selectedMs + 1 };

  function msAt(event: PointerEvent): number {
    const { left } = event.currentTarget.getBoundingClientRect();
    const share = width === 0 ? 0 : (event.clientX - left) / width;
    const ms = view.fromMs + Math.min(1, Math.max(0, share)) * (view.toMs - view.fromMs);
    return Math.min(view.toMs - 1, Math.round(ms));
  }

  const begin = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const fromMs = msAt(event);
    drag.current = { fromMs, selects: event.shiftKey };
    if (!event.shiftKey) onSeek(fromMs);
  };
  const move = (event: PointerEvent): void => {
    const begun = drag.current;
    if (begun === undefined) return;
    const ms = msAt(event);
    if (!begun.selects) onSeek(ms);
    else if (Math.abs(ms - begun.fromMs) >= SECOND_MS) {
      onSelect({ fromMs: Math.min(begun.fromMs, ms), toMs: Math.max(begun.fromMs, ms) });
    }
  };

  return (
    <svg
      ref={frame}
      className="timeline"
      height={height}
      role="slider"
      tabIndex={0}
      aria-label={t('footage.timeline')}
      aria-valuemin={view.fromMs}
      aria-valuemax={view.toMs}
      aria-valuenow={Math.round(wallMs)}
      aria-valuetext={clockTime(wallMs)}
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={() => {
        drag.current = undefined;
      }}
      onPointerCancel={() => {
        drag.current = undefined;
      }}
    >
      <defs>
        {hatched.map(([cause, path]) => (
          <pattern
            key={cause}
            id={`${patterns}${cause}`}
            width="8"
            height="8"
            patternUnits="userSpaceOnUse"
          >
            <rect width="8" height="8" className={`gap-ground gap-${cause}`} />
            <path d={path} className={`gap-line gap-${cause}`} />
          </pattern>
        ))}
      </defs>
      {marksOf(view, Math.max(2, Math.floor(width / MARK_WIDTH))).map((ms) => (
        <g key={ms} className="timeline-mark">
          <line x1={x(ms)} x2={x(ms)} y1={AXIS_HEIGHT - 5} y2={height} />
          <text x={x(ms) + 3} y={AXIS_HEIGHT - 7}>
            {clockTime(ms).slice(0, view.toMs - view.fromMs > 1_800_000 ? 5 : 8)}
          </text>
        </g>
      ))}
      {lanes.map(({ cameraId, lane }, row) => {
        const y = AXIS_HEIGHT + row * LANE_HEIGHT;
        return (
          <g key={cameraId}>
            <rect className="lane-ground" x={0} y={y + 2} width={width} height={LANE_HEIGHT - 4} />
            {drawnOf(lane?.gaps ?? [], view, leastMs, ({ cause }) => cause).map((gap) => {
              const from = Math.max(0, x(gap.fromMs));
              const wide = Math.min(width, x(gap.toMs)) - from;
              if (gap.cause === 'unknown') return null;
              return (
                <g key={gap.fromMs} data-gap={gap.cause}>
                  <rect
                    x={from}
                    y={y + 2}
                    width={Math.max(1.5, wide)}
                    height={LANE_HEIGHT - 4}
                    fill={`url(#${patterns}${gap.cause})`}
                  >
                    <title>
                      {gap.count === 1
                        ? gapWords(gap, language)
                        : `${clockTime(gap.fromMs)}–${clockTime(gap.toMs)} · ${causeWords(gap.cause, language)} · ${t('footage.several', { count: gap.count })}`}
                    </title>
                  </rect>
                  {wide > WORDS_WIDTH && gap.count === 1 && (
                    <text className="gap-words" x={from + 6} y={y + LANE_HEIGHT - 9}>
                      {causeWords(gap.cause, language)}
                    </text>
                  )}
                </g>
              );
            })}
            {drawnOf(lane?.spans ?? [], view, leastMs, () => 'footage').map((span) => (
              <rect
                key={span.fromMs}
                className="span"
                data-span=""
                x={Math.max(0, x(span.fromMs))}
                // Many with gaps between them leave the upper half to the gaps, or it would look unbroken.
                y={span.count === 1 ? y + 2 : y + LANE_HEIGHT / 2}
                width={Math.max(1.5, Math.min(width, x(span.toMs)) - Math.max(0, x(span.fromMs)))}
                height={span.count === 1 ? LANE_HEIGHT - 4 : LANE_HEIGHT / 2 - 2}
              >
                <title>
                  {`${clockTime(span.fromMs)}–${clockTime(span.toMs)} ${
                    span.count > 1
                      ? t('footage.several', { count: span.count })
                      : span.hoursUntilExpiry === null
                        ? t('footage.held')
                        : t('footage.expiresIn', { hours: Math.floor(span.hoursUntilExpiry) })
                  }`}
                </title>
              </rect>
            ))}
            {lane?.deletions.filter(isIn(view)).map((gone) => {
              const from = Math.max(0, x(gone.fromMs));
              const wide = Math.min(width, x(gone.toMs)) - from;
              return (
                <g key={gone.fromMs} data-deleted="">
                  <rect
                    x={from}
                    y={y + 2}
                    width={Math.max(1.5, wide)}
                    height={LANE_HEIGHT - 4}
                    fill={`url(#${patterns}deleted)`}
                  >
                    <title>{deletedWords(gone, language)}</title>
                  </rect>
                  {wide > DELETED_WIDTH && (
                    <text className="gap-words" x={from + 6} y={y + LANE_HEIGHT - 9}>
                      {t('footage.deleted')}
                    </text>
                  )}
                </g>
              );
            })}
            {lane?.elsewhere.filter(isIn(view)).map((range) => {
              const from = Math.max(0, x(range.fromMs));
              return (
                <rect
                  key={range.fromMs}
                  className="elsewhere"
                  x={from}
                  y={y + LANE_HEIGHT - 6}
                  width={Math.max(3, Math.min(width, x(range.toMs)) - from)}
                  height={4}
                >
                  <title>
                    {`${clockTime(range.fromMs)}–${clockTime(range.toMs)} ${t('footage.elsewhere')}`}
                  </title>
                </rect>
              );
            })}
            {lane?.holds.filter(isIn(view)).map((hold) => {
              const from = Math.max(0, x(hold.fromMs));
              return (
                <g key={hold.id} className="held" data-hold={hold.id}>
                  <rect
                    x={from}
                    y={y + 2}
                    width={Math.max(3, Math.min(width, x(hold.toMs)) - from)}
                    height={6}
                  >
                    <title>
                      {t('footage.holdOf', { reason: hold.reason, name: hold.placedBy })}
                    </title>
                  </rect>
                </g>
              );
            })}
            {lanes.length > 1 && (
              <text className="lane-number" x={4} y={y + LANE_HEIGHT - 8}>
                {row + 1}
              </text>
            )}
          </g>
        );
      })}
      {selected !== undefined && isIn(view)(selected) && (
        <rect
          className="selection"
          x={Math.max(0, x(selected.fromMs))}
          y={AXIS_HEIGHT - 3}
          width={Math.max(2, Math.min(width, x(selected.toMs)) - Math.max(0, x(selected.fromMs)))}
          height={height - AXIS_HEIGHT + 3}
        />
      )}
      {wallMs >= view.fromMs && wallMs < view.toMs && (
        <g className="playhead">
          <line x1={x(wallMs)} x2={x(wallMs)} y1={0} y2={height} />
          <path d={`M${x(wallMs) - 5} 0h10l-5 7z`} />
        </g>
      )}
    </svg>
  );
}

/** Told apart without their colours. */
const hatched = [
  ['camera', 'M0 8L8 0M-2 2L2 -2M6 10L10 6'],
  ['network', 'M0 0L8 8M6 -2L10 2M-2 6L2 10'],
  ['gateway', 'M4 0V8'],
  ['storage', 'M0 4H8'],
  ['deleted', 'M2 2L6 6M6 2L2 6'],
  ['not-scheduled', 'M3 4a1 1 0 1 0 2 0a1 1 0 1 0 -2 0'],
] as const;

function isIn({ fromMs, toMs }: View): (range: TimeRange) => boolean {
  return (range) => range.toMs > fromMs && range.fromMs < toMs;
}

function useWidth(of: React.RefObject<SVGSVGElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = of.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [of]);
  return width;
}
