import { newCamera, type CameraChange, type NewCamera } from '#registry/camera.ts';
import { CameraNotFound, CameraStale } from '#registry/camera-refusals.ts';
import { openBudgetSources } from '#registry/budget-sources.ts';
import type { Cameras } from '#registry/cameras.ts';
import { applyEvents } from '#registry/events/apply-events.ts';
import { cameraEvent, observedStates, type ObservedState } from '#registry/events/camera-event.ts';
import { settleIncidents } from '#registry/incidents.ts';
import { LaoNotFound } from '#registry/lao.ts';
import { openLaos } from '#registry/laos.ts';
import { kindOf } from '#registry/counted-groups.ts';
import { countsByLao, settleCounts } from '#registry/lao-counts.ts';
import { PlaceMerged } from '#registry/place-ids.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { refreshStatuses } from '#registry/survey/statuses.ts';
import { uuidV7Source } from '#registry/uuid-v7.ts';
import { byTest, tester } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import type { Random } from '../simulator/seeded-random.ts';

const HOUR_MS = 3_600_000;
const declared = ['working', 'under-repair', 'unrepairable'] as const;
const LAO_NAMES = 12;
const SOURCES = 5;

/** Whoever changes cameras: every path by which a count can become another, one after the other as `random` has it. */
export function randomChanges(
  database: RegistryDatabase,
  cameras: Cameras,
  random: Random,
  clock: { nowMs: number },
) {
  const now = (): number => clock.nowMs;
  const nextId = uuidV7Source(now);
  const laos = openLaos(database, { now });
  const sources = openBudgetSources(database, { now });
  const sequences = new Map<string, number>();
  let made = 0;

  const pick = <One>(all: readonly One[]): One => {
    const one = all[Math.floor(random() * all.length)];
    if (one === undefined) throw new Error('nothing to pick');
    return one;
  };
  const many = (most: number): number => 1 + Math.floor(random() * most);
  const lao = () => {
    const number = Math.floor(random() * LAO_NAMES);
    const province = number % 2 === 0 ? 'กระบี่' : 'ตรัง';
    return { name: `ทต.ที่ ${number}`, district: 'เมือง', province };
  };
  const source = (): string => `หน่วยงานที่ ${Math.floor(random() * SOURCES)}`;
  const stream = () => ({ url: `rtsp://10.0.0.${many(250)}/s`, username: null, password: null });

  function camera(): NewCamera {
    const scope = pick(['public-area', 'adjacent-road', 'closed-area'] as const);
    return newCamera.parse(
      krabiCamera({
        position: `จุดที่ ${made++}`,
        lao: lao(),
        budgetSource: source(),
        scope,
        declared: pick(declared),
        stream: scope === 'closed-area' || random() < 0.3 ? null : stream(),
      }),
    );
  }

  function change(scope: string): CameraChange {
    const changes: (() => CameraChange)[] = [
      () => ({ lao: lao() }),
      () => ({ budgetSource: source() }),
      () => ({ declared: pick(declared) }),
      () => ({ position: `ย้ายที่ ${made++}` }),
      () => ({ scope: 'closed-area' }),
      () => ({ scope: 'public-area' }),
      () => ({ stream: null }),
    ];
    if (scope !== 'closed-area') changes.push(() => ({ stream: stream() }));
    return pick(changes)();
  }

  /** Of those that are there, or that were deleted. */
  async function some(most: number, deleted = false) {
    const rows = await database
      .selectFrom('cameras')
      .select(['id', 'version', 'scope'])
      .where('deleted_at_ms', deleted ? 'is not' : 'is', null)
      .orderBy('id')
      .execute();
    return rows.length === 0 ? [] : Array.from({ length: many(most) }, () => pick(rows));
  }
  /** Events as the applier gets them. */
  async function tell(seen: readonly (readonly [string, ObservedState])[]): Promise<void> {
    const reasons = { down: 'unreachable', degraded: 'frozen-picture', unknown: 'gateway' };
    const events = seen.map(([cameraId, state]) => {
      const sequence = (sequences.get(cameraId) ?? 0) + 1;
      sequences.set(cameraId, sequence);
      return cameraEvent.parse({
        eventId: nextId(),
        cameraId,
        epoch: 1,
        sequence,
        atMs: clock.nowMs,
        state,
        previous: 'unknown',
        reason: reasons[state as keyof typeof reasons] ?? null,
        measured: {},
        worker: 'test',
      });
    });
    await applyEvents(database, events);
  }

  /** Of those that are linked. */
  async function allAre(state: ObservedState): Promise<void> {
    const rows = await database.selectFrom('streams').select('camera_id').execute();
    await tell(rows.map(({ camera_id }) => [camera_id, state]));
    // In between, so that the incident alone has to mark what it changes.
    await settleCounts(database);
    await settleIncidents(database, { nowMs: clock.nowMs, newId: nextId });
  }

  const acts: Record<string, () => Promise<unknown>> = {
    create: async () => cameras.createMany(Array.from({ length: many(5) }, camera), byTest),
    inventory: async () => {
      const changed = once(await some(20)).map(({ id, version, scope }) => ({
        id,
        version,
        change: change(scope),
      }));
      const pages = [
        { create: Array.from({ length: many(5) }, camera), change: changed },
        { create: [camera()], change: [] },
      ];
      await (
        await cameras.apply(pages, { ...byTest, source: 'import' })
      ).settled;
    },
    'an inventory that is refused': async () => {
      const [one] = await some(1);
      if (one === undefined) return;
      const stale = { id: one.id, version: one.version + 1, change: { position: 'ไม่มี' } };
      const pages = [
        { create: [camera(), camera()], change: [] },
        { create: [], change: [stale] },
      ];
      await cameras.apply(pages, byTest);
    },
    change: async () => {
      for (const { id, version, scope } of await some(1)) {
        await cameras.change(id, change(scope), { ...byTest, version });
      }
    },
    remove: async () => {
      for (const { id, version } of await some(1)) {
        await cameras.remove(id, { ...byTest, version, reason: 'ทดสอบ' });
      }
    },
    restore: async () => {
      for (const { id, version } of await some(1, true)) {
        await cameras.restore(id, { ...byTest, version });
      }
    },
    declare: async () => {
      const rows = once(await some(8));
      const status = pick(declared);
      await cameras.declare(
        rows.map(({ id }) => ({
          cameraId: id,
          declaration: { status, reason: 'other', note: 'ทดสอบ', on: undefined },
          author: tester,
          source: 'register' as const,
        })),
      );
    },
    'merge LAOs': async () => {
      const [from, into] = [pick(await laos.list({})), pick(await laos.list({}))];
      // Rarely: it would leave one.
      if (random() < 0.2) await laos.merge(from.id, into.id, { author: tester });
    },
    'merge budget sources': async () => {
      const [from, into] = [pick(await sources.list()), pick(await sources.list())];
      if (random() < 0.2) await sources.merge(from.id, into.id, { author: tester });
    },
    events: async () => tell((await some(15)).map(({ id }) => [id, pick(observedStates)])),
    'all fall together, or come back': async () => allAre(random() < 0.6 ? 'down' : 'up'),
    incidents: async () => settleIncidents(database, { nowMs: clock.nowMs, newId: nextId }),
    'time passes': async () => {
      clock.nowMs += HOUR_MS * many(8);
      await refreshStatuses(database, clock.nowMs);
    },
  };

  return {
    /** How often each was done. */
    done: new Map<string, number>(),
    /** With a shell on the database: what no path of ours does, and nobody else does meanwhile. */
    async byHand(): Promise<void> {
      const [unlinked, gone] = [...(await some(1)), ...(await some(1))];
      if (unlinked === undefined || gone === undefined) return;
      await database.deleteFrom('streams').where('camera_id', '=', unlinked.id).execute();
      await database.deleteFrom('cameras').where('id', '=', gone.id).execute();
    },
    allAre,
    async act(): Promise<void> {
      const [name, act] = pick(Object.entries(acts));
      clock.nowMs += 1_000;
      try {
        await act();
        this.done.set(name, (this.done.get(name) ?? 0) + 1);
      } catch (error) {
        // Somebody else was faster, or two rows of a list are one already.
        if (!isRefusal(error)) throw error;
      }
    },
  };
}

function once<Row extends { id: string }>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof CameraStale ||
    error instanceof CameraNotFound ||
    error instanceof LaoNotFound ||
    error instanceof PlaceMerged ||
    (error instanceof Error && 'code' in error && error.code === 'budget_source_not_found')
  );
}

/** What all counts are made of, read and added up camera by camera, without the product's own statement. */
export async function countedByHand(database: RegistryDatabase): Promise<Record<string, number>> {
  const streams = await database.selectFrom('streams').select('camera_id').execute();
  const linked = new Set(streams.map(({ camera_id }) => camera_id));
  const observed = new Map(
    (await database.selectFrom('observed_states').selectAll().execute()).map((row) => [
      row.camera_id,
      row,
    ]),
  );
  const statuses = new Map(
    (await database.selectFrom('survey_statuses').selectAll().execute()).map((row) => [
      row.camera_id,
      row,
    ]),
  );
  const counts: Record<string, number> = {};
  for (const camera of await database.selectFrom('cameras').selectAll().execute()) {
    if (camera.deleted_at_ms !== null) continue;
    const { id, lao_id, budget_source_id, declared_at_ms } = camera;
    const status = statuses.get(id)?.declared_at_ms === declared_at_ms ? statuses.get(id) : null;
    const state = observed.get(id)?.state;
    const kind = linked.has(id)
      ? {
          declared: camera.declared,
          observed: state === undefined || state === 'not-linked' ? null : state,
          incident: observed.get(id)?.incident_id != null,
          awaiting: status?.awaiting === 1,
          spared: status?.in_incident === 1,
        }
      : {
          declared: camera.declared,
          observed: 'not-linked',
          incident: false,
          awaiting: false,
          spared: false,
        };
    const key = JSON.stringify([lao_id, budget_source_id, kind]);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** The same as the product tells it. */
export async function countedByUs(
  database: RegistryDatabase,
  laoIds?: readonly string[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [laoId, sources] of await countsByLao(database, laoIds)) {
    for (const [budgetSourceId, ...kindsAndCameras] of sources) {
      for (let at = 0; at < kindsAndCameras.length; at += 2) {
        const kind = kindOf(kindsAndCameras[at] as number);
        counts[JSON.stringify([laoId, budgetSourceId, kind])] = kindsAndCameras[at + 1] as number;
      }
    }
  }
  return counts;
}
