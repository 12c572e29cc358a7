/** The audit log over its database: order, group commit, anchors, the end of an entry's time; on both databases. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, expect, test, vi } from 'vitest';
import { AuditUnavailable } from '#gateway/audit/audit.ts';
import { AuditLog, openAuditDatabase } from '#gateway/audit/log.ts';
import { openSigningKey } from '#gateway/audit/signing-key.ts';
import type { AuditDatabase } from '#gateway/audit/tables.ts';
import { ChainCheck, type ChainReport } from '#gateway/audit/verify.ts';
import { onEachDatabase } from '../../contracts/each-database.ts';
import { anEntry } from './entries.ts';
import { memoryFolder } from '../../memory-folder.ts';

const DAY_MS = 86_400_000;
const keyFolder = mkdtempSync(join(memoryFolder(), 'audit-key-'));
afterAll(() => rmSync(keyFolder, { recursive: true }));
const key = openSigningKey(join(keyFolder, 'key.pem'));

async function checked(log: AuditLog, database: AuditDatabase): Promise<ChainReport> {
  const check = new ChainCheck({
    publicKeys: new Map([[key.keyId, key.publicKey]]),
    anchors: await log.anchors(),
  });
  for (const { body, hash, ...columns } of await database
    .selectFrom('entries')
    .selectAll()
    .orderBy('sequence')
    .execute()) {
    check.add({ sequence: columns.sequence, hash, body, columns });
  }
  const head = await database.selectFrom('head').selectAll().executeTakeFirstOrThrow();
  return check.finish({
    sequence: head.sequence,
    hash: head.hash,
    keyId: head.key_id,
    signature: head.signature,
  });
}

onEachDatabase((rig) => {
  let nowMs = Date.UTC(2026, 10, 25);
  async function open() {
    const database = await openAuditDatabase(rig.open());
    return { database, log: new AuditLog({ database, key, now: () => nowMs }) };
  }

  test('entries that come at once are numbered in the order they came, without a gap, and chained', async () => {
    const { log, database } = await open();
    await log.anchor('start');
    await Promise.all(
      Array.from({ length: 1_234 }, async (_, i) =>
        log.record(anEntry({ object: { kind: 'camera', id: `camera-${i}` } })),
      ),
    );
    const rows = await log.read(1, 2_000);
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, i) => i + 1));
    expect(
      rows.map(({ body }) => (JSON.parse(body) as { object: { id: string } }).object.id),
    ).toEqual(Array.from({ length: 1_234 }, (_, i) => `camera-${i}`));
    expect(await checked(log, database)).toMatchObject({ entries: 1_234, findings: [] });
  });

  test('an entry that comes alone is written at once; those that come while one is written share the next commit', async () => {
    let commits = 0;
    const counting = { ...key, sign: (statement: string) => (commits++, key.sign(statement)) };
    const waits: number[] = [];
    let pause = Promise.withResolvers<void>();
    const database = await openAuditDatabase(rig.open());
    const log = new AuditLog({
      database,
      key: counting,
      now: () => nowMs,
      wait: async (ms) => {
        waits.push(ms);
        await pause.promise;
      },
    });
    await log.record(anEntry());
    await log.record(anEntry());
    expect([commits, waits]).toEqual([2, []]);

    const alone = log.record(anEntry());
    await setImmediate();
    const together = [log.record(anEntry())];
    await alone;
    together.push(log.record(anEntry()), log.record(anEntry()));
    await vi.waitUntil(() => waits.length > 0);
    expect([commits, waits]).toEqual([3, [15]]);
    pause.resolve();
    await Promise.all(together);
    expect(commits).toBe(4);
    // Who closes waits for nothing but the disk.
    pause = Promise.withResolvers();
    const last = [log.record(anEntry())];
    await setImmediate();
    last.push(log.record(anEntry()));
    await log.close();
    await Promise.all(last);
    expect(await checked(log, database)).toMatchObject({ entries: 8, findings: [] });
  });

  test('a new server goes on where the last one stopped', async () => {
    const first = rig.open();
    const one = new AuditLog({
      database: await openAuditDatabase(first),
      key,
      now: () => nowMs,
    });
    await one.record(anEntry());
    await one.close();
    await expect(one.record(anEntry())).rejects.toBeInstanceOf(AuditUnavailable);
    await first.close();
    const { log, database } = await open();
    await log.record(anEntry());
    expect(await checked(log, database)).toMatchObject({ entries: 2, findings: [] });
  });

  test('a page holds what is asked for, newest first, and the next one goes on', async () => {
    const { log } = await open();
    for (let i = 0; i < 6; i++) {
      nowMs += 1_000;
      await log.record(
        anEntry({
          actor: { id: i % 2 === 0 ? 'a' : 'b', name: '' },
          outcome: i === 5 ? 'refused' : 'done',
        }),
      );
    }
    const sequences = async (...list: Parameters<AuditLog['list']>) =>
      (await log.list(...list)).map(({ sequence }) => sequence);
    expect(await sequences({}, { limit: 4 })).toEqual([6, 5, 4, 3]);
    const before = { atMs: nowMs - 3_000, sequence: 3 };
    expect(await sequences({}, { limit: 4, before })).toEqual([2, 1]);
    expect(await sequences({ actorId: 'a' }, { limit: 4 })).toEqual([5, 3, 1]);
    expect(await sequences({ outcome: 'refused' }, { limit: 4 })).toEqual([6]);
    expect(await sequences({ fromMs: nowMs - 3_000, toMs: nowMs - 1_000 }, { limit: 4 })).toEqual([
      4, 3,
    ]);
    expect(await log.span({ actorId: 'b' })).toEqual({ first: 2, last: 6 });
    expect(await log.span({ actorId: 'nobody' })).toBeUndefined();
  });

  test('an entry is not changed or removed, nor an anchor, nor the head set back', async () => {
    const { log, database } = await open();
    await log.record(anEntry());
    await log.anchor('daily');
    const acts = [
      sql`update entries set outcome = 'failed'`,
      sql`delete from entries`,
      sql`update anchors set kind = 'cut'`,
      sql`delete from anchors`,
      sql`update head set sequence = 0`,
      sql`delete from head`,
      ...(rig.kind === 'postgres' ? [sql`truncate entries`, sql`truncate anchors, head`] : []),
    ];
    for (const act of acts) await expect(act.execute(database)).rejects.toThrow(/audit/);
    expect(await checked(log, database)).toMatchObject({ entries: 1, findings: [] });
  });

  test('entries past their time are removed behind a signed cut, and what is left proves its beginning', async () => {
    const { log, database } = await open();
    await log.anchor('start');
    for (let day = 0; day < 5; day++) {
      for (let i = 0; i < 3; i++) await log.record(anEntry());
      nowMs += DAY_MS;
    }
    expect(await log.prune(90)).toBeUndefined();
    // Now is day 5; what day 0 and 1 saw is older than three and a half days.
    expect(await log.prune(3.5)).toMatchObject({
      removed: 6,
      anchor: { kind: 'cut', sequence: 6 },
    });
    expect(await checked(log, database)).toMatchObject({ entries: 9, first: 7, findings: [] });
    await expect(sql`delete from entries where sequence = 7`.execute(database)).rejects.toThrow();
    expect(await log.prune(0)).toMatchObject({ removed: 9 });
    await log.record(anEntry());
    expect(await checked(log, database)).toMatchObject({ entries: 1, first: 16, findings: [] });
  });

  test('what cannot be written is refused, and what follows is written again', async () => {
    const { log, database } = await open();
    await log.record(anEntry());
    await sql`alter table entries rename to elsewhere`.execute(database);
    await expect(log.record(anEntry())).rejects.toBeInstanceOf(AuditUnavailable);
    await sql`alter table elsewhere rename to entries`.execute(database);
    await log.record(anEntry());
    expect(await checked(log, database)).toMatchObject({ entries: 2, findings: [] });
  });

  if (rig.kind === 'postgres') {
    test('two gateways write one chain', async () => {
      const logs = await Promise.all(
        [rig.open(), rig.openBeside()].map(async (databases) => {
          const database = await openAuditDatabase(databases);
          return { database, log: new AuditLog({ database, key, now: () => nowMs }) };
        }),
      );
      for (let i = 0; i < 20; i++) {
        await Promise.all(logs.map(async ({ log }) => log.record(anEntry())));
      }
      const [one] = logs;
      if (one === undefined) throw new Error('there are two');
      expect(await checked(one.log, one.database)).toMatchObject({ entries: 40, findings: [] });
    });
  }
});
