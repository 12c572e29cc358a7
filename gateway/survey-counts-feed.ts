import type { Place } from '#registry/area.ts';

/** Provinces whose counts changed; null: of more cameras than it is worth telling apart. */
export type CountsChanged = readonly string[] | null;

export interface CountsFeed {
  /** Something of these cameras changed that is counted. */
  touch(cameraIds: Iterable<string>): void;
  touchProvince(province: string): void;
  /** Returns how to end it. */
  subscribe(listener: (provinces: CountsChanged) => void): () => void;
  close(): void;
}

/** Screens ask again at most this often. */
const TELL_MS = 1_000;
/** Cameras that are looked up at once; more, and everybody is told. */
const MAX_LOOKED_UP = 2_000;

/**
 * Tells, at most once a second, where counts changed: the counts themselves are asked for by whoever shows them, who may see
 * what, and are not counted for nobody.
 */
export function openCountsFeed(deps: {
  readPlaces: (cameraIds: readonly string[]) => Promise<Map<string, Place>>;
  onFailure: (error: unknown) => void;
}): CountsFeed {
  const listeners = new Set<(provinces: CountsChanged) => void>();
  let cameraIds = new Set<string>();
  let provinces = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  async function tell(): Promise<void> {
    timer = undefined;
    const ids = cameraIds;
    const told = provinces;
    cameraIds = new Set();
    provinces = new Set();
    if (listeners.size === 0) return;
    const many = ids.size > MAX_LOOKED_UP;
    if (!many && ids.size > 0) {
      for (const { province } of (await deps.readPlaces([...ids])).values()) told.add(province);
    }
    if (!many && told.size === 0) return;
    const changed = many ? null : [...told].toSorted();
    for (const listener of listeners) listener(changed);
  }

  function later(): void {
    timer ??= setTimeout(() => void tell().catch(deps.onFailure), TELL_MS).unref();
  }

  return {
    touch(ids) {
      for (const id of ids) if (cameraIds.size <= MAX_LOOKED_UP) cameraIds.add(id);
      later();
    },
    touchProvince(province) {
      provinces.add(province);
      later();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      clearTimeout(timer);
      listeners.clear();
    },
  };
}
