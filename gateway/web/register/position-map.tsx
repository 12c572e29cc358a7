import { Button } from '@mantine/core';
import { useEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { useLanguage } from '../use-language.ts';
import { numberOf } from '../typed-number.ts';
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

/** Where a pin that was set already is looked at from. */
const PINNED_SPAN = 2;
/** A district, and a little around it. */
const NEAR_SPAN = 0.5;

/**
 * Provinces and a pin, without a map server: to see that a position lies where it should, and to place it by hand or with
 * the arrow keys. Exact coordinates are typed beside it. Without `onMove` it only shows.
 */
export function PositionMap(props: {
  latitude: string;
  longitude: string;
  /** Where it begins without a pin; undefined: with the whole country. */
  near?: Point | undefined;
  onMove?: (latitude: number, longitude: number) => void;
}) {
  const { t } = useLanguage();
  const { onMove } = props;
  const pin = pointOf(numberOf(props.latitude), numberOf(props.longitude));
  const [view, setView] = useState<MapView>(
    pin === undefined ? wholeCountry : { ...pin, span: PINNED_SPAN },
  );
  const { near } = props;
  useEffect(() => {
    // Whoever has looked elsewhere meanwhile, or has a pin, stays there.
    if (near === undefined || pin !== undefined) return;
    setView((before) => (before === wholeCountry ? { ...near, span: NEAR_SPAN } : before));
  }, [near]);
  const outline = useOutline();
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
    const next = moved(pin ?? view, event.key, view.span);
    if (onMove === undefined || next === undefined) return;
    event.preventDefault();
    onMove(next.latitude, next.longitude);
    setView({ ...view, ...(view.span === wholeCountry.span ? {} : next) });
  }

  return (
    <div className="map">
      <svg
        ref={svg}
        viewBox={`${-half} ${-half} ${view.span} ${view.span}`}
        role={onMove === undefined ? 'img' : 'application'}
        aria-label={onMove === undefined ? t('map.shows') : t('map.place')}
        tabIndex={onMove === undefined ? undefined : 0}
        onClick={place}
        onKeyDown={byKey}
        data-placing={onMove !== undefined}
      >
        <g transform={`translate(${-middle.x} ${-middle.y})`} strokeWidth={view.span / 400}>
          {outline !== undefined && <path d={outline} className="map-outline" />}
        </g>
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
      {pin !== undefined && isFarAway(pin) && (
        <p role="alert" className="map-far">
          {t('map.far')}
        </p>
      )}
    </div>
  );
}

/** Loaded with the first map; undefined until then. */
function useOutline(): string | undefined {
  const [outline, setOutline] = useState<string>();
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      const { outlinePath } = await import('./outline/outline-path.ts');
      if (!gone) setOutline(outlinePath());
    };
    void load();
    return () => {
      gone = true;
    };
  }, []);
  return outline;
}
