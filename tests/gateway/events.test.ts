import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { httpErrorOf } from '#gateway/errors.ts';
import { registerEventRoute } from '#gateway/routes/events.ts';
import { LiveStateBoard, plainState } from '#ingest/live-states.ts';
import { country } from '#registry/area.ts';
import { newCamera, type Camera } from '#registry/camera.ts';
import type { RegistrationEvent } from '#registry/cameras.ts';
import { ConditionBoard } from '#registry/events/condition-board.ts';
import { observe } from '#registry/events/observed-state.ts';
import { anEvent } from '../registry/events/an-event.ts';
import { krabiCamera } from '../registry/krabi-camera.ts';

let app: FastifyInstance;
let board: LiveStateBoard;
let conditions: ConditionBoard;
const listeners = new Set<(event: RegistrationEvent) => void>();
const sockets: Socket[] = [];

beforeEach(async () => {
  board = new LiveStateBoard();
  conditions = new ConditionBoard();
  app = Fastify({ forceCloseConnections: true });
  app.setErrorHandler((error, _request, reply) => reply.code(httpErrorOf(error).status).send({}));
  // As the guard decorates requests, for somebody who sees the whole country (auth/event-scope.test.ts has others).
  app.decorateRequest('areasFor', () => [country]);
  registerEventRoute(app, {
    readIdsWithin: async () => new Set<string>(),
    liveStates: board,
    conditions,
    cameras: {
      onChanged: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    maxStreams: 3,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

/** A tab: what it has been told so far, and the socket that it listens on. */
async function openTab(): Promise<{ socket: Socket; text: () => string }> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return { socket, text: () => text };
}

async function connections(): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

function eventsIn(text: string): { event: string; json: unknown }[] {
  return [...text.matchAll(/event: (\S+)\ndata: (.*)\n\n/g)].map(([, event, json]) => ({
    event: event ?? '',
    json: JSON.parse(json ?? '') as unknown,
  }));
}

test('a tab is told all states first, then each change and each new camera, in order', async () => {
  board.set(plainState('a', 'up', 0));
  board.set(plainState('b', 'not-linked', 1_000));
  const [first, second] = [1, 2].map((sequence) => anEvent({ sequence, atMs: 1_000 * sequence }));
  const seen = observe(undefined, first ?? anEvent());
  conditions.take(seen);
  const tab = await openTab();
  await until(() => eventsIn(tab.text()).length === 2);
  conditions.take(observe(seen, second ?? anEvent()));
  // Late, or told again: no news.
  conditions.take(seen);
  board.set({ ...plainState('a', 'down', 2_000), reason: 'silent', retryAtMs: 3_000 });
  const { password: _, ...stream } = newCamera.parse(krabiCamera()).stream ?? {};
  const camera = { id: 'c', ...newCamera.parse(krabiCamera()), stream } as Camera;
  for (const listener of listeners) {
    listener({ kind: 'created', camera, source: null, streamChanged: true });
  }
  await until(() => eventsIn(tab.text()).length === 5);
  expect(tab.text()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(tab.text()).toContain('Content-Type: text/event-stream');
  const [snapshot, known, condition, live, added] = eventsIn(tab.text());
  expect(snapshot).toMatchObject({
    event: 'snapshot',
    json: [
      { cameraId: 'a', state: 'up', since: '1970-01-01T00:00:00.000Z', retryAt: null },
      { cameraId: 'b', state: 'not-linked', since: '1970-01-01T00:00:01.000Z' },
    ],
  });
  const { cameraId } = seen;
  const down = { cameraId, state: 'down', reason: 'silent', since: '1970-01-01T00:00:01.000Z' };
  expect(known).toMatchObject({
    event: 'conditions',
    json: [{ ...down, at: '1970-01-01T00:00:01.000Z' }],
  });
  expect(condition).toMatchObject({
    event: 'condition',
    json: { ...down, at: '1970-01-01T00:00:02.000Z' },
  });
  expect(live).toMatchObject({
    event: 'live',
    json: { cameraId: 'a', state: 'down', reason: 'silent', retryAt: '1970-01-01T00:00:03.000Z' },
  });
  expect(added).toEqual({ event: 'camera', json: camera });
});

test('one tab too many is told to come again; a place is free once a tab closes', async () => {
  const tabs = [await openTab(), await openTab(), await openTab()];
  await until(() => tabs.every((tab) => tab.text().includes('snapshot')));
  const fourth = await openTab();
  await until(() => fourth.text() !== '');
  expect(fourth.text()).toContain('503');
  fourth.socket.destroy();
  tabs[0]?.socket.destroy();
  // The server has seen both leave.
  await vi.waitFor(async () => expect(await connections()).toBe(2));
  const fifth = await openTab();
  await until(() => fifth.text() !== '');
  expect(fifth.text()).toContain('200 OK');
});

test('a tab that does not read is disconnected, and the others hear everything', async () => {
  const stuck = await openTab();
  const reading = await openTab();
  await until(() => [stuck, reading].every((tab) => tab.text().includes('snapshot')));
  stuck.socket.pause();
  const state = { ...plainState('a', 'down', 0), detail: 'x'.repeat(16_000) };
  let told = 0;
  // The kernel takes some megabytes for the stuck tab before the bound is felt.
  while ((await connections()) > 1 && told < 5_000) {
    board.set({ ...state, sinceMs: told++ });
    await until(() => reading.text().includes(new Date(told - 1).toISOString()));
  }
  expect(await connections()).toBe(1);
  expect(eventsIn(reading.text()).filter(({ event }) => event === 'live')).toHaveLength(told);
});

test('closing the server ends every stream', async () => {
  const tab = await openTab();
  await until(() => tab.text().includes('snapshot'));
  const closed = once(tab.socket, 'close');
  await app.close();
  await closed;
  expect(listeners.size).toBe(0);
});
