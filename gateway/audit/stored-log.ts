import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { anchorSchema, type Anchor, type Head } from './anchor.ts';
import type { EntryTable, HeadTable } from './tables.ts';
import type { FoundEntry } from './verify.ts';

/** The log as it lies there, read without the gateway and without its lock: it may be running. */
export interface StoredLog {
  anchors: Anchor[];
  head: Head;
  /** In order of sequence. */
  entries: () => AsyncIterable<FoundEntry>;
  close: () => Promise<void>;
}

/** There is no log, or its tables cannot be read. */
export class StoredLogNotReadable extends Error {
  readonly code = 'stored_log_not_readable';
}

const PAGE_ROWS = 1_000;
const PAGE = 'select * from entries where sequence > $1 order by sequence limit $2';
const ANCHORS = 'select body from anchors order by number';
const HEAD = 'select * from head';

/** pg gives a `bigint` as text. */
type AsRead<Table> = {
  [Column in keyof Table]: Table[Column] extends number ? number | string : Table[Column];
};

type Query = (text: string, parameters?: readonly number[]) => Promise<unknown[]>;

/** `place`: a data folder, or postgres://…. Throws StoredLogNotReadable. */
export async function openStoredLog(place: string): Promise<StoredLog> {
  const { query, close } = /^postgres(ql)?:\/\//.test(place)
    ? await postgresQuery(place)
    : sqliteQuery(place);
  try {
    // One state of it throughout, though the gateway goes on writing.
    const anchors = await query(ANCHORS);
    const [head] = await query(HEAD);
    return {
      anchors: anchors.map((row) => anchorSchema.parse(JSON.parse((row as { body: string }).body))),
      head: headOf(head as AsRead<HeadTable>),
      entries: () => allEntries(query),
      close,
    };
  } catch (cause) {
    await close();
    throw new StoredLogNotReadable(
      `${withoutPassword(place)} holds no audit log that can be read: ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    );
  }
}

async function* allEntries(query: Query): AsyncGenerator<FoundEntry> {
  let after = -1;
  for (;;) {
    const rows = (await query(PAGE, [after, PAGE_ROWS])) as AsRead<EntryTable>[];
    for (const { hash, body, ...columns } of rows) {
      const sequence = Number(columns.sequence);
      yield { sequence, hash, body, columns: { ...columns, at_ms: Number(columns.at_ms) } };
      after = sequence;
    }
    if (rows.length < PAGE_ROWS) return;
  }
}

function headOf({ sequence, hash, key_id, signature }: AsRead<HeadTable>): Head {
  return { sequence: Number(sequence), hash, keyId: key_id, signature };
}

function sqliteQuery(folder: string): { query: Query; close: () => Promise<void> } {
  const path = join(folder, 'audit.sqlite');
  if (!existsSync(path)) throw new StoredLogNotReadable(`${path} is not there`);
  const database = new DatabaseSync(path, { readOnly: true });
  database.exec('begin');
  return {
    query: async (text, parameters = []) =>
      database.prepare(text.replace(/\$\d/g, '?')).all(...parameters),
    close: async () => database.close(),
  };
}

async function postgresQuery(url: string): Promise<{ query: Query; close: () => Promise<void> }> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.query('set search_path to audit');
    await client.query('begin transaction isolation level repeatable read read only');
  } catch (cause) {
    await client.end().catch(() => {});
    throw new StoredLogNotReadable(`${withoutPassword(url)} cannot be reached`, { cause });
  }
  return {
    query: async (text, parameters = []) =>
      (await client.query<Record<string, unknown>>(text, [...parameters])).rows,
    close: async () => client.end(),
  };
}

function withoutPassword(place: string): string {
  return place.replace(/:\/\/[^@]*@/, '://…@');
}
