import { expect, test, vi } from 'vitest';
import { pullRegistered } from '#gateway/linked-cameras.ts';
import type { Pulling } from '#gateway/pulling.ts';
import type { Cameras, StreamSource } from '#registry/cameras.ts';

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
  let merged: (siteIds: readonly string[]) => void = () => {};
  await pullRegistered(pulling, {
    cameras,
    laos: {
      onSitesMerged: (listener: typeof merged) => {
        merged = listener;
        return () => {};
      },
    },
    sites: { onChanged: () => () => {} },
    recording: { setRecorded: () => {}, onTurn: () => {} },
    events: { deleted: () => {}, restored: async () => {} },
    log: { error: () => {} },
  } as unknown as Parameters<typeof pullRegistered>[1]);
  merged(['a', 'b']);
  await vi.waitFor(() =>
    expect(dialled).toEqual([[], [{ cameraId: 'of a' }], [{ cameraId: 'of b' }]]),
  );
});
