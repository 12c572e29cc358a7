/** Incidents, as they are found in what is seen of cameras; on both databases. */
import { country } from '#registry/area.ts';
import { beforeEach, expect, test } from 'vitest';
import { newCamera } from '#registry/camera.ts';
import type { Cameras } from '#registry/cameras.ts';
import type { ObservedState } from '#registry/events/camera-event.ts';
import { listIncidents } from '#registry/incident-list.ts';
import { settleIncidents, type IncidentChange } from '#registry/incidents.ts';
import { openRegistry } from '#registry/schema/open-registry.ts';
import type { RegistryDatabase } from '#registry/schema/tables.ts';
import { openSites } from '#registry/sites.ts';
import { byTest, camerasOf } from '../registry/cameras-of.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';
import { onEachDatabase } from './each-database.ts';

const START_MS = Date.UTC(2026, 10, 25, 9);

/** Of the cameras' LAO: others have a site of that name too. */
const SITE = 'ตลาดสด ทต.เกาะลันตาใหญ่ เกาะลันตา กระบี่';

onEachDatabase((rig) => {
  let database: RegistryDatabase;
  let cameras: Cameras;
  let made: number;
  let sequence: number;

  beforeEach(async () => {
    database = await openRegistry(rig.open());
    cameras = camerasOf(database);
    made = sequence = 0;
  });

  const add = async (count: number, site: string | null): Promise<string[]> => {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) {
      const number = ++made;
      const url = `rtsp://192.168.${site === null ? 9 : 1}.${number}/1`;
      const stream = { url, username: null, password: null, transport: 'tcp' };
      const { id } = await cameras.create(
        newCamera.parse(krabiCamera({ position: `ต้นที่ ${number}`, site, stream })),
        byTest,
      );
      ids.push(id);
    }
    return ids;
  };
  const seen = async (
    ids: readonly string[],
    state: ObservedState,
    second: number,
    measured: object = {},
  ): Promise<void> => {
    for (const camera_id of ids) {
      const atMs = START_MS + second * 1000;
      const row = {
        state,
        reason: null,
        since_ms: atMs,
        at_ms: atMs,
        epoch: 1,
        sequence: ++sequence,
        event_id: `event-${sequence}`,
        flapping: 0,
        measured: JSON.stringify(measured),
      };
      await database
        .insertInto('observed_states')
        .values({ camera_id, ...row })
        .onConflict((conflict) => conflict.column('camera_id').doUpdateSet(row))
        .execute();
    }
  };
  const settle = (second: number): Promise<IncidentChange> =>
    settleIncidents(database, {
      nowMs: START_MS + second * 1000,
      newId: () => `incident-${++sequence}`,
    });
  const incidentOf = async (id: string): Promise<string | null | undefined> =>
    (
      await database
        .selectFrom('observed_states')
        .select('incident_id')
        .where('camera_id', '=', id)
        .executeTakeFirst()
    )?.incident_id;
  const stored = () => database.selectFrom('incidents').selectAll().orderBy('from_ms').execute();

  test('a site without power is one, with those that fall later, until half of it is back', async () => {
    const ids = await add(6, 'ตลาดสด');
    await seen(ids, 'up', 0);
    await seen(ids.slice(0, 2), 'down', 100);
    expect(await settle(120)).toEqual({ opened: [], closed: [], open: 0 });
    await seen(ids.slice(2, 4), 'down', 102);
    const { opened } = await settle(121);
    expect(opened).toMatchObject([{ kind: 'site', key: SITE, cameras: 4 }]);
    await seen(ids.slice(4), 'down', 130);
    expect(await settle(150)).toEqual({ opened: [], closed: [], open: 1 });
    const [incident] = await stored();
    expect(incident).toMatchObject({ cameras: 6, from_ms: START_MS + 100_000, to_ms: null });
    for (const id of ids) expect(await incidentOf(id)).toBe(incident?.id);

    await seen(ids.slice(0, 2), 'up', 400);
    await settle(410);
    expect(await incidentOf(ids[0] ?? '')).toBeNull();
    expect(await incidentOf(ids[5] ?? '')).toBe(incident?.id);
    await seen(ids.slice(2, 3), 'up', 402);
    expect((await settle(411)).closed).toEqual([incident?.id]);
    expect(await stored()).toMatchObject([{ to_ms: START_MS + 402_000, cameras: 6 }]);
    // Who did not come back is on its own, and makes no incident of its own again.
    expect(await incidentOf(ids[5] ?? '')).toBeNull();
    expect(await settle(412)).toEqual({ opened: [], closed: [], open: 0 });
  });

  test('are listed where a camera of theirs is: those that last first, those over before left out', async () => {
    const ids = await add(4, 'ตลาดสด');
    await seen(ids, 'down', 100);
    await settle(120);
    await seen(ids, 'up', 300);
    await settle(310);
    await seen(ids.slice(0, 3), 'down', 500);
    await settle(520);
    const within = [{ level: 'province', province: 'กระบี่' }] as const;
    const listed = (sinceMs: number) => listIncidents(database, { within, sinceMs, limit: 10 });
    expect(await listed(START_MS)).toMatchObject([
      { toMs: null, kind: 'site', key: SITE, cameras: 3, camerasWithin: 3 },
      { toMs: START_MS + 300_000, cameras: 4 },
    ]);
    expect(await listed(START_MS + 300_000)).toHaveLength(1);
    const elsewhere = [{ level: 'province', province: 'ภูเก็ต' }] as const;
    expect(
      await listIncidents(database, { within: elsewhere, sinceMs: START_MS, limit: 10 }),
    ).toEqual([]);
  });

  test('cameras that fall alone, here and there, are none', async () => {
    const one = await add(4, 'ตลาดสด');
    const other = await add(4, 'ท่าเรือ');
    await seen([...one, ...other], 'up', 0);
    await seen([...one.slice(0, 1), ...other.slice(0, 1)], 'down', 100);
    expect((await settle(120)).opened).toEqual([]);
  });

  test('sites of one network zone that fall together are one incident', async () => {
    const ids = [...(await add(3, 'ตลาดสด')), ...(await add(3, 'ท่าเรือ'))];
    const sites = openSites(database, { now: Date.now });
    for (const { id } of await sites.list([country]))
      await sites.change(id, { networkZone: 'เกาะลันตา' }, byTest);
    await seen(ids, 'down', 100);
    expect((await settle(120)).opened).toMatchObject([
      { kind: 'network', key: 'เกาะลันตา', cameras: 6 },
    ]);
  });

  test('cameras without a site share the network of their LAO', async () => {
    const ids = await add(5, null);
    await seen(ids, 'down', 100);
    const { opened } = await settle(120);
    expect(opened).toMatchObject([{ kind: 'network', cameras: 5 }]);
    expect(opened[0]?.key).toMatch(/^192\.168\.9\.0\/24 ทต/);
  });

  test('a worker that ended is one, and over when its cameras are looked at again, down ones too', async () => {
    const ids = await add(4, null);
    await seen(ids, 'unknown', 100, { cause: 'worker-ended', worker: 'worker-1' });
    expect((await settle(101)).opened).toMatchObject([{ kind: 'worker', key: 'worker-1' }]);
    await seen(ids.slice(0, 1), 'up', 115);
    await seen(ids.slice(1, 2), 'down', 110);
    expect((await settle(120)).closed).toHaveLength(1);
    expect(await stored()).toMatchObject([{ to_ms: START_MS + 115_000 }]);
    expect((await settle(121)).opened).toEqual([]);
  });

  test('a gateway that was off for a night is one', async () => {
    const ids = await add(3, 'ตลาดสด');
    await seen(ids, 'unknown', 0, { cause: 'gateway-stopped' });
    expect((await settle(8 * 3600)).opened).toMatchObject([{ kind: 'gateway', cameras: 3 }]);
  });

  test('a camera that was deleted and brought back has not fallen with anything, whatever was seen before', async () => {
    const [one = ''] = await add(1, null);
    const fallen = await add(3, 'ตลาดสด');
    const before = Math.floor((Date.now() - START_MS) / 1000) - 60;
    await seen([one], 'unknown', before, { cause: 'gateway-stopped' });
    await seen(fallen, 'down', before);
    for (const id of [one, ...fallen]) {
      await cameras.remove(id, { ...byTest, version: 1, reason: 'ลบผิดตัว' });
      await cameras.restore(id, { ...byTest, version: 2 });
    }
    expect(await settle(before + 20)).toEqual({ opened: [], closed: [], open: 0 });
    // What is seen from then on counts.
    const since = Math.ceil((Date.now() - START_MS) / 1000) + 60;
    await seen(fallen, 'down', since);
    expect((await settle(since + 1)).opened).toMatchObject([{ kind: 'site', cameras: 3 }]);
  });

  test('what is unknown for want of room at its site is nobody’s incident', async () => {
    await seen(await add(5, 'ตลาดสด'), 'unknown', 100);
    expect((await settle(120)).opened).toEqual([]);
  });
}, openRegistry);
