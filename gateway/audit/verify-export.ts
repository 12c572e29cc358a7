import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { canonicalJson, type Json } from './canonical-json.ts';
import {
  exportedEntry,
  exportHeader,
  exportManifest,
  isManifestSigned,
  leftOutEntry,
  type ExportManifest,
} from './export.ts';
import type { Anchor } from './anchor.ts';
import { keyIdOf } from './signing-key.ts';
import { ChainCheck, type ChainReport, type Finding, type FoundEntry } from './verify.ts';

/** The file is not a whole export; the message says where it stops being one. */
export class ExportNotReadable extends Error {
  readonly code = 'export_not_readable';
}

/** An export with its proof, checked: `lines` without their line breaks, and the last one apart from the others. */
export interface ExportLines {
  manifestLine: string;
  lines: () => AsyncIterable<string>;
}

export interface ExportReport extends ChainReport {
  manifest: ExportManifest['manifest'];
  /** Who signed was not compared with anything: the key came with the file. */
  keyFromFile: boolean;
}

/**
 * Reads an export twice: its last line, which holds the anchors, then all of it. `publicKeys`: empty to take the file's
 * own key, which then proves only that the file is whole. Throws ExportNotReadable.
 */
export async function verifyExport(
  file: ExportLines,
  options: { publicKeys: ReadonlyMap<string, KeyObject>; anchorsElsewhere: readonly Anchor[] },
): Promise<ExportReport> {
  const signed = parseLine(file.manifestLine, exportManifest, 'the last line is not a manifest');
  const { manifest } = signed;
  const findings: Finding[] = [];
  const keyFromFile = options.publicKeys.size === 0;
  const publicKeys = keyFromFile ? fileKeys(manifest) : options.publicKeys;
  const key = publicKeys.get(manifest.keyId);
  if (key === undefined || !isManifestSigned(signed, key)) {
    const why = key === undefined ? `by an unknown key (${manifest.keyId})` : 'wrongly';
    findings.push({ code: 'not-signed', message: `the manifest is signed ${why}` });
  }

  const { firstSequence, previousHash } = manifest;
  const check = new ChainCheck({
    publicKeys,
    anchors: manifest.anchors,
    // Those that the log had when it was exported; a later one says nothing about this file.
    anchorsElsewhere: options.anchorsElsewhere.filter(({ at }) => at <= manifest.exportedAt),
    begins: { sequence: firstSequence ?? 1, previousHash },
  });
  const sha256 = createHash('sha256');
  let number = 0;
  for await (const line of file.lines()) {
    sha256.update(line).update('\n');
    number++;
    if (number === 1) {
      const header = parseLine(line, exportHeader, 'the first line is not the header of an export');
      const same = Object.entries(header).every(
        ([name, value]) =>
          canonicalJson(value as Json) ===
          canonicalJson(manifest[name as keyof typeof header] as Json),
      );
      if (!same) findings.push({ code: 'edited', message: 'the header is not the signed one' });
    } else {
      check.add(entryOf(line, number));
    }
  }
  const report = check.finish();
  if (sha256.digest('hex') !== manifest.sha256) {
    findings.push({ code: 'edited', message: 'the lines are not those that the manifest signs' });
  }
  const { lastSequence, lastHash } = manifest;
  const last = report.last ?? { sequence: (firstSequence ?? 1) - 1, hash: previousHash };
  if (lastSequence !== null && last.sequence < lastSequence) {
    findings.push({
      code: 'truncated',
      message: `the export ends at entry ${last.sequence}, signed was ${lastSequence}`,
    });
  } else if (last.hash !== lastHash) {
    findings.push({
      code: 'recomputed',
      message: `entry ${last.sequence} is not the one that the manifest was signed at`,
    });
  }
  return { ...report, findings: [...findings, ...report.findings], manifest, keyFromFile };
}

function entryOf(line: string, number: number): FoundEntry {
  const json = jsonOf(line);
  const entry = exportedEntry.safeParse(json).data;
  if (entry !== undefined) {
    return {
      sequence: entry.entry.sequence,
      hash: entry.hash,
      body: canonicalJson(entry.entry as object as Json),
    };
  }
  const leftOut = leftOutEntry.safeParse(json).data;
  if (leftOut === undefined) throw new ExportNotReadable(`line ${number} is not an entry`);
  return { sequence: leftOut.leftOut, hash: leftOut.hash, digest: leftOut.digest };
}

function fileKeys({ publicKey }: ExportManifest['manifest']): Map<string, KeyObject> {
  try {
    const key = createPublicKey(publicKey);
    return new Map([[keyIdOf(key), key]]);
  } catch (cause) {
    throw new ExportNotReadable('the public key in the manifest cannot be read', { cause });
  }
}

function parseLine<T>(
  line: string,
  schema: { safeParse: (json: unknown) => { data?: T | undefined } },
  message: string,
): T {
  const parsed = schema.safeParse(jsonOf(line)).data;
  if (parsed === undefined) throw new ExportNotReadable(message);
  return parsed;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
