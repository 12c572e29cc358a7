/**
 * A camera worker of no sockets: a camera's address is the rounds that it hands on, as JSON. Its parts hold no bytes.
 */
import { isMainThread, parentPort } from 'node:worker_threads';
import { ChunkPool } from '#ingest/memory/chunk-pool.ts';
import { PartOutbox } from '#ingest/part-records.ts';
import type { DownReason } from '#ingest/stream-failure.ts';
import type { FromWorker, ToWorker } from '#ingest/worker-protocol.ts';

/** Init numbers; a part for each number in `parts`, in the same segment as the one before. */
export interface ScriptedRound {
  inits: readonly number[];
  parts: readonly number[];
  down?: DownReason;
}

const PART_TICKS = 45_000;

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

if (!isMainThread) {
  const { shared } = new ChunkPool({ maxBytes: 0, onSlab: () => {} });
  send({ type: 'ready', shared });
  parentPort?.on('message', (message: ToWorker) => {
    if (message.type === 'stop') parentPort?.close();
    if (message.type !== 'assign') return;
    for (const { source, slot } of message.assignments) {
      for (const round of JSON.parse(source.url) as ScriptedRound[]) send(roundOf(slot, round));
    }
  });
}

function roundOf(slot: number, { inits, parts, down }: ScriptedRound): FromWorker {
  const outbox = new PartOutbox();
  for (const initNumber of parts) {
    outbox.part(slot, initNumber, {
      initIndex: initNumber,
      startMs: 0,
      decodeTicks: 0,
      durationTicks: PART_TICKS,
      byteLength: 0,
      samples: 1,
      independent: true,
      startsSegment: false,
      endsSegment: false,
      discontinuity: false,
      slices: [],
    });
  }
  return {
    type: 'round',
    slabs: [],
    inits: inits.map((initNumber) => ({
      slot,
      initNumber,
      runId: 'run',
      index: initNumber,
      bytes: Buffer.alloc(1),
      codec: 'avc1.64001F',
      width: 640,
      height: 480,
    })),
    partTargets: [],
    sessions: [],
    conditions: [],
    baselines: [],
    looks: [],
    parts: outbox.take(),
    states:
      down === undefined
        ? []
        : [{ slot, atMs: 0, state: 'down', failure: { reason: down, detail: '' }, retryAtMs: 0 }],
  };
}
