import type { Logger } from 'pino';
import { readPlaces } from '#registry/camera-places.ts';
import type { Cameras } from '#registry/cameras.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { remindDue } from '#registry/survey/reminders.ts';
import { openReturns } from '#registry/survey/returns.ts';
import { openRounds } from '#registry/survey/rounds.ts';
import { freezeDue } from '#registry/survey/snapshot.ts';
import { refreshStatuses } from '#registry/survey/statuses.ts';
import { thaiDay } from '#registry/thai-day.ts';
import { openCountsFeed, type CountsFeed } from './survey-counts-feed.ts';
import type { SurveyReturnDeps } from './routes/survey-return-requests.ts';
import type { SurveyRoundDeps } from './routes/survey-rounds.ts';

/** What moves with time alone: statuses, cut-offs, deadlines. */
const TICK_MS = 30_000;

export interface Survey {
  deps: SurveyRoundDeps & SurveyReturnDeps;
  feed: CountsFeed;
  close(): Promise<void>;
}

/** The survey, with its clock. */
export function startSurvey(deps: {
  registry: RegistryDatabase;
  cameras: Cameras;
  log: Pick<Logger, 'info' | 'error'>;
  now: () => number;
}): Survey {
  const { registry, cameras, log, now } = deps;
  const rounds = openRounds(registry, { now });
  const returns = openReturns(registry, { now, today: () => thaiDay(now()) });
  const feed = openCountsFeed({
    readPlaces: async (ids) => readPlaces(registry, ids),
    onFailure: (err) => log.error({ err }, 'changed counts were not told'),
  });
  const end = cameras.onChanged(({ camera }) => feed.touchProvince(camera.lao.province));

  async function freeze(): Promise<void> {
    for (const roundId of await freezeDue(registry, { now })) {
      log.info({ roundId }, 'a round of the survey froze');
    }
  }

  /** Each apart: one that fails does not keep the others from their turn. */
  async function tick(): Promise<void> {
    for (const [what, act] of [
      ['statuses', async () => feed.touch((await refreshStatuses(registry, now())).changed)],
      ['freezing', freeze],
      ['reminders', async () => remindDue(registry, { now })],
    ] as const) {
      try {
        await act();
      } catch (err) {
        log.error({ err, what }, 'the survey’s clock failed at this; it tries again');
      }
    }
  }

  let ticking = tick();
  const timer = setInterval(() => {
    // One at a time, however long it takes.
    ticking = ticking.then(tick);
  }, TICK_MS);
  timer.unref();

  return {
    deps: { registry, rounds, returns, freeze, declare: declarer(registry, cameras), now },
    feed,
    async close() {
      clearInterval(timer);
      end();
      feed.close();
      await ticking;
    },
  };
}

/**
 * What was said in a return is declared of the camera too, unless somebody declared it since the cut-off: they know better
 * what it is now.
 */
function declarer(registry: RegistryDatabase, cameras: Cameras): SurveyReturnDeps['declare'] {
  return async (cameraIds, declaration, { cutOffMs }, author) => {
    const rows = await registry
      .selectFrom('cameras')
      .select('id')
      .where('id', 'in', cameraIds)
      .where('deleted_at_ms', 'is', null)
      .where('declared_at_ms', '<=', cutOffMs)
      .execute();
    await cameras.declare(
      rows.map(({ id }) => ({ cameraId: id, declaration, author, source: 'survey' })),
    );
  };
}
