import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { PartOutbox, readParts, type PartRecord } from '#ingest/part-records.ts';
import { ReadSchedule } from '#ingest/read-schedule.ts';
import { Supervisor } from '#ingest/supervisor.ts';
import type { StateNotice } from '#ingest/worker-protocol.ts';
import { CLIPS, startSimulator, type Simulator } from '#tests/simulator/rtsp-server.ts';

const START_MS = Date.UTC(2026, 0, 1);
const MB = 1024 * 1024;

const allMemory = (): ChunkPool => new ChunkPool({ maxBytes: 64 * MB, onSlab: () => {} });

/** A supervisor with a clock that the test moves; what it told is gathered. */
function supervise(
  isAllowed: (address: string) => boolean = () => true,
  schedule?: ReadSchedule,
  pool = allMemory(),
) {
  let nowMs = START_MS;
  const outbox = new PartOutbox();
  const supervisor = new Supervisor({
    cutting: { partAimMs: 100, segmentAimMs: 2000, segmentMaxMs: 6000 },
    pool,
    outbox,
    schedule,
    isAllowed,
    clock: { monotonicMs: () => nowMs, wallMs: () => nowMs },
    random: () => 0.5,
  });
  const states: StateNotice[] = [];
  const inits: number[] = [];
  const parts: PartRecord[] = [];
  const gather = (): void => {
    schedule?.round(nowMs);
    supervisor.tick();
    const notices = supervisor.takeNotices();
    states.push(...notices.states);
    inits.push(...notices.inits.map(({ initNumber }) => initNumber));
    readParts(
      outbox.take(),
      (part) => parts.push(part),
      () => {},
    );
  };
  return {
    supervisor,
    states,
    inits,
    parts,
    gather,
    later: (ms: number) => {
      nowMs += ms;
      gather();
    },
    assign: (
      slot: number,
      url: string,
      site: string | null = null,
      maxSessions: number | null = null,
    ) =>
      supervisor.assign({
        slot,
        partTarget: undefined,
        transport: undefined,
        source: {
          cameraId: `camera ${slot}`,
          url,
          username: null,
          password: null,
          transport: 'auto',
          tls: { verify: 'system', fingerprint: null },
          site:
            site === null
              ? null
              : {
                  id: site,
                  maxSessions,
                  maxSessionsPerBox: null,
                  uplinkBitsPerSecond: null,
                },
        },
      }),
    /** Lets the sockets work, with the clock standing still, until it holds. */
    until: async (holds: () => boolean): Promise<void> => {
      for (let i = 0; i < 2_000 && !holds(); i++) {
        gather();
        await sleep(10);
      }
      gather();
      expect(holds(), 'in twenty seconds').toBe(true);
    },
  };
}

const names = (states: readonly StateNotice[]): string[] =>
  states.map((notice) =>
    notice.state === 'down'
      ? `${notice.slot} down ${notice.failure.reason}`
      : `${notice.slot} ${notice.state}`,
  );

type Down = StateNotice & { state: 'down'; retryAtMs: number };
type Supervision = ReturnType<typeof supervise>;

describe('a camera that answers', () => {
  let simulator: Simulator;
  let run: Supervision;
  beforeEach(async () => {
    simulator = await startSimulator();
    run = supervise();
  });
  afterEach(async () => {
    run.supervisor.stop();
    await simulator.close();
  });

  test('comes up with its first picture, and gives inits before parts', async () => {
    run.assign(3, simulator.url('a'));
    await run.until(() => run.parts.length > 2);
    expect(names(run.states)).toEqual(['3 connecting', '3 up']);
    expect(run.inits).toEqual([0]);
    expect(run.parts[0]).toMatchObject({ slot: 3, initNumber: 0, independent: true });
    expect(run.supervisor.counters()).toMatchObject({ droppedUnits: 0, lostPackets: 0 });
  });

  test('that leaves is dialled again after a second, with an init of another number', async () => {
    run.assign(0, simulator.url('a'));
    await run.until(() => run.parts.length > 0);
    simulator.behave('a', { kind: 'drop' });
    await run.until(() => run.states.length === 3);
    expect(run.states[2]).toMatchObject({
      state: 'down',
      failure: { reason: 'closed-by-camera' },
      retryAtMs: START_MS + 1000,
    });
    run.later(999);
    await sleep(50);
    run.gather();
    expect(run.states).toHaveLength(3);
    run.later(1);
    await run.until(() => run.inits.length === 2);
    expect(names(run.states)).toEqual(['0 connecting', '0 up', '0 down closed-by-camera', '0 up']);
    expect(run.inits).toEqual([0, 1]);
  });

  test('released is left, and its last part is handed on', async () => {
    run.assign(0, simulator.url('a'));
    await run.until(() => run.states.length === 2);
    run.supervisor.release(0);
    run.later(60_000);
    expect(run.parts.at(-1)).toMatchObject({ slot: 0, endsSegment: true });
    expect(names(run.states)).toEqual(['0 connecting', '0 up']);
    await run.until(() => simulator.stats('a').connections === 0);
  });

  test('after a good session back-off begins anew, after a short one it goes on', async () => {
    run.assign(0, simulator.url('a'));
    const waits: number[] = [];
    for (const lastedMs of [0, 1000, 5000, 30_001, 0]) {
      const before = run.states.length;
      await run.until(() => run.states.slice(before).some(({ state }) => state === 'up'));
      // In steps with a picture each, so that the silence which the test makes is not taken for the camera's.
      const up = run.states.length;
      for (let ms = 0; ms < lastedMs; ms += 5000) {
        const open = run.supervisor.openBytes();
        await run.until(() => run.supervisor.openBytes() !== open);
        run.later(Math.min(5000, lastedMs - ms));
      }
      simulator.behave('a', { kind: 'drop' });
      await run.until(() => run.states.length > up);
      const last = run.states.at(-1) as Down;
      waits.push(last.retryAtMs - last.atMs);
      run.later(last.retryAtMs - last.atMs);
    }
    expect(waits).toEqual([1000, 2000, 4000, 1000, 2000]);
  });

  test('that refuses the password is left alone for minutes', async () => {
    simulator.behave('a', { kind: 'unauthorised' });
    run.assign(0, simulator.url('a'));
    await run.until(() => run.states.length === 2);
    expect(run.states[1]).toMatchObject({
      failure: { reason: 'unauthorised' },
      retryAtMs: START_MS + 300_000,
    });
  });

  test('assigned anew in the same slot replaces the old one', async () => {
    run.assign(0, simulator.url('a'));
    await run.until(() => run.states.length === 2);
    run.assign(0, simulator.url('b'));
    await run.until(() => run.states.length === 4);
    await run.until(() => simulator.stats('a').connections === 0);
    expect(simulator.stats('b').connections).toBe(1);
  });
});

test('a camera of which packets come and never a whole picture is down for that, after twenty seconds', async () => {
  const simulator = await startSimulator({
    clips: { main: { ...CLIPS.main, framesPerSecond: 50 } },
    cameras: { torn: { start: 'next-random-access' } },
  });
  simulator.behave('torn', { kind: 'lose-packets', fraction: 0.7 });
  const run = supervise();
  run.assign(0, simulator.url('torn'));
  await run.until(() => simulator.stats('torn').packetsSent > 0);
  for (let seconds = 0; seconds < 21; seconds++) {
    const { packetsSent } = simulator.stats('torn');
    await run.until(() => simulator.stats('torn').packetsSent > packetsSent);
    expect(names(run.states)).toEqual(['0 connecting']);
    run.later(1000);
  }
  expect(names(run.states)).toEqual(['0 connecting', '0 down no-whole-picture']);
  run.supervisor.stop();
  await simulator.close();
});

test('a camera for whose pictures no memory is free is down for that, not for its own fault', async () => {
  const simulator = await startSimulator();
  const pool = new ChunkPool({ maxBytes: 1, onSlab: () => {} });
  while (pool.take() >= 0);
  const run = supervise(() => true, undefined, pool);
  run.assign(0, simulator.url('a'));
  for (let i = 0; i < 100 && run.states.length < 2; i++) {
    await sleep(100);
    run.later(1000);
  }
  expect(names(run.states)).toEqual(['0 connecting', '0 down memory-full']);
  run.supervisor.stop();
  await simulator.close();
});

describe('a camera that is read by the schedule', () => {
  let simulator: Simulator;
  let run: Supervision;
  beforeEach(async () => {
    simulator = await startSimulator();
    run = supervise(() => true, new ReadSchedule());
    run.assign(0, simulator.url('a'));
  });
  afterEach(async () => {
    run.supervisor.stop();
    await simulator.close();
  });

  /** In rounds, for the clock has to move; until it holds. */
  const watch = async (holds: () => boolean): Promise<void> => {
    for (let i = 0; i < 800 && !holds(); i++) {
      await sleep(25);
      run.later(25);
    }
    expect(holds(), 'in twenty seconds').toBe(true);
  };

  test('gives all that it sends', async () => {
    await watch(() => run.parts.length > 4);
    expect(run.supervisor.counters()).toMatchObject({ droppedUnits: 0, lostPackets: 0 });
    expect(run.parts.every(({ discontinuity }) => !discontinuity)).toBe(true);
  });

  test('and that leaves is found gone, its last part handed on', async () => {
    await watch(() => run.parts.length > 1);
    simulator.behave('a', { kind: 'drop' });
    await watch(() => run.states.length > 2);
    expect(names(run.states).slice(0, 3)).toEqual([
      '0 connecting',
      '0 up',
      '0 down closed-by-camera',
    ]);
    expect(run.parts.at(-1)).toMatchObject({ endsSegment: true });
  });

  test('and that is released is left in good order', async () => {
    await watch(() => run.states.length === 2);
    run.supervisor.release(0);
    await run.until(() => simulator.stats('a').connections === 0);
  });
});

describe('what does not answer', () => {
  test('an address that may not be dialled is not', async () => {
    const run = supervise(() => false);
    run.assign(0, 'rtsp://127.0.0.1:9/x');
    await run.until(() => run.states.length === 2);
    expect(names(run.states)).toEqual(['0 connecting', '0 down address-not-allowed']);
    run.supervisor.stop();
  });

  test('an address for TLS hears nothing in the clear', async () => {
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket
        .on('error', () => {})
        .on('data', (bytes: Buffer) => {
          heard.push(bytes);
          socket.end('RTSP/1.0 200 OK\r\n\r\n');
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const run = supervise();
    run.assign(0, `rtsps://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
    await run.until(() => run.states.length === 2);
    expect(names(run.states)).toEqual(['0 connecting', '0 down tls']);
    const all = Buffer.concat(heard);
    // A handshake record (RFC 8446 §5.1), and no request.
    expect(all[0]).toBe(0x16);
    expect(all.includes('RTSP')).toBe(false);
    run.supervisor.stop();
    server.close();
    await once(server, 'close');
  });

  test('what a camera says of its refusal is told, as far as it is short', async () => {
    const server = createServer((socket) => {
      socket
        .on('error', () => {})
        .resume()
        .end(`RTSP/1.0 200 OK\r\n\r\nRTSP/1.0 500 ${'x'.repeat(9000)}\r\n\r\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const run = supervise();
    run.assign(0, `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
    await run.until(() => run.states.length === 2);
    const { failure } = run.states[1] as Down;
    expect(failure.detail).toMatch(/^DESCRIBE was answered 500 x+$/);
    expect(failure.detail).toHaveLength(200);
    run.supervisor.stop();
    server.close();
    await once(server, 'close');
  });

  test('an address with half a character ends no worker', async () => {
    const run = supervise(() => false);
    run.assign(0, 'rtsp://127.0.0.1/\ud800');
    await run.until(() => run.states.length === 2);
    run.supervisor.stop();
  });

  test('a closed port is refused, and tried later each time up to a minute', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const run = supervise();
    run.assign(0, `rtsp://127.0.0.1:${port}/x`);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const before = run.states.length;
      await run.until(() => run.states.slice(before).some(({ state }) => state === 'down'));
      const last = run.states.at(-1) as Down;
      expect(last.failure.reason).toBe('refused');
      waits.push((last.retryAtMs - last.atMs) / 1000);
      run.later(last.retryAtMs - last.atMs);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    run.supervisor.stop();
  });
});

function connecting(run: Supervision): number {
  return run.states.filter(({ state }) => state === 'connecting').length;
}

describe('budgets, before cameras that take a connection and say nothing', () => {
  let server: Server;
  const sockets = new Set<Socket>();
  let url = '';
  beforeEach(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
      socket.resume();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  test('at most 64 are being opened at once', () => {
    const run = supervise();
    for (let slot = 0; slot < 100; slot++) run.assign(slot, url);
    run.gather();
    run.gather();
    expect(connecting(run)).toBe(64);
    run.supervisor.release(0);
    run.gather();
    expect(connecting(run)).toBe(65);
    run.supervisor.stop();
  });

  test('and four of one site, while others go on', () => {
    const run = supervise();
    for (let slot = 0; slot < 20; slot++) run.assign(slot, url, slot % 2 === 0 ? 'A' : 'B');
    for (let slot = 20; slot < 25; slot++) run.assign(slot, url);
    run.gather();
    run.gather();
    expect(connecting(run)).toBe(4 + 4 + 5);
    run.supervisor.stop();
  });

  test('a site with as many sessions as it may have says what the others wait for, once', async () => {
    const run = supervise();
    for (let slot = 0; slot < 3; slot++) run.assign(slot, url, 'A', 2);
    run.gather();
    run.gather();
    expect(names(run.states)).toEqual(['0 connecting', '1 connecting', '2 down site-budget']);
    expect(run.states[2]).toMatchObject({ retryAtMs: null });
    run.supervisor.release(0);
    run.gather();
    expect(names(run.states).slice(3)).toEqual(['2 connecting']);
    run.supervisor.stop();
  });

  test('who does not answer in 15 s makes room for the next', async () => {
    const run = supervise();
    for (let slot = 0; slot < 8; slot++) run.assign(slot, url, 'A');
    run.gather();
    await run.until(() => sockets.size === 4);
    run.later(15_001);
    run.gather();
    expect(names(run.states).filter((name) => name.endsWith('down timeout'))).toHaveLength(4);
    expect(connecting(run)).toBe(8);
    run.supervisor.stop();
  });

  test('cameras that are always due again do not keep those behind them from being tried', async () => {
    const run = supervise(() => false);
    for (let slot = 0; slot < 40; slot++) run.assign(slot, url, 'A');
    for (let turn = 0; turn < 10; turn++) {
      run.later(61_000);
      // Each fails between two ticks, as a refused connection does.
      await setImmediate();
    }
    run.gather();
    const tried = run.states.filter(({ state }) => state === 'down').map(({ slot }) => slot);
    expect(tried.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, slot) => slot));
    run.supervisor.stop();
  });

  test('all are left at the end', async () => {
    const run = supervise();
    for (let slot = 0; slot < 30; slot++) run.assign(slot, url);
    run.gather();
    await run.until(() => sockets.size === 30);
    run.supervisor.stop();
    await run.until(() => sockets.size === 0);
  });
});
