import { toDrawing } from '../map-view.ts';
import outline from './thailand.json' with { type: 'json' };

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

/** Where the names of provinces stand, in the units of map-view.ts. */
export function provinceNames(): { name: string; x: number; y: number }[] {
  return outline.places.map((place) => {
    // As generate.ts writes it.
    const [name, longitude, latitude] = place as [string, number, number];
    return {
      name,
      ...toDrawing({ latitude: latitude * outline.unit, longitude: longitude * outline.unit }),
    };
  });
}
