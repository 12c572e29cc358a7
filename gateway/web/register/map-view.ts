/**
 * The small map's window over the country. Pure. Degrees; the map is drawn plain (equirectangular) with longitudes shortened
 * as at 13° N, which is 6 % wrong at most from the south to the north of Thailand: a picture to point at, not to measure by.
 */
export interface MapView {
  latitude: number;
  longitude: number;
  /** Of latitude, from the top to the bottom. */
  span: number;
}

/** The whole country, with a little around it. */
export const wholeCountry: MapView = { latitude: 13.1, longitude: 101.4, span: 15.4 };
const bounds = { south: 5.5, north: 20.6, west: 97.2, east: 105.8 };

/** A window of this size shows the nearest roads apart, if it had any. */
const MIN_SPAN = 0.02;
const NARROWING = Math.cos((13 * Math.PI) / 180);
/** Five decimals are a metre. */
const DECIMALS = 5;

export function zoomed(view: MapView, factor: number, at?: Point): MapView {
  const span = Math.min(wholeCountry.span, Math.max(MIN_SPAN, view.span * factor));
  if (span === wholeCountry.span) return wholeCountry;
  return { ...(at ?? view), span };
}

export interface Point {
  latitude: number;
  longitude: number;
}

/** `x` to the right and `y` down, both in degrees of latitude: the drawing's units. */
export function toDrawing({ latitude, longitude }: Point): { x: number; y: number } {
  return { x: longitude * NARROWING, y: -latitude };
}

export function fromDrawing(x: number, y: number): Point {
  return { latitude: rounded(-y), longitude: rounded(x / NARROWING) };
}

/** Undefined where nothing whole was typed yet. */
export function pointOf(latitude: number, longitude: number): Point | undefined {
  if (!(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180)) return undefined;
  return { latitude, longitude };
}

/** A pin in the sea of Japan is a slip of the pen: latitude and longitude exchanged, mostly. */
export function isFarAway({ latitude, longitude }: Point): boolean {
  return (
    latitude < bounds.south ||
    latitude > bounds.north ||
    longitude < bounds.west ||
    longitude > bounds.east
  );
}

/** By the arrow keys: a fiftieth of what is shown. */
export function moved(point: Point, key: string, span: number): Point | undefined {
  const step = span / 50;
  switch (key) {
    case 'ArrowUp':
      return { ...point, latitude: rounded(point.latitude + step) };
    case 'ArrowDown':
      return { ...point, latitude: rounded(point.latitude - step) };
    case 'ArrowLeft':
      return { ...point, longitude: rounded(point.longitude - step / NARROWING) };
    case 'ArrowRight':
      return { ...point, longitude: rounded(point.longitude + step / NARROWING) };
    default:
      return undefined;
  }
}

function rounded(degrees: number): number {
  return Number(degrees.toFixed(DECIMALS));
}
