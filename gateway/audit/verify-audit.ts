/**
 * `npm run verify-audit -- <place> [--public-key file]… [--anchors file]…`: whether the audit log at `place` (a data
 * folder, postgres://…, or an exported file) is what was written. Needs no running gateway, and disturbs none.
 * Ends with 0: nothing found; 1: something found; 2: it cannot be read.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { anchorSchema, type Anchor } from './anchor.ts';
import { ExportNotReadable, verifyExport, type ExportLines } from './verify-export.ts';
import { keyIdOf, SIGNING_KEY_FILE } from './signing-key.ts';
import { openStoredLog } from './stored-log.ts';
import { ChainCheck, type ChainReport } from './verify.ts';

/** The manifest holds every anchor: two a day for ten years. */
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;

const usage = `usage: npm run verify-audit -- <data folder | postgres://… | export.jsonl> [--public-key key.pem] [--anchors anchors.jsonl]

--public-key  who may have signed (PEM, public or private; may be repeated).
              Without it: the key in the data folder, or the one within the export.
--anchors     anchors kept elsewhere (AUDIT_ANCHOR_FILE; may be repeated): against who could change log and key.`;

export interface Verdict {
  /** Lines for a person. */
  lines: string[];
  intact: boolean;
}

export async function verifyAudit(
  place: string,
  options: { publicKeyFiles: readonly string[]; anchorFiles: readonly string[] },
): Promise<Verdict> {
  const publicKeys = new Map(options.publicKeyFiles.map(readPublicKey));
  const anchorsElsewhere = options.anchorFiles.flatMap(readAnchors);
  const isLog = /^postgres(ql)?:\/\//.test(place) || statSync(place).isDirectory();
  if (!isLog) {
    const report = await verifyExport(exportFile(place), { publicKeys, anchorsElsewhere });
    const { manifest } = report;
    return verdict(report, [
      `export of ${manifest.exportedAt} by ${manifest.exportedBy}, signed by key ${manifest.keyId}`,
      ...(report.keyFromFile
        ? [
            'the key came with the file: compare its id with the one in the gateway’s log, or give --public-key',
          ]
        : []),
    ]);
  }
  if (publicKeys.size === 0 && !place.includes('://')) {
    const [keyId, key] = readPublicKey(join(place, SIGNING_KEY_FILE));
    publicKeys.set(keyId, key);
  }
  const stored = await openStoredLog(place);
  try {
    const check = new ChainCheck({ publicKeys, anchors: stored.anchors, anchorsElsewhere });
    for await (const entry of stored.entries()) check.add(entry);
    return verdict(check.finish(stored.head), [
      `keys: ${[...publicKeys.keys()].join(', ') || 'none given'}`,
      `anchors: ${stored.anchors.length} in the log, ${anchorsElsewhere.length} from elsewhere`,
    ]);
  } finally {
    await stored.close();
  }
}

function verdict(report: ChainReport, about: readonly string[]): Verdict {
  const { entries, leftOut, first, last, findings, furtherFindings } = report;
  const range = first === undefined || last === undefined ? '' : `, ${first} to ${last.sequence}`;
  const intact = findings.length === 0;
  return {
    intact,
    lines: [
      ...about,
      `entries: ${entries}${leftOut === 0 ? '' : ` and ${leftOut} left out`}${range}`,
      ...findings.map(({ code, message }) => `${code}: ${message}`),
      ...(furtherFindings === 0 ? [] : [`and ${furtherFindings} more`]),
      intact ? 'intact: what is here is what was written' : 'NOT INTACT',
    ],
  };
}

function readPublicKey(path: string): [string, KeyObject] {
  const key = createPublicKey(readFileSync(path));
  return [keyIdOf(key), key];
}

function readAnchors(path: string): Anchor[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => anchorSchema.parse(JSON.parse(line)));
}

/** The last line is read first, from the end. Throws ExportNotReadable. */
function exportFile(path: string): ExportLines {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, MAX_MANIFEST_BYTES));
    readSync(file, tail, 0, tail.length, size - tail.length);
    if (tail.at(-1) !== 0x0a)
      throw new ExportNotReadable('the file ends within a line: it is cut off');
    const lineStart = tail.lastIndexOf(0x0a, tail.length - 2) + 1;
    const linesEnd = size - tail.length + lineStart;
    return {
      manifestLine: tail.toString('utf8', lineStart, tail.length - 1),
      lines: () =>
        createInterface({
          input:
            linesEnd === 0
              ? createReadStream(path, { end: 0 })
              : createReadStream(path, { end: linesEnd - 1 }),
          crlfDelay: Infinity,
        }),
    };
  } finally {
    closeSync(file);
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'public-key': { type: 'string', multiple: true, default: [] },
      anchors: { type: 'string', multiple: true, default: [] },
    },
  });
  const [place] = positionals;
  if (place === undefined || positionals.length > 1) {
    console.error(usage);
    process.exitCode = 2;
  } else {
    try {
      const { lines, intact } = await verifyAudit(place, {
        publicKeyFiles: values['public-key'],
        anchorFiles: values.anchors,
      });
      console.log(lines.join('\n'));
      process.exitCode = intact ? 0 : 1;
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 2;
    }
  }
}
