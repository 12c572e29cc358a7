import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Camera } from '#gateway/web/wire.ts';
import { startGatewayFeed, type GatewayFeed } from '#gateway/web/gateway-feed.ts';
import { startCountsFeed } from '#gateway/web/survey/counts-feed.ts';
import { camera } from './cameras.ts';

/** Stands in for the browser's, which tests of pages use for real. */
class Stream extends EventTarget {
  static readonly OPEN = 1;
  static latest: Stream;
  static opened = 0;
  readyState = 1;
  constructor() {
    super();
    Stream.latest = this;
    Stream.opened++;
  }

  close(): void {
    this.readyState = 2;
  }

  say(event: string, json: unknown): void {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(json) }));
  }
}

let feed: GatewayFeed;
let signedOut: number;
/** Answers the reading of the registry that waits. */
let answer: (response: Response) => void;
let readings: number;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', Stream);
  Stream.opened = 0;
  readings = 0;
  signedOut = 0;
  vi.stubGlobal('fetch', () => {
    readings++;
    return new Promise<Response>((resolve) => (answer = resolve));
  });
  feed = startGatewayFeed({ onSignedOut: () => signedOut++ });
});

afterEach(() => {
  feed.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const named = (id: string): Camera => camera(id, '-', '-', '-');
const page = (...ids: string[]): Response =>
  Response.json({ cameras: ids.map(named), nextCursor: null });
const shown = (): string[] => (feed.directory().cameras ?? []).map(({ id }) => id).toSorted();
const settle = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(0));

describe('the feed of a tab', () => {
  test('reads the registry when it listens already: a camera added meanwhile is not missed', async () => {
    await settle();
    expect(readings).toBe(0);
    Stream.latest.say('snapshot', []);
    await settle();
    expect(readings).toBe(1);
    Stream.latest.say('camera', named('added'));
    answer(page('old'));
    await settle();
    expect(shown()).toEqual(['added', 'old']);
    Stream.latest.say('camera', named('later'));
    expect(shown()).toEqual(['added', 'later', 'old']);
  });

  test('a stream that breaks while the registry is read is begun anew', async () => {
    Stream.latest.say('snapshot', []);
    await settle();
    Stream.latest.dispatchEvent(new Event('error'));
    answer(page('old'));
    await settle();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Stream.opened).toBe(2);
    expect(shown()).toEqual(['old']);
  });

  test('a stream that is refused: the reading tells that the session is over', async () => {
    Stream.latest.dispatchEvent(new Event('error'));
    await settle();
    answer(new Response('{}', { status: 401 }));
    await settle();
    expect(signedOut).toBe(1);
  });
});

describe('the feed of the counts', () => {
  test('says that the gateway is lost, tries again by itself, and reads anew when it is back', async () => {
    const told: string[] = [];
    const counts = startCountsFeed({
      onChanged: () => told.push('read'),
      onLost: (lost) => told.push(lost ? 'lost' : 'back'),
    });
    Stream.latest.say('snapshot', []);
    Stream.latest.say('counts', {});
    Stream.latest.say('camera', {});
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(['read']);
    const before = Stream.opened;
    // A stream that was refused for good too, after which EventSource does nothing more.
    Stream.latest.dispatchEvent(new Event('error'));
    await vi.advanceTimersByTimeAsync(1_000);
    Stream.latest.dispatchEvent(new Event('error'));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(told).toEqual(['read', 'lost', 'read']);
    expect(Stream.opened).toBe(before + 2);
    Stream.latest.say('snapshot', []);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual(['read', 'lost', 'read', 'back', 'read']);
    counts.stop();
  });
});
