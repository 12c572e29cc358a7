/**
 * Reads the Prometheus text exposition format, as far as a benchmark wants it.
 */

export type Samples = ReadonlyMap<string, number>;

/** Keys are written as the server wrote them: `name` or `name{label="value",…}`. */
export function parseSamples(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const end = line.startsWith('{') ? -1 : Math.max(line.indexOf('}') + 1, line.indexOf(' '));
    const value = Number(line.slice(end).trim().split(' ')[0]);
    samples.set(line.slice(0, end).trim(), value);
  }
  return samples;
}

/** Every sample of a name whose labels include these. */
export function matching(
  samples: Samples,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number[] {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const values: number[] = [];
  for (const [key, value] of samples) {
    if (key !== name && !key.startsWith(`${name}{`)) continue;
    if (wanted.every((pair) => key.includes(pair))) values.push(value);
  }
  return values;
}

/** Sum of the matching samples; 0 when there is none. */
export function total(
  samples: Samples,
  name: string,
  labels?: Readonly<Record<string, string>>,
): number {
  return matching(samples, name, labels).reduce((sum, value) => sum + value, 0);
}

/** The largest of the matching samples; NaN when there is none. */
export function largest(
  samples: Samples,
  name: string,
  labels?: Readonly<Record<string, string>>,
): number {
  const values = matching(samples, name, labels);
  return values.length === 0 ? Number.NaN : Math.max(...values);
}
