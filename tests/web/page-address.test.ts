/** The page's address, as screens write what is seen of them into it. */
import { beforeEach, expect, test, vi } from 'vitest';
import type { noteRoute } from '#gateway/web/use-page-state.ts';

let shown: { hash: string };
let note: typeof noteRoute;

beforeEach(async () => {
  shown = { hash: '#/recordings' };
  vi.stubGlobal('window', {
    location: shown,
    history: {
      state: null,
      replaceState(_state: unknown, _title: string, hash: string) {
        shown.hash = hash;
      },
    },
  });
  vi.resetModules();
  note = (await import('#gateway/web/use-page-state.ts')).noteRoute;
});

const ofDay = { view: 'recordings', query: 'day=2026-11-27' } as const;

test('a screen notes what is seen of it, without a step of the history', () => {
  note(ofDay);
  expect(shown.hash).toBe('#/recordings?day=2026-11-27');
});

test('a screen that somebody has left notes nothing, while the next one is being fetched', () => {
  shown.hash = '#/register';
  note(ofDay);
  expect(shown.hash).toBe('#/register');
});

test('who may not watch the wall, which nobody asked for by name, begins elsewhere', () => {
  shown.hash = '';
  note({ view: 'recordings', query: '' }, 'wall');
  expect(shown.hash).toBe('#/recordings');
});
