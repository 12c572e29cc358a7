import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { checkCounts, settleCounts } from '#registry/lao-counts.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';

/** Counts are true at any moment; those of LAOs that changed are only slower to ask for until they are counted again. */
const SETTLE_MS = 1_000;
/** Nothing should be found wrong, ever; if it is, it has not been so for longer. Some seconds of a database that answers meanwhile. */
const CHECK_MS = 3_600_000;

export interface CountsKeeper {
  close(): Promise<void>;
}

/**
 * Counts the LAOs again whose cameras changed, once a second, and compares all of them with all cameras at the start and once an
 * hour: what is wrong is told and put right. `now` is of a clock that nobody sets.
 */
export function keepCounts({
  registry,
  log,
  settleMs = SETTLE_MS,
  now = () => performance.now(),
}: {
  registry: RegistryDatabase;
  log: Pick<Logger, 'error'>;
  settleMs?: number;
  now?: () => number;
}): CountsKeeper {
  const closing = new AbortController();
  const { signal } = closing;

  async function settle(): Promise<void> {
    try {
      await settleCounts(registry, { signal });
    } catch (err) {
      log.error({ err }, 'changed counts were not kept; they are counted at each question');
    }
  }

  async function check(): Promise<void> {
    try {
      const { wrong } = await checkCounts(registry, { signal });
      if (wrong.length === 0) return;
      log.error(
        { laos: wrong.length, first: wrong[0] },
        'kept counts were not those of the cameras; they are counted again: please report this',
      );
    } catch (err) {
      log.error({ err }, 'kept counts were not compared with the cameras');
    }
  }

  async function keep(): Promise<void> {
    let checkAtMs = now();
    while (!signal.aborted) {
      await settle();
      if (now() >= checkAtMs) {
        await check();
        checkAtMs = now() + CHECK_MS;
      }
      // Rejects when it is closed.
      await wait(settleMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  const keeping = keep();
  return {
    async close() {
      closing.abort();
      await keeping;
    },
  };
}
