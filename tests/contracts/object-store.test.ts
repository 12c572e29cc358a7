import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Client } from 'minio';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { openLate } from '#storage/objects/late-store.ts';
import { openMarkedFolder, type MarkedFolder } from '#storage/objects/marked-folder.ts';
import {
  ObjectConflict,
  ObjectCorrupt,
  ObjectFolderAbsent,
  ObjectHeld,
  ObjectMissing,
  ObjectStoreRefused,
  ObjectStoreUnavailable,
  type FinishedFile,
  type ObjectStore,
} from '#storage/objects/object-store.ts';
import { openS3Store } from '#storage/objects/s3.ts';
import { selfSigned } from '../simulator/certificate.ts';
import { MINIO_KEYS, minioMissing, startMinio } from './minio-server.ts';
import { addMinioUser } from './minio-users.ts';
import { CONTAINER_START_MS } from './container-start.ts';

const folder = mkdtempSync(join(tmpdir(), 'object-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let fileNumber = 0;
function finishedFile(bytes: Buffer): FinishedFile {
  const path = join(folder, `spool-${fileNumber++}.mp4`);
  writeFileSync(path, bytes);
  return {
    path,
    byteLength: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

function itKeepsObjects(open: () => ObjectStore): void {
  it('gives back the bytes that were put, and any range of them', async () => {
    const store = open();
    const bytes = randomBytes(300_000);
    const object = await store.put('camera-1/day/a.mp4', finishedFile(bytes));
    expect(await store.stat(object)).toMatchObject({ byteLength: bytes.length });
    const all = await buffer(await store.read(object, { start: 0, end: bytes.length }));
    expect(all.equals(bytes)).toBe(true);
    const some = await buffer(await store.read(object, { start: 1_000, end: 1_001 }));
    expect(some.equals(bytes.subarray(1_000, 1_001))).toBe(true);
    // It was longer, by its row: that is said before a byte comes.
    for (const start of [0, bytes.length + 10]) {
      const cut = store.read(object, { start, end: bytes.length + 20 });
      await expect(cut).rejects.toThrow(ObjectCorrupt);
    }
  });

  it('takes a put that is repeated', async () => {
    const store = open();
    const file = finishedFile(randomBytes(1_000));
    await store.put('camera-1/day/twice.mp4', file);
    const again = await store.put('camera-1/day/twice.mp4', file);
    expect(await buffer(await store.read(again, { start: 0, end: 1_000 }))).toHaveLength(1_000);
  });

  it('lists by prefix, in the order of keys, with lengths', async () => {
    const store = open();
    for (const name of ['b', 'a', 'c']) {
      await store.put(`listed/${name}.mp4`, finishedFile(randomBytes(10)));
    }
    await store.put('listed-not/x.mp4', finishedFile(randomBytes(10)));
    expect(await keysOf(store, 'listed/')).toEqual([
      'listed/a.mp4',
      'listed/b.mp4',
      'listed/c.mp4',
    ]);
    for await (const { byteLength } of store.list('listed/')) expect(byteLength).toBe(10);
    expect(await keysOf(store, 'nothing/here')).toEqual([]);
  });

  it('deletes for good, and deleting again is harmless', async () => {
    const store = open();
    const object = await store.put('camera-1/day/gone.mp4', finishedFile(randomBytes(10)));
    await store.delete(object);
    await store.delete(object);
    await expect(store.stat(object)).rejects.toThrow(ObjectMissing);
    await expect(store.read(object, { start: 0, end: 1 })).rejects.toThrow(ObjectMissing);
    expect(await keysOf(store, 'camera-1/day/gone')).toEqual([]);
  });

  it('keeps what is held, until it is let go', async () => {
    const store = open();
    const object = await store.put('camera-1/day/held.mp4', finishedFile(randomBytes(10)));
    expect(await store.hold(object, true)).toEqual({ guarded: true });
    await expect(store.delete(object)).rejects.toThrow(ObjectHeld);
    expect(await store.stat(object)).toMatchObject({ byteLength: 10 });
    await store.hold(object, false);
    await store.delete(object);
    await expect(store.stat(object)).rejects.toThrow(ObjectMissing);
  });

  it('refuses keys that lead out of the store', async () => {
    const store = open();
    const file = finishedFile(randomBytes(10));
    for (const key of ['../a', '/a', 'a//b', 'a/../b', 'a/.hidden', '']) {
      await expect(store.put(key, file)).rejects.toThrow(TypeError);
    }
  });
}

function marked(name: string): MarkedFolder {
  return {
    root: join(folder, name),
    rememberedIn: join(folder, `${name}.id`),
    newId: randomUUID,
  };
}

describe('a folder as object store', () => {
  let store: ObjectStore;
  beforeAll(async () => {
    store = await openMarkedFolder(marked('objects'));
  });
  itKeepsObjects(() => store);

  it('does not put other bytes under a key that is taken', async () => {
    await store.put('taken/a.mp4', finishedFile(randomBytes(10)));
    const other = store.put('taken/a.mp4', finishedFile(randomBytes(10)));
    await expect(other).rejects.toThrow(ObjectConflict);
  });

  it('leaves no empty folder behind, and what is put meanwhile is kept', async () => {
    const root = join(folder, 'left-empty');
    const emptied = await openMarkedFolder(marked('left-empty'));
    const file = finishedFile(randomBytes(10));
    const comeAndGo = async (name: string): Promise<void> => {
      for (let round = 0; round < 100; round++) {
        const object = await emptied.put(`camera/day/${name}.mp4`, file);
        expect(await emptied.stat(object)).toMatchObject({ byteLength: 10 });
        await emptied.delete(object);
      }
    };
    await Promise.all(['a', 'b', 'c'].map(comeAndGo));
    expect(readdirSync(root)).toEqual(['object-folder.id']);
  });

  it('lists what is there while others are deleted', async () => {
    const listed = await openMarkedFolder(marked('listed-while-deleted'));
    const file = finishedFile(randomBytes(10));
    for (const name of ['a', 'b', 'c']) await listed.put(`camera/day/${name}.mp4`, file);
    const list = listed.list('camera')[Symbol.asyncIterator]();
    expect((await list.next()).value).toMatchObject({ key: 'camera/day/a.mp4' });
    await listed.delete({ key: 'camera/day/b.mp4', versionId: null });
    expect((await list.next()).value).toMatchObject({ key: 'camera/day/c.mp4' });
    expect((await list.next()).done).toBe(true);
  });

  it('is away while its disk is not mounted, whatever lies beneath, and goes on when it is', async () => {
    const of = marked('mounted');
    const mounted = await openMarkedFolder(of);
    const file = finishedFile(randomBytes(10));
    const object = await mounted.put('camera/a.mp4', file);
    const all = { start: 0, end: 10 };
    renameSync(of.root, `${of.root}-disk`);
    for (const isThere of [false, true]) {
      if (isThere) mkdirSync(of.root);
      const uses = await Promise.allSettled<unknown>([
        mounted.put('camera/b.mp4', file),
        mounted.read(object, all),
        mounted.stat(object),
        mounted.delete(object),
        keysOf(mounted, ''),
        mounted.hold(object, false),
        openMarkedFolder(of),
      ]);
      for (const use of uses) {
        expect(use).toMatchObject({ status: 'rejected', reason: expect.any(ObjectFolderAbsent) });
      }
      await expect(mounted.stat(object)).rejects.toThrow(`copy ${of.rememberedIn}`);
    }
    expect(readdirSync(of.root)).toEqual([]);
    rmdirSync(of.root);
    renameSync(`${of.root}-disk`, of.root);
    expect(await keysOf(mounted, '')).toEqual(['camera/a.mp4']);
    expect(await buffer(await mounted.read(object, all))).toHaveLength(10);
    // Its own objects go one by one as before.
    await mounted.delete(object);
    await expect(mounted.stat(object)).rejects.toThrow(ObjectMissing);
  });

  it('another disk in its place is not it, until somebody says so', async () => {
    const of = marked('first');
    const first = await openMarkedFolder(of);
    await openMarkedFolder(marked('second'));
    renameSync(of.root, `${of.root}-disk`);
    renameSync(marked('second').root, of.root);
    await expect(keysOf(first, '')).rejects.toThrow('has another object-folder.id');
    copyFileSync(of.rememberedIn, join(of.root, 'object-folder.id'));
    expect(await keysOf(first, '')).toEqual([]);
  });

  it('takes the marker of a folder that was used before, from a data folder that is new', async () => {
    const before = marked('used');
    await openMarkedFolder(before);
    const id = readFileSync(before.rememberedIn, 'utf8');
    rmSync(before.rememberedIn);
    await openMarkedFolder(before);
    expect(readFileSync(before.rememberedIn, 'utf8')).toBe(id);
  });

  it('gateways that open a fresh folder at the same moment keep in the same one', async () => {
    const { root } = marked('shared');
    const gateways = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ ...marked(name), root }));
    const stores = await Promise.all(gateways.map(openMarkedFolder));
    for (const opened of stores) expect(await keysOf(opened, '')).toEqual([]);
    const marker = readFileSync(join(root, 'object-folder.id'), 'utf8');
    for (const { rememberedIn } of gateways) {
      expect(readFileSync(rememberedIn, 'utf8')).toBe(marker);
    }
    expect(readdirSync(root)).toEqual(['object-folder.id']);
  });

  it('a marker with nothing in it is nobody’s, and is made anew', async () => {
    const of = marked('emptied');
    mkdirSync(of.root);
    writeFileSync(join(of.root, 'object-folder.id'), '');
    expect(await keysOf(await openMarkedFolder(of), '')).toEqual([]);
  });
});

const missing = minioMissing();
describe.skipIf(missing !== undefined)(missing ?? 'a MinIO bucket as object store', () => {
  let server: Awaited<ReturnType<typeof startMinio>>;
  let store: ObjectStore;
  /** As somebody who looks into the bucket past the gateway. */
  const operatorsClient = (): Client => {
    const { hostname, port } = new URL(server.endpoint);
    return new Client({ endPoint: hostname, port: Number(port), useSSL: false, ...MINIO_KEYS });
  };
  beforeAll(async () => {
    server = await startMinio();
    store = await openS3Store({ endpoint: server.endpoint, bucket: 'recordings', ...MINIO_KEYS });
  }, CONTAINER_START_MS);
  afterAll(async () => {
    store?.close();
    await server?.stop();
  });
  itKeepsObjects(() => store);

  it('refuses bytes that are not those that were hashed', async () => {
    const file = finishedFile(randomBytes(100_000));
    writeFileSync(file.path, randomBytes(100_000));
    await expect(store.put('camera-1/day/torn.mp4', file)).rejects.toThrow(ObjectCorrupt);
    expect(await keysOf(store, 'camera-1/day/torn')).toEqual([]);
  });

  it('deletes what it was not told the version of, and leaves no marker', async () => {
    const { key } = await store.put('camera-1/day/unversioned.mp4', finishedFile(randomBytes(10)));
    expect((await store.stat({ key, versionId: null })).versionId).not.toBeNull();
    await store.delete({ key, versionId: null });
    await store.delete({ key, versionId: null });
    expect(await keysOf(store, 'camera-1/day/unversioned')).toEqual([]);
  });

  it('lists page by page, whatever the keys are', async () => {
    const { endpoint } = server;
    const settings = { endpoint, bucket: 'recordings', pageKeys: 2, ...MINIO_KEYS };
    const paged = await openS3Store(settings);
    const names = ['a/1', 'a/2', 'b-c/1', 'b_c/1', 'd'];
    const keys = names.map((name) => `paged/${name}.mp4`);
    for (const key of keys) await paged.put(key, finishedFile(randomBytes(10)));
    expect(await keysOf(paged, 'paged/')).toEqual(keys);
    paged.close();
  });

  it('has one rule of its own as a backstop, and holds what is held against it', async () => {
    expect(await store.backstop(400)).toEqual({ set: true });
    expect(await store.backstop(500)).toEqual({ set: true });
    const client = operatorsClient();
    const rules = z
      .object({ Rule: z.looseObject({ Expiration: z.looseObject({ Days: z.coerce.number() }) }) })
      .parse(await client.getBucketLifecycle('recordings'));
    expect(rules.Rule.Expiration.Days).toBe(500);
  });

  it('sets no backstop where the store could not keep what is held', async () => {
    const client = operatorsClient();
    await client.makeBucket('without-lock');
    const unlocked = await openS3Store({
      endpoint: server.endpoint,
      bucket: 'without-lock',
      ...MINIO_KEYS,
    });
    const object = await unlocked.put('camera-1/day/a.mp4', finishedFile(randomBytes(10)));
    expect(object.versionId).toBeNull();
    expect(await unlocked.hold(object, true)).toEqual({ guarded: false });
    expect(await unlocked.backstop(400)).toEqual({ set: false });
    unlocked.close();
  });

  it('a key that may not make the bucket, or not look at it, is told so; one with the rights that are written down may all', async () => {
    const { endpoint } = server;
    const objects = ['s3:GetObject', 's3:PutObject'];
    const open = async (name: string, actions: readonly string[], bucket: string) =>
      openS3Store({ endpoint, bucket, ...(await addMinioUser(endpoint, name, actions)) });
    const noMaker = open('no-maker', ['s3:ListBucket', ...objects], 'absent');
    await expect(noMaker).rejects.toThrow(ObjectStoreRefused);
    await expect(noMaker).rejects.toThrow('the bucket absent is not there and could not be made');
    const noLister = open('no-lister', objects, 'recordings');
    await expect(noLister).rejects.toThrow(ObjectStoreRefused);
    await expect(noLister).rejects.toThrow(
      'needs the right s3:ListBucket on the bucket recordings',
    );
    const readme = readFileSync(new URL('../../storage/README.md', import.meta.url), 'utf8');
    const written = [...readme.matchAll(/`(s3:\w+)`/g)].map(([, right = '']) => right);
    const least = await open('least', written, 'recordings');
    const object = await least.put('least/a.mp4', finishedFile(randomBytes(10)));
    expect(await keysOf(least, 'least/')).toEqual(['least/a.mp4']);
    expect(await buffer(await least.read(object, { start: 0, end: 10 }))).toHaveLength(10);
    expect(await least.hold(object, true)).toEqual({ guarded: true });
    await expect(least.delete(object)).rejects.toThrow(ObjectHeld);
    await least.hold(object, false);
    await least.delete(object);
    expect(await least.backstop(600)).toEqual({ set: true });
    least.close();
  });

  it('says that its bucket is gone', async () => {
    const bucket = 'soon-gone';
    const opened = await openS3Store({ endpoint: server.endpoint, bucket, ...MINIO_KEYS });
    const client = operatorsClient();
    await client.removeBucket(bucket);
    const put = opened.put('camera-1/day/a.mp4', finishedFile(randomBytes(10)));
    await expect(put).rejects.toThrow('NoSuchBucket');
    await expect(put).rejects.toThrow(ObjectStoreRefused);
    opened.close();
  });

  it('paused and killed under load: every put is kept or fails in words, and goes on after', async () => {
    const files = Array.from({ length: 24 }, () => finishedFile(randomBytes(400_000)));
    const own = await startMinio();
    const kept = await openS3Store({ endpoint: own.endpoint, bucket: 'under-load', ...MINIO_KEYS });
    try {
      const puts = files.map((file, i) => kept.put(`load/${i}.mp4`, file));
      own.pause();
      await new Promise((resolve) => setTimeout(resolve, 500));
      own.unpause();
      for (const put of puts) await put;
      const more = files.map((file, i) => kept.put(`more/${i}.mp4`, file));
      own.kill();
      for (const tried of await Promise.allSettled(more)) {
        if (tried.status === 'rejected')
          expect(tried.reason).toBeInstanceOf(ObjectStoreUnavailable);
      }
      await expect(kept.stat({ key: 'load/0.mp4', versionId: null })).rejects.toThrow(
        ObjectStoreUnavailable,
      );
      // A gateway that is started meanwhile finds it when it is back, with all that it had taken.
      const late = openLate(() =>
        openS3Store({ endpoint: own.endpoint, bucket: 'under-load', ...MINIO_KEYS }),
      );
      await expect(late.stat({ key: 'load/0.mp4', versionId: null })).rejects.toThrow(
        ObjectStoreUnavailable,
      );
      own.start();
      await vi.waitFor(
        async () => {
          for (const i of files.keys()) await late.stat({ key: `load/${i}.mp4`, versionId: null });
        },
        { timeout: 20_000, interval: 100 },
      );
      late.close();
    } finally {
      kept.close();
      await own.stop();
    }
  });

  it('by TLS: a certificate that is trusted is taken, with what is put by it; another is not', async () => {
    const secured = await startMinio({ tls: selfSigned });
    const settings = { endpoint: secured.endpoint, bucket: 'by-tls', ...MINIO_KEYS };
    const trusted = getCACertificates('default');
    try {
      await expect(openS3Store(settings)).rejects.toThrow(ObjectStoreUnavailable);
      // As NODE_EXTRA_CA_CERTS does from the start.
      setDefaultCACertificates([...trusted, selfSigned.cert]);
      const opened = await openS3Store(settings);
      const bytes = randomBytes(100_000);
      const object = await opened.put('camera-1/day/a.mp4', finishedFile(bytes));
      const read = await buffer(await opened.read(object, { start: 0, end: bytes.length }));
      expect(read.equals(bytes)).toBe(true);
      const torn = finishedFile(bytes);
      writeFileSync(torn.path, randomBytes(bytes.length));
      await expect(opened.put('camera-1/day/b.mp4', torn)).rejects.toThrow(ObjectCorrupt);
      opened.close();
    } finally {
      setDefaultCACertificates(trusted);
      await secured.stop();
    }
  });

  it('says which of its keys is wrong', async () => {
    const { endpoint } = server;
    const { accessKey, secretKey } = MINIO_KEYS;
    const open = (keys: { accessKey: string; secretKey: string }): Promise<ObjectStore> =>
      openS3Store({ endpoint, bucket: 'recordings', ...keys });
    const secret = open({ accessKey, secretKey: 'another-secret' });
    await expect(secret).rejects.toThrow('the secret key is not that of the access key');
    await expect(secret).rejects.toThrow(ObjectStoreRefused);
    const access = open({ accessKey: 'nobody', secretKey });
    await expect(access).rejects.toThrow('it knows no such access key');
    await expect(access).rejects.toThrow(ObjectStoreRefused);
  });

  it('says that it does not answer', async () => {
    const opening = openS3Store({
      endpoint: 'http://127.0.0.1:9',
      bucket: 'recordings',
      ...MINIO_KEYS,
    });
    await expect(opening).rejects.toThrow(ObjectStoreUnavailable);
  });
});

/** Of an S3. */
const said = (code: string): string => `<Error><Code>${code}</Code></Error>`;

describe('an S3 where the bucket is not there', () => {
  /** What it answers to who makes the bucket. */
  let answer: { status: number; body: string };
  const server = createServer((request, response) => {
    request.resume();
    const { status, body } = request.method === 'PUT' ? answer : { status: 404, body: '' };
    response.writeHead(status).end(body);
  });
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  const opening = (status: number, body: string): Promise<ObjectStore> => {
    answer = { status, body };
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    return openS3Store({ endpoint, bucket: 'recordings', ...MINIO_KEYS });
  };

  it('has refused when it answers that it makes none: it knows no object lock, or the name is taken', async () => {
    for (const [status, code] of [
      [501, 'NotImplemented'],
      [409, 'BucketAlreadyExists'],
    ] as const) {
      const refused = opening(status, said(code));
      await expect(refused).rejects.toThrow(ObjectStoreRefused);
      await expect(refused).rejects.toThrow(`could not be made (${code}): make it`);
    }
    await expect(opening(501, '')).rejects.toThrow(ObjectStoreRefused);
  });

  it('is away when it is busy, or what stands before it does not reach it', async () => {
    for (const [status, body] of [
      [503, said('SlowDown')],
      [503, ''],
      [502, '<html>Bad Gateway</html>'],
    ] as const) {
      await expect(opening(status, body)).rejects.toThrow(ObjectStoreUnavailable);
    }
  });
});
