/** Short forms of tests/torture/events.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { kafkaMissing, startKafka } from '../contracts/kafka-server.ts';
import { EventProcess, expectNothingLost, type EventProcessSettings } from './event-run.ts';

const WAIT = { timeout: 60_000, interval: 10 };
const TIMEOUT_MS = 120_000;

let dataDir: string;
const running: EventProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'events-kept-'));
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.kill();
  rmSync(dataDir, { recursive: true });
});

function start(settings: Omit<EventProcessSettings, 'dataDir'>): EventProcess {
  const one = new EventProcess({ dataDir, ...settings });
  running.push(one);
  return one;
}

test(
  'processes killed while they write, publish and apply lose nothing that was written',
  { timeout: TIMEOUT_MS },
  async () => {
    let written = 0;
    for (const kill of [300, 700, 1_100]) {
      const one = start({ brokers: undefined, from: written, count: 2_000, perSecond: 2_000 });
      await vi.waitFor(() => expect(one.written - written).toBeGreaterThan(kill), WAIT);
      await one.kill();
      ({ written } = one);
    }
    const last = start({ brokers: undefined, from: written, count: 20, perSecond: 1_000 });
    await vi.waitFor(() => expect(last.idle).toBe(true), WAIT);
    await last.stop();
    const { events } = await expectNothingLost({ dataDir, brokers: undefined }, last.written);
    expect(events).toBeGreaterThan(2_100);
  },
);

const missing = kafkaMissing();
describe.skipIf(missing !== undefined)(missing ?? 'on Kafka', () => {
  test(
    'events outlive a broker that is away, and a process killed while they wait',
    { timeout: TIMEOUT_MS },
    async () => {
      const server = await startKafka();
      const { brokers } = server;
      try {
        const one = start({ brokers, from: 0, count: 600, perSecond: 200, holdAfter: 100 });
        await vi.waitFor(() => expect(one.written).toBe(100), WAIT);
        server.kill();
        one.goOn();
        await vi.waitFor(() => expect(one.written).toBe(600), WAIT);
        expect(one.idle).toBe(false);
        await one.kill();
        server.start();
        const two = start({ brokers, from: 600, count: 20, perSecond: 1_000 });
        await vi.waitFor(() => expect(two.idle).toBe(true), WAIT);
        await two.stop();
        await expectNothingLost({ dataDir, brokers }, 620);
      } finally {
        await server.stop();
      }
    },
  );
});
