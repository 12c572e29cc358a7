import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { indexSearch } from '#registry/index-search.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';

/** Texts that are not indexed yet are found all the same, each looked at: few may wait. */
const INDEX_MS = 1_000;

export interface SearchKeeper {
  close(): Promise<void>;
}

/** Indexes the texts of cameras that were written (decision 0180), once a second. */
export function keepSearch({
  registry,
  log,
  indexMs = INDEX_MS,
}: {
  registry: RegistryDatabase;
  log: Pick<Logger, 'error'>;
  indexMs?: number;
}): SearchKeeper {
  const closing = new AbortController();
  const { signal } = closing;

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      try {
        await indexSearch(registry, signal);
      } catch (err) {
        log.error({ err }, 'texts of cameras were not indexed; searches look at each of them');
      }
      // Rejects when it is closed.
      await wait(indexMs, undefined, { signal, ref: false }).catch(() => undefined);
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
