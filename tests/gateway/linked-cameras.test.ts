import { expect, test, vi } from 'vitest';
import { pullRegistered } from '#gateway/linked-cameras.ts';
import { followOthers } from '#gateway/others-changes.ts';
import type { Pulling } from '#gateway/pulling.ts';
import type { Cameras, StreamSource } from '#registry/cameras.ts';

const nobodyListens = (): void => {};

test('cameras of sites that came to another LAO are dialled with what their site bears now', async () => {
  const dialled: (readonly StreamSource[])[] = [];
  const pulling = {
    pool: { addAll: (sources: readonly StreamSource[]) => dialled.push(sources) },
  } as unknown as Pulling;
  const cameras = {
    onChanged: () => () => {},
    list: async () => Promise.resolve([]),
    streams: async (siteId?: string) =>
      Promise.resolve(siteId === undefined ? [] : [{ cameraId: `of ${siteId}` } as StreamSource]),
  } as unknown as Cameras;
  const merged: ((siteIds: readonly string[]) => void)[] = [];
  await pullRegistered(pulling, {
    cameras,
    laos: {
      onSitesMerged: (listener: (siteIds: readonly string[]) => void) => {
        merged.push(listener);
        return () => {};
      },
    },
    sites: { onChanged: () => () => {} },
    recording: { setRecorded: () => {}, onTurn: () => {} },
    events: { deleted: () => {}, restored: async () => {} },
    log: { error: () => {} },
  });
  merged.forEach((listener) => listener(['a', 'b']));
  await vi.waitFor(() =>
    expect(dialled).toEqual([[], [{ cameraId: 'of a' }], [{ cameraId: 'of b' }]]),
  );
});

function source(cameraId: string, record = true): StreamSource {
  return { cameraId, record } as StreamSource;
}

/** Never by itself in a test. */
const NEVER_MS = 1_000_000;

test('what another gateway on the database registers, closes or deletes is pulled and recorded here, or no more', async () => {
  const done: string[] = [];
  let state = '1';
  let streams = [source('kept'), source('closed'), source('deleted')];
  let marks: Record<string, string> = { kept: '1', closed: '1', deleted: '1' };
  let readMarks = async () => Promise.resolve(new Map(Object.entries(marks)));
  let tell: (event: unknown) => void = nobodyListens;
  const pulling = {
    pool: {
      addAll: (some: readonly StreamSource[]) =>
        done.push(`pulled ${some.map(({ cameraId }) => cameraId).join(' ')}`),
      remove: (id: string) => done.push(`not pulled ${id}`),
    },
    liveStates: {
      set: ({ cameraId, state: now }: { cameraId: string; state: string }) =>
        done.push(`${now} ${cameraId}`),
      remove: (id: string) => done.push(`gone ${id}`),
    },
    conditions: { feed: { notLinked: () => {}, removed: () => {} } },
  } as unknown as Pulling;
  const others = followOthers(
    pulling,
    {
      cameras: {
        state: async () => Promise.resolve(state),
        streamMarks: async () => readMarks(),
        streamsOf: async (ids: readonly string[]) => {
          if (ids.length > 0) done.push(`read ${ids.join(' ')}`);
          return Promise.resolve(streams.filter(({ cameraId }) => ids.includes(cameraId)));
        },
        get: async (id: string) => Promise.resolve(id === 'closed' ? {} : undefined),
        onChanged: (listener: typeof tell) => {
          tell = listener;
          return () => {};
        },
      } as unknown as Cameras,
      recording: {
        setRecorded: (id, recorded) => done.push(`${recorded ? '' : 'not '}recorded ${id}`),
      },
      log: { error: () => {} },
    },
    NEVER_MS,
  );
  const looked = async (): Promise<string[]> => {
    done.length = 0;
    await others.look();
    return done;
  };
  await looked();
  expect(await looked()).toEqual([]);
  state = '2';
  streams = [source('kept', false), source('new')];
  marks = { kept: '2', new: '1' };
  expect(await looked()).toEqual([
    'read kept new',
    'not recorded kept',
    'recorded new',
    'pulled kept new',
    'not recorded closed',
    'not pulled closed',
    'not-linked closed',
    'not recorded deleted',
    'not pulled deleted',
    'gone deleted',
  ]);
  // Of those that are as they were nothing is read.
  state = '3';
  streams = [source('kept', false), source('new', false)];
  marks = { kept: '2', new: '2' };
  expect(await looked()).toEqual(['read new', 'not recorded new', 'pulled new']);
  // Deleted here while the registry is read, where it was still there: what was told is newer.
  state = '4';
  marks = { kept: '3', new: '3' };
  readMarks = async () => {
    tell({ kind: 'deleted', camera: { id: 'new' }, source: null, streamChanged: true });
    return Promise.resolve(new Map(Object.entries(marks)));
  };
  expect(await looked()).toEqual(['read kept new', 'not recorded kept', 'pulled kept']);
  // Of what was told the registry may say more since, by the same mark: it is read at the next look.
  state = '5';
  readMarks = async () => Promise.resolve(new Map(Object.entries(marks)));
  expect(await looked()).toEqual(['read new', 'not recorded new', 'pulled new']);
  await others.stop();
});
