/**
 * Slows guessing, per account and per address. Kept in memory: a restart forgives, and a guesser cannot bring one about.
 */
export interface Throttle {
  /**
   * Counts a try, before it is known how it ends: a hundred at once are a hundred. Returns how long to wait instead, ms
   * (that try is not counted), or 0: go on.
   */
  begin(account: string, address: string): number;
  /** The account's tries are forgiven; of the address's this one, for one right password among many is no excuse. */
  succeeded(account: string, address: string): void;
}

/** ASVS 6.3.1: brute force and credential stuffing. Six tries, then a minute, doubled to a quarter of an hour. */
export const ACCOUNT_TRIES = 6;
/** An office of many people behind one address makes mistakes too. */
export const ADDRESS_TRIES = 30;
export const FIRST_WAIT_MS = 60_000;
export const MAX_WAIT_MS = 15 * 60_000;
/** Tries are forgotten after it. */
const WINDOW_MS = 60 * 60_000;
/** Accounts and addresses remembered, each. Past it the one that tried longest ago is forgotten. */
const MAX_REMEMBERED = 10_000;

interface Tries {
  count: number;
  lastMs: number;
}

export function openThrottle(now: () => number, maxRemembered = MAX_REMEMBERED): Throttle {
  const accounts = new Map<string, Tries>();
  const addresses = new Map<string, Tries>();

  function count(table: Map<string, Tries>, key: string): void {
    const known = table.get(key);
    const isOld = known === undefined || now() - known.lastMs > WINDOW_MS;
    // Taken out and put in again: the table stays in the order of the last try.
    table.delete(key);
    table.set(key, { count: isOld ? 1 : known.count + 1, lastMs: now() });
    if (table.size > maxRemembered) {
      const [oldest] = table.keys();
      if (oldest !== undefined) table.delete(oldest);
    }
  }

  function waitOf(tries: Tries | undefined, free: number): number {
    if (tries === undefined || tries.count < free) return 0;
    const sinceMs = now() - tries.lastMs;
    if (sinceMs > WINDOW_MS) return 0;
    const waitMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries.count - free, 10));
    return Math.max(0, waitMs - sinceMs);
  }

  return {
    begin(account, address) {
      const network = networkOf(address);
      const waitMs = Math.max(
        waitOf(accounts.get(account), ACCOUNT_TRIES),
        waitOf(addresses.get(network), ADDRESS_TRIES),
      );
      if (waitMs > 0) return waitMs;
      count(accounts, account);
      count(addresses, network);
      return 0;
    },
    succeeded(account, address) {
      accounts.delete(account);
      const tries = addresses.get(networkOf(address));
      if (tries !== undefined) tries.count--;
    },
  };
}

/** Of IPv6 the /64 that a household or a machine has to itself: it has 2^64 addresses to try from. */
function networkOf(address: string): string {
  if (!address.includes(':') || /^::ffff:\d+\./i.test(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}
