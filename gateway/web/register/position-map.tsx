import { Button } from '@mantine/core';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { useLanguage } from '../use-language.ts';
import { numberOf } from '../typed-number.ts';
import { clustersOf, type PlacedCamera } from './camera-clusters.ts';
import { CameraMarkList, CameraMarks } from './camera-marks.tsx';
import {
  fromDrawing,
  isFarAway,
  moved,
  pointOf,
  toDrawing,
  wholeCountry,
  zoomed,
  type MapView,
  type Point,
} from './map-view.ts';
import type { provinceNames } from './outline/outline-path.ts';

/** Where a pin that was set already is looked at from. */
const PINNED_SPAN = 2;
/** A district, and a little around it. */
const NEAR_SPAN = 0.5;
/** A window without a pin moves by a fifth of what it shows. */
const LOOK_STEP = 10;
/** Wider, the names of 77 provinces lie on each other. */
const NAMED_SPAN = 8;

/**
 * Provinces and a pin, without a map server: to see that a position lies where it should, and to place it by hand or with
 * the arrow keys. Exact coordinates are typed beside it. Without `onMove` it only shows.
 */
export function PositionMap(props: {
  latitude: string;
  longitude: string;
  /** Where it begins without a pin; undefined: with the whole country. */
  near?: Point | undefined;
  /** Shown beside the pin. */
  others?: readonly PlacedCamera[] | undefined;
  /** The others stand in a list beside it already. */
  listed?: boolean;
  onMove?: (latitude: number, longitude: number) => void;
}) {
  const { t } = useLanguage();
  const { onMove } = props;
  const pin = pointOf(numberOf(props.latitude), numberOf(props.longitude));
  const [view, setView] = useState<MapView>(
    pin === undefined ? wholeCountry : { ...pin, span: PINNED_SPAN },
  );
  const { near, others = [] } = props;
  useEffect(() => {
    // Whoever has looked elsewhere meanwhile, or has a pin, stays there.
    if (near === undefined || pin !== undefined) return;
    setView((before) => (before === wholeCountry ? { ...near, span: NEAR_SPAN } : before));
  }, [near]);
  const outline = useOutline();
  const clusters = useMemo(() => clustersOf(others, view.span), [others, view.span]);
  const svg = useRef<SVGSVGElement>(null);
  const middle = toDrawing(view);
  // Drawn about its middle: numbers near 100 lose what a street needs in a picture's precision.
  const half = view.span / 2;
  const at = pin === undefined ? undefined : toDrawing(pin);

  function place(event: MouseEvent<SVGSVGElement>): void {
    const matrix = svg.current?.getScreenCTM();
    if (onMove === undefined || !matrix) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const point = fromDrawing(x + middle.x, y + middle.y);
    onMove(point.latitude, point.longitude);
  }

  function byKey(event: KeyboardEvent): void {
    if (event.key === '+' || event.key === '=') return setView(zoomed(view, 0.5, pin));
    if (event.key === '-') return setView(zoomed(view, 2, pin));
    // Without a pin to move, the window itself is moved, in larger steps.
    const next =
      onMove === undefined
        ? moved(view, event.key, view.span * LOOK_STEP)
        : moved(pin ?? view, event.key, view.span);
    if (next === undefined) return;
    event.preventDefault();
    if (onMove === undefined) return setView({ ...view, ...next });
    onMove(next.latitude, next.longitude);
    setView({ ...view, ...(view.span === wholeCountry.span ? {} : next) });
  }

  return (
    <div className="map">
      <svg
        ref={svg}
        viewBox={`${-half} ${-half} ${view.span} ${view.span}`}
        role="application"
        aria-label={onMove === undefined ? t('map.shows') : t('map.place')}
        tabIndex={0}
        onClick={place}
        onKeyDown={byKey}
        data-placing={onMove !== undefined}
      >
        <g transform={`translate(${-middle.x} ${-middle.y})`} strokeWidth={view.span / 400}>
          {outline !== undefined && <path d={outline.path} className="map-outline" />}
        </g>
        {view.span <= NAMED_SPAN &&
          outline?.names.map(({ name, x, y }) => (
            <text
              key={name}
              className="map-name"
              x={x - middle.x}
              y={y - middle.y}
              fontSize={view.span / 26}
            >
              {name}
            </text>
          ))}
        <CameraMarks
          clusters={clusters}
          middle={middle}
          span={view.span}
          onOpen={(point) => setView(zoomed(view, 0.4, point))}
        />
        {at !== undefined && (
          <circle
            className="map-pin"
            cx={at.x - middle.x}
            cy={at.y - middle.y}
            r={view.span / 50}
            strokeWidth={view.span / 130}
          />
        )}
      </svg>
      <div className="map-tools">
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('map.nearer')}
          onClick={() => setView(zoomed(view, 0.5, pin))}
        >
          +
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('map.farther')}
          onClick={() => setView(zoomed(view, 2, pin))}
        >
          −
        </Button>
        {onMove !== undefined && <small>{t('map.hint')}</small>}
      </div>
      {props.listed !== true && <CameraMarkList cameras={others} />}
      {pin !== undefined && isFarAway(pin) && (
        <p role="alert" className="map-far">
          {t('map.far')}
        </p>
      )}
    </div>
  );
}

interface Outline {
  path: string;
  names: ReturnType<typeof provinceNames>;
}

/** Loaded with the first map; undefined until then. */
function useOutline(): Outline | undefined {
  const [outline, setOutline] = useState<Outline>();
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      const drawn = await import('./outline/outline-path.ts');
      if (!gone) setOutline({ path: drawn.outlinePath(), names: drawn.provinceNames() });
    };
    void load();
    return () => {
      gone = true;
    };
  }, []);
  return outline;
}
