/** The table of quirks in ingest/rtsp/README.md: each has one place in the code, and a proof that is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const INGEST = join(import.meta.dirname, '../../../ingest');
const README = readFileSync(join(INGEST, 'rtsp/README.md'), 'utf8');

interface Quirk {
  policy: string;
  place: string;
  proof: string;
}

function quirks(): Quirk[] {
  const rows = README.split('\n').filter((line) => /^\| `[a-z0-9-]+` /.test(line));
  return rows.flatMap((row) => {
    const [policy = '', , , , place, proof] = row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return place === undefined || proof === undefined
      ? []
      : [{ policy: policy.replaceAll('`', ''), place: place.replaceAll('`', ''), proof }];
  });
}

/** Every place of ingest that names a policy: policy → files. */
function namedIn(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const entry of readdirSync(INGEST, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts')) continue;
    const text = readFileSync(join(INGEST, entry), 'utf8').replaceAll(/\n\s*(?:\*|\/\/) /g, ' ');
    for (const [, policy = ''] of text.matchAll(/policy `([a-z0-9-]+)`/gi)) {
      found.set(policy, [...(found.get(policy) ?? []), entry]);
    }
  }
  return found;
}

describe('the table of quirks', () => {
  test('names each policy once', () => {
    const names = quirks().map(({ policy }) => policy);
    expect(names.length).toBeGreaterThan(35);
    expect(new Set(names).size).toBe(names.length);
  });

  test('and the code names just those, each in its one place', () => {
    const places = namedIn();
    expect(Object.fromEntries(places)).toEqual(
      Object.fromEntries(quirks().map(({ policy, place }) => [policy, [place]])),
    );
  });

  test.each(quirks())('$policy is proved', ({ proof }) => {
    const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(proof) ?? [];
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    expect(title).not.toBe('');
    expect(text.includes(title), `${file} holds no "${title}"`).toBe(true);
  });
});
