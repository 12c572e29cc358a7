/**
 * Composition root of a camera worker thread: sessions with cameras, and the parts that come of them. It owns the
 * media memory that it writes and serves nobody.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '#ingest/clock.ts';
import { startGatheringLoop } from '#ingest/gathering-loop.ts';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { leaveOutOfForks } from '#ingest/memory/leave-out-of-forks.ts';
import { PartOutbox } from '#ingest/part-records.ts';
import { ReadSchedule } from '#ingest/read-schedule.ts';
import { Supervisor } from '#ingest/supervisor.ts';
import type { FromWorker, ToWorker, WorkerSettings } from '#ingest/worker-protocol.ts';
import { isAllowed, parseCameraNetworks } from '#registry/camera-networks.ts';

const ROUND_MS = 25;
const TICK_MS = 250;
const REPORT_MS = 1_000;

if (parentPort === null) throw new Error('camera-worker.ts runs as a worker thread');
const port = parentPort;
const settings = workerData as WorkerSettings;
const networks = parseCameraNetworks(settings.cameraNetworks);

let slabs: SharedArrayBuffer[] = [];
const pool = new ChunkPool({
  maxBytes: settings.poolMaxBytes,
  onSlab: (slab) => {
    leaveOutOfForks(slab);
    slabs.push(slab);
  },
});
const outbox = new PartOutbox();
const schedule = new ReadSchedule();
const supervisor = new Supervisor({
  schedule,
  cutting: settings.cutting,
  condition: settings.condition,
  pool,
  outbox,
  isAllowed: (address) => isAllowed(networks, address),
  clock: systemClock,
  random: Math.random,
});

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function handOn(): void {
  const notices = supervisor.takeNotices();
  const parts = outbox.take();
  const made = slabs;
  if (
    parts.length + made.length + notices.inits.length === 0 &&
    notices.partTargets.length + notices.states.length + notices.sessions.length === 0 &&
    notices.conditions.length + notices.baselines.length + notices.looks.length === 0
  ) {
    return;
  }
  slabs = [];
  send({ type: 'round', slabs: made, parts, ...notices }, [parts.buffer]);
}

const loop = startGatheringLoop({
  periodMs: ROUND_MS,
  afterRound: () => {
    schedule.round(systemClock.monotonicMs());
    handOn();
  },
});
const ticking = setInterval(() => supervisor.tick(), TICK_MS);
const reporting = setInterval(() => {
  send({
    type: 'report',
    counters: supervisor.counters(),
    lag: loop.lag(),
    openBytes: supervisor.openBytes(),
  });
}, REPORT_MS);

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'assign':
      for (const assignment of message.assignments) supervisor.assign(assignment);
      supervisor.tick();
      return;
    case 'release':
      for (const slot of message.slots) supervisor.release(slot);
      return;
    case 'looked':
      supervisor.looked(message.slot, message.picture);
      return;
    case 'baseline':
      supervisor.setBaseline(message.slot, message.baseline);
      return;
    case 'stop':
      supervisor.stop();
      handOn();
      clearInterval(ticking);
      clearInterval(reporting);
      loop.stop();
      port.close();
      return;
  }
});

send({ type: 'ready', shared: pool.shared });
