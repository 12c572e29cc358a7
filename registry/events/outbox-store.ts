import { sql, type Kysely, type Transaction } from 'kysely';
import type { Databases, DatabaseSchema } from '../database/database.ts';
import type { CameraEvent } from './camera-event.ts';
import { collapse, MIN_COLLAPSED } from './collapse.ts';
import type { Message } from './event-bus.ts';
import * as outbox from './migrations/0001-outbox.ts';

/** Cameras whose events are collapsed in one transaction. */
const CAMERAS_AT_ONCE = 200;
/** Events read in one question. */
const ROWS_AT_ONCE = 1_000;
/** Of a row beside its event, about. */
const ROW_BYTES = 64;

interface OutboxTables {
  waiting_events: {
    /** In the order in which they were added. */
    number: number;
    camera_id: string;
    at_ms: number;
    bytes: number;
    /** JSON, CameraEvent. */
    event: string;
  };
  /** One row. */
  gateway_life: { id: number; alive_at_ms: number };
}

const schema: DatabaseSchema = {
  name: 'outbox',
  thread: 'machine',
  migrations: { '0001-outbox': outbox },
};

/** A waiting event as the bus takes it. */
export interface Waiting extends Message {
  number: number;
  bytes: number;
}

/** The outbox on the disk: a SQLite file of this machine. What is appended outlives a power cut. */
export class OutboxStore {
  readonly #database: Kysely<OutboxTables>;
  /** Of the newest. */
  #number: number;
  #count: number;
  #bytes: number;

  static async open(databases: Databases): Promise<OutboxStore> {
    const database = await databases.open<OutboxTables>(schema);
    const row = await database
      .selectFrom('waiting_events')
      .select(({ fn }) => [
        fn.countAll<number>().as('count'),
        fn.sum<number | null>('bytes').as('bytes'),
        fn.max<number | null>('number').as('last'),
      ])
      .executeTakeFirstOrThrow();
    return new OutboxStore(database, row.count, row.bytes ?? 0, row.last ?? 0);
  }

  private constructor(
    database: Kysely<OutboxTables>,
    count: number,
    bytes: number,
    number: number,
  ) {
    this.#database = database;
    this.#count = count;
    this.#bytes = bytes;
    this.#number = number;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(events: readonly CameraEvent[]): Promise<void> {
    let number = this.#number;
    const rows = events.map((event) => ({ number: ++number, ...rowOf(event) }));
    await this.#database.insertInto('waiting_events').values(rows).execute();
    this.#number = number;
    this.#count += rows.length;
    this.#bytes += rows.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async oldest(limit: number, after = 0): Promise<Waiting[]> {
    return this.#database
      .selectFrom('waiting_events')
      .select(['number', 'bytes', 'camera_id as key', 'event as value'])
      .where('number', '>', after)
      .orderBy('number')
      .limit(limit)
      .execute();
  }

  /** All of them, oldest first. */
  async *waiting(): AsyncGenerator<CameraEvent> {
    for (let after = 0; ;) {
      const rows = await this.oldest(ROWS_AT_ONCE, after);
      for (const { value } of rows) yield JSON.parse(value) as CameraEvent;
      if (rows.length < ROWS_AT_ONCE) return;
      after = rows.at(-1)?.number ?? after;
    }
  }

  /** The bus has them: the oldest, up to the last of these. */
  async remove(waiting: readonly Waiting[]): Promise<void> {
    await this.#database
      .deleteFrom('waiting_events')
      .where('number', '<=', waiting.at(-1)?.number ?? 0)
      .execute();
    this.#count -= waiting.length;
    for (const { bytes } of waiting) this.#bytes -= bytes;
  }

  /**
   * Collapses each camera's events from before `beforeMs` (collapse.ts). Returns how many cameras that were. Nothing may be on its way to
   * the bus meanwhile.
   */
  async collapse(beforeMs: number): Promise<{ cameras: number; transitions: number }> {
    const cameras = await this.#database
      .selectFrom('waiting_events')
      .select('camera_id')
      .where('at_ms', '<', beforeMs)
      .groupBy('camera_id')
      .having(sql<number>`count(*)`, '>=', MIN_COLLAPSED)
      .execute();
    let transitions = 0;
    for (let at = 0; at < cameras.length; at += CAMERAS_AT_ONCE) {
      const some = cameras.slice(at, at + CAMERAS_AT_ONCE);
      const saved = { rows: 0, bytes: 0 };
      await this.#database.transaction().execute(async (transaction) => {
        for (const { camera_id } of some) {
          const one = await collapseCamera(transaction, camera_id, beforeMs);
          saved.rows += one.rows;
          saved.bytes += one.bytes;
        }
      });
      this.#count -= saved.rows;
      this.#bytes -= saved.bytes;
      transitions += saved.rows;
    }
    return { cameras: cameras.length, transitions };
  }

  /** When this gateway was last known to run, Unix ms; undefined: it never was. */
  async lastAliveMs(): Promise<number | undefined> {
    const row = await this.#database
      .selectFrom('gateway_life')
      .select('alive_at_ms')
      .executeTakeFirst();
    return row?.alive_at_ms;
  }

  async noteAlive(atMs: number): Promise<void> {
    await this.#database
      .insertInto('gateway_life')
      .values({ id: 1, alive_at_ms: atMs })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ alive_at_ms: atMs }))
      .execute();
  }
}

function rowOf(event: CameraEvent) {
  const text = JSON.stringify(event);
  return {
    camera_id: event.cameraId,
    at_ms: event.atMs,
    bytes: Buffer.byteLength(text) + ROW_BYTES,
    event: text,
  };
}

/** Returns what was saved. */
async function collapseCamera(
  transaction: Transaction<OutboxTables>,
  cameraId: string,
  beforeMs: number,
): Promise<{ rows: number; bytes: number }> {
  const rows = await transaction
    .selectFrom('waiting_events')
    .selectAll()
    .where('camera_id', '=', cameraId)
    .where('at_ms', '<', beforeMs)
    .orderBy('number')
    .execute();
  // An own row, written a moment ago.
  const kept = collapse(rows.map(({ event }) => JSON.parse(event) as CameraEvent));
  const before = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  const last = rows.length - 1;
  // The first stands at the first one's place in the queue, the latest at the latest one's.
  const places = kept.map((event, index) => ({
    number: rows[index === 0 ? 0 : last]?.number ?? 0,
    ...rowOf(event),
  }));
  await transaction
    .deleteFrom('waiting_events')
    .where('camera_id', '=', cameraId)
    .where('at_ms', '<', beforeMs)
    .execute();
  await transaction.insertInto('waiting_events').values(places).execute();
  const after = places.reduce((sum, { bytes }) => sum + bytes, 0);
  return { rows: rows.length - places.length, bytes: before - after };
}
