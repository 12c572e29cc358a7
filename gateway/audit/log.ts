import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import {
  DiskFull,
  takeLock,
  type Databases,
  type DatabaseSchema,
} from '#registry/database/database.ts';
import { AuditUnavailable, type Audit, type AuditEntry } from './audit.ts';
import {
  anchorDigest,
  anchorSchema,
  signAnchor,
  signHead,
  type Anchor,
  type AnchorKind,
} from './anchor.ts';
import { canonicalJson } from './canonical-json.ts';
import { digestOf, GENESIS_HASH, linkHash } from './chain.ts';
import { loggedEntry, type LoggedEntry } from './entry.ts';
import * as entries from './migrations/0001-entries.ts';
import type { SigningKey } from './signing-key.ts';
import type { AuditDatabase, AuditTables, EntryTable } from './tables.ts';

/** Entries that wait to be written. One more is refused with AuditUnavailable, and its act with it. */
const MAX_WAITING = 20_000;
/** Entries of one commit: what came while the one before it went to disk. */
const MAX_BATCH = 1_000;
/**
 * Where others came while a commit went to disk, the next one waits for so long, for more: a wall of a thousand cameras
 * that is opened would else be hundreds of commits a second, each with its signature, on the thread that serves.
 */
const GATHER_MS = 15;
/** Rows of one INSERT: few sizes, so that the statements stay prepared. */
const INSERT_ROWS = [100, 25, 5, 1] as const;
/** Rows of one DELETE: recording goes on between them. */
const PRUNE_ROWS = 2_000;
const DAY_MS = 86_400_000;

const schema: DatabaseSchema = { name: 'audit', migrations: { '0001-entries': entries } };

/** Throws MigrationFailed, DatabaseFailed, DatabaseUnavailable. */
export async function openAuditDatabase(databases: Databases): Promise<AuditDatabase> {
  return databases.open<AuditTables>(schema);
}

/** Which entries; all that are given must hold. Times are half-open. */
export interface AuditFilter {
  fromMs?: number | undefined;
  toMs?: number | undefined;
  actorId?: string | undefined;
  action?: EntryTable['action'] | undefined;
  objectKind?: string | undefined;
  objectId?: string | undefined;
  outcome?: EntryTable['outcome'] | undefined;
}

/** Where a page ends: the next one holds what is older. */
export interface AuditPosition {
  atMs: number;
  sequence: number;
}

/** An entry with its place in the chain. */
export interface StoredEntry extends Pick<EntryTable, 'sequence' | 'at_ms' | 'body' | 'hash'> {}

interface Waiting {
  entry: AuditEntry;
  atMs: number;
  resolve: () => void;
  reject: (error: AuditUnavailable) => void;
}

/**
 * The audit log over its database. An entry that comes alone is written at once; those that come while a commit is under
 * way share the next one, so that a thousand a second cost some tens of commits, not a thousand.
 */
export class AuditLog implements Audit {
  readonly #database: AuditDatabase;
  readonly #key: SigningKey;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(options: {
    database: AuditDatabase;
    key: SigningKey;
    now: () => number;
    wait?: (ms: number) => Promise<void>;
  }) {
    this.#wait = options.wait ?? sleep;
    this.#database = options.database;
    this.#key = options.key;
    this.#now = options.now;
  }

  async record(entry: AuditEntry): Promise<void> {
    if (this.#closed) throw new AuditUnavailable('the audit log is closed');
    if (this.#waiting.length >= MAX_WAITING) {
      throw new AuditUnavailable(`${MAX_WAITING} entries wait to be written already`);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, atMs: this.#now(), resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Newest first. */
  async list(
    filter: AuditFilter,
    page: { before?: AuditPosition | undefined; limit: number },
  ): Promise<StoredEntry[]> {
    let query = matching(this.#database, filter).select(['sequence', 'at_ms', 'body', 'hash']);
    const { before } = page;
    if (before !== undefined) {
      query = query
        // Follows from the next term, in a way that an index is entered by.
        .where('at_ms', '<=', before.atMs)
        .where((eb) =>
          eb.or([eb('at_ms', '<', before.atMs), eb('sequence', '<', before.sequence)]),
        );
    }
    return query.orderBy('at_ms', 'desc').orderBy('sequence', 'desc').limit(page.limit).execute();
  }

  /** The first and last sequence of what matches; undefined when nothing does. */
  async span(filter: AuditFilter): Promise<{ first: number; last: number } | undefined> {
    const found = await matching(this.#database, filter)
      .select(({ fn }) => [
        fn.min<number | null>('sequence').as('first'),
        fn.max<number | null>('sequence').as('last'),
      ])
      .executeTakeFirstOrThrow();
    if (found.first === null || found.last === null) return undefined;
    return { first: found.first, last: found.last };
  }

  /** In order, from `first`, at most `limit`. */
  async read(first: number, limit: number): Promise<StoredEntry[]> {
    return this.#database
      .selectFrom('entries')
      .select(['sequence', 'at_ms', 'body', 'hash'])
      .where('sequence', '>=', first)
      .orderBy('sequence')
      .limit(limit)
      .execute();
  }

  /** In order. About two a day. */
  async anchors(): Promise<Anchor[]> {
    const rows = await this.#database
      .selectFrom('anchors')
      .select('body')
      .orderBy('number')
      .execute();
    return rows.map(({ body }) => anchorSchema.parse(JSON.parse(body)));
  }

  /** Signs the log as it is now. */
  async anchor(kind: Exclude<AnchorKind, 'cut'>): Promise<Anchor> {
    return this.#database.transaction().execute(async (transaction) => {
      await takeLock(transaction, 'chain');
      const { sequence, hash } = await readHead(transaction);
      return this.#insertAnchor(transaction, kind, sequence, hash);
    });
  }

  /**
   * Removes the oldest entries, up to the first that is younger than `retentionDays`. An anchor is signed at the cut
   * first, so the chain that is left still has a proven beginning. Undefined: nothing is that old.
   */
  async prune(retentionDays: number): Promise<{ anchor: Anchor; removed: number } | undefined> {
    const cutoffMs = this.#now() - retentionDays * DAY_MS;
    const anchor = await this.#database.transaction().execute(async (transaction) => {
      await takeLock(transaction, 'chain');
      const young = await transaction
        .selectFrom('entries')
        .select('sequence')
        .where('at_ms', '>=', cutoffMs)
        .orderBy('sequence')
        .limit(1)
        .executeTakeFirst();
      const last = await transaction
        .selectFrom('entries')
        .select(['sequence', 'hash'])
        .$if(young !== undefined, (query) => query.where('sequence', '<', young?.sequence ?? 0))
        .orderBy('sequence', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (last === undefined) return undefined;
      return this.#insertAnchor(transaction, 'cut', last.sequence, last.hash);
    });
    if (anchor === undefined) return undefined;
    let removed = 0;
    for (;;) {
      const { numDeletedRows } = await this.#database
        .deleteFrom('entries')
        .where('sequence', 'in', (query) =>
          query
            .selectFrom('entries')
            .select('sequence')
            .where('sequence', '<=', anchor.sequence)
            .orderBy('sequence')
            .limit(PRUNE_ROWS),
        )
        .executeTakeFirstOrThrow();
      removed += Number(numDeletedRows);
      if (numDeletedRows < PRUNE_ROWS) return { anchor, removed };
    }
  }

  /** Takes no more, and resolves when all that was taken is written or refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What else this turn of the loop records goes along.
    await new Promise((resolve) => setImmediate(resolve));
    for (let commits = 0; this.#waiting.length > 0; commits++) {
      const mayBeMore = this.#waiting.length < MAX_BATCH && !this.#closed;
      if (commits > 0 && mayBeMore) await this.#wait(GATHER_MS);
      const batch = this.#waiting.slice(0, MAX_BATCH);
      this.#waiting = this.#waiting.slice(MAX_BATCH);
      try {
        await this.#write(batch);
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        for (const { reject } of batch) {
          reject(new AuditUnavailable(whyNotWritten(cause), { cause }));
        }
      }
    }
    this.#writing = undefined;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await takeLock(transaction, 'chain');
      // Read every time: another gateway may have written, or a commit of ours whose answer was lost.
      let { sequence, hash } = await readHead(transaction);
      const rows = batch.map(({ entry, atMs }) => {
        const row = chainedRow(loggedEntry(entry, ++sequence, atMs), atMs, hash);
        hash = row.hash;
        return row;
      });
      for (const chunk of insertChunks(rows)) {
        await transaction.insertInto('entries').values(chunk).execute();
      }
      const head = signHead(sequence, hash, this.#key);
      await transaction
        .updateTable('head')
        .set({
          sequence: head.sequence,
          hash: head.hash,
          key_id: head.keyId,
          signature: head.signature,
        })
        .execute();
    });
  }

  async #insertAnchor(
    transaction: Kysely<AuditTables>,
    kind: AnchorKind,
    sequence: number,
    hash: string,
  ): Promise<Anchor> {
    const row = await transaction
      .selectFrom('anchors')
      .select('body')
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    const last = row === undefined ? undefined : anchorSchema.parse(JSON.parse(row.body));
    const anchor = signAnchor(
      {
        kind,
        number: (last?.number ?? 0) + 1,
        previous: last === undefined ? GENESIS_HASH : anchorDigest(last),
        sequence,
        hash,
        atMs: this.#now(),
      },
      this.#key,
    );
    await transaction
      .insertInto('anchors')
      .values({ number: anchor.number, kind, sequence, body: canonicalJson(anchor) })
      .execute();
    return anchor;
  }
}

function whyNotWritten(cause: unknown): string {
  const why = cause instanceof DiskFull ? ': its disk is full' : '';
  return `the audit log cannot be written${why}`;
}

/** The row of an entry that follows on `previousHash`. */
export function chainedRow(entry: LoggedEntry, atMs: number, previousHash: string): EntryTable {
  const body = canonicalJson(entry as object as Parameters<typeof canonicalJson>[0]);
  return {
    sequence: entry.sequence,
    at_ms: atMs,
    actor_id: entry.actor.id,
    action: entry.action,
    object_kind: entry.object.kind,
    object_id: entry.object.id,
    outcome: entry.outcome,
    body,
    hash: linkHash(previousHash, digestOf(body)),
  };
}

async function readHead(
  transaction: Kysely<AuditTables>,
): Promise<{ sequence: number; hash: string }> {
  return transaction.selectFrom('head').select(['sequence', 'hash']).executeTakeFirstOrThrow();
}

function* insertChunks(rows: readonly EntryTable[]): Generator<EntryTable[]> {
  let at = 0;
  for (const size of INSERT_ROWS) {
    for (; rows.length - at >= size; at += size) yield rows.slice(at, at + size);
  }
}

function matching(database: AuditDatabase, filter: AuditFilter) {
  const { fromMs, toMs, actorId, action, objectKind, objectId, outcome } = filter;
  let query = database.selectFrom('entries');
  if (fromMs !== undefined) query = query.where('at_ms', '>=', fromMs);
  if (toMs !== undefined) query = query.where('at_ms', '<', toMs);
  if (actorId !== undefined) query = query.where('actor_id', '=', actorId);
  if (action !== undefined) query = query.where('action', '=', action);
  if (objectKind !== undefined) query = query.where('object_kind', '=', objectKind);
  if (objectId !== undefined) query = query.where('object_id', '=', objectId);
  if (outcome !== undefined) query = query.where('outcome', '=', outcome);
  return query;
}
