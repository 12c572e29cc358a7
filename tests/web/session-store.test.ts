/** Tabs of a browser share who is signed in: what a page of one person asks is never done in the name of another. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { order } from '#gateway/web/api/call.ts';
import type { Session } from '#gateway/web/api/session.ts';
import { whenBack } from '#gateway/web/shell/gateway-back.ts';
import { startSession, type SessionStore } from '#gateway/web/shell/session-store.ts';

let cookie: string | null;
let asked: (string | null)[];

beforeEach(() => {
  cookie = 'A';
  asked = [];
  vi.stubGlobal('fetch', async (address: string, { headers }: { headers: Headers }) => {
    if (address === '/api/v1/session') return Response.json(sessionOf(cookie));
    asked.push(headers.get('x-signed-in-as'));
    return new Response(null, { status: 204 });
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

function sessionOf(id: string | null): Session {
  return {
    state: id === null ? 'signed-out' : 'signed-in',
    person:
      id === null ? null : { id, name: `name of ${id}`, email: 'a@example.go.th', grants: [] },
    actions: [],
    areas: {},
    secondFactor: null,
    setUp: true,
    openId: null,
    demo: null,
  };
}

async function become(store: SessionStore, id: string | null): Promise<string | undefined> {
  cookie = id;
  await store.read();
  const state = store.state();
  return state.kind === 'known' ? state.instead?.name : undefined;
}

const act = (): Promise<void> => order('/api/v1/cameras', { method: 'POST', body: {} });

test('an act that goes on is asked for as the person whose page it was, until somebody says otherwise', async () => {
  const store = startSession();
  await store.read();
  await act();
  expect(await become(store, 'B')).toBe('name of A');
  await act();
  store.take(sessionOf('B'));
  await act();
  expect(asked).toEqual(['A', 'A', 'B']);
});

test('a session that ended by itself is told from a page that nobody has worked at', async () => {
  const store = startSession();
  const ended = (): unknown => {
    const state = store.state();
    return state.kind === 'known' && state.ended === true;
  };
  await store.read();
  expect(ended()).toBe(false);
  await become(store, null);
  await become(store, null);
  expect(ended()).toBe(true);
  store.take(sessionOf('A'));
  store.take(sessionOf(null));
  await become(store, null);
  expect(ended()).toBe(false);
});

test('whose page it was is told through a third, and nobody is told when they are back', async () => {
  const store = startSession();
  await store.read();
  await become(store, 'B');
  expect(await become(store, 'C')).toBe('name of A');
  expect(await become(store, 'A')).toBeUndefined();
  expect(await become(store, null)).toBeUndefined();
  // The door was shown: nobody's page is taken over.
  expect(await become(store, 'B')).toBeUndefined();
});

test('a gateway that is away when the page opens is known as soon as it answers, without being asked by hand', async () => {
  vi.useFakeTimers();
  try {
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('refused')));
    const store = startSession();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(store.state().kind).toBe('unreachable');
    vi.stubGlobal('fetch', async () => Response.json(sessionOf('A')));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(store.state()).toMatchObject({ kind: 'known', session: { person: { id: 'A' } } });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('twenty that were not answered are one question, and one that is left meanwhile asks nothing', async () => {
  vi.useFakeTimers();
  try {
    let questions = 0;
    let away = true;
    vi.stubGlobal('fetch', async () => {
      questions++;
      if (away) throw new TypeError('refused');
      return Response.json(sessionOf('A'));
    });
    let told = 0;
    const left = whenBack(() => told++);
    for (let one = 0; one < 19; one++) whenBack(() => told++);
    left();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([told, questions < 10]).toEqual([0, true]);
    away = false;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(told).toBe(19);
    whenBack(() => told++)();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
