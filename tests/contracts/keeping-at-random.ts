import { insertOpened, markSpooled, markStored } from '#storage/catalogue/recordings.ts';
import { dropSpooled } from '#storage/catalogue/spooled.ts';
import type { Catalogue, ShorteningState } from '#storage/catalogue/tables.ts';
import { LegalHolds } from '#storage/legal-hold.ts';
import {
  ObjectHeld,
  ObjectMissing,
  ObjectStoreRefused,
  ObjectStoreUnavailable,
} from '#storage/objects/object-store.ts';
import { OpenRecordings } from '#storage/open-recordings.ts';
import { lengthenRetentions, sweep } from '#storage/retention.ts';
import { Shortenings } from '#storage/shortening.ts';
import { timeline } from '#storage/timeline.ts';
import { seededRandom } from '../simulator/seeded-random.ts';
import { finished, MINUTE, newId, opened, T0 } from './recorded-minutes.ts';

const DAY = 86_400_000;
const GRACE_MS = 2 * DAY;
const DEFAULT_DAYS = 10;
const people = ['a', 'b', 'c'].map((id) => ({ id, name: id }));
const storeMoods = ['well', 'well', 'well', 'away', 'refuses', 'holds', 'cut-off'] as const;

interface Recorded {
  id: string;
  cameraId: string;
  startMs: number;
  /** As the store and the spool have it. */
  is: 'stored' | 'spooled' | 'deleted' | 'dropped';
}

interface Held {
  id: string;
  cameraId: string;
  fromMs: number;
  toMs: number;
  by: string;
}

interface Asked {
  id: string;
  fromDays: ReadonlyMap<string, number>;
  days: number;
  state: ShorteningState;
  effectiveMs: number;
  by: string;
}

/**
 * What people, time and a store that fails do to the footage of two cameras, in an order that chance decides, beside what the rules say must
 * come of it. Returns what was otherwise: deleted too early or though it was held, left although it was due, told as what it is not.
 */
export async function keepingAtRandom(
  catalogue: Catalogue,
  { steps, seed }: { steps: number; seed: number },
): Promise<string[]> {
  const random = seededRandom(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  const oneOf = <Choice>(choices: readonly Choice[]): Choice =>
    choices[below(choices.length)] as Choice;
  const wrong: string[] = [];
  let step = 0;
  const demand = (isSo: boolean, words: string): void => {
    if (!isSo) wrong.push(`seed ${seed}, step ${step}: ${words}`);
  };

  let nowMs = T0;
  let mood: (typeof storeMoods)[number] = 'well';
  const cameras = [newId(), newId()];
  const inventory = new Map(cameras.map((id) => [id, DEFAULT_DAYS]));
  const kept = new Map<string, number>();
  const recorded = new Map<string, Recorded>();
  const holding: Held[] = [];
  const acts: Asked[] = [];
  const inventoryOf = (id: string): number => inventory.get(id) ?? DEFAULT_DAYS;
  const keptOf = (id: string): number => Math.max(kept.get(id) ?? 0, inventoryOf(id));
  const lengthenAll = (of: readonly string[]): void => {
    for (const id of of) kept.set(id, keptOf(id));
  };
  const isHeld = ({ cameraId, startMs }: Recorded): boolean =>
    holding.some(
      (hold) => hold.cameraId === cameraId && hold.fromMs < startMs + MINUTE && hold.toMs > startMs,
    );
  const isDue = ({ cameraId, startMs }: Recorded): boolean =>
    startMs + MINUTE <= nowMs - (kept.get(cameraId) ?? 0) * DAY;

  const store = {
    async hold(): Promise<{ guarded: boolean }> {
      if (mood === 'away') throw new ObjectStoreUnavailable('away');
      return { guarded: true };
    },
    async stat({ key }: { key: string }): Promise<{ byteLength: number; versionId: null }> {
      if (mood === 'away') throw new ObjectStoreUnavailable('away');
      if (of(key).is === 'deleted') throw new ObjectMissing(key);
      return { byteLength: 6_000, versionId: null };
    },
    async delete({ key }: { key: string }): Promise<void> {
      if (mood === 'away') throw new ObjectStoreUnavailable('away');
      if (mood === 'refuses' && random() < 0.5) throw new ObjectStoreRefused('no');
      if (mood === 'holds' && random() < 0.5) throw new ObjectHeld(key);
      const one = of(key);
      if (one.is !== 'deleted') {
        demand(!isHeld(one), 'what is held is deleted');
        demand(isDue(one), `deleted within its ${kept.get(one.cameraId)} days`);
      }
      one.is = 'deleted';
      if (mood === 'cut-off' && random() < 0.3) throw new Error('the process ends here');
    },
  };
  const of = (key: string): Recorded => {
    const found = recorded.get(key.slice(-40, -4));
    if (found === undefined) throw new Error(`nobody recorded ${key}`);
    return found;
  };
  const now = (): number => nowMs;
  const holds = new LegalHolds({ catalogue, store, newId, now, log: () => {} });
  const shortenings = new Shortenings({
    catalogue,
    inventoryDays: async (id) => inventoryOf(id),
    graceMs: GRACE_MS,
    newId,
    now,
  });

  async function record(): Promise<void> {
    const made = opened(nowMs, oneOf(cameras));
    const { recordingId: id, cameraId, startMs } = made;
    await insertOpened(catalogue, [made]);
    await markSpooled(catalogue, [finished(made, startMs + MINUTE)]);
    const waits = random() < 0.2;
    if (!waits) await markStored(catalogue, [{ id, startMs, versionId: null }]);
    recorded.set(id, { id, cameraId, startMs, is: waits ? 'spooled' : 'stored' });
    nowMs += below(3) === 0 ? MINUTE : below(12) * 3_600_000 + MINUTE;
  }

  async function place(): Promise<void> {
    const fromMs = nowMs - below(20) * DAY - below(DAY);
    const span = { cameraId: oneOf(cameras), fromMs, toMs: fromMs + below(3 * DAY) + MINUTE };
    const by = oneOf(people);
    const order = { ...span, cameraIds: [span.cameraId], reason: 'r', by };
    const [hold] = await holds.place(order);
    if (hold !== undefined) holding.push({ ...span, id: hold.id, by: by.id });
  }

  async function release(): Promise<void> {
    const hold = oneOf(holding);
    if (hold === undefined) return;
    const by = oneOf(people);
    const code = await codeOf(holds.release(hold.id, { by, reason: 'r' }));
    demand((code === 'another_person_needed') === (by.id === hold.by), `a release: ${code}`);
    if (code === undefined) holding.splice(holding.indexOf(hold), 1);
  }

  async function ask(): Promise<void> {
    const cameraIds = random() < 0.5 ? cameras : [oneOf(cameras)];
    const days = 1 + below(DEFAULT_DAYS);
    const by = oneOf(people);
    const fromDays = new Map(cameraIds.map((id) => [id, keptOf(id)]));
    const isShorter = cameraIds.every((id) => keptOf(id) > days && inventoryOf(id) <= days);
    const waits = acts.some(
      ({ state, fromDays: its }) =>
        (state === 'requested' || state === 'approved') && cameraIds.some((id) => its.has(id)),
    );
    const asking = shortenings.request({ cameraIds, days, reason: 'r', by });
    const code = await codeOf(asking);
    demand((code === undefined) === (isShorter && !waits), `asked for fewer days: ${code}`);
    if (code !== undefined) return;
    const act = await asking;
    for (const { cameraId, fromDays: its } of act.cameras) {
      demand(its === fromDays.get(cameraId), `asked from ${its} days`);
    }
    lengthenAll(cameraIds);
    acts.push({ id: act.id, fromDays, days, state: 'requested', effectiveMs: 0, by: by.id });
  }

  async function decide(): Promise<void> {
    const act = oneOf(acts.filter(({ state }) => state === 'requested' || state === 'approved'));
    if (act === undefined) return;
    const how = oneOf(['approve', 'approve', 'reject', 'cancel'] as const);
    const by = oneOf(people);
    const code = await codeOf(shortenings[how](act.id, { by, reason: 'r' }));
    if (how === 'approve' && by.id === act.by)
      demand(code !== undefined, 'approved by whoever asked');
    if (code !== undefined) return;
    act.state = how === 'approve' ? 'approved' : how === 'reject' ? 'rejected' : 'cancelled';
    if (how === 'approve') act.effectiveMs = nowMs + GRACE_MS;
  }

  async function drop(): Promise<void> {
    const one = oneOf([...recorded.values()].filter(({ is }) => is === 'spooled'));
    if (one === undefined) return;
    const dropping = { gapId: newId(), reason: 'spool-full', deletedMs: nowMs };
    const isDropped = await dropSpooled(catalogue, one, dropping);
    demand(
      isDropped === !isHeld(one),
      'the bound of the spool drops what is not held, and no more',
    );
    if (isDropped) one.is = 'dropped';
  }

  async function sweepAll(): Promise<void> {
    lengthenAll(cameras);
    const due = acts.filter(
      ({ state, effectiveMs }) => state === 'approved' && effectiveMs <= nowMs,
    );
    for (const act of due.toSorted((a, b) => a.effectiveMs - b.effectiveMs)) {
      act.state = 'done';
      for (const [id, from] of act.fromDays) {
        if ((kept.get(id) ?? 0) <= from) kept.set(id, act.days);
      }
    }
    lengthenAll(cameras);
    const given = cameras.map((id) => ({ cameraId: id, retentionDays: inventoryOf(id) }));
    await lengthenRetentions(catalogue, given);
    const options = { catalogue, store, now, log: () => {} };
    const failed = await codeOf(sweep(options, given));
    if (mood !== 'well') return;
    demand(failed === undefined, `a sweep failed: ${failed}`);
    for (const one of recorded.values()) {
      demand(one.is !== 'stored' || isHeld(one) || !isDue(one), 'what is due is left');
    }
  }

  /** Every moment is told of once, and each recording as what became of it. */
  async function look(cameraId: string): Promise<void> {
    const range = { fromMs: T0 - DAY, toMs: Math.max(nowMs, T0 + DAY) };
    const shown = await timeline(catalogue, new OpenRecordings(), cameraId, range);
    const pieces = [
      ...shown.spans.map((span) => ({ ...span, kind: 'span' })),
      ...shown.gaps.map((gap) => ({ ...gap, kind: gap.cause })),
      ...shown.deleted.map((gone) => ({ ...gone, kind: 'deleted' })),
    ].toSorted((a, b) => a.startMs - b.startMs);
    let toldMs = range.fromMs;
    for (const { startMs, endMs } of pieces) {
      demand(startMs === toldMs, 'a moment is told of twice, or not at all');
      toldMs = endMs;
    }
    demand(toldMs === range.toMs, 'the range is not told of to its end');
    const rows = await catalogue
      .selectFrom('recordings')
      .select(['id', 'state'])
      .where('camera_id', '=', cameraId)
      .execute();
    const states = new Map(rows.map(({ id, state }) => [id, state]));
    for (const one of recorded.values()) {
      if (one.cameraId !== cameraId || one.startMs + MINUTE > range.toMs) continue;
      const state = states.get(one.id);
      const isKept = state !== undefined && state !== 'garbage';
      const wanted = isKept ? 'span' : one.is === 'dropped' ? 'storage' : 'deleted';
      const told = pieces.filter(
        ({ startMs, endMs }) => startMs < one.startMs + MINUTE && endMs > one.startMs,
      );
      demand(
        told.every(({ kind }) => kind === wanted),
        `${wanted} is told as ${told[0]?.kind}`,
      );
      demand(isKept || one.is !== 'stored' || state === 'garbage', 'a recording is lost');
    }
  }

  const deeds = [
    record,
    record,
    record,
    place,
    release,
    ask,
    decide,
    drop,
    sweepAll,
    sweepAll,
    async () => void (nowMs += below(3 * DAY)),
    async () => void inventory.set(oneOf(cameras), 2 + below(15)),
    async () => void (mood = oneOf(storeMoods)),
  ];
  for (; step < steps && wrong.length === 0; step++) {
    await oneOf(deeds)();
    for (const id of cameras) await look(id);
  }
  await holds.stop();
  return wrong;
}

/** Of what it fails with; undefined: it does not. */
async function codeOf(doing: Promise<unknown>): Promise<string | undefined> {
  try {
    await doing;
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
