import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerConditionRoute } from '#gateway/routes/condition.ts';
import { applyEvents } from '#registry/events/apply-events.ts';
import { ConditionBoard } from '#registry/events/condition-board.ts';
import { conditionHistory } from '#registry/events/condition-history.ts';
import { anEvent } from '../registry/events/an-event.ts';
import { asAdministrator, ServerRig } from './auth/server-rig.ts';

const lanta = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
const DAY_MS = Date.UTC(2026, 10, 25);
const board = new ConditionBoard();
let rig: ServerRig;
let cameraId: string;

beforeAll(async () => {
  rig = await ServerRig.start({
    conditions: board,
    extraRoutes: [
      (app) =>
        registerConditionRoute(app, {
          cameras: rig.cameras,
          conditions: board,
          history: async (id, query) => conditionHistory(rig.registry, id, query),
        }),
    ],
  });
  cameraId = await rig.addCamera(lanta);
  const { conditions } = await applyEvents(
    rig.registry,
    [1, 2, 3].map((sequence) =>
      anEvent({
        cameraId,
        sequence,
        atMs: DAY_MS + sequence * 60_000,
        state: 'degraded',
        reason: 'frozen-picture',
        measured: { minutes: sequence },
      }),
    ),
  );
  for (const condition of conditions) board.take(condition);
});
afterAll(async () => rig.close());

async function get(query = '', headers: Record<string, string> = asAdministrator, id = cameraId) {
  const reply = await rig.app.inject({ url: `/api/v1/cameras/${id}/condition${query}`, headers });
  return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
}

test('a camera is told with what is seen now and how it came to it, page by page', async () => {
  const { status, body } = await get('?limit=2');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    observed: {
      cameraId,
      state: 'degraded',
      reason: 'frozen-picture',
      since: '2026-11-25T00:01:00.000Z',
      at: '2026-11-25T00:03:00.000Z',
      flapping: false,
      measured: { minutes: 3 },
    },
    transitions: [{ at: '2026-11-25T00:03:00.000Z' }, { at: '2026-11-25T00:02:00.000Z' }],
  });
  const next = await get(`?limit=2&cursor=${String(body['nextCursor'])}`);
  expect(next.body).toMatchObject({
    transitions: [{ at: '2026-11-25T00:01:00.000Z', measured: { minutes: 1 } }],
    nextCursor: null,
  });
});

test('a window is half-open', async () => {
  const { body } = await get('?from=2026-11-25T07:02:00%2B07:00&to=2026-11-25T00:03:00Z');
  expect(body['transitions']).toEqual([
    expect.objectContaining({ at: '2026-11-25T00:02:00.000Z' }),
  ]);
});

test('one that nobody looked at has no condition yet, and no history', async () => {
  const other = await rig.addCamera(lanta);
  expect((await get('', asAdministrator, other)).body).toEqual({
    observed: null,
    transitions: [],
    nextCursor: null,
  });
});

test('what is no time, no cursor or no camera is refused in words', async () => {
  expect((await get('?from=yesterday')).status).toBe(400);
  expect((await get('?cursor=1.2')).status).toBe(400);
  expect((await get('', asAdministrator, '019ab000-0000-7000-8000-000000000404')).status).toBe(404);
});

test('who may not read the camera is not told whether there is one', async () => {
  const area = {
    level: 'lao',
    province: 'เชียงราย',
    district: 'เมืองเชียงราย',
    lao: 'อบต.บ้านดู่',
  } as const;
  const stranger = await rig.signedIn([{ role: 'owner', area }]);
  expect((await get('', stranger.headers)).status).toBe(404);
  expect((await get('', { host: 'localhost' })).status).toBe(401);
});
