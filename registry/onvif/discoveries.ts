import { uuidV7Source } from '../uuid-v7.ts';
import { DeviceCallCancelled, type DeviceCalls } from './device-calls.ts';
import type { DiscoveryProgress } from './discover.ts';

/** Searches for devices that somebody looks at while they go on. Kept in memory: a restart of the gateway ends them. */
export interface Discoveries {
  /** An account's earlier one is ended. Throws TooManyDiscoveries. */
  begin(order: { actorId: string; network: string; addresses: readonly string[] }): Discovery;
  /** Only of the same account. Throws DiscoveryNotFound. */
  get(id: string, actorId: string): Discovery;
  /** Ends it, and keeps what it found. Throws DiscoveryNotFound. */
  cancel(id: string, actorId: string): Discovery;
  close(): void;
}

export interface Discovery extends DiscoveryProgress {
  id: string;
  actorId: string;
  network: string;
  /** Addresses that will be asked. */
  addresses: number;
  state: 'asking' | 'done' | 'cancelled' | 'failed';
  /** Why it failed: technical, in English. */
  detail: string;
}

export class DiscoveryNotFound extends Error {
  readonly code = 'discovery_not_found';
  constructor(id: string) {
    super(`no search ${id}: it is too old, or somebody else's`);
  }
}

export class TooManyDiscoveries extends Error {
  readonly code = 'too_many_discoveries';
  constructor() {
    super(`${MAX_KEPT} searches are being looked at already`);
  }
}

/** One an account. */
export const MAX_KEPT = 64;
/** After it began; it takes some seconds. */
export const DISCOVERY_KEPT_MS = 10 * 60_000;

interface Kept {
  discovery: Discovery;
  untilMs: number;
  ending: AbortController;
}

export function openDiscoveries(
  deviceCalls: Pick<DeviceCalls, 'discover'>,
  now: () => number,
): Discoveries {
  const nextId = uuidV7Source(now);
  const kept = new Map<string, Kept>();

  function drop(one: Kept): void {
    kept.delete(one.discovery.id);
    one.ending.abort();
  }

  function found(id: string, actorId: string): Kept {
    for (const one of kept.values()) if (one.untilMs <= now()) drop(one);
    const one = kept.get(id);
    if (one === undefined || one.discovery.actorId !== actorId) throw new DiscoveryNotFound(id);
    return one;
  }

  async function run({ discovery, ending }: Kept, addresses: readonly string[]): Promise<void> {
    try {
      const devices = await deviceCalls.discover(
        { addresses },
        {
          signal: ending.signal,
          onProgress: (progress) => {
            if (discovery.state === 'asking') Object.assign(discovery, progress);
          },
        },
      );
      Object.assign(discovery, { state: 'done', asked: addresses.length, devices });
    } catch (error) {
      if (error instanceof DeviceCallCancelled) {
        discovery.state = 'cancelled';
        return;
      }
      const detail = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
      Object.assign(discovery, { state: 'failed', detail });
    }
  }

  return {
    begin({ actorId, network, addresses }) {
      for (const one of kept.values()) {
        if (one.discovery.actorId === actorId || one.untilMs <= now()) drop(one);
      }
      if (kept.size >= MAX_KEPT) throw new TooManyDiscoveries();
      const discovery: Discovery = {
        id: nextId(),
        actorId,
        network,
        addresses: addresses.length,
        asked: 0,
        devices: [],
        state: 'asking',
        detail: '',
      };
      const one = { discovery, untilMs: now() + DISCOVERY_KEPT_MS, ending: new AbortController() };
      kept.set(discovery.id, one);
      void run(one, addresses);
      return discovery;
    },
    get: (id, actorId) => found(id, actorId).discovery,
    cancel(id, actorId) {
      const { discovery, ending } = found(id, actorId);
      if (discovery.state === 'asking') discovery.state = 'cancelled';
      ending.abort();
      return discovery;
    },
    close() {
      for (const one of kept.values()) drop(one);
    },
  };
}
