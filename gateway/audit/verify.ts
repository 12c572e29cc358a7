import type { KeyObject } from 'node:crypto';
import * as z from 'zod';
import { anchorDigest, isAnchorSigned, isHeadSigned, type Anchor, type Head } from './anchor.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import { digestOf, GENESIS_HASH, linkHash } from './chain.ts';

/**
 * Whether a log, or an export of one, is what was written: pure, fed row by row in order of sequence, so that its size
 * does not matter. It trusts nothing of what it is given but the public keys.
 */

/** A row as found. `digest` instead of `body`: the export leaves this entry out. */
export interface FoundEntry {
  sequence: number;
  hash: string;
  body?: string;
  digest?: string;
  /** What stands beside the body to be searched by; compared with it where given. */
  columns?: FoundColumns;
}

export interface FoundColumns {
  at_ms: number;
  actor_id: string;
  action: string;
  object_kind: string;
  object_id: string;
  outcome: string;
}

export type FindingCode =
  /** An entry is not what was hashed. */
  | 'edited'
  /** Entries are missing from the middle or the beginning. */
  | 'removed'
  /** An entry stands in another's place. */
  | 'reordered'
  /** The log once went further than it does now. */
  | 'truncated'
  /** The chain fits together, but it is not the one that was signed. */
  | 'recomputed'
  /** A head or an anchor that no trusted key signed. */
  | 'not-signed'
  /** An anchor was taken away, or does not follow on the one before it. */
  | 'anchor-missing';

export interface Finding {
  code: FindingCode;
  message: string;
  sequence?: number;
}

/** Findings told; further ones are counted. */
const MAX_FINDINGS = 100;

export interface ChainCheckOptions {
  /** By key id: who may have signed. */
  publicKeys: ReadonlyMap<string, KeyObject>;
  /** As found beside the entries. */
  anchors: readonly Anchor[];
  /** As kept elsewhere, out of reach of whoever could change the log. */
  anchorsElsewhere?: readonly Anchor[];
  /** Of an export: where it begins, and the hash before that. Undefined: the log from its beginning or its last cut. */
  begins?: { sequence: number; previousHash: string };
}

export interface ChainReport {
  entries: number;
  leftOut: number;
  first: number | undefined;
  last: { sequence: number; hash: string } | undefined;
  findings: Finding[];
  /** Beyond those told. */
  furtherFindings: number;
}

export class ChainCheck {
  readonly #options: ChainCheckOptions;
  readonly #findings: Finding[] = [];
  #furtherFindings = 0;
  #entries = 0;
  #leftOut = 0;
  #first: number | undefined;
  #last: { sequence: number; hash: string } | undefined;
  /** Hashes that were signed, by the sequence they were signed at. */
  readonly #signed = new Map<number, { hash: string; anchor: Anchor }[]>();
  /** The furthest that a signature says the log went. */
  #signedUpTo: Anchor | undefined;
  readonly #cuts: Anchor[];

  constructor(options: ChainCheckOptions) {
    this.#options = options;
    this.#checkAnchorOrder(options.anchors);
    for (const anchor of [...options.anchors, ...(options.anchorsElsewhere ?? [])]) {
      const key = options.publicKeys.get(anchor.keyId);
      if (key === undefined || !isAnchorSigned(anchor, key)) {
        const why = key === undefined ? `by an unknown key (${anchor.keyId})` : 'wrongly';
        this.#found('not-signed', `anchor ${anchor.number} of ${anchor.at} is signed ${why}`);
        continue;
      }
      const here = this.#signed.get(anchor.sequence) ?? [];
      here.push({ hash: anchor.hash, anchor });
      this.#signed.set(anchor.sequence, here);
      if (anchor.sequence > (this.#signedUpTo?.sequence ?? -1)) this.#signedUpTo = anchor;
    }
    const known = new Set(options.anchors.map(anchorDigest));
    const lastKnown = options.anchors.at(-1)?.number ?? 0;
    for (const anchor of options.anchorsElsewhere ?? []) {
      if (known.has(anchorDigest(anchor))) continue;
      const whatIs = anchor.number > lastKnown ? 'is not in the log' : 'is another one in the log';
      this.#found(
        'anchor-missing',
        `anchor ${anchor.number} of ${anchor.at}, kept elsewhere, ${whatIs}`,
      );
    }
    this.#cuts = options.anchors.filter(({ kind }) => kind === 'cut');
    // An empty log, or its beginning, is signed at 0.
    this.#compareWithSigned(0, GENESIS_HASH);
  }

  /** In order of sequence. */
  add(entry: FoundEntry): void {
    const { sequence, hash } = entry;
    const previousHash = this.#place(sequence);
    const digest = this.#digest(entry);
    if (previousHash !== undefined && linkHash(previousHash, digest) !== hash) {
      this.#found(
        'edited',
        `entry ${sequence} is not what was written, or the one before it`,
        sequence,
      );
    }
    this.#compareWithSigned(sequence, hash);
    this.#last = { sequence, hash };
    this.#first ??= sequence;
  }

  /** `head`: as found beside the entries; an export has none. */
  finish(head?: Head): ChainReport {
    const last = this.#last ?? this.#beginning();
    if (head !== undefined) this.#checkHead(head, last);
    const { begins } = this.#options;
    const signed = this.#signedUpTo;
    // What an export does not reach is no loss.
    if (begins === undefined && signed !== undefined && signed.sequence > last.sequence) {
      this.#found(
        'truncated',
        `the log ends at entry ${last.sequence}; at ${signed.at} it went to ${signed.sequence}`,
      );
    }
    return {
      entries: this.#entries,
      leftOut: this.#leftOut,
      first: this.#first,
      last: this.#last,
      findings: this.#findings,
      furtherFindings: this.#furtherFindings,
    };
  }

  /** What the entry's hash was made on; undefined when it is not known, since entries before it are missing. */
  #place(sequence: number): string | undefined {
    const last = this.#last;
    if (last !== undefined) {
      if (sequence === last.sequence + 1) return last.hash;
      this.#missing(last.sequence + 1, sequence - 1);
      return undefined;
    }
    const begins = this.#beginning();
    if (sequence === begins.sequence + 1) return begins.hash;
    // The log was cut after this entry, and the removal had not come to its end.
    const lastCut = this.#cuts.at(-1)?.sequence ?? 0;
    if (this.#options.begins === undefined && sequence <= lastCut) {
      if (sequence === 1) return GENESIS_HASH;
      return this.#cuts.find((cut) => cut.sequence === sequence - 1)?.hash;
    }
    this.#missing(begins.sequence + 1, sequence - 1);
    return undefined;
  }

  #beginning(): { sequence: number; hash: string } {
    const { begins } = this.#options;
    if (begins !== undefined) return { sequence: begins.sequence - 1, hash: begins.previousHash };
    const cut = this.#cuts.at(-1);
    return cut ?? { sequence: 0, hash: GENESIS_HASH };
  }

  #digest({ sequence, body, digest, columns }: FoundEntry): string {
    if (body === undefined) {
      this.#leftOut++;
      return digest ?? '';
    }
    this.#entries++;
    const entry = parseBody(body);
    if (entry === undefined) {
      this.#found('edited', `entry ${sequence} is not an entry in canonical JSON`, sequence);
    } else if (entry.sequence !== sequence) {
      this.#found(
        'reordered',
        `where entry ${sequence} should be stands what was written as entry ${entry.sequence}`,
        sequence,
      );
    } else if (columns !== undefined) {
      const differing = differingColumns(entry, columns);
      if (differing.length > 0) {
        const names = differing.join(', ');
        this.#found('edited', `entry ${sequence} says something else than its ${names}`, sequence);
      }
    }
    return digestOf(body);
  }

  #compareWithSigned(sequence: number, hash: string): void {
    const wrong = this.#signed.get(sequence)?.find((signed) => signed.hash !== hash);
    if (wrong === undefined) return;
    const { number, at } = wrong.anchor;
    this.#found(
      'recomputed',
      `up to entry ${sequence} the log is not the one that was signed at ${at} (anchor ${number})`,
      sequence,
    );
  }

  #checkAnchorOrder(anchors: readonly Anchor[]): void {
    let previous: Anchor | undefined;
    for (const anchor of anchors) {
      const number = (previous?.number ?? 0) + 1;
      const digest = previous === undefined ? GENESIS_HASH : anchorDigest(previous);
      if (anchor.number !== number || anchor.previous !== digest) {
        this.#found(
          'anchor-missing',
          `anchor ${anchor.number} of ${anchor.at} does not follow on anchor ${number - 1}`,
        );
      }
      previous = anchor;
    }
  }

  #checkHead(head: Head, last: { sequence: number; hash: string }): void {
    // Nothing was ever written.
    if (head.sequence === 0 && head.signature === '' && last.sequence === 0) return;
    const key = this.#options.publicKeys.get(head.keyId);
    if (key === undefined || !isHeadSigned(head, key)) {
      const why = key === undefined ? `by an unknown key (${head.keyId})` : 'wrongly';
      this.#found('not-signed', `the head at entry ${head.sequence} is signed ${why}`);
    }
    if (head.sequence > last.sequence) {
      this.#found(
        'truncated',
        `the log ends at entry ${last.sequence}, its head is at ${head.sequence}`,
      );
    } else if (head.sequence < last.sequence) {
      this.#found('edited', `the log goes on after its head at entry ${head.sequence}`);
    } else if (head.hash !== last.hash) {
      this.#found(
        'recomputed',
        `entry ${last.sequence} is not the one that the head was signed at`,
      );
    }
  }

  #missing(first: number, last: number): void {
    if (last < first) {
      this.#found('reordered', `entry ${last + 1} stands twice or out of order`, last + 1);
      return;
    }
    const which = first === last ? `entry ${first} is` : `entries ${first} to ${last} are`;
    this.#found('removed', `${which} missing`, first);
  }

  #found(code: FindingCode, message: string, sequence?: number): void {
    if (this.#findings.length >= MAX_FINDINGS) this.#furtherFindings++;
    else this.#findings.push({ code, message, ...(sequence === undefined ? {} : { sequence }) });
  }
}

/** What is compared of an entry; the rest is covered by its hash. */
const comparedFields = z.object({
  sequence: z.int(),
  at: z.iso.datetime(),
  actor: z.object({ id: z.string() }),
  action: z.string(),
  object: z.object({ kind: z.string(), id: z.string() }),
  outcome: z.string(),
});

function parseBody(body: string): z.infer<typeof comparedFields> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
    if (canonicalJson(json as Json) !== body) return undefined;
  } catch {
    return undefined;
  }
  return comparedFields.safeParse(json).data;
}

function differingColumns(
  { at, actor, action, object, outcome }: z.infer<typeof comparedFields>,
  columns: FoundColumns,
): string[] {
  const said: FoundColumns = {
    at_ms: Date.parse(at),
    actor_id: actor.id,
    action,
    object_kind: object.kind,
    object_id: object.id,
    outcome,
  };
  return (Object.keys(said) as (keyof FoundColumns)[]).filter(
    (name) => said[name] !== columns[name],
  );
}
