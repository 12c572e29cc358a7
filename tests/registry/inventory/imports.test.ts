/** How many imports there may be at once, of different people. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ImportNotFound,
  openImports,
  TooManyImports,
  WAITING_PLACE_MS,
  type Imports,
  type KeptImport,
} from '#registry/inventory/imports.ts';
import { csvOf, goodRow, headings } from './rows.ts';

const areas = [{ level: 'country' }] as const;
let nowMs: number;
let imports: Imports;

beforeEach(() => {
  nowMs = 1_790_000_000_000;
  imports = openImports(
    {
      compared: async () => '',
      apply: async () => ({ settled: Promise.resolve() }),
    },
    {
      now: () => nowMs,
      onFailure: console.error,
      bounds: { working: 1, waiting: 1, heldRows: 1_000_000 },
    },
  );
});

afterEach(async () => imports.close());

async function begin(actorId: string, bytes = csvOf(headings, goodRow)): Promise<KeptImport> {
  return imports.begin({ actorId, fileName: '', bytes: new Uint8Array(bytes), areas });
}

async function until({ run }: KeptImport, phase: string): Promise<void> {
  while (run.state.phase !== phase) await new Promise((done) => setTimeout(done, 5));
}

test('what is over takes nobody’s place; what waits keeps its own for five minutes, and what is read until it is read', async () => {
  const refused = await begin('ก', Buffer.from('<html>'));
  await expect(begin('ข')).rejects.toBeInstanceOf(TooManyImports);
  await until(refused, 'refused');
  const waiting = await begin('ข');
  await until(waiting, 'ready');
  await expect(begin('ค')).rejects.toBeInstanceOf(TooManyImports);
  nowMs += WAITING_PLACE_MS;
  imports.get(waiting.id, 'ข', areas);
  await expect(begin('ค')).rejects.toBeInstanceOf(TooManyImports);
  nowMs += WAITING_PLACE_MS;
  const next = await begin('ค');
  expect(() => imports.get(waiting.id, 'ข', areas)).toThrow(ImportNotFound);
  await until(next, 'ready');

  next.run.accept({ author: { id: 'ค', name: 'ค', proxyFor: null }, plan: 1, skipRefused: false });
  await until(next, 'applied');
  expect(await next.run.rows({ show: undefined, after: 0, limit: 1 })).toEqual([]);
  expect(next.run.state.counts).toMatchObject({ new: 1 });
  await begin('ง');
});
