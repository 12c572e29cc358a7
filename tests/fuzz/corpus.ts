import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What other projects' fuzzing found lies beside the project and is not part of it. */
const FOLDER = fileURLToPath(new URL('../../../shared/data/fuzz/', import.meta.url));
const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));

export interface CorpusFile {
  path: string;
  inputs: Buffer[];
}

/** Every corpus file of others, decoded; none where the folder is missing. */
export function readCorpora(): CorpusFile[] {
  return filesBelow(FOLDER)
    .filter((path) => !path.endsWith('.dict'))
    .map((path) => ({
      path: path.slice(FOLDER.length),
      inputs: goLiterals(readFileSync(path, 'latin1')),
    }));
}

/** Every input of a target that ever failed: they are run for ever after. */
export function readFixtures(target: string): CorpusFile[] {
  return filesBelow(join(FIXTURES, target)).map((path) => ({
    path: path.slice(FIXTURES.length),
    inputs: [readFileSync(path)],
  }));
}

/** `go test fuzz v1`: one Go literal a line; those of strings and bytes. */
export function goLiterals(text: string): Buffer[] {
  return [...text.matchAll(/^(?:\[\]byte|string)\((".*")\)$/gm)].map((match) =>
    unquoted(match[1] as string),
  );
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
};

function unquoted(literal: string): Buffer {
  const out: Buffer[] = [];
  const pattern =
    /\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})|\\([0-7]{3})|\\(.)|([^\\])/gis;
  for (const [, hex, short, long, octal, simple, plain] of literal.slice(1, -1).matchAll(pattern)) {
    if (hex !== undefined) out.push(Buffer.from(hex, 'hex'));
    else if (short !== undefined || long !== undefined) {
      out.push(Buffer.from(String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16))));
    } else if (octal !== undefined) out.push(Buffer.from([Number.parseInt(octal, 8)]));
    else if (simple !== undefined) {
      out.push(Buffer.from([ESCAPES[simple] ?? simple.charCodeAt(0)]));
    } else if (plain !== undefined) out.push(Buffer.from(plain, 'latin1'));
  }
  return Buffer.concat(out);
}
