import type { CameraNetworks } from '#registry/camera-networks.ts';
import { takeLock } from '#registry/database/database.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import type { SecretBox } from '#registry/secret-box.ts';
import type { PeopleDatabase } from '../auth/people-database.ts';
import { deliverDue } from './deliveries.ts';
import { openMailer, type MailSettings } from './mail.ts';
import { openNoticeBoard, type NoticeBoard } from './notice-board.ts';
import { planNotices, type NoticeRules, type PlannedNotice } from './plan-notices.ts';
import { seenBroken, seenOfCameras } from './seen-cameras.ts';

/** How often cameras are looked at, and what is due is sent. */
const SWEEP_MS = 60_000;
const DELIVER_MS = 15_000;
/** Rows of one statement. */
const BATCH = 500;
/** At the start: what was said while the gateway was down. Older is no news. */
const SAID_LOOK_BACK_MS = 7 * 24 * 3_600_000;
/** Clocks of several gateways, and transactions that were slow to end. */
const SAID_OVERLAP_MS = 5 * 60_000;
/** Good for so long, a camera has returned. */
const RETURNED_AFTER_MS = 10 * 60_000;

export interface NoticeConfig {
  fallenAfterMs: number;
  mail: MailSettings | undefined;
  publicUrl: string | undefined;
  webhookNetworks: CameraNetworks;
}

export interface NoticeKeeper {
  board: NoticeBoard;
  /** Looks at every camera, and writes what there is to say. Returns how many notices. */
  sweep: () => Promise<number>;
  /** Sends what is due. Returns how many deliveries were tried. */
  deliver: () => Promise<number>;
  close: () => Promise<void>;
}

/**
 * Notices of cameras and of what people wait for, made by looking at what is there now: a gateway that was down says nothing
 * twice, and misses nothing. `saidSince`: what was said since a moment (said-notices.ts); the same subject is told once.
 */
export function keepNotices(deps: {
  config: NoticeConfig;
  registry: RegistryDatabase;
  people: PeopleDatabase;
  box: Pick<SecretBox, 'open'>;
  saidSince?: (sinceMs: number) => Promise<readonly PlannedNotice[]>;
  now: () => number;
  log: { error: (fields: object, message: string) => void };
  /** For tests: nothing happens by itself. */
  timers?: boolean;
}): NoticeKeeper {
  const { config, registry, people, box, now, log, timers = true } = deps;
  const board = openNoticeBoard(people, registry, now);
  const mailer = config.mail === undefined ? undefined : openMailer(config.mail, config.publicUrl);
  const rules: NoticeRules = {
    fallenAfterMs: config.fallenAfterMs,
    returnedAfterMs: RETURNED_AFTER_MS,
  };

  let saidSinceMs = now() - SAID_LOOK_BACK_MS;

  async function sweep(): Promise<number> {
    const atMs = now();
    const broken = await seenBroken(registry, atMs - rules.fallenAfterMs);
    const said = (await deps.saidSince?.(saidSinceMs)) ?? [];
    const written = await people.transaction().execute(async (transaction) => {
      // Of several gateways one looks at a time, and finds what the other has said.
      await takeLock(transaction, 'notice-sweep');
      const rows = await transaction.selectFrom('notified_cameras').select('camera_id').execute();
      const notified = await seenOfCameras(
        registry,
        rows.map(({ camera_id }) => camera_id),
      );
      const plan = planNotices({ broken, notified }, rules, atMs);
      for (let at = 0; at < plan.told.length; at += BATCH) {
        await transaction
          .insertInto('notified_cameras')
          .values(
            plan.told.slice(at, at + BATCH).map((camera_id) => ({ camera_id, told_ms: atMs })),
          )
          .execute();
      }
      for (let at = 0; at < plan.settled.length; at += BATCH) {
        await transaction
          .deleteFrom('notified_cameras')
          .where('camera_id', 'in', plan.settled.slice(at, at + BATCH))
          .execute();
      }
      return board.post(transaction, [...plan.notices, ...said], atMs);
    });
    // Only when it is written: what was said meanwhile is looked at again, and told once.
    saidSinceMs = atMs - SAID_OVERLAP_MS;
    return written;
  }

  const deliver = async (): Promise<number> =>
    deliverDue({ people, box, mailer, webhookNetworks: config.webhookNetworks, now });

  const sweeping = timers
    ? repeat(sweep, SWEEP_MS, log, 'cameras not looked at for notices')
    : idle;
  const delivering = timers ? repeat(deliver, DELIVER_MS, log, 'notices not sent') : idle;
  return {
    board,
    sweep,
    deliver,
    async close() {
      await sweeping.stop();
      await delivering.stop();
      mailer?.close();
    },
  };
}

const idle = { stop: async () => {} };

/** Again and again, one at a time; a failure is logged, and the next comes in its turn. */
function repeat(
  act: () => Promise<unknown>,
  everyMs: number,
  log: { error: (fields: object, message: string) => void },
  failure: string,
): { stop: () => Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = act()
      .catch((err: unknown) => log.error({ err }, failure))
      .finally(() => (busy = false));
  }, everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
