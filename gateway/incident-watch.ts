import { settleIncidents } from '#registry/incidents.ts';
import type { ConditionFeed } from '#ingest/condition/condition-feed.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';

const LOOK_MS = 2_000;
/** Changes are applied from the bus, in their time: it is looked again for so long after the last one. */
const AFTER_CHANGE_MS = 30_000;
/** Changes that another gateway saw. */
const QUIET_MS = 60_000;

export interface IncidentWatch {
  close(): Promise<void>;
}

/** Looks for incidents while cameras fall and come back, and while one goes on. A failure is logged, and it is tried again. */
export function watchIncidents({
  database,
  feed,
  now,
  log,
}: {
  database: RegistryDatabase;
  feed: Pick<ConditionFeed, 'subscribe'>;
  /** Unix ms. */
  now: () => number;
  log: {
    info: (fields: object, message: string) => void;
    warn: (fields: object, message: string) => void;
  };
}): IncidentWatch {
  const newId = uuidV7Source(now);
  let changedMs = performance.now();
  let lookedMs = Number.NEGATIVE_INFINITY;
  let open = 0;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const settled = await settleIncidents(database, { nowMs: now(), newId });
      open = settled.open;
      for (const incident of settled.opened) log.info(incident, 'incident began');
      for (const id of settled.closed) log.info({ id }, 'incident is over');
    } catch (error) {
      log.warn({ err: error }, 'incidents were not looked for');
    }
  }

  const end = feed.subscribe(() => {
    changedMs = performance.now();
  });
  const timer = setInterval(() => {
    const ms = performance.now();
    const isDue = ms - changedMs < AFTER_CHANGE_MS || open > 0 || ms - lookedMs >= QUIET_MS;
    if (looking !== undefined || !isDue) return;
    lookedMs = ms;
    looking = look().finally(() => {
      looking = undefined;
    });
  }, LOOK_MS);
  timer.unref();
  return {
    async close() {
      end();
      clearInterval(timer);
      await looking;
    },
  };
}
