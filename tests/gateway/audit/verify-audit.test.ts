/** What verify-audit finds in a data folder and in an export, and that it finds nothing where nothing was done. */
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anchorSchema, signAnchor, signHead } from '#gateway/audit/anchor.ts';
import { canonicalJson } from '#gateway/audit/canonical-json.ts';
import { digestOf, GENESIS_HASH, linkHash } from '#gateway/audit/chain.ts';
import { exportLines } from '#gateway/audit/export.ts';
import { keepAudit } from '#gateway/audit/keeper.ts';
import { openSigningKey, SIGNING_KEY_FILE, type SigningKey } from '#gateway/audit/signing-key.ts';
import { verifyAudit } from '#gateway/audit/verify-audit.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { anEntry } from './entries.ts';

const silent = { info: () => {}, error: () => {} };
let root: string;
/** A log as a gateway left it: start, 20 entries, a daily anchor, 10 entries, stop. */
let folder: string;
let anchorFile: string;
let copies = 0;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'verify-audit-'));
  folder = join(root, 'data');
  anchorFile = join(root, 'anchors.jsonl');
  const databases = openDatabases({ dataDir: folder });
  const settings = {
    dataDir: folder,
    audit: { retentionDays: 90, keyFile: undefined, anchorFile },
  };
  const keeper = await keepAudit(databases, settings, { now: Date.now, log: silent });
  for (let i = 0; i < 20; i++) await keeper.log.record(anEntry({ detail: { i } }));
  await keeper.log.anchor('daily');
  for (let i = 0; i < 10; i++) await keeper.log.record(anEntry({ actor: { id: 'b', name: '' } }));
  for (const [name, filter] of [
    ['all.jsonl', {}],
    ['b.jsonl', { actorId: 'b' }],
    ['none.jsonl', { actorId: 'nobody' }],
  ] as const) {
    let text = '';
    const lines = exportLines({
      log: keeper.log,
      key: keeper.key,
      filter,
      exportedBy: 'auditor',
      nowMs: Date.now(),
    });
    for await (const line of lines) text += line;
    writeFileSync(join(root, name), text);
  }
  await keeper.close();
  await databases.close();
});

afterAll(() => rmSync(root, { recursive: true }));

/** A copy of the folder, after somebody with every right to the file was at it. */
function tampered(act: (database: DatabaseSync, copy: string) => void): string {
  const copy = join(root, `copy-${copies++}`);
  cpSync(folder, copy, { recursive: true });
  const database = new DatabaseSync(join(copy, 'audit.sqlite'));
  database.exec('pragma ignore_check_constraints = on');
  for (const { name } of database
    .prepare(`select name from sqlite_master where type = 'trigger'`)
    .all()) {
    database.exec(`drop trigger ${String(name)}`);
  }
  act(database, copy);
  database.close();
  return copy;
}

async function codes(
  place: string,
  options: { publicKeyFiles?: string[]; anchorFiles?: string[] } = {},
): Promise<string[]> {
  const { lines, intact } = await verifyAudit(place, {
    publicKeyFiles: [],
    anchorFiles: [],
    ...options,
  });
  const found = lines.flatMap((line) => /^([a-z-]+): (?!\d|intact)/.exec(line)?.[1] ?? []);
  const told = new Set(found.filter((code) => !['keys', 'anchors', 'intact'].includes(code)));
  expect(intact).toBe(told.size === 0);
  return [...told].toSorted();
}

/** All hashes made anew, as whoever knows the code, and perhaps has the key, would. */
function recompute(database: DatabaseSync, key?: SigningKey): void {
  let hash = GENESIS_HASH;
  let sequence = 0;
  for (const row of database.prepare('select body from entries order by sequence').all()) {
    hash = linkHash(hash, digestOf(String(row['body'])));
    database.prepare('update entries set hash = ? where sequence = ?').run(hash, ++sequence);
  }
  if (key === undefined) return;
  const head = signHead(sequence, hash, key);
  database.prepare('update head set hash = ?, signature = ?').run(hash, head.signature);
  let previous = GENESIS_HASH;
  for (const row of database.prepare('select body from anchors order by number').all()) {
    const old = anchorSchema.parse(JSON.parse(String(row['body'])));
    const at = database.prepare('select hash from entries where sequence = ?').get(old.sequence);
    const anchor = signAnchor(
      { ...old, previous, hash: String(at?.['hash']), atMs: Date.parse(old.at) },
      key,
    );
    const body = canonicalJson(anchor);
    database.prepare('update anchors set body = ? where number = ?').run(body, old.number);
    previous = digestOf(body);
  }
}

/** A copy of an export, changed line by line. */
function changed(name: string, change: (lines: string[]) => string[]): string {
  const copy = join(root, `export-${copies++}.jsonl`);
  const lines = readFileSync(join(root, name), 'utf8').trimEnd().split('\n');
  writeFileSync(copy, `${change(lines).join('\n')}\n`);
  return copy;
}
function swap(lines: string[], one: number, other: number): string[] {
  return lines.map((line, i) => lines[i === one ? other : i === other ? one : i] ?? line);
}

describe('a data folder', () => {
  test('that nobody touched is intact, with its anchors kept elsewhere too', async () => {
    expect(await codes(folder)).toEqual([]);
    expect(await codes(folder, { anchorFiles: [anchorFile] })).toEqual([]);
  });

  test('an edited entry is found', async () => {
    const edit = `update entries set body = replace(body, '"outcome":"done"', '"outcome":"failed"'), outcome = 'failed' where sequence = 7`;
    expect(await codes(tampered((database) => database.exec(edit)))).toEqual(['edited']);
  });

  test('an edited column beside an untouched entry is found', async () => {
    const edit = `update entries set actor_id = 'somebody' where sequence = 7`;
    expect(await codes(tampered((database) => database.exec(edit)))).toEqual(['edited']);
  });

  test('a removed entry is found, in the middle and at the beginning', async () => {
    for (const remove of ['= 7', '< 4']) {
      const copy = tampered((database) =>
        database.exec(`delete from entries where sequence ${remove}`),
      );
      expect(await codes(copy)).toEqual(['removed']);
    }
  });

  test('a removed entry is found where those after it were moved up', async () => {
    const copy = tampered((database) =>
      database.exec(`delete from entries where sequence = 7;
        update entries set sequence = -(sequence - 1) where sequence > 7;
        update entries set sequence = -sequence where sequence < 0`),
    );
    expect(await codes(copy)).toContain('reordered');
  });

  test('two entries that changed places are found', async () => {
    const copy = tampered((database) =>
      database.exec(`update entries set sequence = -7 where sequence = 7;
        update entries set sequence = 7 where sequence = 9;
        update entries set sequence = 9 where sequence = -7`),
    );
    expect(await codes(copy)).toContain('reordered');
  });

  test('a truncated tail is found, also when the head was set back', async () => {
    expect(
      await codes(tampered((database) => database.exec('delete from entries where sequence > 28'))),
    ).toEqual(['truncated']);
    const copy = tampered((database) =>
      database.exec(`delete from entries where sequence > 28;
        delete from anchors where sequence > 28;
        update head set sequence = 28, hash = (select hash from entries where sequence = 28)`),
    );
    expect(await codes(copy)).toEqual(['not-signed']);
    expect(await codes(copy, { anchorFiles: [anchorFile] })).toEqual([
      'anchor-missing',
      'not-signed',
      'truncated',
    ]);
    expect(await codes(tampered((database) => database.exec('delete from entries')))).toEqual([
      'truncated',
    ]);
  });

  test('a wholly recomputed chain is found by its anchors, and by those elsewhere from who has the key', async () => {
    const edit = `update entries set body = replace(body, 'หน้าตลาดสด', 'ที่อื่น') where sequence = 7`;
    const withoutKey = tampered((database) => {
      database.exec(edit);
      recompute(database);
    });
    expect(await codes(withoutKey)).toEqual(['recomputed']);
    const withKey = tampered((database, copy) => {
      database.exec(edit);
      recompute(database, openSigningKey(join(copy, SIGNING_KEY_FILE)));
    });
    expect(await codes(withKey)).toEqual([]);
    expect(await codes(withKey, { anchorFiles: [anchorFile] })).toEqual([
      'anchor-missing',
      'recomputed',
    ]);
  });

  test('a log that was signed with another key is found', async () => {
    const copy = tampered((database, place) => {
      rmSync(join(place, SIGNING_KEY_FILE));
      recompute(database, openSigningKey(join(place, SIGNING_KEY_FILE)));
      copyFileSync(join(folder, SIGNING_KEY_FILE), join(place, 'pinned.pem'));
    });
    expect(await codes(copy, { publicKeyFiles: [join(copy, 'pinned.pem')] })).toEqual([
      'not-signed',
    ]);
  });

  test('an anchor that was taken away is missed', async () => {
    const copy = tampered((database) => database.exec('delete from anchors where number = 2'));
    expect(await codes(copy)).toEqual(['anchor-missing']);
  });
});

describe('an export', () => {
  test('is intact as it came, whole, narrowed to one actor, or empty', async () => {
    for (const name of ['all.jsonl', 'b.jsonl', 'none.jsonl']) {
      expect(await codes(join(root, name))).toEqual([]);
      expect(
        await codes(join(root, name), { publicKeyFiles: [join(folder, SIGNING_KEY_FILE)] }),
      ).toEqual([]);
    }
    // What was not asked for is not told.
    expect(readFileSync(join(root, 'b.jsonl'), 'utf8')).not.toContain('somchai');
  });

  test('an edited, a removed, a moved and a withheld entry are found', async () => {
    const all = 'all.jsonl';
    expect(
      await codes(
        changed(all, (lines) => lines.with(5, lines[5]?.replace('done', 'failed') ?? '')),
      ),
    ).toEqual(['edited']);
    expect(await codes(changed(all, (lines) => lines.toSpliced(5, 1)))).toEqual([
      'edited',
      'removed',
    ]);
    expect(await codes(changed(all, (lines) => swap(lines, 5, 7)))).toContain('removed');
    expect(await codes(changed(all, (lines) => lines.toSpliced(-3, 2)))).toEqual([
      'edited',
      'truncated',
    ]);
  });

  test('the manifest of another export is found', async () => {
    const other = readFileSync(join(root, 'b.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? '';
    expect(await codes(changed('all.jsonl', (lines) => [...lines.slice(0, -1), other]))).toContain(
      'edited',
    );
  });

  test('a file that is cut off cannot be read, and says so', async () => {
    const cut = join(root, 'cut.jsonl');
    writeFileSync(cut, readFileSync(join(root, 'all.jsonl')).subarray(0, 3_000));
    await expect(codes(cut)).rejects.toThrow(/cut off|manifest/);
  });
});

test('the signing key is readable by its owner only, and one that others can read is refused', () => {
  if (process.platform === 'win32') return;
  const path = join(folder, SIGNING_KEY_FILE);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const open = join(root, 'open.pem');
  writeFileSync(open, readFileSync(path), { mode: 0o644 });
  expect(() => openSigningKey(open)).toThrow(/chmod 600/);
});
