/** The database port (registry/database): what holds on both of its adapters. */
import { sql, type Kysely } from 'kysely';
import { expect, test, vi } from 'vitest';
import {
  ConstraintViolated,
  DatabaseFailed,
  DatabaseUnavailable,
  DiskFull,
  executeTogether,
  takeLock,
  type DatabaseSchema,
} from '#registry/database/database.ts';
import { MigrationFailed } from '#registry/database/migrate.ts';
import { takePostgresTurn } from '#registry/database/postgres-turn.ts';
import { postgresDatabases } from '#registry/database/postgres.ts';
import { rowChanger, rowWriter, type WrittenRows } from '#registry/database/row-writer.ts';
import { onEachDatabase } from './each-database.ts';
import { searchAtRandom } from './search-at-random.ts';

interface Tables {
  notes: { id: string; text: string; at_ms: number; bytes: Uint8Array | null };
}

const notes: DatabaseSchema = {
  name: 'notes',
  migrations: {
    '0001-notes': {
      async up(db) {
        await db.schema
          .createTable('notes')
          .addColumn('id', 'text', (column) => column.primaryKey())
          .addColumn('text', 'text', (column) => column.notNull().unique())
          .addColumn('at_ms', 'bigint', (column) => column.notNull().check(sql`at_ms >= 0`))
          .addColumn('bytes', 'bytea')
          .execute();
      },
    },
  },
};

const note = (id: string, changes: Partial<Tables['notes']> = {}): Tables['notes'] => ({
  id,
  text: `ข้อความ ${id}`,
  at_ms: 1_790_000_000_123,
  bytes: null,
  ...changes,
});

async function ids(database: Kysely<Tables>): Promise<string[]> {
  const rows = await database.selectFrom('notes').select('id').orderBy('id').execute();
  return rows.map(({ id }) => id);
}

onEachDatabase((rig) => {
  test('what was written reads the same after a restart: Thai text, times, bytes, null', async () => {
    const row = note('a', { bytes: new Uint8Array([0, 255, 7]) });
    const first = rig.open();
    const database = await first.open<Tables>(notes);
    await database
      .insertInto('notes')
      .values([row, note('b')])
      .execute();
    await first.close();
    const again = await rig.open().open<Tables>(notes);
    const rows = await again.selectFrom('notes').selectAll().orderBy('id').execute();
    expect(
      rows.map(({ bytes, ...rest }) => ({ ...rest, bytes: bytes && new Uint8Array(bytes) })),
    ).toEqual([row, note('b')]);
  });

  test('after texts at random that come, change and go in any order, every part finds those that hold it', async () => {
    await searchAtRandom(rig.open());
  });

  test('counts and sums of whole numbers are numbers, and changed rows are counted', async () => {
    const database = await rig.open().open<Tables>(notes);
    await database
      .insertInto('notes')
      .values([note('a'), note('b')])
      .execute();
    const { count, sum } = await database
      .selectFrom('notes')
      .select(({ fn }) => [fn.countAll<number>().as('count'), fn.sum<number>('at_ms').as('sum')])
      .executeTakeFirstOrThrow();
    expect({ count, sum }).toEqual({ count: 2, sum: 2 * 1_790_000_000_123 });
    const { numUpdatedRows } = await database
      .updateTable('notes')
      .set({ at_ms: 5 })
      .executeTakeFirstOrThrow();
    expect(numUpdatedRows).toBe(2n);
  });

  test('databases of two names do not see each other', async () => {
    const databases = rig.open();
    const one = await databases.open<Tables>(notes);
    const other = await databases.open<Tables>({ ...notes, name: 'others' });
    await one.insertInto('notes').values(note('a')).execute();
    // More than the pool has connections, so that each connection serves both.
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) =>
        expect(await ids(i % 2 === 0 ? one : other)).toEqual(i % 2 === 0 ? ['a'] : []),
      ),
    );
  });

  test('a transaction that fails leaves nothing, and no query outside of it sees its rows', async () => {
    const database = await rig.open().open<Tables>(notes);
    let seen: string[] | undefined;
    const failing = database.transaction().execute(async (transaction) => {
      await transaction.insertInto('notes').values(note('a')).execute();
      expect(await ids(transaction)).toEqual(['a']);
      // Answered while the transaction is open.
      seen = await ids(database);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(seen).toEqual([]);
    expect(await ids(database)).toEqual([]);
  });

  test('statements together are done in their order, and counted; one that fails takes all of them back', async () => {
    const database = await rig.open().open<Tables>(notes);
    const add = rowWriter<Tables, 'notes'>('notes');
    const change = rowChanger<Tables, 'notes'>('notes', {
      key: 'id',
      where: 'notes.at_ms < page.at_ms',
    });
    const many = Array.from({ length: 401 }, (_, i) => note(`${1_000 + i}`));
    // The first is as late as it was, and the last is not there.
    const later = [...many.slice(0, 5), note('nowhere')].map(({ id, at_ms }, i) => ({
      id,
      at_ms: at_ms + i,
    }));
    const written = await database
      .transaction()
      .execute(async (transaction) =>
        executeTogether(transaction, [...add(many), ...change(later), ...add([])]),
      );
    expect(written).toEqual([401, 4]);
    const both = database
      .transaction()
      .execute(async (transaction) =>
        executeTogether(transaction, [...add([note('x', { at_ms: -1 })]), ...add([note('y')])]),
      );
    await expect(both).rejects.toBeInstanceOf(ConstraintViolated);
    expect(await ids(database)).toEqual(many.map(({ id }) => id));
    const stored = await database.selectFrom('notes').selectAll().orderBy('id').execute();
    expect(stored.slice(0, 6)).toEqual(
      many.slice(0, 6).map((row, i) => ({ ...row, at_ms: row.at_ms + (i < 5 ? i : 0) })),
    );
  });

  test('rows written together read as they were given, whatever is in them', async () => {
    const database = await rig.open().open<Tables>(notes);
    const texts = [
      '',
      'NULL',
      '{}',
      '{"a","b"}',
      `"'\\`,
      '\\"',
      'a,b',
      ' ',
      'บรรทัด\nใหม่\t',
      '\\x00',
      '\\.',
      '\\N',
      '\r\n',
      '%_',
      '😀',
    ];
    const rows = texts.map((text, i) => ({
      id: `${10 + i}`,
      text,
      at_ms: i === 0 ? 0 : 2 ** 53 - i,
      bytes: i % 2 === 0 ? null : new Uint8Array([0, 34, 92, 255]),
    }));
    const turned = rows.map(({ id, text }) => ({ id, text: `${text}\\" turned`, bytes: null }));
    await database.transaction().execute(async (transaction) => {
      await executeTogether(transaction, rowWriter<Tables, 'notes'>('notes')(rows));
    });
    const read = async () => database.selectFrom('notes').selectAll().orderBy('id').execute();
    const bytes = (row: Tables['notes']) => ({ ...row, bytes: row.bytes && [...row.bytes] });
    expect((await read()).map(bytes)).toEqual(rows.map(bytes));
    await database.transaction().execute(async (transaction) => {
      const change = rowChanger<Tables, 'notes'>('notes', { key: 'id' });
      await executeTogether(transaction, change(turned));
    });
    expect(await read()).toEqual(rows.map((row, i) => ({ ...row, ...turned[i] })));
  });

  test('columns that many rows have alike are written into each, also where the rows behind them differ', async () => {
    const database = await rig.open().open<Tables>(notes);
    // 200 rows are a statement of SQLite's: the times of the last 200 differ, those of the others do not.
    const all = Array.from({ length: 800 }, (_, i) =>
      note(`${1_000 + i}`, { at_ms: i < 600 ? 5 : i }),
    );
    const later = all.map(({ id, at_ms }, i) => ({
      id,
      at_ms: i < 400 ? 7 : at_ms + 1,
      bytes: null,
    }));
    const read = async () => database.selectFrom('notes').selectAll().orderBy('id').execute();
    const write = async (rows: WrittenRows[]) =>
      database.transaction().execute(async (transaction) => executeTogether(transaction, rows));
    expect(await write(rowWriter<Tables, 'notes'>('notes')(all))).toEqual([800]);
    expect(await read()).toEqual(all);
    const change = rowChanger<Tables, 'notes'>('notes', { key: 'id' });
    expect(await write(change(later))).toEqual([800]);
    expect(await read()).toEqual(all.map((row, i) => ({ ...row, ...later[i] })));
    // Nothing of them differs.
    const one = { id: '1000', at_ms: 1 };
    expect(await write(change(Array.from({ length: 200 }, () => one)))).toEqual([1]);
    expect((await read())[0]).toEqual({ ...all[0], ...one });
  });

  test('a list that was asked for after a write was answered holds it', async () => {
    const database = await rig.open().open<Tables>(notes);
    // A transaction stays open throughout, or follows at once, so that reads are answered beside it.
    for (let i = 0; i < 20; i++) {
      await database
        .insertInto('notes')
        .values(note(String(i)))
        .execute();
      const writing = database
        .transaction()
        .execute(async (transaction) => takeLock(transaction, 'x'));
      expect(await ids(database)).toHaveLength(i + 1);
      await writing;
    }
  });

  test('who holds a named lock is alone until the transaction ends', async () => {
    const database = await rig.open().open<Tables>(notes);
    // Each reads the count and writes it as its id: two at once would write the same.
    await Promise.all(
      Array.from({ length: 8 }, async () =>
        database.transaction().execute(async (transaction) => {
          await takeLock(transaction, 'numbers');
          const taken = await ids(transaction);
          await transaction
            .insertInto('notes')
            .values(note(String(taken.length)))
            .execute();
        }),
      ),
    );
    expect(await ids(database)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  test('what contradicts the schema is a ConstraintViolated, what is wrong a DatabaseFailed, with causes', async () => {
    const database = await rig.open().open<Tables>(notes);
    await database.insertInto('notes').values(note('a')).execute();
    for (const bad of [
      note('a', { text: 'another' }),
      note('b', { text: note('a').text }),
      note('c', { at_ms: -1 }),
    ]) {
      await expect(database.insertInto('notes').values(bad).execute()).rejects.toBeInstanceOf(
        ConstraintViolated,
      );
    }
    const wrong = sql`select * from nowhere`.execute(database);
    await expect(wrong).rejects.toBeInstanceOf(DatabaseFailed);
    await expect(wrong).rejects.toMatchObject({
      cause: { message: expect.stringContaining('nowhere') as string },
    });
    expect(await ids(database)).toEqual(['a']);
  });

  if (rig.kind === 'sqlite') {
    test('a full disk is a DiskFull; what is there is read, and written again when there is room', async () => {
      const database = await rig.open().open<Tables>(notes);
      await database.insertInto('notes').values(note('a')).execute();
      await sql`pragma max_page_count = 1`.execute(database);
      const huge = note('b', { text: 'x'.repeat(1_000_000) });
      await expect(database.insertInto('notes').values(huge).execute()).rejects.toBeInstanceOf(
        DiskFull,
      );
      // Within a transaction too, which SQLite has rolled back itself by then.
      const several = database.transaction().execute(async (transaction) => {
        await transaction.insertInto('notes').values(note('c')).execute();
        await transaction.insertInto('notes').values(huge).execute();
      });
      await expect(several).rejects.toBeInstanceOf(DiskFull);
      expect(await ids(database)).toEqual(['a']);
      await sql`pragma max_page_count = 1000000`.execute(database);
      await database.insertInto('notes').values(huge).execute();
      expect(await ids(database)).toEqual(['a', 'b']);
    });
  }

  test('beyond its bound the queue refuses, and those that wait are answered', async () => {
    const database = await rig.open().open<Tables>(notes);
    const results = await Promise.allSettled(
      Array.from({ length: 1_500 }, async () =>
        database.updateTable('notes').set({ at_ms: 1 }).execute(),
      ),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(480);
    expect(refused.length).toBeLessThanOrEqual(500);
    for (const result of refused) {
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(DatabaseUnavailable);
    }
    expect(await ids(database)).toEqual([]);
  });

  test('a migration that fails changes nothing, and the ones before it stay', async () => {
    const databases = rig.open();
    await databases.open(notes);
    await databases.close();
    const broken: DatabaseSchema = {
      name: 'notes',
      migrations: {
        ...notes.migrations,
        '0002-broken': {
          async up(db) {
            await db.schema.createTable('half').addColumn('id', 'text').execute();
            await sql`select * from nowhere`.execute(db);
          },
        },
      },
    };
    const failing = rig.open();
    const opening = failing.open(broken);
    await expect(opening).rejects.toBeInstanceOf(MigrationFailed);
    await expect(opening).rejects.toMatchObject({ migration: '0002-broken' });
    await failing.close();
    const database = await rig.open().open<Tables>(notes);
    const tables = await database.introspection.getTables();
    expect(tables.filter(({ schema }) => schema === undefined || schema === 'notes')).toMatchObject(
      [{ name: 'notes' }],
    );
  });

  test('a database written by a newer version is left alone', async () => {
    const databases = rig.open();
    const database = await databases.open(notes);
    await sql`insert into kysely_migration (name, timestamp) values ('9999-future', '2099')`.execute(
      database,
    );
    await databases.close();
    await expect(rig.open().open(notes)).rejects.toBeInstanceOf(MigrationFailed);
  });

  if (rig.kind === 'postgres') {
    test('one server has the turn: again when its connection was lost, and the next one when it ends', async () => {
      const waits = { beatMs: 60_000, askMs: 20, againMs: 10, afterHolderMs: 60_000 };
      const url = rig.url() ?? '';
      const told: string[] = [];
      const take = (who: string) =>
        takePostgresTurn(url, 'recording', (state) => told.push(`${who} ${state}`), waits);
      const first = await take('first');
      const second = await take('second');
      expect([first.state, second.state]).toEqual(['ours', 'others']);
      const database = await rig.open().open<Tables>(notes);
      await sql`select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and granted and pid <> pg_backend_pid()
          and database = (select oid from pg_database where datname = current_database())`.execute(
        database,
      );
      // Noticed when the socket closes, which may be after the answer.
      await vi.waitFor(() => expect(told).toContain('first lost'));
      // The second one asks every 20 ms, and may be quicker: whoever has it, one has.
      await vi.waitFor(() =>
        expect([first.state, second.state].toSorted()).toEqual(['others', 'ours']),
      );
      const [holder, other] = first.state === 'ours' ? [first, second] : [second, first];
      await holder.release();
      await vi.waitFor(() => expect(other.state).toBe('ours'));
      await other.release();
    });

    test('of servers that start at once on a new database, one runs the migrations and the rest wait', async () => {
      const servers = [rig.open(), rig.openBeside(), rig.openBeside()];
      const opened = await Promise.all(
        servers.map(async (databases) => databases.open<Tables>(notes)),
      );
      await opened[0]?.insertInto('notes').values(note('a')).execute();
      expect(await ids(opened[2] as Kysely<Tables>)).toEqual(['a']);
    });

    test('a migration may take longer than any other statement, and so may a server that waits for it', async () => {
      const slow: DatabaseSchema = {
        name: 'notes',
        migrations: {
          ...notes.migrations,
          '0002-slow': { up: async (db) => void (await sql`select pg_sleep(0.7)`.execute(db)) },
        },
      };
      const servers = Array.from({ length: 2 }, () =>
        postgresDatabases(rig.url() ?? '', { statementMs: 500 }),
      );
      try {
        const [database] = await Promise.all(servers.map(async (one) => one.open<Tables>(slow)));
        const { rows } =
          await sql`select name from kysely_migration where name = '0002-slow'`.execute(
            database as Kysely<Tables>,
          );
        expect(rows).toHaveLength(1);
        const asking = sql`select pg_sleep(5)`.execute(database as Kysely<Tables>);
        await expect(asking).rejects.toBeInstanceOf(DatabaseUnavailable);
      } finally {
        for (const one of servers) await one.close();
      }
    });

    test('a connection that the server ends costs one refusal, and the next query gets another', async () => {
      const database = await rig.open().open<Tables>(notes);
      const ending = database.transaction().execute(async (transaction) => {
        await sql`select pg_terminate_backend(pg_backend_pid())`.execute(transaction);
      });
      await expect(ending).rejects.toBeInstanceOf(DatabaseUnavailable);
      expect(await ids(database)).toEqual([]);
    });
  }
});
