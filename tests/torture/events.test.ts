/** What happens to cameras, through what happens to Kafka and to the processes that tell of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { kafkaMissing, startKafka } from '../contracts/kafka-server.ts';
import { EventProcess, expectNothingLost } from '../end-to-end/event-run.ts';
import { seededRandom } from '../simulator/seeded-random.ts';

const OUTAGE_MS = Number(process.env['OUTAGE_MS'] ?? 5 * 60_000);
const TRANSITIONS = 1_000;
const KILLS = 20;
const WAIT = { timeout: 3 * 60_000, interval: 50 };

const missing = kafkaMissing();
describe.skipIf(missing !== undefined)(missing ?? 'on a real Kafka', () => {
  test('an outage during transitions, a broker restarted, consumers killed in a batch, a gateway killed with events waiting', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'torture-events-'));
    const server = await startKafka();
    const { brokers } = server;
    let number = 0;
    let running: EventProcess | undefined;
    function start(count: number, perSecond: number): EventProcess {
      running = new EventProcess({ dataDir, brokers, from: number, count, perSecond });
      return running;
    }
    async function settled(what: string): Promise<void> {
      const one = running;
      if (one === undefined) throw new Error('nothing runs');
      await vi.waitFor(() => expect(one.idle).toBe(true), WAIT);
      await one.stop();
      number = one.written;
      const { events, toldAgain } = await expectNothingLost({ dataDir, brokers }, number);
      console.log(
        `${what}: ${number} transitions written, ${events} events, ${toldAgain} told again`,
      );
    }
    try {
      const outage = start(TRANSITIONS, (TRANSITIONS * 1000) / OUTAGE_MS);
      await vi.waitFor(() => expect(outage.written).toBeGreaterThan(0), WAIT);
      server.kill();
      await wait(OUTAGE_MS);
      expect(outage.idle).toBe(false);
      server.start();
      await settled(`an outage of ${OUTAGE_MS / 1000} s`);

      const restart = start(10_000, 1_000);
      await vi.waitFor(() => expect(restart.written).toBeGreaterThan(number + 2_000), WAIT);
      server.kill();
      server.start();
      await settled('a broker restarted under load');

      const random = seededRandom(7);
      for (let kill = 0; kill < KILLS; kill++) {
        const one = start(20_000, 2_000);
        await vi.waitFor(() => expect(one.ready).toBe(true), WAIT);
        await wait(200 + random() * 2_000);
        await one.kill();
        number = Math.max(number, one.written);
      }
      start(20, 1_000);
      await settled(`${KILLS} processes killed while they publish and apply`);

      server.kill();
      const waiting = start(1_000, 1_000);
      await vi.waitFor(() => expect(waiting.written).toBe(number + 1_000), WAIT);
      await waiting.kill();
      number = waiting.written;
      server.start();
      start(20, 1_000);
      await settled('a gateway killed with events waiting');
    } finally {
      await running?.kill();
      await server.stop();
      rmSync(dataDir, { recursive: true });
    }
  });
});
