/** The keeper of counts: what is kept and wrong is found while the gateway runs, not only at its start. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import { openDatabases } from '#registry/database/open-databases.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import { keepCounts } from '#gateway/counts-keeper.ts';
import { byTest, camerasOf } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

const HOUR_MS = 3_600_000;

test('kept counts are compared at the start and once an hour; what is wrong is told, and counted again', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'counts-'));
  const databases = openDatabases({ dataDir });
  const registry = await openRegistry(databases);
  await camerasOf(registry).create(newCamera.parse(krabiCamera()), byTest);
  const kept = async (): Promise<string | undefined> =>
    (await registry.selectFrom('lao_counts').select('counts').executeTakeFirst())?.counts;
  // Asked for twice by each round.
  let nowMs = 0;
  let rounds = 0;
  const log = { error: vi.fn<() => void>() };
  const keeper = keepCounts({
    registry,
    log,
    settleMs: 1,
    now: () => {
      rounds++;
      return nowMs;
    },
  });
  const later = async (): Promise<void> => {
    const seen = rounds;
    await vi.waitFor(() => expect(rounds).toBeGreaterThan(seen + 4));
  };
  try {
    await later();
    const right = await kept();
    expect(right).toContain('1]');
    await registry.updateTable('lao_counts').set({ counts: '[]' }).execute();
    nowMs = HOUR_MS - 1;
    await later();
    expect(await kept()).toBe('[]');
    expect(log.error).not.toHaveBeenCalled();
    nowMs = HOUR_MS;
    await vi.waitFor(async () => expect(await kept()).toBe(right));
    expect(log.error).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        laos: 1,
        first: expect.objectContaining({ name: 'ทต.เกาะลันตาใหญ่' }),
      }),
      expect.stringContaining('kept counts were not those of the cameras'),
    );
  } finally {
    await keeper.close();
    await databases.close();
    rmSync(dataDir, { recursive: true });
  }
});
