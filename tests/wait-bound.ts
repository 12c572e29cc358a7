import { vi } from 'vitest';

/**
 * What a test waits for has so long, unless it says otherwise. Vitest's own second is over where the disk is busy or two
 * files start browsers and databases beside each other; who waits in vain fails all the same.
 */
export const WAIT_MS = 20_000;

const bound = <Options extends object>(options: number | Options = WAIT_MS): number | Options =>
  typeof options === 'number' ? options : { timeout: WAIT_MS, ...options };

const { waitFor, waitUntil } = vi;
vi.waitFor = async (fact, options) => waitFor(fact, bound(options));
vi.waitUntil = async (fact, options) => waitUntil(fact, bound(options));
