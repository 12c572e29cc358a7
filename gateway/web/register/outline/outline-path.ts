import { toDrawing } from '../map-view.ts';
import outline from './thailand.json';

let path: string | undefined;

/** The borders of provinces as the `d` of an SVG path, in the units of map-view.ts. */
export function outlinePath(): string {
  path ??= outline.lines.map(lineOf).join('');
  return path;
}

function lineOf(steps: number[]): string {
  let longitude = 0;
  let latitude = 0;
  const points: string[] = [];
  for (let i = 0; i + 1 < steps.length; i += 2) {
    longitude += steps[i] ?? 0;
    latitude += steps[i + 1] ?? 0;
    const { x, y } = toDrawing({
      latitude: latitude * outline.unit,
      longitude: longitude * outline.unit,
    });
    points.push(`${x.toFixed(3)} ${y.toFixed(3)}`);
  }
  return `M${points.join('L')}`;
}
