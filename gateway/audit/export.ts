import { createHash } from 'node:crypto';
import * as z from 'zod';
import { anchorSchema } from './anchor.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import { digestOf, GENESIS_HASH } from './chain.ts';
import { loggedEntrySchema } from './entry.ts';
import type { AuditFilter, AuditLog, StoredEntry } from './log.ts';
import { isSigned, type SigningKey } from './signing-key.ts';

/**
 * An export: one file of JSON lines that carries its own proof.
 *
 *     {"format":"cctv-audit-export-1", what was asked for, where it begins}
 *     {"entry":{…},"hash":"…"}             an entry that was asked for
 *     {"leftOut":7,"digest":"…","hash":"…"} one in between that was not: its place is kept, what it says is not told
 *     {"manifest":{…, "sha256": of all lines before, "anchors":[…]}, "signature":"…"}
 *
 * `npm run verify-audit` reads it (verify-export.ts).
 */

export const EXPORT_FORMAT = 'cctv-audit-export-1';
/** Rows read at once. */
const READ_ROWS = 500;

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

const exportFilter = z.record(z.string(), z.union([z.string(), z.null()]));

export const exportHeader = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  exportedAt: z.iso.datetime(),
  exportedBy: z.string(),
  /** As asked; null: not narrowed by it. */
  filter: exportFilter,
  /** The range of the log that lies in the file; null when nothing matched. */
  firstSequence: z.int().min(1).nullable(),
  lastSequence: z.int().min(1).nullable(),
  /** Of the entry before the first. */
  previousHash: hex256,
});

export const exportedEntry = z.strictObject({ entry: loggedEntrySchema, hash: hex256 });
export const leftOutEntry = z.strictObject({
  leftOut: z.int().min(1),
  digest: hex256,
  hash: hex256,
});

export const exportManifest = z.strictObject({
  manifest: z.strictObject({
    ...exportHeader.shape,
    entries: z.int().min(0),
    leftOut: z.int().min(0),
    /** Of the last line's entry. */
    lastHash: hex256,
    /** Of all bytes before this line. */
    sha256: hex256,
    anchors: z.array(anchorSchema),
    keyId: z.string(),
    /** PEM. Whose it is, the file cannot prove: compare the key id with the gateway's. */
    publicKey: z.string(),
  }),
  /** Ed25519 over "cctv-audit-export-1\n" and the manifest in canonical JSON, base64. */
  signature: z.base64(),
});
export type ExportManifest = z.infer<typeof exportManifest>;

/** The lines, each with its line break, read as they are asked for: a slow client holds nothing up and fills no memory. */
export async function* exportLines(options: {
  log: Pick<AuditLog, 'span' | 'read' | 'anchors'>;
  key: SigningKey;
  filter: AuditFilter;
  exportedBy: string;
  nowMs: number;
}): AsyncGenerator<string> {
  const { log, key, filter } = options;
  const span = await log.span(filter);
  const header = {
    format: EXPORT_FORMAT,
    exportedAt: new Date(options.nowMs).toISOString(),
    exportedBy: options.exportedBy,
    filter: filterAsAsked(filter),
    firstSequence: span?.first ?? null,
    lastSequence: span?.last ?? null,
    previousHash: span === undefined ? GENESIS_HASH : await hashBefore(span.first, log),
  } satisfies z.infer<typeof exportHeader>;
  const sha256 = createHash('sha256');
  const hashed = (value: object): string => {
    const line = lineOf(value);
    sha256.update(line);
    return line;
  };
  yield hashed(header);

  let entries = 0;
  let leftOut = 0;
  let lastHash = header.previousHash;
  // Nothing matched: an empty range.
  const { first, last } = span ?? { first: 1, last: 0 };
  let next = first;
  while (next <= last) {
    const rows = await log.read(next, Math.min(READ_ROWS, last - next + 1));
    if (rows.length === 0) break;
    let text = '';
    for (const row of rows) {
      const entry = loggedEntrySchema.safeParse(JSON.parse(row.body)).data;
      if (entry !== undefined && matches(entry, row, filter)) {
        entries++;
        text += hashed({ entry, hash: row.hash });
      } else {
        leftOut++;
        text += hashed({ leftOut: row.sequence, digest: digestOf(row.body), hash: row.hash });
      }
      lastHash = row.hash;
      next = row.sequence + 1;
    }
    yield text;
  }

  const manifest = {
    ...header,
    entries,
    leftOut,
    lastHash,
    sha256: sha256.digest('hex'),
    anchors: await log.anchors(),
    keyId: key.keyId,
    publicKey: key.publicKey.export({ type: 'spki', format: 'pem' }),
  } satisfies ExportManifest['manifest'];
  yield lineOf({ manifest, signature: key.sign(signedText(manifest)) });
}

export function isManifestSigned(
  { manifest, signature }: ExportManifest,
  publicKey: Parameters<typeof isSigned>[2],
): boolean {
  return isSigned(signedText(manifest), signature, publicKey);
}

function signedText(manifest: ExportManifest['manifest']): string {
  return `${EXPORT_FORMAT}\n${canonicalJson(manifest as object as Json)}`;
}

function lineOf(value: object): string {
  return `${canonicalJson(value as Json)}\n`;
}

async function hashBefore(first: number, log: Pick<AuditLog, 'read' | 'anchors'>): Promise<string> {
  if (first === 1) return GENESIS_HASH;
  const [row] = await log.read(first - 1, 1);
  if (row?.sequence === first - 1) return row.hash;
  // Removed at the end of its time: the cut remembers it.
  const cut = (await log.anchors()).findLast(({ sequence }) => sequence === first - 1);
  return cut?.hash ?? GENESIS_HASH;
}

function matches(
  entry: z.infer<typeof loggedEntrySchema>,
  row: StoredEntry,
  filter: AuditFilter,
): boolean {
  const { fromMs = -Infinity, toMs = Infinity } = filter;
  return (
    row.at_ms >= fromMs &&
    row.at_ms < toMs &&
    (filter.actorId ?? entry.actor.id) === entry.actor.id &&
    (filter.action ?? entry.action) === entry.action &&
    (filter.objectKind ?? entry.object.kind) === entry.object.kind &&
    (filter.objectId ?? entry.object.id) === entry.object.id &&
    (filter.outcome ?? entry.outcome) === entry.outcome
  );
}

function filterAsAsked(filter: AuditFilter): z.infer<typeof exportFilter> {
  return {
    from: timeOrNull(filter.fromMs),
    to: timeOrNull(filter.toMs),
    actorId: filter.actorId ?? null,
    action: filter.action ?? null,
    objectKind: filter.objectKind ?? null,
    objectId: filter.objectId ?? null,
    outcome: filter.outcome ?? null,
  };
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
