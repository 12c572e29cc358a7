/** Files as bodies of requests: whole and unchanged however slowly they are sent, and no memory made for each. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileBodies, PIECE_BYTES } from '#storage/objects/file-body.ts';

let folder: string;
let path: string;
let bodies: FileBodies;
const content = randomBytes(5 * PIECE_BYTES + 1_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-body-'));
  path = join(folder, 'file');
  writeFileSync(path, content);
  bodies = new FileBodies();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Looks at a piece only when it is about to be sent, as a socket does whose peer is slow. */
function slowly(seen: {
  memory: Set<ArrayBufferLike>;
  hash: ReturnType<typeof createHash>;
}): Writable {
  return new Writable({
    highWaterMark: 64 * 1024,
    write(chunk: Buffer, _encoding, done) {
      seen.memory.add(chunk.buffer);
      setTimeout(() => {
        seen.hash.update(chunk);
        bodies.sent(chunk);
        done();
      }, 5);
    },
  });
}

function seenNothing(): Parameters<typeof slowly>[0] {
  return { memory: new Set(), hash: createHash('sha256') };
}

it('gives every byte of a file, through two pieces of memory that later files use again', async () => {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const memory = new Set<ArrayBufferLike>();
  for (let i = 0; i < 3; i++) {
    const seen = { memory, hash: createHash('sha256') };
    await pipeline(bodies.open(path, content.length), slowly(seen));
    expect(seen.hash.digest('hex')).toBe(sha256);
  }
  expect(memory.size).toBe(2);
});

it('keeps files apart that are sent side by side, and one that is given up', async () => {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const given = bodies.open(path, content.length);
  const givenUp = pipeline(given, slowly(seenNothing())).catch((error: unknown) => error);
  setTimeout(() => given.destroy(new Error('given up')), 12);
  const all = Array.from({ length: 4 }, seenNothing);
  await Promise.all(all.map((seen) => pipeline(bodies.open(path, content.length), slowly(seen))));
  expect(await givenUp).toMatchObject({ message: 'given up' });
  for (const seen of all) expect(seen.hash.digest('hex')).toBe(sha256);
});

it('says that a file is shorter than it should be, and that it is not there', async () => {
  const short = pipeline(bodies.open(path, content.length + 1), slowly(seenNothing()));
  await expect(short).rejects.toMatchObject({ code: 'file_too_short' });
  const missing = pipeline(bodies.open(join(folder, 'none'), 1), slowly(seenNothing()));
  await expect(missing).rejects.toMatchObject({ code: 'ENOENT' });
});
